/** What every bug of the services is made of: the correct Raft, and one wrong class beside it. */

import type { Bug } from '../bug.js';

/** A bug that is not the protocol's: it runs under Raft. */
export function serviceBug(bug: Omit<Bug, 'protocol'>): Bug {
  return { ...bug, protocol: 'raft' };
}
