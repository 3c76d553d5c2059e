import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { defineScenario, drawScenario, drawnTexts, forProtocol, toYaml } from '../../src/scenario/index.js';
import type { Scenario } from '../../src/scenario/index.js';
import { RandomStream } from '../../src/kernel/index.js';
import { raftProtocol } from '../../src/protocols/raft/index.js';
import type { Axis } from '../../src/scenario/swarm-plan.js';
import { bundledFiles, errorOf, load, loadBundled, minimal } from './support.js';

const SWARMS = bundledFiles.filter(({ text }) => text.includes('\nswarm:'));
const seed = fc.string({ maxLength: 12 });

function swarm(section: string, more = ''): Scenario {
  return load(minimal(`${more}swarm:\n${section}`));
}

function errorIn(section: string, more = ''): string {
  return errorOf(() => swarm(section, more));
}

/** Values of a path over many seeds, with how often each came. */
function tally(scenario: Scenario, valueOf: (drawn: Scenario) => unknown, runs = 400): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < runs; i++) {
    const value = JSON.stringify(valueOf(drawScenario(scenario, `s${i}`)));
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

describe('a draw', () => {
  test.each(SWARMS.map((file) => [file.path, file] as const))(
    '%s: is a function of the seed, has no swarm, and is a scenario that can be shown and loaded',
    (_, file) => {
      const scenario = loadBundled(file);
      fc.assert(
        fc.property(seed, (text) => {
          const drawn = drawScenario(scenario, text);
          expect(drawScenario(structuredClone(scenario), text)).toEqual(drawn);
          expect(drawn.swarm).toBeUndefined();
          expect('swarm' in drawn).toBe(false);
          expect(drawScenario(drawn, 'another')).toBe(drawn);
          expect(load(toYaml(drawn))).toEqual(drawn);
        }),
        { numRuns: 60 },
      );
    },
  );

  test.each(SWARMS.map((file) => [file.path, file] as const))(
    '%s: resolves for seeds that nobody has tried, and reaches every alternative',
    (_, file) => {
      const scenario = loadBundled(file);
      const texts = new Map<string, Set<string>>();
      for (let i = 0; i < 800; i++) {
        drawScenario(scenario, `fresh ${i}`);
        for (const [axis, text] of drawnTexts(scenario, `fresh ${i}`)) {
          texts.set(axis, (texts.get(axis) ?? new Set()).add(text));
        }
      }
      for (const axis of scenario.swarm?.axes ?? []) {
        if (axis.kind !== 'choose') continue;
        expect([axis.name, [...(texts.get(axis.name) ?? [])].sort()]).toEqual([
          axis.name,
          axis.alternatives.map(({ name }) => name).sort(),
        ]);
      }
    },
  );

  test('of one axis does not depend on the other axes', () => {
    const nodes = '  cluster.nodes: [3, 4, 5, 6, 7]\n';
    const alone = swarm(nodes);
    const among = swarm(`  bounds.heal: [all, core]\n${nodes}  workload.keys: [1, 2]\n`);
    for (let i = 0; i < 50; i++) {
      expect(drawScenario(among, `${i}`).cluster.nodes).toBe(drawScenario(alone, `${i}`).cluster.nodes);
    }
  });

  test('goes by weights, and a value that is written twice is twice as likely', () => {
    const counts = tally(swarm('  cluster.nodes: [3, 5, 5, 5]\n'), ({ cluster }) => cluster.nodes);
    expect(counts.get('5')).toBeGreaterThan(2 * (counts.get('3') ?? 0));
    const weighed = tally(
      swarm(
        '  size: { choose: [{ set: { cluster.nodes: 3 } }, { weight: 9, set: { cluster.nodes: 5 } }] }\n',
      ),
      ({ cluster }) => cluster.nodes,
    );
    expect(weighed.get('5')).toBeGreaterThan(4 * (weighed.get('3') ?? 0));
  });

  test('between two ends reaches every doubling alike, the ends included, and keeps the unit', () => {
    const rates = [
      ...tally(swarm('  workload.rate: { between: [2/s, 9/s] }\n'), (s) => s.workload.ratePerSecond),
    ];
    expect(rates.map(([rate]) => Number(rate)).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const doublings = [0, 0, 0];
    for (const [rate, count] of rates) doublings[Number(rate) < 4 ? 0 : Number(rate) < 8 ? 1 : 2]! += count;
    for (const count of doublings) expect(count).toBeGreaterThan(90);
    const delays = tally(
      swarm('  workload.attempt-timeout: { between: [50ms, 1s] }\n'),
      (s) => s.workload.attemptTimeoutMicros,
    );
    for (const delay of delays.keys()) {
      expect(Number(delay)).toBeGreaterThanOrEqual(50_000);
      expect(Number(delay)).toBeLessThanOrEqual(1_000_000);
    }
  });

  test('keeps of a list what chance keeps, in its order, and varies how often it strikes', () => {
    const faults = `faults:\n  random:\n${['crash', 'pause', 'isolate']
      .map((verb) => `    - { every: 1s..2s, for: 1s, do: ${verb}, on: random }\n`)
      .join('')}`;
    const scenario = swarm('  faults.random: { keep: [0, 1/2, 1], spread: 4 }\n', faults);
    const kept = tally(scenario, (drawn) => drawn.faults.random.map(({ action }) => action.do));
    expect(kept.size).toBe(8);
    expect(kept.get('[]')).toBeGreaterThan(130);
    const periods = tally(scenario, (drawn) => drawn.faults.random[0]?.everyMinMicros ?? 0);
    expect(new Set([...periods.keys()].map(Number))).toEqual(
      new Set([0, 250_000, 500_000, 1_000_000, 2_000_000, 4_000_000]),
    );
  });

  test('keeps one key of a map of weights at least', () => {
    const scenario = swarm(
      '  workload.reads: { keep: [0], spread: 2 }\n',
      'workload: { reads: { log: 4, lease: 4 } }\n',
    );
    const reads = tally(scenario, ({ workload }) => workload.reads);
    for (const text of reads.keys()) {
      const weights = Object.values(JSON.parse(text) as Record<string, number>).filter(
        (weight) => weight > 0,
      );
      expect(weights).toHaveLength(1);
    }
  });

  test('leaves an axis as it is written unless the axis above took the alternative that it goes with', () => {
    const scenario = swarm(
      '  size: { choose: [{ name: small, set: { cluster.nodes: 3 } }, { name: large, set: { cluster.nodes: 7 } }] }\n' +
        '  cluster.members: { when: { size: large }, values: [5] }\n',
    );
    expect([...tally(scenario, ({ cluster }) => [cluster.nodes, cluster.members]).keys()].sort()).toEqual([
      '[3,3]',
      '[7,5]',
    ]);
  });

  test('takes away what an alternative unsets', () => {
    const scenario = swarm(
      '  operator: { choose: [{ set: {} }, { unset: [operator] }] }\n',
      'operator: { playbook: [{ do: snapshot }] }\n',
    );
    expect([...tally(scenario, ({ operator }) => operator === undefined).keys()].sort()).toEqual([
      'false',
      'true',
    ]);
  });

  test('is told with what each axis came to, but for those without a choice', () => {
    const scenario = swarm('  cluster.nodes: [3, 5]\n  workload.keys: [4]\n');
    const texts = drawnTexts(scenario, '1');
    expect(texts).toEqual([['cluster.nodes', String(drawScenario(scenario, '1').cluster.nodes)]]);
    expect(drawnTexts(load(minimal()), '1')).toEqual([]);
  });
});

describe('a swarm', () => {
  test('yields to --set, whatever is drawn', () => {
    const scenario = load(minimal('swarm: { cluster.nodes: [3, 5] }'), { set: ['cluster.nodes=7'] });
    expect([...tally(scenario, ({ cluster }) => cluster.nodes).keys()]).toEqual(['7']);
    expect(load(toYaml(scenario))).toEqual(scenario);
  });

  test('is made by programs as well', () => {
    const scenario = defineScenario({
      title: 'T',
      description: 'D',
      protocol: { name: 'raft' },
      swarm: { 'cluster.nodes': [3, 5] },
    });
    expect([...tally(scenario, ({ cluster }) => cluster.nodes).keys()].sort()).toEqual(['3', '5']);
  });

  test('keeps only what runs the protocol of a bug', () => {
    const scenario = forProtocol(load(minimal('swarm: { protocol.name: [raft, pbft] }')), 'pbft');
    expect([...tally(scenario, ({ protocol }) => protocol.name).keys()]).toEqual(['"pbft"']);
  });

  test('of which an axis was added draws another scenario without losing the others', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
        seed,
        (keys, text) => {
          const scenario = swarm(`  workload.keys: [${keys.join(', ')}]\n`);
          expect(keys).toContain(drawScenario(scenario, text).workload.keys);
        },
      ),
    );
  });

  test('draws by a stream of its own for each axis', () => {
    const axis: Axis | undefined = swarm('  workload.keys: [1, 2, 3]\n').swarm?.axes[0];
    const dice = RandomStream.derive('7', `swarm:${axis?.name ?? ''}`);
    expect(drawScenario(swarm('  workload.keys: [1, 2, 3]\n'), '7').workload.keys).toBe(dice.integer(1, 3));
  });
});

describe('what makes no sense is refused with its line', () => {
  test.each([
    [
      'an unknown path',
      '  cluster.ndoes: [3, 5]\n',
      "a.yaml:5:3: cluster.ndoes: expected one of nodes, members, version, topology, got 'ndoes'\ndid you mean 'nodes'?",
    ],
    [
      'a value of another form',
      '  cluster.nodes: [3, many]\n',
      "a.yaml:5:22: cluster.nodes: expected a whole number from 1 to 64, got 'many'",
    ],
    [
      'a value beyond a bound',
      '  a: { choose: [{ set: { cluster.nodes: 99 } }] }\n',
      'a.yaml:5:41: cluster.nodes: expected a whole number from 1 to 64, got 99',
    ],
    [
      'an end beyond a bound',
      '  workload.clients: { between: [1, 999] }\n',
      'a.yaml:5:3: workload.clients: expected a whole number from 0 to 256, got 999',
    ],
    [
      'two alternatives that do not go together',
      '  cluster.nodes: [3, 5]\n  cluster.members: [4]\n',
      'a.yaml:6:21: cluster.members: expected at most 3, as many as there are nodes, got 4',
    ],
    [
      'no way to draw',
      '  a: { path: cluster.nodes }\n',
      'a.yaml:5:3: swarm.a: expected exactly one of values, choose, between, keep, got none',
    ],
    [
      'two ways to draw',
      '  a: { values: [1], keep: 1 }\n',
      'a.yaml:5:3: swarm.a: expected exactly one of values, choose, between, keep, got values and keep',
    ],
    [
      'an unknown way to draw',
      '  a: { chose: [] }\n',
      "a.yaml:5:8: swarm.a.chose: expected one of when, path, values, choose, between, keep, spread, got 'chose'\ndid you mean 'choose'?",
    ],
    [
      'ends of two units',
      '  workload.rate: { between: [2/s, 9] }\n',
      "a.yaml:5:20: swarm.workload.rate.between: expected two ends of one unit, got '2/s' and 9",
    ],
    [
      'the upper end first',
      '  workload.keys: { between: [9, 2] }\n',
      'a.yaml:5:20: swarm.workload.keys.between: expected the lower end first, got 9 and 2',
    ],
    [
      'a condition on no axis',
      '  a: { when: { b: x }, path: workload.keys, values: [1] }\n',
      "a.yaml:5:19: swarm.a.when.b: expected an axis above that chooses, got 'b'",
    ],
    [
      'a condition on no alternative',
      '  b: { choose: [{ name: large }] }\n  workload.keys: { when: { b: lrge }, values: [1] }\n',
      "a.yaml:6:31: swarm.workload.keys.when.b: expected one of large, got 'lrge'\ndid you mean 'large'?",
    ],
    [
      'a name twice',
      '  b: { choose: [{ name: x }, { name: x }] }\n',
      "a.yaml:5:38: swarm.b.choose.1.name: expected a name that no other alternative has, got 'x'",
    ],
    [
      'what is the same in every run',
      '  expect.outcome: [passed]\n',
      "a.yaml:5:3: swarm.expect.outcome: expected a path other than expect.outcome, which is the same in every run, got 'expect.outcome'",
    ],
  ])('%s', (_, section, expected) => {
    expect(errorIn(section)).toBe(expected);
  });

  test('a fault beyond the failure model that the rest keeps to', () => {
    expect(errorIn('  faults.random: [[{ every: 1s, for: 1s, do: wipe, on: random }]]\n')).toMatch(
      /^a\.yaml:5:20: faults\.random\.0: .*model/,
    );
  });

  test('a setting that the protocol refuses', () => {
    const check = ({ protocol }: Scenario): void => void raftProtocol().settings(protocol.settings);
    expect(
      errorOf(() => load(minimal('swarm:\n  protocol.settings.heartbeat: [50ms, 9s]\n'), { check })),
    ).toMatch(/^a\.yaml:5:39: protocol\.settings\.heartbeat: /);
  });
});
