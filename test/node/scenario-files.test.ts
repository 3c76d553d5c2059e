// Scenarios found and read: names, patterns, paths, extends, bounds.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  bundledFolder,
  findScenarios,
  listScenarios,
  loadScenarioFile,
  readScenarioText,
} from '../../src/node/scenario-files.js';

const BASE = 'title: Base\ndescription: A base.\nprotocol: { name: raft }\ncluster: { nodes: 3 }\n';

describe('scenario files', () => {
  let cwd = '';
  const load = (word: string, set: readonly string[] = []) =>
    loadScenarioFile(findScenarios(word, cwd)[0] ?? { path: '' }, set, cwd);

  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'faultline-scenarios-'));
    mkdirSync(join(cwd, 'scenarios', 'mine', 'deep'), { recursive: true });
    writeFileSync(join(cwd, 'scenarios', 'mine', 'base.yaml'), BASE);
    writeFileSync(
      join(cwd, 'scenarios', 'mine', 'wide.yaml'),
      'extends: mine/base\ntitle: Wide\ncluster: { nodes: 5 }\n',
    );
    writeFileSync(
      join(cwd, 'scenarios', 'mine', 'deep', 'path.yaml'),
      'extends: ../base.yaml\ntitle: By path\n',
    );
    writeFileSync(join(cwd, 'scenarios', 'mine', 'lost.yaml'), 'extends: mine/bsae\ntitle: Lost\n');
    writeFileSync(
      join(cwd, 'scenarios', 'mine', 'own.yaml'),
      `${BASE.replace('name: raft', 'module: ./own.mjs#protocol')}`,
    );
    writeFileSync(join(cwd, 'scenarios', 'not-a-scenario.txt'), 'x');
    writeFileSync(join(cwd, 'latin.yaml'), Buffer.from([0x74, 0x3a, 0x20, 0xe9]));
    writeFileSync(join(cwd, 'huge.yaml'), Buffer.alloc(1024 * 1024 + 1, 0x20));
  });

  it('are listed by name: local ones and bundled ones, sorted', () => {
    const all = listScenarios(cwd);
    const names = all.map(({ name }) => name);
    expect(names).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
    expect(all.find(({ name }) => name === 'mine/deep/path')).toEqual({
      name: 'mine/deep/path',
      path: 'scenarios/mine/deep/path.yaml',
      isBundled: false,
    });
    expect(all.find(({ name }) => name === 'raft/bridge')).toMatchObject({ isBundled: true });
  });

  it('of the package are the bundled ones also when its folder is the current one', () => {
    const names = listScenarios(resolve(bundledFolder, '..')).filter(({ isBundled }) => !isBundled);
    expect(names).toEqual([]);
  });

  it('are found by pattern: a star stays in its folder, two do not', () => {
    const names = (word: string) => findScenarios(word, cwd).map(({ name }) => name);
    expect(names('mine/*')).toEqual(['mine/base', 'mine/lost', 'mine/own', 'mine/wide']);
    expect(names('mine/**')).toContain('mine/deep/path');
    expect(names('mine/?ase')).toEqual(['mine/base']);
    expect(() => names('mine/[ab]*')).toThrow(/no scenario matches/);
  });

  it('extend by name and by path', () => {
    expect(load('mine/wide')).toMatchObject({ title: 'Wide', description: 'A base.', cluster: { nodes: 5 } });
    expect(load('mine/deep/path')).toMatchObject({ title: 'By path', cluster: { nodes: 3 } });
    expect(load('mine/base', ['cluster.nodes=7'])).toMatchObject({ cluster: { nodes: 7 } });
  });

  it('that extend what is not there name the line and the nearest one', () => {
    expect(() => load('mine/lost')).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^scenarios\/mine\/lost\.yaml:1:\d+: extends: unknown scenario 'mine\/bsae'$/,
        ) as string,
        hint: "did you mean 'mine/base'?",
      }) as Error,
    );
  });

  it('name their module relative to themselves', () => {
    expect(load('mine/own').protocol.module).toBe(`${join(cwd, 'scenarios', 'mine', 'own.mjs')}#protocol`);
  });

  it.each([
    ['latin.yaml', /expected a scenario file, got one that is not UTF-8 text/],
    ['huge.yaml', /expected a scenario file, got one of 1048577 bytes/],
    ['scenarios', /expected a scenario file, got a folder/],
    ['none.yaml', /expected a scenario file, got no such file/],
    ['/dev/zero', /expected a scenario file, got something that is no regular file/],
  ])('%s is refused in one line', (path, message) => {
    expect(() => readScenarioText(path, cwd)).toThrow(message);
  });
});
