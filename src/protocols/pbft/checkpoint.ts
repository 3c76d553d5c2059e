/**
 * A checkpoint: the whole replicated state after a batch, as plain data, and its digest (OSDI 1999, §4.3). The
 * digest is of the content, so that whoever is given a state can check it against a certificate.
 *
 * Left out: digests of parts of the state, which would make a checkpoint cost what changed only (TOCS 2002, §5.3).
 */

import { canonical, hashPlain, type Plain } from '../../kernel/index.js';
import type { Sequence } from './messages.js';

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
  private cachedText: string | undefined = undefined;

  constructor(
    readonly sequence: Sequence,
    readonly state: PlainState & Plain,
    readonly digest: number,
    /** Size on disk. */
    readonly bytes: number,
  ) {}

  static of(sequence: Sequence, state: PlainState & Plain, bytes: number): CheckpointState {
    return new CheckpointState(sequence, state, stateDigest(state), bytes);
  }

  get index(): number {
    return this.state.index;
  }

  /** The state as canonical JSON: equal states have equal texts. */
  get text(): string {
    this.cachedText ??= canonical(this.state);
    return this.cachedText;
  }
}

export function stateDigest(state: Plain): number {
  return hashPlain(state);
}
