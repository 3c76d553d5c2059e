/**
 * What the model's hints say about one operation, in state numbers.
 */

import type { Effect, Model } from './model.js';
import type { StateTable } from './state-table.js';

export interface Behaviour {
  readonly effect: Effect;
  /** All states in which it is legal; `undefined` when they are not listed. */
  readonly legalIn: readonly number[] | undefined;
  /** The one state that it leaves whenever it changes the state; `undefined` when there are several. */
  readonly leavesIn: number | undefined;
  /** The state after it, whatever the state before, in every state in which it is legal. */
  readonly after: number | undefined;
  /** Operations with the same identity are legal in the same states and lead to the same states. */
  readonly identity: string | undefined;
}

export function behaviour<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  input: Input,
  output: Output | undefined,
): Behaviour {
  const hints = model.hints;
  const effect = hints?.effect?.(input, output) ?? 'update';
  const legality = hints?.legality?.(input, output);
  const left = hints?.leavesIn?.(input, output);
  const leavesIn = left === undefined ? undefined : table.intern(left[0]);
  const after = effect === 'overwrite' ? leavesIn : undefined;
  let legalIn: number[] | undefined;
  if (legality !== undefined) {
    const states = Array.from(legality.states, (state) => table.intern(state));
    if (legality.kind === 'in') legalIn = states;
    // Legality and result are all there is to an operation that reads, or overwrites with one state.
    const result = effect === 'none' ? 'same' : after;
    if (result !== undefined) {
      const identity = `${legality.kind} ${states.join()} to ${result}`;
      return { effect, legalIn, leavesIn, after, identity };
    }
  }
  return { effect, legalIn, leavesIn, after, identity: hints?.identity?.(input, output) };
}
