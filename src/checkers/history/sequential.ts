/**
 * Sequential consistency (Lamport, "How to make a multiprocessor computer that correctly executes multiprocess
 * programs", 1979): some order of all operations is legal and keeps the order of each process. Real time does not
 * count, so an operation may be served by a replica that lags, and histories of single keys say nothing of the whole.
 *
 * Deciding it is NP-complete even with different values (Gibbons and Korach, "Testing shared memories", 1997), so
 * this is a search with memory, over how far each process has come and the state of the object; bounded, three-valued.
 * An operation of unknown outcome may happen at any later place in its process's order, or never: it is a process of
 * its own, which begins once its predecessor has happened.
 */

import { ILLEGAL, type HistoryOperation, type Model } from '../linearizability/model.js';

export interface SequentialResult {
  readonly verdict: 'sequential' | 'not-sequential' | 'unknown';
  readonly steps: number;
  /** Ids, in the longest legal order found. */
  readonly longestOrder: readonly number[];
}

const STEPS_MAX = 500_000;

/** A line of operations that must happen in this order. */
interface Strand<Input, Output> {
  readonly operations: readonly HistoryOperation<Input, Output>[];
  /** For an operation of unknown outcome: it waits until this strand has come so far. */
  readonly waitsFor: number;
  readonly waitsUntil: number;
  readonly isOptional: boolean;
}

/** `history` as for linearizability; operations of one process must not overlap. */
export function checkSequential<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
  maxSteps: number = STEPS_MAX,
): SequentialResult {
  return new Search(model, layOut(history), maxSteps).run();
}

function layOut<Input, Output>(history: readonly HistoryOperation<Input, Output>[]): Strand<Input, Output>[] {
  const numbers = new Map<number, number>();
  const definite: HistoryOperation<Input, Output>[][] = [];
  const optional: Strand<Input, Output>[] = [];
  const sorted = [...history].sort((a, b) => a.call - b.call);
  for (const operation of sorted) {
    let number = numbers.get(operation.process);
    if (number === undefined) {
      number = definite.length;
      numbers.set(operation.process, number);
      definite.push([]);
    }
    const strand = definite[number] as HistoryOperation<Input, Output>[];
    if (operation.output !== undefined) strand.push(operation);
    else {
      const waitsUntil = strand.length;
      optional.push({ operations: [operation], waitsFor: number, waitsUntil, isOptional: true });
    }
  }
  const strands = definite.map((operations): Strand<Input, Output> => {
    return { operations, waitsFor: -1, waitsUntil: 0, isOptional: false };
  });
  return [...strands, ...optional];
}

/** One choice on the stack: the state before it, and the strand that is tried next. */
interface Frame<State> {
  readonly state: State;
  next: number;
  /** The strand that was taken to get here; -1 at the beginning. */
  readonly taken: number;
}

class Search<State, Input, Output> {
  private readonly progress: Int32Array;
  private readonly seen = new Map<string, State[]>();
  private left: number;
  private steps = 0;
  private readonly order: number[] = [];
  private best: number[] = [];

  constructor(
    private readonly model: Model<State, Input, Output>,
    private readonly strands: readonly Strand<Input, Output>[],
    private readonly maxSteps: number,
  ) {
    this.progress = new Int32Array(strands.length);
    this.left = strands.reduce((sum, each) => sum + (each.isOptional ? 0 : each.operations.length), 0);
  }

  run(): SequentialResult {
    const stack: Frame<State>[] = [{ state: this.model.init(), next: 0, taken: -1 }];
    while (stack.length > 0) {
      if (this.left === 0) return this.result('sequential');
      const frame = stack[stack.length - 1] as Frame<State>;
      if (this.steps++ >= this.maxSteps) return this.result('unknown');
      const next = this.tryNext(frame);
      if (next !== undefined) stack.push(next);
      else {
        stack.pop();
        this.takeBack(frame.taken);
      }
    }
    return this.result('not-sequential');
  }

  private tryNext(frame: Frame<State>): Frame<State> | undefined {
    for (; frame.next < this.strands.length; frame.next++) {
      const strand = this.strands[frame.next] as Strand<Input, Output>;
      const at = this.progress[frame.next] as number;
      const operation = strand.operations[at];
      if (operation === undefined || (this.progress[strand.waitsFor] ?? 0) < strand.waitsUntil) continue;
      const after = this.model.step(frame.state, operation.input, operation.output);
      if (after === ILLEGAL) continue;
      const taken = frame.next;
      this.take(taken, operation.id);
      frame.next += 1;
      if (this.isNew(after)) return { state: after, next: 0, taken };
      this.takeBack(taken);
      frame.next -= 1;
    }
    return undefined;
  }

  private take(number: number, id: number): void {
    this.progress[number] = (this.progress[number] as number) + 1;
    if (!(this.strands[number] as Strand<Input, Output>).isOptional) this.left -= 1;
    this.order.push(id);
  }

  private takeBack(number: number): void {
    if (number < 0) return;
    this.keepBest();
    this.progress[number] = (this.progress[number] as number) - 1;
    if (!(this.strands[number] as Strand<Input, Output>).isOptional) this.left += 1;
    this.order.pop();
  }

  /** Called when the order gets shorter, so that it is copied only at its peaks. */
  private keepBest(): void {
    if (this.order.length > this.best.length) this.best = [...this.order];
  }

  private isNew(state: State): boolean {
    const place = this.progress.join(' ');
    const known = this.seen.get(place);
    if (known === undefined) {
      this.seen.set(place, [state]);
      return true;
    }
    if (known.some((each) => this.model.equals(each, state))) return false;
    known.push(state);
    return true;
  }

  private result(verdict: SequentialResult['verdict']): SequentialResult {
    this.keepBest();
    return { verdict, steps: this.steps, longestOrder: this.best };
  }
}
