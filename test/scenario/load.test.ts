import { describe, expect, test } from 'vitest';

import { UsageError, parseDuration } from '../../src/kernel/index.js';
import { defineScenario, jsonSchema, loadScenario, nameOfPath, toYaml } from '../../src/scenario/index.js';
import type { ScenarioFile } from '../../src/scenario/index.js';
import { DEFAULT_SESSION_LIMITS, onlyReads } from '../../src/services/index.js';
import { errorOf, load, minimal, resolverOf } from './support.js';

describe('scenario defaults: hostile unless said otherwise', () => {
  const scenario = load(minimal());

  test('five nodes, five clients, a lossy network, clocks that disagree', () => {
    expect(scenario.cluster.nodes).toBe(5);
    expect(scenario.workload).toEqual({
      clients: 5,
      mode: 'open',
      ratePerSecond: 100,
      thinkMinMicros: 1_000,
      thinkMaxMicros: 20_000,
      keys: 16,
      keyDistribution: { kind: 'zipf', exponentThousandths: 990 },
      mix: { get: 40, put: 30, delete: 5, cas: 15, append: 10 },
      reads: onlyReads('log'),
      attemptTimeoutMicros: 500_000,
      operationTimeoutMicros: 5_000_000,
      retry: {
        kind: 'backoff',
        baseMicros: 20_000,
        capMicros: 1_000_000,
        jitter: { numerator: 1, denominator: 2 },
        maxAttempts: 20,
        budgetPercent: 50,
        minimumPerSecond: 4,
      },
    });
    expect(scenario.network).toEqual({
      link: {
        delay: { kind: 'long-tail', minMicros: 200, medianMicros: 1_000, maxMicros: 50_000 },
        loss: { numerator: 1, denominator: 200 },
        duplicate: { numerator: 1, denominator: 200 },
        corrupt: { numerator: 1, denominator: 2000 },
        bandwidthBytesPerSecond: 0,
        queueBytes: 1_048_576,
        ordered: false,
      },
      overrides: [],
    });
    expect(scenario.disk).toEqual({
      syncLatency: { kind: 'uniform', minMicros: 200, maxMicros: 2_000 },
      capacityBytes: 0,
    });
    expect(scenario.clock).toEqual({ maxOffsetMicros: 50_000, maxDriftPpm: 200 });
    expect(scenario.process).toEqual({
      serviceMicros: 0,
      inboxLimit: 10_000,
      restartAfterHaltMicros: 500_000,
    });
    expect(scenario.model).toEqual({
      crash: true,
      network: true,
      disk: 'detectable',
      clock: true,
      byzantine: 0,
    });
  });

  test('faults end at 8 s, clients at 14 s, the run at 20 s; progress is due within 5 s', () => {
    expect(scenario.faults).toEqual({ schedule: [], random: [], byzantine: [], damagedDiskBudget: 1 });
    expect(scenario.expect).toEqual({
      outcome: 'passed',
      invariant: undefined,
      progressWithinMicros: 5_000_000,
      stableLeader: false,
      transfersSucceed: false,
    });
    expect(scenario.bounds).toEqual({
      healAtMicros: 8_000_000,
      heal: 'all',
      stopClientsAtMicros: 14_000_000,
      endMicros: 20_000_000,
      maxEvents: 5_000_000,
    });
  });

  test('a control promises no progress, and a lone node has no good copy to spare', () => {
    expect(load(minimal('expect: { outcome: violated }')).expect.progressWithinMicros).toBeUndefined();
    expect(load(minimal('cluster: { nodes: 1 }')).faults.damagedDiskBudget).toBe(0);
  });

  test('gets are served by the log, by one other mode, or by several by weight', () => {
    const reads = (text: string) => load(minimal(`workload: { reads: ${text} }`)).workload.reads;
    expect(scenario.workload.reads).toEqual(onlyReads('log'));
    expect(reads('follower')).toEqual(onlyReads('follower'));
    expect(reads('{ lease: 12 }')).toEqual(onlyReads('lease'));
    expect(reads('{ lease: 1, stale: 3 }')).toEqual({ ...onlyReads('lease'), stale: 3 });
    expect(errorOf(() => reads('{ log: 0 }'))).toContain('one of them above 0');
  });

  test('a service is named, or written out with its sessions and its shadow', () => {
    const service = (text: string) => load(minimal(`service: ${text}`)).service;
    const byDefault = { name: 'kv', sessions: DEFAULT_SESSION_LIMITS, shadow: undefined };
    for (const { service: plain } of [scenario, load(minimal('service: { sessions: {} }'))]) {
      expect(plain).toEqual(byDefault);
    }
    expect(service('kv-next')).toEqual({ ...byDefault, name: 'kv-next' });
    expect(service('{ sessions: { max-clients: 9, window: 70, timeout: 30s }, shadow: kv-next }')).toEqual({
      name: 'kv',
      sessions: { maxClients: 9, window: 70, timeoutMicros: 30_000_000 },
      shadow: 'kv-next',
    });
  });

  test('the result is frozen through and through', () => {
    expect(Object.isFrozen(scenario.network.link.delay)).toBe(true);
  });
});

describe('scenario names, places and links', () => {
  test('a scenario is named by its file unless it names itself', () => {
    expect(nameOfPath('/x/scenarios/raft/bridge.yaml')).toBe('raft/bridge');
    expect(nameOfPath('C:\\x\\scenarios\\raft\\bridge.yaml')).toBe('raft/bridge');
    expect(nameOfPath('/home/me/My Test (2).yaml')).toBe('my-test-2');
    expect(nameOfPath('???')).toBe('unnamed');
    expect(load(minimal('name: a/b')).name).toBe('a/b');
  });

  test('who is not placed fills the regions in turn, servers and clients each from the first', () => {
    const { topology } = load(
      minimal(
        'cluster: { topology: { regions: { eu: n2, us: [] }, zones: { eu-a: n2 } } }\nworkload: { clients: 3 }',
      ),
    ).cluster;
    expect(topology.locations.map(({ region, zone, rack }) => `${region}/${zone}/${rack}`)).toEqual([
      'eu/eu/eu',
      'eu/eu-a/eu-a',
      'us/us/us',
      'eu/eu/eu',
      'us/us/us',
      'eu/eu/eu',
      'us/us/us',
      'eu/eu/eu',
    ]);
  });

  test('links keep what their entry does not say; both: true makes two of one', () => {
    const { link, overrides } = load(
      minimal(
        'network: { loss: 1/10, links: [{ from: n1, to: clients, both: true, delay: 3ms }] }\nworkload: { clients: 2 }',
      ),
    ).network;
    const slow = { ...link, delay: { kind: 'constant', micros: 3_000 } };
    expect(overrides).toEqual([
      { from: [0], to: [5, 6], link: slow },
      { from: [5, 6], to: [0], link: slow },
    ]);
  });

  test('clients are named where a fault may strike them', () => {
    const { action } =
      load(minimal('faults: { schedule: [{ at: 1s, do: isolate, on: [n2, c1..c2] }] }')).faults.schedule[0] ??
      {};
    expect(action).toEqual({ do: 'isolate', on: { kind: 'nodes', nodes: [1, 5, 6] }, direction: 'both' });
  });

  test('an empty value counts as not written', () => {
    expect(load(minimal('faults:\nnetwork:\n  loss:\n')).network.link.loss).toEqual({
      numerator: 1,
      denominator: 200,
    });
  });
});

describe('scenario --set', () => {
  test('options are laid over the file in order, before validation', () => {
    const text = minimal('faults: { schedule: [{ at: 1s, do: heal }] }');
    const scenario = load(text, {
      set: [
        'cluster.nodes=3',
        'cluster.nodes=7',
        'faults.schedule.0.at=2s',
        'network.delay={ uniform: 1ms..2ms }',
        'network.loss=0',
      ],
    });
    expect(scenario.cluster.nodes).toBe(7);
    expect(scenario.faults.schedule[0]?.atMicros).toBe(2_000_000);
    expect(scenario.network.link.delay).toEqual({ kind: 'uniform', minMicros: 1_000, maxMicros: 2_000 });
  });

  test.each([
    [
      'cluster.noodes=7',
      "--set cluster.noodes=7: cluster.noodes: expected one of nodes, members, version, topology, got 'noodes'\ndid you mean 'nodes'?",
    ],
    [
      'cluster.nodes=x',
      "--set cluster.nodes=x: cluster.nodes: expected a whole number from 1 to 64, got 'x'",
    ],
    ['cluster.nodes=[', '--set cluster.nodes=[: not valid YAML: Flow sequence must end with a ]'],
    ['cluster', '--set cluster: expected KEY.PATH=VALUE\nfor example --set cluster.nodes=7'],
    ['=7', '--set =7: expected KEY.PATH=VALUE\nfor example --set cluster.nodes=7'],
    ['a..b=7', '--set a..b=7: a..b: expected words joined by dots, got an empty text'],
    [
      'faults.schedule.0.at=1s',
      "--set faults.schedule.0.at=1s: faults.schedule.0.at: expected a list above '0', got none",
    ],
    ['title.x=1', "--set title.x=1: title.x: expected a map above 'x', got a single value"],
    ['extends=b', '--set extends=b: extends: expected to stand in a file'],
  ])('%s', (setting, expected) => {
    expect(errorOf(() => load(minimal(), { set: [setting] }))).toBe(expected);
  });
});

describe('scenario extends', () => {
  const file = (path: string, text: string): ScenarioFile => ({ path, text });
  const loadOf = (files: readonly ScenarioFile[]): ReturnType<typeof loadScenario> =>
    loadScenario(files[0]?.text ?? '', { path: files[0]?.path ?? '', resolve: resolverOf(files) });

  test('maps merge, everything else replaces, an empty value takes back; the name is not inherited', () => {
    const scenario = loadOf([
      file(
        'scenarios/x/over.yaml',
        'extends: base.yaml\ncluster:\nnetwork: { loss: 0, delay: { constant: 1ms } }\nfaults: { schedule: [{ at: 3s, do: heal }] }',
      ),
      file(
        'scenarios/x/base.yaml',
        minimal(
          'name: base\ncluster: { nodes: 9 }\nnetwork: { loss: 1/2, duplicate: 1/3, delay: { uniform: 1ms..2ms } }\nfaults: { schedule: [{ at: 1s, do: heal }, { at: 2s, do: heal }] }',
        ),
      ),
    ]);
    expect(scenario.name).toBe('x/over');
    expect(scenario.title).toBe('T');
    expect(scenario.cluster.nodes).toBe(5);
    expect(scenario.network.link.loss.numerator).toBe(0);
    expect(scenario.network.link.duplicate).toEqual({ numerator: 1, denominator: 3 });
    expect(scenario.network.link.delay).toEqual({ kind: 'constant', micros: 1_000 });
    expect(scenario.faults.schedule.map(({ atMicros }) => atMicros)).toEqual([3_000_000]);
  });

  test('an error in a file that is extended names that file', () => {
    const files = [
      file('a.yaml', 'extends: b.yaml\ntitle: T'),
      file('b.yaml', minimal('cluster: { nodes: 0 }')),
    ];
    expect(errorOf(() => loadOf(files))).toBe(
      'b.yaml:4:19: cluster.nodes: expected a whole number from 1 to 64, got 0',
    );
  });

  test('circles, missing files and endless chains are refused', () => {
    expect(
      errorOf(() => loadOf([file('a.yaml', 'extends: b.yaml'), file('b.yaml', 'extends: a.yaml')])),
    ).toBe('b.yaml:1:1: extends: expected no circle, got a.yaml → b.yaml → a.yaml');
    expect(errorOf(() => loadOf([file('a.yaml', 'title: T\nextends: nowhere')]))).toBe(
      "a.yaml:2:1: extends: there is no scenario 'nowhere'",
    );
    const chain = Array.from({ length: 12 }, (_, i) => file(`${i}.yaml`, `extends: ${i + 1}.yaml`));
    expect(errorOf(() => loadOf(chain))).toBe(
      '8.yaml:1:1: extends: expected at most 8 files one upon the other',
    );
    expect(errorOf(() => load(minimal('extends: b')))).toBe(
      'a.yaml:4:1: extends: expected no other file to be needed here',
    );
  });
});

describe('scenario protocols', () => {
  test("a module is located from the file that names it, and lends its file's name", () => {
    const { protocol } = loadScenario(
      'title: T\ndescription: D\nprotocol: { module: "./my Counter.js#make" }\n',
      {
        path: '/x/a.yaml',
        locateModule: (specifier, from) => `${from}|${specifier}`,
      },
    );
    expect(protocol).toEqual({ name: 'my-counter', module: '/x/a.yaml|./my Counter.js#make', settings: {} });
  });

  test('settings are passed through as they are', () => {
    const text =
      'title: T\ndescription: D\nprotocol: { name: raft, settings: { heartbeat: 50ms, deep: [1, { a: true }] } }\n';
    expect(load(text).protocol.settings).toEqual({ heartbeat: '50ms', deep: [1, { a: true }] });
  });

  test('a later check of a key is given the line of that key', () => {
    const text = 'title: T\ndescription: D\nprotocol:\n  name: raft\n  settings:\n    heartbeat: fast\n';
    const check = (): void => void parseDuration('fast', 'protocol.settings.heartbeat');
    expect(errorOf(() => load(text, { check }))).toBe(
      "a.yaml:6:16: protocol.settings.heartbeat: expected a duration such as 150ms or 2s, at most 24h, got 'fast'",
    );
    const other = (): never => {
      throw new UsageError('x', 'something else: went wrong');
    };
    expect(errorOf(() => load(text, { check: other }))).toBe('something else: went wrong');
  });
});

describe('scenarios as values', () => {
  test('a program gets the same defaults and the same checks', () => {
    const scenario = defineScenario({
      name: 'a',
      title: 'T',
      description: 'D',
      protocol: { name: 'raft' },
      faults: { schedule: [{ at: '1s', do: 'crash', on: 'leader' }] },
    });
    const text = minimal('name: a\nfaults: { schedule: [{ at: 1s, do: crash, on: leader }] }');
    expect(scenario).toEqual(load(text));
  });

  test('a literal may name every verb, also those without keys of their own', () => {
    const { faults } = defineScenario({
      title: 'Cuts',
      description: 'Verbs that choose by themselves.',
      protocol: { name: 'raft' },
      faults: {
        schedule: [
          { at: '1s', for: '1s', do: 'random-partition' },
          { at: '3s', for: '1s', do: 'majority-ring' },
          { at: '5s', do: 'heal' },
        ],
        random: [{ every: '2s..4s', for: '1s', do: 'random-partition' }],
      },
    });
    const verbs = [...faults.schedule, ...faults.random].map(({ action }) => action.do);
    expect(verbs).toEqual(['random-partition', 'majority-ring', 'heal', 'random-partition']);
  });

  test('errors name the key; circles and functions are refused', () => {
    const circle: Record<string, unknown> = {};
    circle['circle'] = circle;
    const define = (value: unknown): string => errorOf(() => defineScenario(value as never));
    const good = { title: 'T', description: 'D', protocol: { name: 'raft' } };
    expect(define({ ...good, cluster: { nodes: 99 } })).toBe(
      'scenario: cluster.nodes: expected a whole number from 1 to 64, got 99',
    );
    expect(define({ ...good, protocol: { name: 'raft', settings: circle } })).toBe(
      'scenario: expected at most 40 levels of nesting, and no circle',
    );
    expect(define({ ...good, service: () => 'kv' })).toContain('scenario: service: expected a text');
    expect(define({ ...good, extends: 'b' })).toBe(
      "scenario: extends: expected a file to extend another; here, merge the values, got 'b'",
    );
    expect(define({ 'a b': 1 })).toBe("scenario: expected a word as the key, got 'a b'");
    expect(define(5)).toBe('scenario: expected a map, got 5');
  });
});

describe('scenario descriptions', () => {
  test('what is shown names every default', () => {
    const text = toYaml(
      load(
        minimal(
          'faults: { random: [{ every: 1s..2s, for: 500ms, do: flap, on: n2, up: 10ms, down: 20ms }] }',
        ),
      ),
    );
    for (const line of [
      '  delay: { long-tail: { min: 200us, median: 1ms, max: 50ms } }',
      '  mix: { get: 40, put: 30, delete: 5, cas: 15, append: 10 }',
      '    - { every: 1s..2s, for: 500ms, do: flap, on: n2, up: 10ms, down: 20ms }',
      '  restart-after-halt: 500ms',
      '  progress-within: 5s',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  test('the JSON Schema is closed, describes its keys and has the defaults', () => {
    const schema = jsonSchema() as {
      properties: Record<string, Record<string, unknown>>;
      required: string[];
      additionalProperties: boolean;
    };
    expect(schema.required).toEqual(['title', 'description', 'protocol']);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties['cluster']).toMatchObject({
      properties: { nodes: { default: 5, minimum: 1, maximum: 64 } },
    });
    expect(schema.properties['bounds']).toMatchObject({ properties: { end: { default: '20s' } } });
    expect(JSON.stringify(schema)).not.toContain('__schema');
  });
});
