/**
 * Judging a history in segments: whatever the cuts, the verdict is that of one pass over the whole, which is
 * written down here a second time, naively. And what is kept stays small.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AcknowledgedDurability } from '../../../src/checkers/any/acknowledged-durability.js';
import { ExactlyOnce } from '../../../src/checkers/any/exactly-once.js';
import { RunGhost } from '../../../src/checkers/any/ghost.js';
import { Linearizability, linearizableOperations } from '../../../src/checkers/any/linearizability.js';
import { OPERATIONS_PER_CUT, Settlement, UNEXPLAINED_MAX } from '../../../src/checkers/any/settlement.js';
import { checkLinearizability, kvModel, ViolationSink } from '../../../src/checkers/index.js';
import {
  ILLEGAL,
  type KvInput,
  type KvOutput,
  type KvState,
} from '../../../src/checkers/linearizability/index.js';
import type { HistoryEvent, Plain, ReadMode } from '../../../src/kernel/index.js';
import { makeCommand } from '../../../src/services/index.js';

const SERVERS = 1;
const CONTEXT = {
  servers: SERVERS,
  now: () => 0,
  isUp: () => true,
  generation: () => 0,
  durableRecords: () => [],
};

class CountingLinearizability extends Linearizability {
  searches = 0;

  override search(): void {
    this.searches++;
    super.search();
  }
}

/** An operation as the tale has it. */
interface Tale {
  readonly client: number;
  readonly sequence: number;
  readonly input: KvInput;
  readonly read: ReadMode | undefined;
  /** Lowest place that an honest read aside may hold at. */
  readonly floor: number;
  readonly call: number;
  place: number;
  output: KvOutput | undefined;
  outcome: 'open' | 'ok' | 'unknown' | 'fail';
  aside: number;
  return: number;
}

/** A run of one key-value store, told event by event to a ghost whose history is judged in segments. */
class Run {
  readonly ghost: RunGhost;
  readonly linearizability: CountingLinearizability;
  readonly settlement: Settlement;
  readonly acknowledged: AcknowledgedDurability;
  readonly tales: Tale[] = [];
  /** The store after every place. */
  readonly stores: Map<string, KvState>[] = [new Map<string, KvState>()];
  private known = 0;
  private readonly sequences = new Map<number, number>();
  private time = 0;

  constructor(
    operationsPerCut = Infinity,
    readonly sink = new ViolationSink(new Set(['any/acknowledged-durability'])),
    steps?: number,
    sessionWindow = Infinity,
  ) {
    const ghost = (this.ghost = new RunGhost(CONTEXT, sessionWindow));
    this.linearizability = new CountingLinearizability(ghost, sink, steps);
    this.acknowledged = new AcknowledgedDurability(ghost, sink);
    const exactlyOnce = new ExactlyOnce(ghost, sink);
    const { acknowledged, linearizability } = this;
    this.settlement = new Settlement(ghost, { acknowledged, exactlyOnce, linearizability }, operationsPerCut);
  }

  /** For long runs. */
  forgetStores(): void {
    this.stores[this.stores.length - 100] = new Map();
  }

  invoke(client: number, input: KvInput, read: ReadMode | undefined): Tale {
    const sequence = (this.sequences.get(client) ?? 0) + 1;
    this.sequences.set(client, sequence);
    const call = this.time++;
    const tale: Tale = {
      client,
      sequence,
      input,
      read,
      floor: this.known,
      call,
      place: 0,
      output: undefined,
      outcome: 'open',
      aside: 0,
      return: Infinity,
    };
    this.tales.push(tale);
    this.ghost.history.record(this.event(tale, 'invoke', null));
    return tale;
  }

  /** Puts the operation at the next place. */
  apply(tale: Tale): void {
    const before = this.stores.at(-1) as Map<string, KvState>;
    const { result, value } = execute(before.get(tale.input.key), tale.input);
    this.stores.push(new Map(before).set(tale.input.key, value));
    tale.output = result;
    tale.place = this.stores.length - 1;
    const command = makeCommand(tale.client, tale.sequence, tale.input);
    const index = tale.place;
    const place = { index, hash: index, digest: index, command };
    this.acknowledged.onApplied(place);
    this.ghost.order.applied(0, place, this.time);
  }

  /** Puts the operation at the next place, where its session refuses it: digest and store stay as they are. */
  refuse(tale: Tale): void {
    this.stores.push(this.stores.at(-1) as Map<string, KvState>);
    const index = this.stores.length - 1;
    const command = makeCommand(tale.client, tale.sequence, tale.input);
    const digest = this.ghost.order.digestAt(index - 1);
    this.ghost.order.applied(0, { index, hash: index, digest, command }, this.time);
  }

  answer(tale: Tale, output: KvOutput, aside = 0): void {
    tale.outcome = 'ok';
    tale.output = output;
    tale.aside = aside;
    tale.return = this.time++;
    const place = tale.place > 0 ? tale.place : aside;
    if (place > this.known) this.known = place;
    this.ghost.history.record(this.event(tale, 'ok', output), place);
  }

  end(tale: Tale, outcome: 'unknown' | 'fail'): void {
    tale.outcome = outcome;
    tale.return = this.time++;
    this.ghost.history.record(this.event(tale, outcome, null));
  }

  private event(tale: Tale, kind: HistoryEvent['kind'], output: Plain): HistoryEvent {
    const { client, sequence, read, aside } = tale;
    const input = tale.input as unknown as Plain;
    return { kind, client, sequence, input, output, read, index: aside, time: this.time };
  }
}

function execute(before: KvState, input: KvInput): { readonly result: KvOutput; readonly value: KvState } {
  switch (input.op) {
    case 'get':
      return { result: { value: before ?? null }, value: before };
    case 'put':
      return { result: { ok: true }, value: input.value };
    case 'delete':
      return { result: { existed: before !== undefined }, value: undefined };
    case 'cas':
      return (before ?? null) === input.expected
        ? { result: { swapped: true }, value: input.value }
        : { result: { swapped: false }, value: before };
    case 'append':
      return { result: { value: (before ?? '') + input.value }, value: (before ?? '') + input.value };
  }
}

/** The witness in one pass over the finished tale. */
function oracleExplains({ tales, stores }: Run): boolean {
  const steps = tales
    .filter(({ outcome, input, read }) => {
      const isPure = input.op === 'get' || read !== undefined;
      return outcome !== 'fail' && !(outcome !== 'ok' && isPure) && read !== 'stale' && read !== 'session';
    })
    .map((tale) => ({ tale, at: tale.place > 0 ? tale.place : tale.aside > 0 ? tale.aside + 0.5 : 0 }))
    .filter(({ tale, at }) => at > 0 || tale.outcome === 'ok')
    .sort((a, b) => a.at - b.at || a.tale.call - b.tale.call);
  const model = kvModel();
  const states = new Map<string, KvState>();
  let latest = -1;
  for (const { tale, at } of steps) {
    if (at === 0 || at > stores.length) return false;
    const isKnown = tale.outcome === 'ok';
    if (isKnown && tale.return < latest) return false;
    latest = Math.max(latest, tale.call);
    const after = model.step(states.get(tale.input.key), tale.input, isKnown ? tale.output : undefined);
    if (after === ILLEGAL) return false;
    states.set(tale.input.key, after);
  }
  return true;
}

const step = fc.record({
  what: fc.constantFrom('invoke', 'invoke', 'apply', 'apply', 'answer', 'answer', 'time-out', 'cut'),
  /** Which of those that it can happen to. */
  which: fc.nat(5),
  op: fc.constantFrom('get', 'get', 'put', 'append', 'cas', 'delete'),
  key: fc.constantFrom('x', 'y'),
  read: fc.constantFrom<ReadMode | undefined>(undefined, 'log', 'read-index', 'lease', 'follower', 'stale'),
  ahead: fc.nat(4),
  /** How it deviates, in a dishonest run. */
  lie: fc.constantFrom('none', 'none', 'none', 'none', 'value', 'place', 'early', 'refused'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function pick<T>(list: readonly T[], which: number): T | undefined {
  return list.length === 0 ? undefined : list[which % list.length];
}

function inputOf({ op, key }: Step, number: number): KvInput {
  const value = `c${number}`;
  if (op === 'get' || op === 'delete') return { op, key };
  return op === 'cas'
    ? { op, key, expected: number % 2 === 0 ? null : `c${number - 1}`, value }
    : { op, key, value };
}

const isAside = ({ read }: Tale): boolean => read === 'read-index' || read === 'lease' || read === 'follower';

/** A read that is not ordered is answered with what some place holds. */
function answerAside(run: Run, tale: Tale, { ahead, lie }: Step): void {
  const last = run.stores.length - 1;
  const lowest = tale.read === 'stale' || lie === 'place' ? 0 : tale.floor;
  const place = Math.min(last, lowest + ahead);
  if (place === 0) return;
  const value = lie === 'value' ? 'c0' : (run.stores[place]?.get(tale.input.key) ?? null);
  run.answer(tale, { value }, place);
}

function take(run: Run, current: Step): void {
  const { what, which, lie, read } = current;
  const open = run.tales.filter((tale) => tale.outcome === 'open');
  switch (what) {
    case 'invoke': {
      const input = inputOf(current, run.tales.length);
      run.invoke(SERVERS + (which % 4), input, input.op === 'get' ? read : undefined);
      break;
    }
    case 'apply': {
      // What timed out may still be ordered; and in a dishonest run, what was answered before.
      const tale = pick(
        run.tales.filter((one) => one.place === 0 && one.aside === 0 && !isAside(one)),
        which,
      );
      if (tale !== undefined && tale.read !== 'stale') {
        const { output, outcome } = tale;
        run.apply(tale);
        if (outcome === 'ok') tale.output = output;
      }
      break;
    }
    case 'answer': {
      const tale = pick(open, which);
      if (tale === undefined) break;
      if (isAside(tale) || tale.read === 'stale') answerAside(run, tale, current);
      else if (lie === 'refused') run.end(tale, 'fail');
      else if (lie === 'early' && tale.place === 0 && tale.input.op !== 'get')
        run.answer(tale, execute(undefined, tale.input).result);
      else if (tale.place === 0) run.end(tale, 'unknown');
      else if (lie === 'value' && tale.input.op === 'get') run.answer(tale, { value: 'c1' });
      else if (tale.output !== undefined) run.answer(tale, tale.output);
      break;
    }
    case 'time-out': {
      const tale = pick(open, which);
      if (tale !== undefined) run.end(tale, 'unknown');
      break;
    }
    case 'cut':
      run.settlement.cut();
  }
}

function play(steps: readonly Step[], isHonest: boolean): Run {
  const run = new Run();
  for (const current of steps) take(run, isHonest ? { ...current, lie: 'none' } : current);
  return run;
}

/** The whole history of the run, as if nothing had been cut. */
function wholeHistory(steps: readonly Step[], isHonest: boolean): Run {
  return play(
    steps.filter(({ what }) => what !== 'cut'),
    isHonest,
  );
}

describe('a history judged in segments', () => {
  it('is explained, whatever the cuts, when it is honest', () => {
    let forgotten = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 160 }), (steps) => {
        const run = play(steps, true);
        forgotten += run.tales.length - run.ghost.history.size;
        run.settlement.end();
        expect(run.linearizability.searches).toBe(0);
        expect(run.sink.violation).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
    expect(forgotten).toBeGreaterThan(1000);
  });

  it('is explained exactly when one naive pass explains the whole', () => {
    const seen = { explained: 0, unexplained: 0, forgotten: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 70 }), (steps) => {
        const run = play(steps, false);
        seen.forgotten += run.tales.length - run.ghost.history.size;
        run.settlement.end();
        const isExplained = run.linearizability.searches === 0;
        expect(isExplained).toBe(oracleExplains(run));
        if (isExplained) seen.explained++;
        else seen.unexplained++;
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.explained, seen.unexplained)).toBeGreaterThan(300);
    expect(seen.forgotten).toBeGreaterThan(1000);
  });

  it('never passes for right what is not linearizable as a whole', () => {
    let illegal = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 70 }), (steps) => {
        const whole = wholeHistory(steps, false);
        const operations = linearizableOperations(whole.ghost.history.operations());
        const { verdict } = checkLinearizability(kvModel(), operations);
        if (verdict !== 'not-linearizable') return;
        illegal++;
        const run = play(steps, false);
        run.settlement.end();
        const wasNoticed = run.sink.violation !== undefined || run.ghost.unjudgedHistories > 0;
        expect(wasNoticed).toBe(true);
      }),
      { numRuns: 3000 },
    );
    expect(illegal).toBeGreaterThan(200);
  });

  it('goes on alike in a copy', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 70 }), (steps) => {
        const run = play(steps, false);
        const sink = new ViolationSink(new Set(['any/acknowledged-durability']));
        const ghost = run.ghost.clone(CONTEXT);
        const copy = new Settlement(ghost, {
          acknowledged: new AcknowledgedDurability(ghost, sink),
          exactlyOnce: new ExactlyOnce(ghost, sink),
          linearizability: new Linearizability(ghost, sink, undefined),
        });
        const before = run.sink.violation;
        run.settlement.end();
        copy.end();
        if (before === undefined) expect(sink.violation).toEqual(run.sink.violation);
        expect(ghost.unjudgedHistories).toBe(run.ghost.unjudgedHistories);
      }),
      { numRuns: 500 },
    );
  });
});

/** What a long run keeps at most, measured at every answer. */
interface Room {
  operations: number;
  places: number;
  texts: number;
}

/** Honest operations under a load that is never quiet: eight are open at any time. */
function runLong(run: Run, operations: number, room: Room): void {
  const { history, order, texts } = run.ghost;
  const open: Tale[] = [];
  for (let number = 0; number < operations; number++) {
    const key = `k${number % 5}`;
    const value = `c${run.tales.length}`;
    const isRead = number % 3 === 0;
    const input: KvInput =
      number % 7 === 0 && !isRead
        ? { op: 'put', key, value }
        : isRead
          ? { op: 'get', key }
          : { op: 'append', key, value };
    open.push(run.invoke(SERVERS + (number % 16), input, number % 6 === 0 ? 'read-index' : undefined));
    if (open.length < 8) continue;
    const tale = open.splice((number * 5) % 7, 1)[0] as Tale;
    if (isAside(tale) && run.stores.length > 1) {
      const place = run.stores.length - 1;
      run.answer(tale, { value: run.stores[place]?.get(tale.input.key) ?? null }, place);
    } else {
      run.apply(tale);
      if (number % 101 === 0) run.end(tale, 'unknown');
      else run.answer(tale, tale.output as KvOutput);
    }
    run.forgetStores();
    if (number % 1000 === 0) order.snapshotSaved(0, order.last - 10);
    run.settlement.ended();
    room.operations = Math.max(room.operations, history.size);
    room.places = Math.max(room.places, order.last - order.base);
    room.texts = Math.max(room.texts, texts.of(key)?.writers.size ?? 0);
  }
}

/** The order has a read before the write that it saw: another order explains them. */
function answerOutOfOrder(run: Run): void {
  const read = run.invoke(SERVERS, { op: 'get', key: 'k0' }, undefined);
  const write = run.invoke(SERVERS + 1, { op: 'put', key: 'k0', value: 'c-new' }, undefined);
  run.apply(read);
  run.apply(write);
  run.answer(read, { value: 'c-new' });
  run.answer(write, { ok: true });
}

describe('a long run', () => {
  const roomOf = (): Room => ({ operations: 0, places: 0, texts: 0 });

  it('keeps what is open or recent, and nothing else', () => {
    const run = new Run(OPERATIONS_PER_CUT);
    const room = roomOf();
    runLong(run, 100_000, room);
    expect(room.operations).toBeLessThan(1100);
    expect(room.places).toBeLessThan(3100);
    expect(room.texts).toBeLessThan(1100);
    run.settlement.end();
    expect(run.linearizability.searches).toBe(0);
    expect(run.sink.violation).toBeUndefined();
  });

  it('still finds a stale read at its end', () => {
    const run = new Run(OPERATIONS_PER_CUT);
    runLong(run, 20_000, roomOf());
    const write = run.invoke(SERVERS, { op: 'put', key: 'k0', value: 'c-new' }, undefined);
    run.apply(write);
    run.answer(write, { ok: true });
    const read = run.invoke(SERVERS, { op: 'get', key: 'k0' }, 'lease');
    run.answer(read, { value: 'c-old' }, write.place);
    run.settlement.end();
    expect(run.sink.violation?.invariant).toBe('any/linearizability');
  });

  it('finds a refused operation that happens after it was forgotten', () => {
    const run = new Run(OPERATIONS_PER_CUT, new ViolationSink());
    const refused = run.invoke(SERVERS, { op: 'put', key: 'k0', value: 'c-refused' }, undefined);
    run.end(refused, 'fail');
    runLong(run, 5_000, roomOf());
    run.apply(refused);
    expect(run.sink.violation?.invariant).toBe('any/acknowledged-durability');
  });

  /** In each round one operation is given up without having been applied, and ten are answered. */
  function runWithLosses(run: Run, rounds: number): readonly [lost: Tale[], most: number] {
    const lost: Tale[] = [];
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      const input: KvInput = { op: 'put', key: 'k0', value: `c${round}` };
      const tale = run.invoke(SERVERS + (round % 4), input, undefined);
      run.end(tale, 'unknown');
      lost.push(tale);
      for (let n = 0; n < 10; n++) {
        const other = run.invoke(SERVERS + (n % 4), input, undefined);
        run.apply(other);
        run.answer(other, { ok: true });
      }
      run.forgetStores();
      run.settlement.ended();
      most = Math.max(most, run.ghost.history.size);
    }
    return [lost, most];
  }

  it('forgets operations that were given up once their sessions have left them behind', () => {
    const run = new Run(OPERATIONS_PER_CUT, new ViolationSink(), undefined, 64);
    const [lost, most] = runWithLosses(run, 10_000);
    // Since the last cut, and of each of the four clients what its session may still execute.
    expect(most).toBeLessThan(OPERATIONS_PER_CUT + 4 * 64 + 11);
    expect(run.ghost.history.isForgotten(SERVERS, (lost[0] as Tale).sequence)).toBe(true);
    // Some are applied all the same, as commands are that lay in a queue for long. Their sessions refuse them.
    for (const tale of lost.slice(0, 100)) run.refuse(tale);
    runWithLosses(run, 300);
    run.settlement.end();
    expect(run.linearizability.searches).toBe(0);
    expect(run.sink.violation).toBeUndefined();
  });

  it('keeps operations that were given up where no session leaves anything behind', () => {
    const run = new Run(OPERATIONS_PER_CUT);
    const [lost] = runWithLosses(run, 1000);
    for (const { client, sequence } of lost)
      expect(run.ghost.history.isForgotten(client, sequence)).toBe(false);
  });

  it('begins anew when the agreed order has not explained an answer for long', () => {
    const run = new Run(OPERATIONS_PER_CUT);
    const room = roomOf();
    runLong(run, 5_000, room);
    answerOutOfOrder(run);
    runLong(run, 40_000, room);
    expect(run.linearizability.searches).toBe(1);
    expect(room.operations).toBeGreaterThan(UNEXPLAINED_MAX);
    expect(room.operations).toBeLessThan(UNEXPLAINED_MAX + 1100);
    expect(run.ghost.history.size).toBeLessThan(1100);
    run.settlement.end();
    expect(run.linearizability.searches).toBe(1);
    expect(run.sink.violation).toBeUndefined();
    expect(run.ghost.unjudgedHistories).toBe(0);
  });

  it('keeps a read whose place nobody knows for the search, and everything since', () => {
    const run = new Run(OPERATIONS_PER_CUT);
    const room = roomOf();
    runLong(run, 5_000, room);
    const value = run.stores.at(-1)?.get('k0') ?? null;
    const read = run.invoke(SERVERS, { op: 'get', key: 'k0' }, 'read-index');
    run.answer(read, { value });
    runLong(run, 12_000, room);
    expect(run.ghost.isUnexplained).toBe(true);
    expect(room.operations).toBeGreaterThan(12_000);
    run.settlement.end();
    expect(run.linearizability.searches).toBe(1);
    expect(run.sink.violation).toBeUndefined();
  });

  it('counts a segment that is too hard to judge', () => {
    const run = new Run(OPERATIONS_PER_CUT, undefined, 1);
    const room = roomOf();
    answerOutOfOrder(run);
    runLong(run, 20_000, room);
    expect(run.ghost.unjudgedHistories).toBe(1);
    expect(run.sink.violation).toBeUndefined();
  });
});
