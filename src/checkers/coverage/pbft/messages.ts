/**
 * What the recognisers read of PBFT's messages and records, and no more: a recogniser must not depend on the rest,
 * and a liar may leave anything out.
 */

import type { Message } from '../../../kernel/index.js';

interface SeenPrepared {
  readonly view: number;
  readonly sequence: number;
}

interface SeenStable {
  readonly sequence: number;
}

/** With signatures, or with MACs, which prove nothing about the stable checkpoint: that is its sequence alone. */
export interface SeenViewChange extends Message {
  readonly view: number;
  readonly stable?: SeenStable | number;
  readonly prepared?: readonly SeenPrepared[];
  readonly proof?: { readonly signer: number };
}

/** Sequence of the stable checkpoint that it tells of; 0: the beginning. */
export function stableOf({ stable }: SeenViewChange): number {
  return typeof stable === 'number' ? stable : (stable?.sequence ?? 0);
}

export interface SeenNewView extends Message {
  readonly view: number;
  readonly viewChanges?: readonly SeenViewChange[];
  readonly choices?: readonly { readonly sequence: number; readonly digest: number }[];
  readonly proof?: { readonly signer: number };
}

export interface SeenPrePrepare extends Message {
  readonly view: number;
  readonly sequence: number;
  readonly digest: number;
  readonly requests?: readonly unknown[];
}

export interface SeenRequest extends Message {
  readonly command?: { readonly client: number; readonly sequence: number };
}

export interface SeenReply extends Message {
  readonly sequence: number;
}

export interface SeenCheckpoint extends Message {
  readonly sequence: number;
  readonly digest: number;
}

export interface SeenFetchState extends Message {
  readonly sequence: number;
  readonly offset?: number;
}

/** A record of a journal: what it begins with, or one promise. */
export interface SeenJournalRecord {
  readonly content?: SeenPromise & { readonly promised?: readonly SeenPromise[] };
}

interface SeenPromise {
  readonly kind: string;
  readonly message?: { readonly view: number };
}

export const JOURNAL_PREFIX = 'journal-';
export const UNFINISHED_CHECKPOINT = 'checkpoint.saving';
