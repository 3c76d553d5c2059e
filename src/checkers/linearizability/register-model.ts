/**
 * One register: read, write, compare-and-set. The state is the value itself; `undefined` is absent.
 * The object of Herlihy & Wing 1990, §2.1, extended by compare-and-set as in the Jepsen register tests.
 */

import { hashText, mixInteger } from './hash.js';
import { ILLEGAL } from './model.js';
import type { Effect, Illegal, Legality, Model, SearchHints } from './model.js';

export type RegisterValue = string | number;

/** In `expected` and in outputs `null` is an absent value; a compare-and-set can expect it. */
export type RegisterInput =
  | { readonly op: 'read' }
  | { readonly op: 'write'; readonly value: RegisterValue }
  | { readonly op: 'cas'; readonly expected: RegisterValue | null; readonly value: RegisterValue };

/** read → value, write → ok, cas → swapped. An output of another shape is never legal. */
export type RegisterOutput =
  { readonly value: RegisterValue | null } | { readonly ok: true } | { readonly swapped: boolean };

export type RegisterState = RegisterValue | undefined;

/** All fields of all outputs, so that a mismatched shape reads as `undefined` and compares unequal. */
interface AnyOutput {
  readonly value?: RegisterValue | null;
  readonly ok?: true;
  readonly swapped?: boolean;
}

const NO_STATES: readonly RegisterState[] = [];
const EVERYWHERE: Legality<RegisterState> = { kind: 'except', states: [] };
const NOWHERE: Legality<RegisterState> = { kind: 'in', states: [] };

function step(
  state: RegisterState,
  input: RegisterInput,
  output: AnyOutput | undefined,
): RegisterState | Illegal {
  switch (input.op) {
    case 'read':
      return output === undefined || output.value === (state ?? null) ? state : ILLEGAL;
    case 'write':
      return output === undefined || output.ok === true ? input.value : ILLEGAL;
    case 'cas': {
      const swapped = (state ?? null) === input.expected;
      if (output !== undefined && output.swapped !== swapped) return ILLEGAL;
      return swapped ? input.value : state;
    }
  }
}

function effect(input: RegisterInput, output: AnyOutput | undefined): Effect {
  switch (input.op) {
    case 'read':
      return 'none';
    case 'write':
      return 'overwrite';
    case 'cas':
      if (input.expected === input.value || output?.swapped === false) return 'none';
      return output === undefined ? 'update' : 'overwrite';
  }
}

function legality(input: RegisterInput, output: AnyOutput | undefined): Legality<RegisterState> {
  if (output === undefined) return EVERYWHERE;
  switch (input.op) {
    case 'read':
      return output.value === undefined ? NOWHERE : { kind: 'in', states: [output.value ?? undefined] };
    case 'write':
      return output.ok === true ? EVERYWHERE : NOWHERE;
    case 'cas':
      if (output.swapped === undefined) return NOWHERE;
      return { kind: output.swapped ? 'in' : 'except', states: [input.expected ?? undefined] };
  }
}

function statesBefore(after: RegisterState, input: RegisterInput): readonly RegisterState[] | 'any' {
  if (input.op === 'read' || input.value !== after) return NO_STATES;
  if (input.op === 'write') return 'any';
  return input.expected === input.value ? NO_STATES : [input.expected ?? undefined];
}

const hints: SearchHints<RegisterState, RegisterInput, RegisterOutput> = {
  identity: (input, output) => JSON.stringify([input, output]),
  effect,
  legality,
  leavesIn: (input) => (input.op === 'read' ? undefined : [input.value]),
  statesBefore,
};

function describe(input: RegisterInput, output: AnyOutput | undefined): string {
  const result = output === undefined ? 'unknown' : JSON.stringify(output.value ?? output.swapped ?? 'ok');
  switch (input.op) {
    case 'read':
      return `read -> ${output?.value === null ? 'absent' : result}`;
    case 'write':
      return `write ${JSON.stringify(input.value)} -> ${output === undefined ? 'unknown' : 'ok'}`;
    case 'cas':
      return `cas ${JSON.stringify(input.expected)} to ${JSON.stringify(input.value)} -> ${result}`;
  }
}

/** A register that starts with `initial` (absent unless given). */
export function registerModel(initial?: RegisterValue): Model<RegisterState, RegisterInput, RegisterOutput> {
  return {
    name: 'register',
    init: () => initial,
    step,
    hash: (state) => {
      if (state === undefined) return 0;
      return typeof state === 'number' ? mixInteger(state) : hashText(state);
    },
    equals: (a, b) => a === b,
    describe,
    hints,
  };
}
