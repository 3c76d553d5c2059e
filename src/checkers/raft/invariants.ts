/** The catalogue of Raft's properties, in the order in which they are listed for people. */

import type { InvariantInfo } from '../checker.js';
import { ACK_DURABLE } from './ack-durable.js';
import { ACKNOWLEDGED_DURABLE } from './acknowledged-durable.js';
import { COMMIT_CURRENT_TERM } from './commit-current-term.js';
import { COMMIT_DURABLE_QUORUM } from './commit-durable-quorum.js';
import { COMMIT_MONOTONIC } from './commit-monotonic.js';
import { CONFIGURATION_EFFECTIVE } from './configuration-effective.js';
import { CONFIGURATION_INTERSECTION } from './configuration-intersection.js';
import { CONFIGURATION_STEP } from './configuration-step.js';
import { ELECTION_QUORUM } from './election-quorum.js';
import { ELECTION_SAFETY } from './election-safety.js';
import { FOLLOWER_COMMIT } from './follower-commit.js';
import { LEADER_APPEND_ONLY } from './leader-append-only.js';
import { LEADER_COMPLETENESS } from './leader-completeness.js';
import { LEADER_MEMBERSHIP } from './leader-membership.js';
import { LOG_CONTIGUOUS } from './log-contiguous.js';
import { LOG_MATCHING } from './log-matching.js';
import { LOG_TIME } from './log-time.js';
import { MESSAGE_SIZE } from './message-size.js';
import { MESSAGE_WELL_FORMED } from './message-well-formed.js';
import { PRE_VOTE_HARMLESS } from './pre-vote-harmless.js';
import { READ_INDEX } from './read-index.js';
import { RECOVERED_STATE } from './recovered-state.js';
import { ROUND_ANSWERED } from './round-answered.js';
import { SNAPSHOT_BEFORE_COMPACTION } from './snapshot-before-compaction.js';
import { SNAPSHOT_CHUNKS } from './snapshot-chunks.js';
import { SNAPSHOT_CONTENT } from './snapshot-content.js';
import { STATE_MACHINE_SAFETY } from './state-machine-safety.js';
import { TERM_MONOTONIC } from './term-monotonic.js';
import { TRUNCATE_ON_CONFLICT } from './truncate-on-conflict.js';
import { VERSION_GATE } from './version-gate.js';
import { VOTE_AFTER_LEADER } from './vote-after-leader.js';
import { VOTE_DURABLE } from './vote-durable.js';
import { VOTE_ONCE } from './vote-once.js';

export const RAFT_INVARIANTS: readonly InvariantInfo[] = [
  ELECTION_SAFETY,
  ELECTION_QUORUM,
  LEADER_APPEND_ONLY,
  LOG_MATCHING,
  LEADER_COMPLETENESS,
  STATE_MACHINE_SAFETY,
  TERM_MONOTONIC,
  VOTE_ONCE,
  VOTE_DURABLE,
  ACK_DURABLE,
  RECOVERED_STATE,
  TRUNCATE_ON_CONFLICT,
  COMMIT_MONOTONIC,
  COMMIT_CURRENT_TERM,
  COMMIT_DURABLE_QUORUM,
  FOLLOWER_COMMIT,
  ACKNOWLEDGED_DURABLE,
  LOG_CONTIGUOUS,
  SNAPSHOT_BEFORE_COMPACTION,
  SNAPSHOT_CONTENT,
  SNAPSHOT_CHUNKS,
  VOTE_AFTER_LEADER,
  PRE_VOTE_HARMLESS,
  LEADER_MEMBERSHIP,
  MESSAGE_WELL_FORMED,
  MESSAGE_SIZE,
  CONFIGURATION_EFFECTIVE,
  CONFIGURATION_STEP,
  CONFIGURATION_INTERSECTION,
  LOG_TIME,
  VERSION_GATE,
  ROUND_ANSWERED,
  READ_INDEX,
];
