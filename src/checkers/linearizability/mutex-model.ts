/**
 * A mutex: free, or held by one process, which alone can release it. An operation that is refused is left out of
 * the history, since it changes nothing and tells nothing of the moment at which it was refused.
 */

import { mixInteger } from './hash.js';
import { ILLEGAL } from './model.js';
import type { Model } from './model.js';

export interface MutexInput {
  readonly op: 'acquire' | 'release';
  readonly process: number;
}

/** The process that holds it, or -1. */
export type MutexState = number;

const FREE = -1;

export function mutexModel(): Model<MutexState, MutexInput, true> {
  return {
    name: 'mutex',
    init: () => FREE,
    step: (state, input, output) => {
      if (input.op === 'acquire') {
        if (state === FREE) return input.process;
      } else if (state === input.process) return FREE;
      // An operation of unknown outcome may have been refused.
      return output === undefined ? state : ILLEGAL;
    },
    hash: (state) => mixInteger(state),
    equals: (a, b) => a === b,
    describe: ({ op, process }, output) =>
      `${op} by ${process} -> ${output === undefined ? 'unknown' : 'ok'}`,
    hints: {
      identity: ({ op, process }, output) => `${op} ${process} ${String(output)}`,
      effect: (_, output) => (output === undefined ? 'update' : 'overwrite'),
      legality: ({ op, process }, output) => {
        if (output === undefined) return { kind: 'except', states: [] };
        return { kind: 'in', states: [op === 'acquire' ? FREE : process] };
      },
      leavesIn: ({ op, process }) => [op === 'acquire' ? process : FREE],
      statesBefore: (after, { op, process }) => {
        if (op === 'acquire') return after === process ? [FREE] : [];
        return after === FREE ? [process] : [];
      },
    },
  };
}
