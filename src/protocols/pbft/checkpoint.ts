/**
 * A checkpoint: the whole replicated state after a batch, as plain data, and its digest (OSDI 1999, §4.3). The
 * digest is of the content, so that whoever is given a state can check it against a certificate. It is put together
 * from digests of parts (TOCS 2002, §5.3).
 */

import type { Plain } from '../../kernel/index.js';
import { executedDigest } from './executed.js';
import type { Sequence } from './messages.js';
import { plainDigest } from './plain-digest.js';

/** Digests of the large parts of a state. */
export interface PartDigests {
  readonly executed: number;
  readonly service: number;
}

/** The replicated state. */
export interface PlainState {
  /** Commands executed so far: the place of the last one in the dense order. */
  readonly index: number;
  /** Number of the configuration that executed last, and the place in the dense order after which it began. */
  readonly configuration: number;
  readonly since: number;
  /** The operator's request that this configuration gives way to; null: none. */
  readonly change: Plain;
  /** The requests executed: see executed.ts. */
  readonly executed: Plain;
  readonly service: Plain;
}

export class CheckpointState {
  constructor(
    readonly sequence: Sequence,
    readonly state: PlainState & Plain,
    readonly digest: number,
    /** Size on disk. */
    readonly bytes: number,
    /** Known of a state that was made here. */
    readonly parts?: PartDigests,
  ) {}

  get index(): number {
    return this.state.index;
  }
}

/** Digest of a state whose large parts have these. */
export function stateDigest(state: PlainState, { executed, service }: PartDigests): number {
  return plainDigest({ ...state, executed, service });
}

/** The same of a state that anybody may have sent; undefined: it is none. */
export function receivedDigest(received: Plain): number | undefined {
  if (received === null || typeof received !== 'object' || Array.isArray(received)) return undefined;
  const state = received as PlainState & Plain;
  if (state.executed === undefined || state.service === undefined) return undefined;
  const executed = executedDigest(state.executed);
  return executed === undefined
    ? undefined
    : stateDigest(state, { executed, service: plainDigest(state.service) });
}
