import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEMBER_GENERATION, type Protocol } from '../../src/kernel/index.js';
import type { Scenario, ScenarioInput } from '../../src/scenario/index.js';
import { Simulation, recordTrace, encodeTrace, parseTrace } from '../../src/simulator/index.js';
import { prepareProgram } from '../../src/simulator/program.js';
import type { ScriptedSettings } from './scripted.js';
import { runScripted, scriptedImplementation, scriptedProtocol, scriptedScenario } from './scripted.js';

type Operator = NonNullable<ScenarioInput['operator']>;

function operated(
  operator: Operator,
  settings: Partial<ScriptedSettings> = {},
  parts: Partial<ScenarioInput> = {},
): Scenario {
  return scriptedScenario({ protocol: { name: 'scripted', settings }, operator, ...parts });
}

/** What servers were asked, in order; and what the story says of the operator. */
function told(scenario: Scenario, seed = '1') {
  const { notes, simulation } = runScripted(scenario, undefined, seed);
  const asked = notes.filter((note) => note.includes(': asked'));
  return {
    asked: asked.map((note) => note.replace(/^\d+ms /, '')),
    notes,
    servers: simulation.servers,
    statistics: simulation.outcome().statistics,
    operator: simulation.operator?.operator,
  };
}

describe('operator: requests', () => {
  it('follows the hint of a server that does not lead, and does one step after the other', () => {
    const { asked, statistics } = told(
      operated(
        { playbook: [{ do: 'transfer-leadership', to: 'n3' }, { do: 'transfer-leadership' }] },
        { leader: 1 },
      ),
    );
    expect(asked).toEqual([
      'n1: asked {"do":"transfer","to":2}',
      'n2: asked {"do":"transfer","to":2}',
      'n2: asked {"do":"transfer","to":-1}',
    ]);
    expect(statistics.operatorStepsOk).toBe(2);
  });

  it('names members by their process while their disks are the first ones', () => {
    const { asked } = told(
      operated({
        playbook: [
          { do: 'add-learner', on: 'n3' },
          { do: 'promote', on: 'n3' },
          { do: 'replace', from: 'n1', to: 'n2' },
          { do: 'change', voters: ['n3', 'n1'], learners: ['n2'], joint: false },
          { do: 'leave-joint' },
          { do: 'activate-version', version: 2 },
        ],
      }),
    );
    expect(asked).toEqual([
      'n1: asked {"do":"add-learner","member":2}',
      'n1: asked {"do":"promote","member":2}',
      'n1: asked {"do":"replace","from":0,"to":1}',
      'n1: asked {"do":"change","voters":[0,2],"learners":[1],"joint":false,"autoLeave":true}',
      'n1: asked {"do":"leave-joint"}',
      'n1: asked {"do":"activate","version":2}',
    ]);
  });

  it('asks a busy leader again, goes round when nobody answers, and ends a step that is refused', () => {
    const { asked, statistics, notes } = told(
      operated(
        { playbook: [{ do: 'leave-joint' }, { do: 'leave-joint' }] },
        { answers: ['busy', 'silence', 'ok', 'refused'] },
      ),
    );
    const request = 'asked {"do":"leave-joint"}';
    // Busy and asked again, silent, two others who point back, then ok; then the second step.
    expect(asked.slice(0, 4)).toEqual(['n1', 'n1', 'n2', 'n1'].map((name) => `${name}: ${request}`));
    expect(statistics).toMatchObject({ operatorStepsOk: 1, operatorStepsRefused: 1 });
    expect(notes.some((note) => note.includes('the operator is refused by n1: refused (playbook.1)'))).toBe(
      true,
    );
  });

  it('gives a step up when its time is over, and goes on with the next', () => {
    const silence = Array.from({ length: 4 }, () => 'silence' as const);
    const { statistics, notes } = told(
      operated(
        {
          playbook: [
            { do: 'leave-joint', within: '700ms' },
            { at: '2s', do: 'leave-joint' },
          ],
        },
        { answers: silence.slice(0, 1) },
        { faults: { schedule: [{ at: '1ms', for: '1s', do: 'crash', on: 'n1' }] } },
      ),
    );
    expect(statistics).toMatchObject({ operatorStepsOk: 1, operatorStepsTimedOut: 1 });
    expect(notes).toContain('700ms the operator gives up: it takes too long (playbook.0)');
  });

  it('asks a server itself for a snapshot', () => {
    const { asked } = told(operated({ playbook: [{ do: 'snapshot', on: 'n3' }] }));
    expect(asked).toEqual(['n3: asked {"do":"snapshot"}']);
  });

  it('nothing begins at or after the heal time', () => {
    const { statistics, notes } = told(
      operated({ playbook: [{ do: 'rolling-upgrade', to: 2, pause: '2s' }, { do: 'leave-joint' }] }),
    );
    expect(statistics).toMatchObject({ upgrades: 2, operatorStepsTimedOut: 1, operatorStepsOk: 0 });
    expect(notes).toContain(
      '3000ms the operator gives up: the time of faults and changes is over (playbook.0)',
    );
  });

  it('a lossy network that doubles messages only delays it', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const playbook: Operator['playbook'] = [
          { do: 'add-learner', on: 'n3' },
          { do: 'remove', on: 'n2' },
          { do: 'add-voter', on: 'n2' },
        ];
        const network = { delay: '1ms..30ms', loss: '1/4', duplicate: '1/4' };
        const bounds = { 'heal-at': '20s', 'stop-clients-at': '20s', end: '21s' };
        const { statistics } = told(operated({ playbook }, {}, { network, bounds }), String(seed));
        expect(statistics.operatorStepsOk).toBe(3);
      }),
      { numRuns: 20 },
    );
  });
});

describe('operator: machines', () => {
  it('an upgrade stops the process cleanly and starts it with the version', () => {
    const { notes, statistics } = told(
      operated(
        { playbook: [{ at: '1s', do: 'upgrade', on: 'n2', to: 2, for: '300ms' }] },
        {},
        {
          cluster: { nodes: 3, version: 1 },
        },
      ),
    );
    expect(notes).toContain('1000ms the operator stops n2, to start it with version 2 (playbook.0)');
    expect(notes).toContain('1300ms n2: member 1, version 2');
    expect(statistics).toMatchObject({ upgrades: 1, crashes: 0, halts: 0, restarts: 1 });
  });

  it('an upgrade under way at the heal time completes', () => {
    const { notes, servers } = told(
      operated({ playbook: [{ at: '2900ms', do: 'upgrade', on: 'n2', to: 2, for: '500ms' }] }),
    );
    expect(notes).toContain('3000ms n2: member 1, version 2');
    expect(servers[1]?.isUp).toBe(true);
  });

  it('a rolling upgrade goes from server to server, never two at once', () => {
    const { notes } = told(operated({ playbook: [{ do: 'rolling-upgrade', to: 2, pause: '100ms' }] }));
    expect(notes.filter((note) => note.includes('version 2') && !note.includes('operator'))).toEqual([
      '200ms n1: member 0, version 2',
      '500ms n2: member 1, version 2',
      '800ms n3: member 2, version 2',
    ]);
  });

  it('a server that a fault holds down is upgraded, and starts when the fault ends', () => {
    const { notes } = told(
      operated(
        { playbook: [{ at: '1s', do: 'upgrade', on: 'n2', to: 2 }] },
        {},
        {
          faults: { schedule: [{ at: '900ms', for: '1s', do: 'crash', on: 'n2' }] },
        },
      ),
    );
    expect(notes.filter((note) => note.includes('n2: member'))).toEqual([
      '0ms n2: member 1, version 3',
      '1900ms n2: member 1, version 2',
    ]);
  });

  it('replaces a lost disk: a new identity, the old one removed, the new one added; then it is whole', () => {
    const lose = {
      schedule: [{ at: '500ms' as const, for: '100ms' as const, do: 'lose-disk' as const, on: 'n2' }],
    };
    const scenario = operated({ playbook: [{ at: '1s', do: 'replace-disk' }] }, {}, { faults: lose });
    const { asked, notes, servers } = told(scenario);
    expect(notes).toContain(`1000ms n2: member ${1 + MEMBER_GENERATION}, version 3`);
    expect(asked).toEqual([
      'n1: asked {"do":"remove","member":1}',
      `n1: asked {"do":"add-voter","member":${1 + MEMBER_GENERATION}}`,
    ]);
    expect(servers[1]?.disk.damaged()).toBe(false);
    expect(servers[1]?.generation).toBe(1);
  });

  it('a replaced disk counts as damaged as long as its successor does not vote', () => {
    const lose = {
      schedule: [{ at: '500ms' as const, for: '100ms' as const, do: 'lose-disk' as const, on: 'n2' }],
    };
    const { servers, notes } = told(
      operated({ playbook: [{ at: '1s', do: 'format-disk' }] }, {}, { faults: lose }),
    );
    expect(notes).toContain(`1000ms n2: member ${1 + MEMBER_GENERATION}, version 3`);
    expect(servers[1]?.disk.damaged()).toBe(true);
  });

  it('a disk that is not blank is not formatted, and the step is skipped', () => {
    const { notes, statistics } = told(
      operated({ playbook: [{ do: 'replace-disk', on: 'n2' }, { do: 'format-disk' }] }),
    );
    expect(statistics).toMatchObject({ operatorStepsSkipped: 2, operatorStepsOk: 0 });
    expect(notes).toContain('0ms replace-disk is skipped: its disk is not blank (playbook.0)');
    expect(notes).toContain('0ms format-disk is skipped: there is no such server (playbook.1)');
  });
});

describe('operator: canaries', () => {
  const canary = (settings: Partial<ScriptedSettings>) =>
    told(
      operated({ playbook: [{ do: 'canary', on: 'n1', to: 3, watch: '400ms', pause: '50ms' }] }, settings, {
        cluster: { nodes: 3, version: 1 },
        workload: { clients: 2, rate: '200/s' },
      }),
    );

  it('one that refuses to run is rolled back at once', () => {
    const { notes, statistics } = canary({ refusedVersion: 3 });
    expect(notes).toContain('600ms rollback of n1 to version 1: it has failed 1 times (playbook.0)');
    expect(notes).toContain('800ms n1: member 0, version 1');
    expect(statistics).toMatchObject({ rollbacks: 1, upgrades: 2, operatorStepsOk: 1 });
  });

  it('one that starves the clients is rolled back when the window is over', () => {
    const { notes, statistics } = canary({ muteVersion: 3 });
    expect(
      notes.some((note) => /^1000ms rollback of n1 to version 1: \d+ operations ended ok/.test(note)),
    ).toBe(true);
    expect(statistics).toMatchObject({ rollbacks: 1, upgrades: 2 });
  });

  it('one that shows nothing bad is followed by the others', () => {
    const { servers, statistics } = canary({});
    expect(statistics).toMatchObject({ rollbacks: 0, upgrades: 3, operatorStepsOk: 1 });
    expect(servers.map(({ version }) => version)).toEqual([3, 3, 3]);
  });
});

const RANDOM: Operator = {
  playbook: [{ at: '1s', do: 'transfer-leadership' }],
  random: {
    every: '5ms..60ms',
    actions: {
      'transfer-leadership': 2,
      'add-learner': 1,
      'add-voter': 1,
      promote: 1,
      demote: 1,
      remove: 1,
      replace: 1,
      change: 1,
      'leave-joint': 1,
      snapshot: 1,
      upgrade: 2,
      'format-disk': 1,
      'replace-disk': 1,
    },
  },
};

const hostile = (): Scenario =>
  operated(
    RANDOM,
    {},
    {
      cluster: { nodes: 5, members: 3, version: 1 },
      network: { delay: '1ms..20ms', loss: '1/20' },
      faults: {
        random: [
          { every: '100ms..400ms', for: '50ms..100ms', do: 'lose-disk', on: 'random' },
          { every: '100ms..400ms', for: '50ms..100ms', do: 'crash', on: 'random' },
        ],
      },
    },
  );

describe('operator: at random', () => {
  it('does many things, among them the playbook', () => {
    const { statistics, notes, asked } = told(hostile());
    expect(statistics.operatorStepsOk).toBeGreaterThan(10);
    expect(statistics.upgrades).toBeGreaterThan(0);
    expect(notes.some((note) => note.includes('(playbook.0)'))).toBe(true);
    const verbs = new Set(asked.map((note) => /"do":"([a-z-]+)"/.exec(note)?.[1]));
    expect(verbs.size).toBeGreaterThan(5);
  });

  it('forked at any event, original and copy run to equal outcomes and equal states', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(3000), (seed, event) => {
        const simulation = Simulation.create(
          hostile(),
          { seed: String(seed), strategy: 'random' },
          { implementation: scriptedImplementation(), checkers: false },
        );
        while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
        const copy = simulation.fork();
        expect(copy.operator?.operator.encode()).toEqual(simulation.operator?.operator.encode());
        expect(copy.run()).toEqual(simulation.run());
        expect(copy.operator?.operator.encode()).toEqual(simulation.operator?.operator.encode());
      }),
      { numRuns: 25 },
    );
  });

  it('a recorded run reads back, and names the operator', () => {
    const recipe = { seed: 'trace', strategy: 'random' as const };
    const { trace } = recordTrace(hostile(), recipe, scriptedImplementation());
    expect(parseTrace(encodeTrace(trace), 'x')).toEqual(trace);
    expect(trace.events.some(({ decisions }) => decisions.some(({ group }) => group.startsWith('o:')))).toBe(
      true,
    );
  });
});

describe('operator: what it may not be asked', () => {
  const prepare = (operator: Operator, protocol?: Protocol) => () =>
    prepareProgram(operated(operator), scriptedImplementation(protocol));

  it('a version that the protocol does not have', () => {
    expect(prepare({ playbook: [{ do: 'leave-joint' }, { do: 'upgrade', to: 4 }] })).toThrow(
      /^operator\.playbook\.1\.to: expected a version from 1 to 3 of scripted, got 4$/,
    );
    expect(prepare({ playbook: [{ do: 'activate-version', version: 9 }] })).toThrow(
      /^operator\.playbook\.0\.version: expected/,
    );
  });

  it('formatting, where the protocol formats nothing', () => {
    const unformatted = { ...scriptedProtocol, format: undefined } as unknown as Protocol;
    expect(prepare({ playbook: [{ do: 'format-disk' }] }, unformatted)).toThrow(
      /^operator\.playbook\.0: expected a protocol that formats its disks for 'format-disk'/,
    );
    const random = { every: '1s', actions: { 'replace-disk': 1 } };
    expect(prepare({ random }, unformatted)).toThrow(/^operator\.random\.actions\.replace-disk: expected/);
  });
});
