/** Base of Raft's checkers, and what their public faces have in common. */

import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import type { RaftGhost } from './ghost.js';

export abstract class RaftChecker extends GhostChecker<RaftGhost> {}

/** Raft's failure model: what its properties are promised under. */
const RAFT_MODEL =
  'Crash and restart, loss, delay, duplication and reordering of messages, partitions, any clocks, and detectable disk faults within the declared budget; no amnesia, no Byzantine server';

const RAFT_PAPER =
  'Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended version (2014)';

/** The face of one of Raft's safety properties. */
export function raftSafety(id: string, title: string, statement: string, section: string): InvariantInfo {
  return {
    id: `raft/${id}`,
    title,
    statement,
    protocol: 'raft',
    family: 'local',
    kind: 'safety',
    failureModel: RAFT_MODEL,
    source: `${RAFT_PAPER}, ${section}`,
  };
}
