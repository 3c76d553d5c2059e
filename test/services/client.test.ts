import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  canonical,
  notLeaderReply,
  okReply,
  Digest,
  RandomChoices,
  RandomStream,
  type HistoryEvent,
  type Micros,
} from '../../src/kernel/index.js';
import { onlyReads } from '../../src/services/index.js';
import type { RetryPolicy, WorkloadConfig } from '../../src/services/index.js';
import {
  ClientWorld,
  DEFAULTS,
  FIRST_CLIENT,
  LossyServer,
  PromptServer,
  ScriptedServer,
  SilentServer,
  type Server,
} from './client-world.js';

const ONE_OPERATION = 301; // the first operation begins by 300 µs, and an answer needs time
const SERVERS = 3; // of the world of tests

function world(config: Partial<WorkloadConfig>, server: Server, stopAtMicros: Micros): ClientWorld {
  return new ClientWorld({ ...DEFAULTS, ...config }, server, stopAtMicros).start();
}

function retry(changes: Partial<RetryPolicy>): { retry: RetryPolicy } {
  return { retry: { ...DEFAULTS.retry, ...changes } };
}

/** Kinds of the events of a history, in order. */
function kinds(history: readonly HistoryEvent[]): string {
  return history.map(({ kind }) => kind).join(' ');
}

/** Every operation is invoked once and ends at most once, after that. */
function expectWellFormed(history: readonly HistoryEvent[]): void {
  const state = new Map<string, string>();
  for (const { kind, client, sequence } of history) {
    const name = `${client}.${sequence}`;
    expect(state.get(name)).toBe(kind === 'invoke' ? undefined : 'invoke');
    state.set(name, kind);
  }
}

function times(run: ClientWorld): number[] {
  return run.requests.map(({ time }) => time);
}

test('client, closed loop: one operation at a time, a think time between them, none after the stop', () => {
  const run = world({}, new PromptServer(250), 50_000).runUntil(100_000);
  expectWellFormed(run.history);
  expect(run.client.isIdle()).toBe(true);
  expect(run.client.counters.ok).toBeGreaterThan(80);
  run.history.forEach(({ kind, time }, i) => {
    expect(kind).toBe(i % 2 === 0 ? 'invoke' : 'ok');
    const gap = time - (run.history[i - 1]?.time ?? 0);
    if (kind === 'ok') expect(gap).toBe(250);
    else expect(gap >= 100 && gap <= 300 && time < 50_000).toBe(true);
  });
  expect(run.client.latency.quantile(99, 100)).toBe(255);
});

test('client: stop ends the workload early and lets the outstanding operation finish', () => {
  const run = world({}, new PromptServer(250), 50_000).runUntil(ONE_OPERATION);
  expect(run.client.outstanding()).toBe(1);
  run.client.stop();
  expect(run.client.isIdle()).toBe(false);
  run.runUntil(50_000);
  expect(kinds(run.history)).toBe('invoke ok');
  expect(run.client.isIdle()).toBe(true);
});

test('client, open loop: arrivals keep the rate, and those that find no slot are skipped and counted', () => {
  const config = { mode: 'open', clients: 4, ratePerSecond: 10_000 } as const;
  const prompt = world(config, new PromptServer(250), 1_000_000).runUntil(1_100_000);
  const begun = prompt.clients.map((client) => client.counters.operations);
  expect(Math.abs(begun.reduce((sum, count) => sum + count, 0) - 10_000)).toBeLessThan(300);
  expect(prompt.clients.every((client) => client.isIdle() && client.counters.skipped === 0)).toBe(true);

  const silent = world({ ...config, operationTimeoutMicros: 2_000_000 }, new SilentServer(), 100_000);
  silent.runUntil(100_000);
  for (const client of silent.clients) {
    expect(client.outstanding()).toBe(64);
    expect(client.counters.operations).toBe(64);
    expect(client.counters.skipped).toBeGreaterThan(100);
  }
});

test('client: without retries an unanswered operation is sent once and ends unknown at its deadline', () => {
  const run = world(retry({ kind: 'none' }), new SilentServer(), ONE_OPERATION).runUntil(100_000);
  const [invoke, unknown] = run.history;
  expect(kinds(run.history)).toBe('invoke unknown');
  expect((unknown?.time ?? 0) - (invoke?.time ?? 0)).toBe(DEFAULTS.operationTimeoutMicros);
  expect(run.client.counters).toMatchObject({ attempts: 1, retries: 0, timeouts: 1, unknown: 1 });
});

test.each([1_000, 999])(
  'client: attempts of 1,000 µs in operations of %i µs: silence until the deadline turns it to the next server',
  (operationTimeoutMicros) => {
    const run = world({ operationTimeoutMicros }, new SilentServer(), 20_000).runUntil(100_000);
    const asked = run.requests.map(({ to }) => to);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked).toEqual(asked.map((_, index) => ((asked[0] ?? 0) + index) % SERVERS));
    expect(run.client.counters).toMatchObject({ retries: 0, timeouts: asked.length, unknown: asked.length });
  },
);

test('client: an answer after the last attempt has timed out, but before the deadline, still counts', () => {
  const run = world(retry({ kind: 'none' }), new PromptServer(5_000), ONE_OPERATION).runUntil(100_000);
  expect(kinds(run.history)).toBe('invoke ok');
  expect(run.client.counters).toMatchObject({ timeouts: 1, ok: 1, late: 0 });
});

test('client: an answer after the deadline is ignored and counted', () => {
  const run = world(retry({ kind: 'none' }), new PromptServer(30_000), ONE_OPERATION).runUntil(100_000);
  expect(kinds(run.history)).toBe('invoke unknown');
  expect(run.client.counters).toMatchObject({ ok: 0, unknown: 1, late: 1 });
});

test('client: immediate retries follow every timeout, with the same command, up to the most attempts', () => {
  const policy = retry({ kind: 'immediate', maxAttempts: 4 });
  const run = world(policy, new SilentServer(), ONE_OPERATION).runUntil(100_000);
  const [first = 0] = times(run);
  expect(times(run)).toEqual([first, first + 1_000, first + 2_000, first + 3_000]);
  expect(new Set(run.requests.map(({ command }) => command)).size).toBe(1);
  expect(run.client.counters).toMatchObject({ attempts: 4, retries: 3, timeouts: 4, unknown: 1 });
});

test('client: backoff doubles from the base to the cap, less a drawn share, until the deadline', () => {
  const positive = fc.integer({ min: 1, max: 3_000 });
  fc.assert(
    fc.property(positive, positive, fc.integer({ min: 0, max: 4 }), (base, cap, quarters) => {
      const policy = { baseMicros: base, capMicros: cap, jitter: { numerator: quarters, denominator: 4 } };
      const run = world(retry(policy), new SilentServer(), ONE_OPERATION).runUntil(100_000);
      const sent = times(run);
      for (let attempt = 1; attempt < sent.length; attempt++) {
        const waited = (sent[attempt] ?? 0) - (sent[attempt - 1] ?? 0) - DEFAULTS.attemptTimeoutMicros;
        const most = Math.min(cap, base * 2 ** (attempt - 1));
        expect(waited).toBeLessThanOrEqual(most);
        expect(waited).toBeGreaterThanOrEqual(most - Math.floor((most * quarters) / 4));
      }
      expect(sent.length).toBeGreaterThan(1);
      expect((sent.at(-1) ?? 0) - (sent[0] ?? 0)).toBeLessThan(DEFAULTS.operationTimeoutMicros);
      expect(kinds(run.history)).toBe('invoke unknown');
    }),
  );
});

test('client: retries never exceed the reserve and the share that operations earned', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 150 }), (budgetPercent) => {
      const config = { ...retry({ kind: 'immediate', budgetPercent }), operationTimeoutMicros: 5_000 };
      const { client } = world(config, new SilentServer(), 300_000).runUntil(400_000);
      const { operations, retries, attempts, unknown, budgetExhausted } = client.counters;
      expect(retries).toBeLessThanOrEqual(10 + ((10 + operations) * budgetPercent) / 100);
      expect(retries).toBeGreaterThanOrEqual(Math.floor(10 + (operations * budgetPercent) / 100) - 1);
      expect(attempts).toBe(operations + retries);
      expect(unknown).toBe(operations);
      expect(budgetExhausted).toBeGreaterThan(0);
    }),
  );
});

test('client: a redirect is retried at once by policy, and goes to another server', () => {
  const server = new ScriptedServer(['not-leader', 'not-leader', 'ok']);
  const run = world(retry({ kind: 'immediate' }), server, ONE_OPERATION).runUntil(100_000);
  expect(run.requests.map(({ to }) => to)).toEqual([0, 1, 2]);
  expect(new Set(run.requests.map(({ command }) => command.sequence)).size).toBe(1);
  expect(run.client.counters).toMatchObject({ redirects: 2, retries: 2, timeouts: 0, ok: 1 });
});

test('client: a redirect that comes twice counts twice, is followed once, and costs no budget', () => {
  const run = world({}, new SilentServer(), ONE_OPERATION).runUntil(ONE_OPERATION);
  for (let copy = 0; copy < 3; copy++) run.client.receive(0, notLeaderReply(1, 1));
  expect(run.client.counters).toMatchObject({ redirects: 3, attempts: 1 });
  const full = (10 + (10 * DEFAULTS.retry.budgetPercent) / 100) * 1e6;
  expect(run.client.encode()).toMatchObject({ budget: { millionths: full } });
  run.runUntil(ONE_OPERATION + DEFAULTS.retry.baseMicros);
  expect(run.requests.map(({ to }) => to)).toEqual([0, 1]);
});

test('client: a budget cannot be saved up beyond its cap', () => {
  const script = Array.from({ length: 500 }, () => 'ok' as const);
  const config = { ...retry({ kind: 'immediate', budgetPercent: 50 }), operationTimeoutMicros: 300_000 };
  const { client } = world(config, new ScriptedServer(script), 300_000).runUntil(400_000);
  expect(client.counters.ok).toBe(500);
  expect(client.counters.retries).toBe(10 + (10 * 50) / 100);
});

test('client: time earns retries, as many as the minimum says, for a client that begins nothing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.boolean(), (minimumPerSecond, isImmediate) => {
      const kind = isImmediate ? 'immediate' : 'backoff';
      const policy = retry({ kind, budgetPercent: 0, minimumPerSecond, maxAttempts: 10_000 });
      const run = world({ ...policy, operationTimeoutMicros: 1e9 }, new SilentServer(), ONE_OPERATION);
      run.runUntil(3_000_000);
      // Ten in hand, and what time earned; the last of them may still wait for its delay.
      const earned = 10 + 3 * minimumPerSecond;
      expect(run.client.counters.retries).toBeLessThanOrEqual(earned);
      // An attempt takes a millisecond and a delay of at most another: up to 400 a second there is time for all.
      expect(run.client.counters.retries).toBeGreaterThanOrEqual(earned - 2);
    }),
    { numRuns: 20 },
  );
});

/** An open loop whose budget is soon spent on servers of which only one answers. */
const RATIONED = {
  mode: 'open',
  ratePerSecond: 1_000,
  operationTimeoutMicros: 500_000,
  attemptTimeoutMicros: 50_000,
} as const;

/** Server 2 answers from a time on, the others never. */
class LateServer extends PromptServer {
  constructor(private readonly fromMicros: Micros) {
    super(250);
  }

  override handle(...[run, client, to, command]: Parameters<PromptServer['handle']>): void {
    if (to === 2 && run.now >= this.fromMicros) super.handle(run, client, to, command);
  }

  override clone(): LateServer {
    return this;
  }
}

function firstOk(run: ClientWorld): Micros {
  return run.history.find(({ kind }) => kind === 'ok')?.time ?? Infinity;
}

test('client: one all of whose slots wait for a retry goes on before their deadline when time earns retries', () => {
  const none = { budgetPercent: 0, minimumPerSecond: 0 };
  const stuck = world({ ...RATIONED, ...retry(none) }, new LateServer(200_000), 400_000).runUntil(400_000);
  expect(stuck.client.outstanding()).toBe(64);
  expect(stuck.client.counters.budgetExhausted).toBeGreaterThan(0);
  expect(firstOk(stuck)).toBe(Infinity);

  const paid = retry({ budgetPercent: 0, minimumPerSecond: 20 });
  const run = world({ ...RATIONED, ...paid }, new LateServer(200_000), 400_000).runUntil(400_000);
  // A retry every 50 ms, each to the next of three servers.
  expect(firstOk(run)).toBeLessThan(200_000 + 4 * 50_000);
});

test('client: a retry that an operation earns goes to the one that has waited longest', () => {
  const policy = retry({ kind: 'immediate', budgetPercent: 100 });
  const run = world({ ...RATIONED, ...policy, attemptTimeoutMicros: 5_000 }, new SilentServer(), 400_000);
  run.runUntil(60_000);
  const attempts = new Map<number, number>();
  const last: number[] = [];
  for (const { command } of run.requests) {
    const attempt = (attempts.get(command.sequence) ?? 0) + 1;
    attempts.set(command.sequence, attempt);
    if (attempt === 2) last.push(command.sequence);
  }
  expect(run.client.counters.budgetExhausted).toBeGreaterThan(0);
  expect(last.length).toBeGreaterThan(10);
  expect(last).toEqual([...last].sort((a, b) => a - b));
});

test('client: its driver hears at once of an attempt that timed out, also of one that is not sent again', () => {
  const policy = retry({ kind: 'none' });
  const run = world({ ...policy, ...RATIONED, attemptTimeoutMicros: 1_000 }, new SilentServer(), 100_000);
  run.runUntil(100_000);
  expect(run.client.counters.retries).toBe(0);
  expect(run.client.counters.timeouts).toBeGreaterThan(20);
  expect(new Set(run.requests.map(({ to }) => to))).toEqual(new Set([0, 1, 2]));
});

test('client: a refused first attempt fails for certain', () => {
  const run = world({}, new ScriptedServer(['refused']), ONE_OPERATION).runUntil(100_000);
  expect(kinds(run.history)).toBe('invoke fail');
  expect(run.history[1]?.output).toMatch(/full/);
});

test('client: a refused second attempt decides nothing, because the first may yet be executed', () => {
  const script = [undefined, ...Array.from({ length: 200 }, () => 'refused' as const)];
  const run = world({}, new ScriptedServer(script), ONE_OPERATION).runUntil(100_000);
  expect(kinds(run.history)).toBe('invoke unknown');
  expect(run.client.counters.refused).toBeGreaterThan(1);
});

test('client: one that is turned away as busy backs off, each time for longer, and then succeeds', () => {
  const script = ['busy', 'busy', 'busy', 'ok'] as const;
  const { retry: policy } = retry({ jitter: { numerator: 0, denominator: 1 } });
  const run = world({ retry: policy }, new ScriptedServer(script), ONE_OPERATION).runUntil(100_000);
  expect(kinds(run.history)).toBe('invoke ok');
  expect(run.client.counters).toMatchObject({ rejected: 3, retries: 3, timeouts: 0, redirects: 0, ok: 1 });
  const sent = times(run);
  // An answer takes 100 µs; then the delay, doubled each time.
  expect(sent.slice(1).map((time, i) => time - (sent[i] as number))).toEqual([300, 500, 900]);
});

test('client: gets carry their read mode from the workload to the server and into the history', () => {
  const config = { reads: onlyReads('session'), mix: { get: 1, put: 1, delete: 0, cas: 0, append: 0 } };
  const run = world(config, new PromptServer(250), 20_000).runUntil(100_000);
  const isGet = (input: unknown) => (input as { op?: string }).op === 'get';
  expect(run.history.some(({ input }) => isGet(input))).toBe(true);
  for (const { input, read } of [...run.history, ...run.requests.map(({ command }) => command)]) {
    expect(read).toBe(isGet(input) ? 'session' : undefined);
  }
});

test('client: a session that no longer knows the operation leaves it unknown', () => {
  const run = world({}, new ScriptedServer(['expired']), ONE_OPERATION).runUntil(1_000);
  expect(kinds(run.history)).toBe('invoke unknown');
  expect(run.client.counters).toMatchObject({ expired: 1, unknown: 1, ok: 0 });
});

test('client: answers to operations that it does not have change nothing but a count', () => {
  const run = world({}, new SilentServer(), ONE_OPERATION).runUntil(ONE_OPERATION);
  const strange = [0, -1, 2, 1e9];
  for (const sequence of strange) run.client.receive(0, okReply(sequence, { ok: true }));
  expect(run.client.outstanding()).toBe(1);
  run.runUntil(100_000);
  for (const sequence of strange) run.client.receive(0, okReply(sequence, { ok: true }));
  expect(kinds(run.history)).toBe('invoke unknown');
  expect(run.client.counters.late).toBe(8);
});

/** Pieces that the service holds under any key; each is one executed append or write that survived. */
function pieces(server: LossyServer): string[] {
  const { service } = server.service.snapshot() as { service: { entries: [string, string, number][] } };
  return service.entries.flatMap(([, value]) => value.split('c').slice(1));
}

function lossyWorld(seed: string, config: Partial<WorkloadConfig>): ClientWorld {
  const choices = new RandomChoices(seed, new Digest());
  const server = new LossyServer(RandomStream.derive(seed, 'network'));
  return new ClientWorld({ ...DEFAULTS, clients: 3, ...config }, server, 100_000, choices).start();
}

const mode = fc.constantFrom('open' as const, 'closed' as const);
const seeds = fc.string({ maxLength: 8 });

test('clients and sessions: over a lossy network every acknowledged append is there exactly once', () => {
  const mix = { get: 0, put: 0, delete: 0, cas: 0, append: 1 };
  fc.assert(
    fc.property(seeds, mode, (seed, loop) => {
      const run = lossyWorld(seed, { mix, mode: loop }).runUntil(200_000);
      expectWellFormed(run.history);
      const held = pieces(run.server as LossyServer);
      expect(new Set(held).size).toBe(held.length);
      for (const { kind, client, sequence } of run.history) {
        if (kind === 'ok') expect(held).toContain(`${client}.${sequence}`);
      }
      expect(run.clients.every((client) => client.isIdle())).toBe(true);
      expect(run.clients.every((client) => client.counters.ok > 0)).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('client: a clone and its original run on alike, and neither disturbs the other', () => {
  fc.assert(
    fc.property(
      seeds,
      mode,
      fc.integer({ min: 0, max: 120_000 }),
      fc.boolean(),
      (seed, loop, at, isRationed) => {
        const ration = isRationed ? retry({ budgetPercent: 5, minimumPerSecond: 20 }) : {};
        const run = lossyWorld(seed, { mode: loop, ...ration }).runUntil(at);
        const before = canonical(run.encode());
        const copy = run.clone();
        expect(canonical(copy.encode())).toBe(before);
        copy.runUntil(200_000);
        expect(canonical(run.encode())).toBe(before);
        run.runUntil(200_000);
        expect(canonical(run.encode())).toBe(canonical(copy.encode()));
        expect(run.history).toEqual(copy.history);
      },
    ),
    { numRuns: 20 },
  );
});

test('client: operations by outcome add up, and a compare-and-set often succeeds', () => {
  const run = lossyWorld('sum', {}).runUntil(200_000);
  for (const { counters } of run.clients) {
    expect(counters.ok + counters.fail + counters.unknown).toBe(counters.operations);
    expect(counters.attempts).toBe(counters.operations + counters.retries);
  }
  const alone = world({}, new PromptServer(100), 300_000).runUntil(400_000);
  const swaps = alone.history.filter(
    ({ kind, output }) => kind === 'ok' && canonical(output).includes('swapped'),
  );
  const done = swaps.filter(({ output }) => canonical(output) === '{"swapped":true}');
  expect(done.length / swaps.length).toBeGreaterThan(0.9);
  expect(run.history[0]?.client).toBeGreaterThanOrEqual(FIRST_CLIENT);
});
