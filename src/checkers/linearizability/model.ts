/**
 * What a linearizability check is told: a sequential model and a history of timed operations.
 *
 * Linearizability: Herlihy & Wing, "Linearizability: a correctness condition for concurrent objects"
 * (TOPLAS 1990), §2. The shape of a model (initial state, step, optional partition) follows Porcupine.
 * Left out on purpose: nondeterministic models. One state and one input have one next state, whatever
 * the output; the output only says whether the step was the one that the client saw.
 */

/** Answered by `Model.step` when no legal step has this output. A symbol, so that `undefined` can be a state. */
export const ILLEGAL: unique symbol = Symbol('illegal step');

/** The type of {@link ILLEGAL}. */
export type Illegal = typeof ILLEGAL;

/**
 * What an operation with a given output does to the state, for every state in which it is legal.
 * - `none`: leaves it as it is (a read, a compare-and-set that failed);
 * - `overwrite`: the next state does not depend on the state before (a put, a compare-and-set that succeeded);
 * - `update`: anything else (an append), and the safe answer when in doubt.
 */
export type Effect = 'none' | 'overwrite' | 'update';

/** Exactly the states in which an operation is legal: those listed, or all but those listed. */
export interface Legality<State> {
  readonly kind: 'in' | 'except';
  readonly states: readonly State[];
}

/**
 * Facts that let the search skip orders. Each must hold for every state: a wrong hint makes verdicts wrong,
 * a missing one only makes the search slower. `output` is `undefined` for an unknown outcome.
 */
export interface SearchHints<State, Input, Output> {
  /** Two operations with the same text behave alike in every state, output included. */
  readonly identity?: (input: Input, output: Output | undefined) => string;
  /** See {@link Effect}. An operation of unknown outcome with effect `none` constrains nothing and is dropped. */
  readonly effect?: (input: Input, output: Output | undefined) => Effect;
  /** See {@link Legality}; `undefined` when it is neither. */
  readonly legality?: (input: Input, output: Output | undefined) => Legality<State> | undefined;
  /** The one state that the operation leaves whenever it changes the state; `undefined` when there are several. */
  readonly leavesIn?: (input: Input, output: Output | undefined) => readonly [State] | undefined;
  /** Names of all parts of the state that the input reads or writes: without a common part, operations commute. */
  readonly touches?: (input: Input) => readonly string[];
  /** All states, `after` itself excepted, which the input can turn into `after`; `'any'` for all states. */
  readonly statesBefore?: (after: State, input: Input) => readonly State[] | 'any';
}

/**
 * A sequential specification. Functions are pure and deterministic, and states are immutable values
 * (primitives where possible: then a step allocates nothing). What they throw passes through the checker.
 */
export interface Model<State, Input, Output> {
  readonly name: string;
  init(): State;
  /**
   * The state after `input` was applied to `state` with `output`, or {@link ILLEGAL}.
   * `output === undefined` is an unknown outcome: every output is acceptable.
   * The next state must not depend on the output.
   */
  step(state: State, input: Input, output: Output | undefined): State | Illegal;
  /** An integer; equal states have equal hashes. */
  hash(state: State): number;
  equals(a: State, b: State): boolean;
  /** One operation for people, such as `put "x" -> ok`. */
  describe(input: Input, output: Output | undefined): string;
  /**
   * The independent object that an operation belongs to. A history is linearizable if and only if its
   * restriction to each object is (Herlihy & Wing 1990, §3.2, locality; Horn & Kroening 2015,
   * P-compositionality), so objects are searched one at a time. Absent: one object.
   */
  readonly key?: (input: Input) => string;
  readonly hints?: SearchHints<State, Input, Output>;
}

/**
 * One operation of a history. Operations that definitely had no effect are left out by the caller.
 *
 * `call` and `return` are timestamps or positions on one axis: any numbers, in any unit. Operation A precedes
 * B only if `A.return < B.call`; a return at the same instant as a call is concurrent with it, which can
 * only allow more orders. Operations of one process are not assumed to be sequential.
 *
 * `output === undefined` is an unknown outcome (a time-out): the operation may take effect at any time after
 * its call, or never, so its `return` is read as `Infinity`, whatever it says. A known output with
 * `return: Infinity` must take effect at some time.
 */
export interface HistoryOperation<Input, Output> {
  /** Names the operation in results; unique within a history. */
  readonly id: number;
  readonly process: number;
  readonly input: Input;
  readonly output: Output | undefined;
  readonly call: number;
  readonly return: number;
}
