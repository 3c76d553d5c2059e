// The definition of linearizability, tried out: all orders of all operations. Slow, short, and obviously
// right. And the same by subsets, which takes a few operations more and is compared with the first.

import { ILLEGAL } from '../../../src/checkers/linearizability/index.js';
import type { HistoryOperation, Model } from '../../../src/checkers/linearizability/index.js';

/** When an operation certainly was over. */
const endOf = (operation: HistoryOperation<unknown, unknown>): number =>
  operation.output === undefined ? Infinity : operation.return;

/** Whether some order of all operations of known outcome, and of some of the others, is legal. */
export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
): boolean {
  const tryRest = (rest: readonly HistoryOperation<Input, Output>[], state: State): boolean => {
    if (rest.every(({ output }) => output === undefined)) return true;
    return rest.some((next) => {
      if (rest.some((other) => endOf(other) < next.call)) return false;
      const after = model.step(state, next.input, next.output);
      if (after === ILLEGAL) return false;
      return tryRest(
        rest.filter((other) => other !== next),
        after,
      );
    });
  };
  return tryRest(history, model.init());
}

/** The same, by the states that each set of operations can lead to when it comes first, in any order. */
export function isLinearizableBySubsets<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
): boolean {
  const certain = history.reduce(
    (set, { output }, index) => (output === undefined ? set : set | (1 << index)),
    0,
  );
  const statesAfter: (State[] | undefined)[] = [[model.init()]];
  for (let set = 0; set < 1 << history.length; set += 1) {
    const states = statesAfter[set] ?? [];
    if (states.length > 0 && (set & certain) === certain) return true;
    history.forEach((next, index) => {
      const comesTooEarly = history.some((other, at) => (set & (1 << at)) === 0 && endOf(other) < next.call);
      if ((set & (1 << index)) !== 0 || comesTooEarly) return;
      const reached = (statesAfter[set | (1 << index)] ??= []);
      for (const state of states) {
        const after = model.step(state, next.input, next.output);
        if (after !== ILLEGAL && !reached.some((known) => model.equals(known, after))) reached.push(after);
      }
    });
  }
  return false;
}

/** The operations of known outcome by return, as the checker counts completions. */
export function completionsOf<Input, Output>(
  history: readonly HistoryOperation<Input, Output>[],
): HistoryOperation<Input, Output>[] {
  return history
    .filter(({ output }) => output !== undefined)
    .sort((a, b) => (a.return === b.return ? 0 : a.return - b.return));
}

/** The history up to its first completions; what is open then is of unknown outcome. */
export function cutAfter<Input, Output>(
  history: readonly HistoryOperation<Input, Output>[],
  completions: number,
): HistoryOperation<Input, Output>[] {
  const done = completionsOf(history).slice(0, completions);
  const end = done.at(-1)?.return ?? -Infinity;
  return history
    .filter((operation) => done.includes(operation) || operation.call <= end)
    .map((operation) => (done.includes(operation) ? operation : { ...operation, output: undefined }));
}

/** The smallest number of completions without a linearization. */
export function firstFailure<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
): number {
  for (let completions = 1; ; completions += 1) {
    if (!isLinearizable(model, cutAfter(history, completions))) return completions;
  }
}

/** What is wrong with an order of operations that is said to explain a history. */
export function findFlaw<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
  order: readonly number[],
): string | undefined {
  const rest = new Map(history.map((operation) => [operation.id, operation]));
  let state = model.init();
  for (const id of order) {
    const next = rest.get(id);
    if (next === undefined) return `operation ${id} is not in the history, or twice in the order`;
    for (const other of rest.values()) {
      if (endOf(other) < next.call) return `operation ${other.id} was over before ${id}, which comes first`;
    }
    const after = model.step(state, next.input, next.output);
    if (after === ILLEGAL) return `operation ${id} is illegal where it comes`;
    state = after;
    rest.delete(id);
  }
  for (const { id, output } of rest.values()) {
    if (output !== undefined) return `operation ${id} is missing`;
  }
  return undefined;
}
