import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonical,
  Digest,
  RandomChoices,
  UsageError,
  type Plain,
  type Result,
} from '../../../src/kernel/index.js';
import {
  makeCommand,
  onlyReads,
  STREAM,
  StreamService,
  type DeliveryMode,
  type OperationSource,
  type StreamOperation,
  type WorkloadConfig,
} from '../../../src/services/index.js';

const config: WorkloadConfig = {
  clients: 8,
  mode: 'closed',
  ratePerSecond: 1,
  thinkMinMicros: 0,
  thinkMaxMicros: 0,
  keys: 5,
  keyDistribution: { kind: 'uniform' },
  mix: { produce: 2, consume: 1, process: 2, work: 2, watch: 1 },
  reads: onlyReads('log'),
  attemptTimeoutMicros: 1,
  operationTimeoutMicros: 1,
  retry: {
    kind: 'none',
    baseMicros: 1,
    capMicros: 1,
    jitter: { numerator: 1, denominator: 2 },
    maxAttempts: 1,
    budgetPercent: 0,
    minimumPerSecond: 0,
  },
};

/** What becomes of an operation: answered, lost on the way there, lost on the way back, or refused. */
const FATES = ['ok', 'ok', 'ok', 'ok', 'ok', 'lost', 'unheard', 'fail'] as const;
type Fate = (typeof FATES)[number];

interface Turn {
  readonly client: number;
  readonly fate: Fate;
  readonly after: number;
}

const turns = fc.array(
  fc.record<Turn>({
    client: fc.nat(7),
    fate: fc.constantFrom(...FATES),
    after: fc.oneof({ weight: 30, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(3000) }),
  }),
  { minLength: 200, maxLength: 500, size: 'max' },
);

/** Everything that clients did against one broker, with nothing in between that orders or repeats it. */
function play(script: readonly Turn[], seed: string, raw: Record<string, unknown>) {
  const service = new StreamService();
  const workload = STREAM.createWorkload(config, raw);
  const choices = new RandomChoices(seed, new Digest());
  let sources = Array.from({ length: 8 }, (_, i) => workload.createSource(100 + i, i));
  const seen: { client: number; input: StreamOperation; result: Result }[] = [];
  let sequence = 0;
  let now = 0;
  const turn = ({ client, fate, after }: Turn) => {
    now += after;
    sequence++;
    const source = sources[client] as OperationSource;
    const input = source.next(choices, sequence);
    const operation = input as unknown as StreamOperation;
    if (fate === 'lost' || fate === 'fail') {
      source.missed?.(0, input, fate === 'fail' ? 'fail' : 'unknown');
      return;
    }
    const result = service.apply(makeCommand(100 + client, sequence, input), now);
    if (fate === 'unheard') source.missed?.(0, input, 'unknown');
    else {
      seen.push({ client, input: operation, result });
      source.observe(0, input, result);
    }
  };
  script.forEach((each, i) => {
    if (i % 50 === 49) {
      const copies = sources.map((source) => source.clone());
      expect(canonical(copies.map((copy) => copy.encode()))).toBe(
        canonical(sources.map((source) => source.encode())),
      );
      sources = copies;
    }
    turn(each);
  });
  // Everybody in turn, undisturbed, until the work is done.
  for (let i = 0; i < 400; i++) turn({ client: i % 8, fate: 'ok', after: 1 });
  return { log: (topic: string, partition: number) => logOf(service, topic, partition), seen, service };
}

function logOf(service: StreamService, topic: string, partition: number): string[] {
  const input: Plain = { op: 'fetch', topic, partition, offset: 0, max: 1024 };
  const result = service.query(makeCommand(1, 1, input)) as { messages?: [number, string, string][] };
  return (result.messages ?? []).map(([, , value]) => value);
}

const origins = (values: readonly string[]) => values.map((value) => Number(value.split('.').pop()));
const settings = (delivery: DeliveryMode, more = {}) => ({
  delivery,
  partitions: 2,
  batch: 3,
  lease: '1ms',
  'member-timeout': '2ms',
  'transaction-timeout': '2ms',
  ...more,
});

function each(delivery: DeliveryMode, more: object, judge: (played: ReturnType<typeof play>) => void): void {
  fc.assert(
    fc.property(turns, fc.string(), (script, seed) => {
      judge(play(script, seed, settings(delivery, more)));
    }),
    { numRuns: 60 },
  );
}

describe('clients of streams, whose operations and answers get lost', () => {
  it('effectively once: every input is there once, and has one output, in order', () => {
    let outputs = 0;
    each('effectively-once', {}, ({ log }) => {
      for (const partition of [0, 1]) {
        const inputs = log('input', partition);
        expect(new Set(inputs).size).toBe(inputs.length);
        const from = origins(log('output', partition));
        expect(from).toEqual(from.map((_, offset) => offset));
        expect(from.length).toBeLessThanOrEqual(inputs.length);
        outputs += from.length;
      }
    });
    expect(outputs).toBeGreaterThan(1000);
  });

  it('effectively once: so it is where two producers write under one name, and take over from each other', () => {
    let fenced = 0;
    each('effectively-once', { rivals: 2 }, ({ log, seen }) => {
      for (const partition of [0, 1]) {
        const inputs = log('input', partition);
        expect(new Set(inputs).size).toBe(inputs.length);
      }
      fenced += seen.filter(({ result }) => (result as { error?: string }).error === 'fenced').length;
    });
    expect(fenced).toBeGreaterThan(100);
  });

  it('at least once: no input is left out, and some are processed twice', () => {
    let repeated = 0;
    each('at-least-once', {}, ({ log }) => {
      for (const partition of [0, 1]) {
        const from = [...new Set(origins(log('output', partition)))];
        expect(from).toEqual(from.map((_, offset) => offset));
        repeated += log('output', partition).length - from.length;
      }
    });
    expect(repeated).toBeGreaterThan(100);
  });

  it('at most once: no input is processed twice, and some are left out', () => {
    let lost = 0;
    each('at-most-once', {}, ({ log }) => {
      for (const partition of [0, 1]) {
        const from = origins(log('output', partition));
        expect(new Set(from).size).toBe(from.length);
        lost += Math.max(-1, ...from) + 1 - from.length;
      }
    });
    expect(lost).toBeGreaterThan(100);
  });

  it('lent messages end acknowledged or as dead letters, each under one lease', () => {
    let dead = 0;
    each('effectively-once', { 'max-deliveries': 2 }, ({ log, seen }) => {
      const settled = seen.flatMap(({ input, result }) =>
        input.op === 'acknowledge' ? (result as { settled: number[] }).settled : [],
      );
      expect(new Set(settled).size).toBe(settled.length);
      const values = seen.flatMap(({ input, result }) => {
        if (input.op !== 'receive') return [];
        return (result as { deliveries: [number, number, string, string, number, number][] }).deliveries;
      });
      const done = values.filter(([, , , , lease]) => settled.includes(lease)).map(([, , , value]) => value);
      expect(new Set(done).size).toBe(done.length);
      for (const partition of [0, 1]) {
        for (const value of log('jobs.dead', partition)) expect(done).not.toContain(value);
        dead += log('jobs.dead', partition).length;
      }
    });
    expect(dead).toBeGreaterThan(20);
  });

  it('plays every role in the proportion of its weight, whatever the number of clients', () => {
    const workload = STREAM.createWorkload(config, {});
    const kinds = Array.from({ length: 16 }, (_, i) => workload.createSource(100 + i, i).constructor.name);
    const count = (name: string) => kinds.filter((kind) => kind === name).length;
    expect(['ProducerRole', 'ConsumerRole', 'ProcessorRole', 'WorkerRole', 'WatcherRole'].map(count)).toEqual(
      [4, 2, 4, 4, 2],
    );
  });

  it('refuses settings that it does not know, and says what it expected', () => {
    const check = (raw: Record<string, unknown>) => () => {
      STREAM.checkSettings(raw);
    };
    expect(check({ delivery: 'exactly-once' })).toThrow(UsageError);
    expect(check({ delivery: 'exactly-once' })).toThrow(
      /service\.settings\.delivery: expected at-most-once or at-least-once or effectively-once/,
    );
    expect(check({ partition: 3 })).toThrow(/unknown stream setting/);
  });
});
