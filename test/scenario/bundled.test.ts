import { describe, expect, test } from 'vitest';

import { CATALOGUE } from '../../src/faults/catalogue.js';
import { checkPlan } from '../../src/faults/failure-model.js';
import { pbftProtocol } from '../../src/protocols/pbft/index.js';
import { raftProtocol } from '../../src/protocols/raft/index.js';
import { loadScenario, toYaml } from '../../src/scenario/index.js';
import { bundledFiles, loadBundled } from './support.js';

describe('bundled scenarios', () => {
  test.each(bundledFiles.map((file) => [file.path, file] as const))(
    '%s loads, and survives being shown',
    (path, file) => {
      const scenario = loadBundled(file);
      expect(`scenarios/${scenario.name}.yaml`).toBe(path);
      expect(scenario.description).toContain('ailure model');
      // Long enough for recoveries that take turns, and short enough to be run by the thousand.
      expect(scenario.bounds.endMicros).toBeLessThanOrEqual(30_000_000);
      expect(loadScenario(toYaml(scenario), { path: 'shown.yaml' })).toEqual(scenario);
    },
  );

  test('every plan lies within its failure model, except where the name says otherwise', () => {
    const all = bundledFiles.map((file) => loadBundled(file));
    const beyond = all.filter(({ faults, model }) => checkPlan(faults, model).length > 0);
    const named = all.filter(({ name }) => name.endsWith('-beyond-model'));
    expect(beyond.map(({ name }) => name)).toEqual(named.map(({ name }) => name));
    expect(beyond.every((scenario) => scenario.expect.outcome === 'violated')).toBe(true);
  });

  test('every verb that strikes is used by one of them', () => {
    const plans = bundledFiles.map((file) => loadBundled(file).faults);
    const used = new Set(
      plans.flatMap(({ schedule, random }) => [...schedule, ...random]).map(({ action }) => action.do),
    );
    expect(
      CATALOGUE.filter(({ verb, repairs }) => !repairs && !used.has(verb)).map(({ verb }) => verb),
    ).toEqual([]);
  });

  test('settings are ones that the protocol understands', () => {
    for (const file of bundledFiles) {
      const { protocol } = loadBundled(file);
      if (protocol.name === 'raft') raftProtocol().settings(protocol.settings);
      if (protocol.name === 'pbft') pbftProtocol().settings(protocol.settings);
    }
  });

  test('the one for everything also runs on three and on seven nodes', () => {
    const file = bundledFiles.find(({ path }) => path.endsWith('raft/all-of-it.yaml'));
    for (const nodes of [3, 7])
      expect(file && loadBundled(file, [`cluster.nodes=${nodes}`]).cluster.nodes).toBe(nodes);
  });
});
