// Scenarios in YAML form, drawn at random but valid: what the round-trip property is fed with.

import fc from 'fast-check';

import { MAX_DURATION_MICROS, formatDuration, formatDurationRange } from '../../src/kernel/index.js';
import type { ScenarioInput } from '../../src/scenario/index.js';

type Faults = NonNullable<ScenarioInput['faults']>;
type Scheduled = NonNullable<Faults['schedule']>[number];
type Random = NonNullable<Faults['random']>[number];

const duration = fc.integer({ min: 0, max: 10_000_000 }).map(formatDuration);
const positive = fc.integer({ min: 1_000, max: MAX_DURATION_MICROS }).map(formatDuration);
const range = fc
  .tuple(fc.integer({ min: 1_000, max: 5_000_000 }), fc.nat(5_000_000))
  .map(([low, more]) => formatDurationRange(low, low + more));
const ratio = fc.oneof(
  fc.tuple(fc.nat(1000), fc.integer({ min: 1000, max: 9999 })).map(([a, b]) => `${a}/${b}`),
  fc.nat(100).map((percent) => `${percent}%`),
  fc.constantFrom<(string | 0 | 1)[]>(0, 1, '0.25%'),
);
const size = fc.integer({ min: 1, max: 1 << 30 }).map((bytes) => `${bytes}B`);

const distribution: fc.Arbitrary<NonNullable<NonNullable<ScenarioInput['network']>['delay']>> = fc.oneof(
  range,
  range.map((uniform) => ({ uniform })),
  duration.map((constant) => ({ constant })),
  fc
    .tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000))
    .map(([min, a, b]) => [min, min + a, min + a + b].map(formatDuration) as [string, string, string])
    .map(([min, median, max]) => ({ 'long-tail': { min, median, max } })),
);

const link = fc.record(
  {
    delay: distribution,
    loss: ratio,
    duplicate: ratio,
    corrupt: ratio,
    bandwidth: size.map((text) => `${text}/s`),
    queue: size,
    ordered: fc.boolean(),
  },
  { requiredKeys: ['loss'] },
);

interface Cluster {
  readonly nodes: number;
  readonly clients: number;
}

function names(letter: 'n' | 'c', most: number): fc.Arbitrary<string[]> {
  const every = Array.from({ length: most }, (_, i) => `${letter}${i + 1}`);
  return fc.shuffledSubarray(every, { minLength: Math.min(1, most) });
}

function selector({
  nodes,
}: Cluster): fc.Arbitrary<Scheduled extends { on: infer On } ? On : string | string[]> {
  return fc.oneof(
    fc.constantFrom(
      'leader',
      'followers',
      'all',
      'minority',
      'random',
      `random ${nodes}`,
      'n1..n2',
      'n3',
      'random zone',
      { region: 'eu' },
    ),
    names('n', nodes),
  ) as never;
}

/** One entry's verb and its keys, and whether it may last. */
function action(
  cluster: Cluster,
): fc.Arbitrary<{ readonly lasts: boolean; readonly keys: Record<string, unknown> }> {
  const on = selector(cluster);
  const lasting = (
    keys: fc.Arbitrary<object>,
  ): fc.Arbitrary<{ lasts: boolean; keys: Record<string, unknown> }> =>
    keys.map((given) => ({ lasts: true, keys: { ...given } }));
  const atOnce = (
    keys: fc.Arbitrary<object>,
  ): fc.Arbitrary<{ lasts: boolean; keys: Record<string, unknown> }> =>
    keys.map((given) => ({ lasts: false, keys: { ...given } }));
  const verb = <V extends string>(...verbs: V[]): fc.Arbitrary<V> => fc.constantFrom(...verbs);
  const ppm = fc.integer({ min: -100_000, max: 100_000 }).filter((value) => value !== 0);
  return fc.oneof(
    lasting(
      fc.record({
        do: verb('crash', 'pause', 'full-disk', 'lying-sync', 'rollback', 'wipe', 'lose-disk'),
        on,
      }),
    ),
    lasting(fc.record({ do: verb('slow-cpu'), on, service: positive })),
    lasting(fc.record({ do: verb('random-partition', 'majority-ring') })),
    lasting(
      fc.record({
        do: verb('partition'),
        groups: fc.constantFrom([['n1'], ['n2', 'n3']], ['leader', 'followers']),
      }),
    ),
    lasting(
      fc
        .record({
          do: verb('isolate'),
          on: fc.oneof(on, names('c', cluster.clients)),
          direction: verb('both', 'inbound', 'outbound'),
        })
        .filter((keys) => keys.on.length !== 0),
    ),
    lasting(fc.record({ do: verb('bridge'), bridge: verb('leader', 'random', 'n2') })),
    lasting(fc.record({ do: verb('flap'), on, up: positive, down: positive })),
    lasting(fc.tuple(link, on, on).map(([keys, from, to]) => ({ do: 'degrade', from, to, ...keys }))),
    lasting(fc.record({ do: verb('slow-disk'), on, factor: fc.integer({ min: 2, max: 100_000 }) })),
    lasting(fc.record({ do: verb('clock-drift'), on, by: ppm.map((value) => `${value}ppm`) })),
    atOnce(fc.record({ do: verb('restart', 'resume', 'fail-sync', 'bit-rot', 'lost-write'), on })),
    atOnce(fc.record({ do: verb('heal') })),
    atOnce(
      fc.record({
        do: verb('clock-jump'),
        on,
        by: fc.integer({ min: 1, max: 10_000_000 }).map((micros) => formatDuration(-micros)),
      }),
    ),
  );
}

function scheduled(cluster: Cluster): fc.Arbitrary<Scheduled> {
  return fc
    .tuple(action(cluster), fc.nat(7_999_999), positive)
    .map(
      ([{ lasts, keys }, at, length]) =>
        ({ at: formatDuration(at), ...keys, ...(lasts ? { for: length } : {}) }) as unknown as Scheduled,
    );
}

function random(cluster: Cluster): fc.Arbitrary<Random> {
  return fc
    .tuple(action(cluster), range, range)
    .map(
      ([{ lasts, keys }, every, length]) =>
        ({ every, ...keys, ...(lasts ? { for: length } : {}) }) as unknown as Random,
    );
}

/** Text as people write it, and worse: quotes, colons, line ends, scripts of all kinds. */
const prose = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
    fc.lorem({ maxCount: 40, mode: 'words' }),
    fc.constantFrom(
      'yes',
      '1',
      '~',
      '- a',
      'a: b',
      '# c',
      '"',
      "'",
      ' x ',
      '&a',
      '*a',
      '{',
      '0x1',
      '1e3',
      'null',
      '---',
    ),
  )
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text) && text.length <= 120);

const paragraph = fc
  .array(prose, { minLength: 1, maxLength: 6 })
  .chain((parts) => fc.constantFrom(' ', '\n', '\n\n', '\t').map((glue) => parts.join(glue)));

const setting = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(prose, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.integer()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,10}$/), tie('value'), { maxKeys: 4 }),
  ),
})).value;

export const scenarioInput: fc.Arbitrary<ScenarioInput> = fc
  .record({ nodes: fc.integer({ min: 3, max: 9 }), clients: fc.nat(6) })
  .chain((cluster) =>
    fc.record<ScenarioInput>(
      {
        name: fc.stringMatching(/^[a-z0-9]{1,9}(\/[a-z0-9]{1,9})?$/),
        title: prose,
        description: paragraph,
        protocol: fc.oneof(
          fc.record({
            name: fc.constant('raft'),
            settings: fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,9}$/), setting, { maxKeys: 4 }),
          }),
          fc.constant({ module: '/x/y#z/mine.js#counter' }),
        ),
        cluster: fc.constantFrom('eu', 'us').map((second) => ({
          nodes: cluster.nodes,
          ...(second === 'us' ? { members: cluster.nodes - 1, version: 2 } : {}),
          topology: {
            regions: { eu: ['n1', 'n3'], us: 'n2' },
            zones: { 'eu-a': ['n1'], ...(second === 'us' ? { 'us-a': 'n2' } : {}) },
            delays: [{ between: ['eu', second] as [string, string], extra: '40ms' }],
          },
        })),
        model: fc.record(
          { crash: fc.boolean(), disk: fc.constantFrom('none', 'detectable', 'amnesia') },
          { requiredKeys: [] },
        ),
        service: fc.oneof(
          fc.constantFrom('kv', 'kv-next'),
          fc.record(
            {
              name: fc.constantFrom('kv', 'kv-next'),
              sessions: fc.record(
                {
                  'max-clients': fc.integer({ min: 1, max: 99 }),
                  window: fc.integer({ min: 1, max: 99 }),
                  timeout: fc.oneof(positive, fc.constant('never')),
                },
                { requiredKeys: [] },
              ),
              shadow: fc.constantFrom('kv', 'kv-next'),
            },
            { requiredKeys: [] },
          ),
        ),
        workload: fc.record({
          clients: fc.constant(cluster.clients),
          mode: fc.constantFrom('open', 'closed'),
          rate: fc.integer({ min: 1, max: 1_000_000 }).map((rate) => `${rate}/s`),
          think: range,
          'key-distribution': fc.oneof(
            fc.constantFrom('uniform', 'zipf'),
            fc.integer({ min: 1, max: 9999 }).map((thousandths) => `zipf ${thousandths / 1000}`),
          ),
          mix: fc.record({ get: fc.integer({ min: 1, max: 1000 }), cas: fc.nat(1000) }),
          reads: fc.oneof(
            fc.constantFrom('log', 'read-index', 'lease', 'follower', 'session', 'stale'),
            fc.record({ stale: fc.integer({ min: 1, max: 1000 }), lease: fc.nat(3) }),
          ),
          retry: fc.record({
            policy: fc.constantFrom('none', 'immediate', 'backoff'),
            jitter: ratio,
            budget: fc.nat(100_000).map((percent) => `${percent}%`),
            minimum: fc.oneof(
              fc.constant('none'),
              fc.integer({ min: 1, max: 1_000_000 }).map((rate) => `${rate}/s`),
            ),
          }),
        }),
        network: fc
          .tuple(
            link,
            fc.array(
              fc.tuple(link, fc.constantFrom('servers', 'clients', 'all', 'n1..n2', { zone: 'eu-a' })),
              { maxLength: 3 },
            ),
          )
          .map(([base, links]) => ({
            ...base,
            links: links.map(([keys, to], i) => ({ from: 'n1', to, both: i === 1, ...keys })),
          })),
        disk: fc.record({ 'sync-latency': distribution, capacity: fc.oneof(size, fc.constant('unlimited')) }),
        clock: fc.record({ 'max-offset': duration, 'max-drift': fc.nat(100_000).map((ppm) => `${ppm}ppm`) }),
        process: fc.record(
          { service: duration, 'restart-after-halt': fc.oneof(positive, fc.constant('never')) },
          { requiredKeys: [] },
        ),
        authentication: fc.constantFrom('ideal', 'real'),
        faults: fc.record({
          schedule: fc.array(scheduled(cluster), { maxLength: 6 }),
          random: fc.array(random(cluster), { maxLength: 6 }),
          'damaged-disks': fc.constantFrom(0, ...(cluster.nodes > 3 ? [1] : [])),
        }),
        expect: fc.constantFrom(
          {},
          { outcome: 'violated', invariant: 'raft/election-safety' },
          { 'progress-within': 'none' },
          { 'progress-within': '12s' },
        ),
        bounds: fc.constant({ 'heal-at': '8s', 'stop-clients-at': '9s', end: '20s' }),
      },
      { requiredKeys: ['title', 'description', 'protocol', 'cluster', 'workload', 'faults', 'bounds'] },
    ),
  )
  .map(patient);

/** Half of the promises with patience: it takes one. */
function patient(scenario: ScenarioInput): ScenarioInput {
  const { title, expect = {}, bounds } = scenario;
  const isPromising = expect.outcome === undefined && expect['progress-within'] !== 'none';
  return isPromising && title.length % 2 === 1
    ? { ...scenario, bounds: { ...bounds, patience: '3s' } }
    : scenario;
}
