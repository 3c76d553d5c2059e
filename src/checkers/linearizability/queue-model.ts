/**
 * A FIFO queue of texts: enqueue, and dequeue, which takes the oldest or finds nothing.
 *
 * A state is the last link of the chain of all that was ever enqueued on its way, and how many of the last links
 * are in the queue: states of one search share their links, so a step costs no copy.
 */

import { hashText, mixInteger } from './hash.js';
import { ILLEGAL } from './model.js';
import type { Illegal, Model } from './model.js';

export type QueueInput = { readonly op: 'enqueue'; readonly value: string } | { readonly op: 'dequeue' };

/** enqueue → ok, dequeue → value (`null`: empty). */
export type QueueOutput = { readonly ok: true } | { readonly value: string | null };

interface Link {
  readonly value: string;
  readonly hash: number;
  readonly before: Link | undefined;
}

/** Invariant: `hash` is the sum of hash(i-th value from the end) × FACTOR^i, i from 0. */
export interface QueueState {
  readonly last: Link | undefined;
  readonly length: number;
  readonly hash: number;
}

const FACTOR = 0x01000193;
const EMPTY: QueueState = { last: undefined, length: 0, hash: 0 };

function enqueue(state: QueueState, value: string): QueueState {
  const hash = hashText(value);
  return {
    last: { value, hash, before: state.last },
    length: state.length + 1,
    hash: (Math.imul(state.hash, FACTOR) + hash) | 0,
  };
}

function dequeue(state: QueueState, output: QueueOutput | undefined): QueueState | Illegal {
  if (state.length === 0) return output === undefined || valueOf(output) === null ? state : ILLEGAL;
  let oldest = state.last as Link;
  let factor = 1;
  for (let left = state.length - 1; left > 0; left--) {
    oldest = oldest.before as Link;
    factor = Math.imul(factor, FACTOR);
  }
  if (output !== undefined && valueOf(output) !== oldest.value) return ILLEGAL;
  const length = state.length - 1;
  if (length === 0) return EMPTY;
  return { last: state.last, length, hash: (state.hash - Math.imul(oldest.hash, factor)) | 0 };
}

function valueOf(output: QueueOutput): string | null | undefined {
  return 'value' in output ? output.value : undefined;
}

function isSame(a: QueueState, b: QueueState): boolean {
  if (a.length !== b.length || a.hash !== b.hash) return false;
  let left = a.last;
  let right = b.last;
  for (let count = a.length; count > 0 && left !== right; count--) {
    if (left?.value !== right?.value) return false;
    left = left?.before;
    right = right?.before;
  }
  return true;
}

function describe(input: QueueInput, output: QueueOutput | undefined): string {
  if (input.op === 'enqueue') return `enqueue ${input.value} -> ${output === undefined ? 'unknown' : 'ok'}`;
  if (output === undefined) return 'dequeue -> unknown';
  return `dequeue -> ${valueOf(output) ?? 'empty'}`;
}

/** A queue that starts empty. */
export function queueModel(): Model<QueueState, QueueInput, QueueOutput> {
  return {
    name: 'queue',
    init: () => EMPTY,
    step: (state, input, output) => {
      if (input.op === 'dequeue') return dequeue(state, output);
      if (output !== undefined && !('ok' in output)) return ILLEGAL;
      return enqueue(state, input.value);
    },
    hash: (state) => mixInteger(state.hash ^ state.length),
    equals: isSame,
    describe,
    hints: {
      identity: (input, output) => JSON.stringify([input, output]),
      effect: (input, output) => {
        const findsNothing = input.op === 'dequeue' && output !== undefined && valueOf(output) === null;
        return findsNothing ? 'none' : 'update';
      },
    },
  };
}
