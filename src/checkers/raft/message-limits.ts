/** Bounds on the length of messages, from the protocol's settings. */

import type { RaftSettings } from '../../protocols/raft/index.js';

/** The bounds; Infinity: none is known. */
export type MessageLimits = Pick<
  RaftSettings,
  'maxEntriesPerMessage' | 'maxBytesPerMessage' | 'snapshotChunk'
>;

/** Takes from a protocol's settings what it needs; a user's own variant of Raft may have other ones. */
export function messageLimitsOf(settings: unknown): MessageLimits {
  const given = (settings ?? {}) as { readonly [Key in keyof MessageLimits]?: unknown };
  const limit = (value: unknown): number => (typeof value === 'number' ? value : Infinity);
  return {
    maxEntriesPerMessage: limit(given.maxEntriesPerMessage),
    maxBytesPerMessage: limit(given.maxBytesPerMessage),
    snapshotChunk: limit(given.snapshotChunk),
  };
}
