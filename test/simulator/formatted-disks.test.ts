import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../src/kernel/index.js';
import { prepareProgram } from '../../src/simulator/program.js';
import { runScripted, scriptedImplementation, scriptedProtocol, scriptedScenario } from './scripted.js';

const unformatted = { ...scriptedProtocol, format: undefined } as unknown as Protocol;

describe('formatted disks', () => {
  it('every server finds its format at its first start, spare ones too, and the first members in it', () => {
    const { notes, simulation } = runScripted(scriptedScenario({ cluster: { nodes: 4, members: 3 } }));
    expect(notes.slice(0, 4)).toEqual([
      '0ms n1: member 0, version 3',
      '0ms n2: member 1, version 3',
      '0ms n3: member 2, version 3',
      '0ms n4: member 3, version 3',
    ]);
    for (const server of simulation.servers) {
      expect(server.disk.durableRecords('members')).toEqual([[0, 1, 2]]);
      expect(server.disk.damaged()).toBe(false);
    }
  });

  it('a protocol that formats nothing starts on a blank disk', () => {
    const { notes, simulation } = runScripted(scriptedScenario({}), unformatted);
    expect(notes[0]).toBe('0ms n1: member none, version 3');
    expect(simulation.servers[0]?.disk.isBlank()).toBe(true);
  });

  it('a format that throws is a violation that names the server', () => {
    const format = (self: number): never => {
      throw new Error(`no format for ${self}`);
    };
    const { simulation } = runScripted(scriptedScenario({}), { ...scriptedProtocol, format });
    expect(simulation.outcome().violation).toMatchObject({
      invariant: 'any/no-crash',
      message: 'n1 threw Error: no format for 0',
    });
  });
});

describe('disks that are wiped or lost', () => {
  const struck = (verb: 'wipe' | 'lose-disk') =>
    scriptedScenario({
      model: { disk: 'amnesia' },
      faults: { schedule: [{ at: '1s', for: '100ms', do: verb, on: 'n2' }] },
    });

  it('a wiped disk is formatted anew for the same identity, and counts as damaged for good', () => {
    const { notes, simulation } = runScripted(struck('wipe'));
    expect(notes.filter((note) => note.startsWith('1100ms n2:'))).toEqual(['1100ms n2: member 1, version 3']);
    expect(simulation.servers[1]?.disk.damaged()).toBe(true);
  });

  it('a lost disk is blank, which its server can tell, and counts as damaged until it says that it is whole', () => {
    const { notes, simulation } = runScripted(struck('lose-disk'));
    expect(notes).toContain(
      '1000ms power fails on n2, and the disk is lost: a blank one is in its place (schedule.0)',
    );
    expect(notes).toContain('1100ms n2: member none, version 3');
    const server = simulation.servers[1];
    expect(server?.disk.isBlank()).toBe(true);
    expect(server?.disk.damaged()).toBe(true);
    simulation.protocolEvent(1, { kind: 'trust-regained', term: 1, lastIndex: 0 });
    expect(server?.disk.damaged()).toBe(false);
  });

  it('losing a disk takes a protocol that formats disks', () => {
    expect(() => prepareProgram(struck('lose-disk'), scriptedImplementation(unformatted))).toThrow(
      /^faults\.schedule\.0: expected a protocol that formats its disks for 'lose-disk', got scripted/,
    );
    expect(() => prepareProgram(struck('wipe'), scriptedImplementation(unformatted))).not.toThrow();
  });
});

describe('versions', () => {
  it('servers speak the highest version, or the one that the scenario names', () => {
    const { notes } = runScripted(scriptedScenario({ cluster: { nodes: 3, version: 2 } }));
    expect(notes[0]).toBe('0ms n1: member 0, version 2');
  });

  it('a version that the protocol does not have is refused', () => {
    const prepare = (version: number, protocol?: Protocol) => () =>
      prepareProgram(scriptedScenario({ cluster: { version } }), scriptedImplementation(protocol));
    expect(prepare(4)).toThrow(/^cluster\.version: expected a version from 1 to 3 of scripted, got 4$/);
    const versionless = { ...scriptedProtocol, versions: undefined } as unknown as Protocol;
    expect(prepare(2, versionless)).toThrow(/expected 1, the only version of scripted, got 2/);
    expect(prepare(1, versionless)).not.toThrow();
  });
});
