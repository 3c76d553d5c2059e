/**
 * States that nothing in the history can tell apart count as one.
 *
 * A state is named if some operation is legal only there or everywhere but there, or if operations that
 * build on the state before them (appends, compare-and-set of unknown outcome) can lead from it to a named
 * one. In all other states the same operations are legal, and each leads from all of them to one and the
 * same named state or to a state without a name: the partition into the named states, one by one, and the
 * rest is a bisimulation (Park 1981). So a hundred writes that nobody read are a hundred equal operations,
 * and the search tries one of them where it would try the subsets of a hundred.
 */

import type { HistoryOperation, Model, SearchHints } from './model.js';
import type { StateTable } from './state-table.js';

/** Bound on the work, in calls of the model; when it is reached, states are not merged. */
const CALLS_MAX = 400_000;

/**
 * Enters the named states into the table, which holds the initial state, and lets it merge all others.
 * Does nothing when the model does not tell enough.
 */
export function mergeAnonymousStates<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  definite: readonly HistoryOperation<Input, Output>[],
  unknown: readonly Input[],
): void {
  const hints = model.hints;
  if (hints?.legality === undefined || hints.statesBefore === undefined) return;
  const builders = new Builders<State, Input, Output>(hints);
  for (const { input, output } of definite) {
    const legality = hints.legality(input, output);
    if (legality === undefined) return;
    for (const state of legality.states) table.intern(state);
    const changes = hints.effect?.(input, output) !== 'none';
    if (changes && legality.kind === 'except') builders.add(input, output);
  }
  for (const input of unknown) {
    const legality = hints.legality(input, undefined);
    if (legality === undefined) return;
    for (const state of legality.states) table.intern(state);
    if (hints.effect?.(input, undefined) !== 'none') builders.add(input, undefined);
  }
  if (builders.close(table, hints.statesBefore)) table.mergeOthers();
}

/** The inputs that may lead from a state without a name to a named one. */
class Builders<State, Input, Output> {
  private readonly hints: SearchHints<State, Input, Output>;
  private readonly seen = new Set<string>();
  /** Inputs with one result, and the inputs with many. */
  private readonly single: { readonly input: Input; readonly result: State }[] = [];
  private readonly open: Input[] = [];

  constructor(hints: SearchHints<State, Input, Output>) {
    this.hints = hints;
  }

  add(input: Input, output: Output | undefined): void {
    // An overwriting operation leads to one state from all states alike.
    if (this.hints.effect?.(input, output) === 'overwrite') return;
    const name = this.hints.identity?.(input, undefined);
    if (name !== undefined) {
      if (this.seen.has(name)) return;
      this.seen.add(name);
    }
    const left = this.hints.leavesIn?.(input, output);
    if (left === undefined) this.open.push(input);
    else this.single.push({ input, result: left[0] });
  }

  /** Enters all states that lead to entered ones; false when they are too many. */
  close(
    table: StateTable<State>,
    statesBefore: (after: State, input: Input) => readonly State[] | 'any',
  ): boolean {
    const singleByResult = new Map<number, Input[]>();
    for (const { input, result } of this.single) {
      // Entering a result that has no other name is harmless: it only stays apart.
      const number = table.intern(result);
      const inputs = singleByResult.get(number);
      if (inputs === undefined) singleByResult.set(number, [input]);
      else inputs.push(input);
    }
    let calls = 0;
    for (let number = 0; number < table.states.length; number += 1) {
      const state = table.states[number] as State;
      for (const inputs of [singleByResult.get(number) ?? [], this.open]) {
        calls += inputs.length;
        if (calls > CALLS_MAX) return false;
        for (const input of inputs) {
          const before = statesBefore(state, input);
          if (before === 'any') continue;
          for (const each of before) table.intern(each);
        }
      }
    }
    return true;
  }
}
