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
