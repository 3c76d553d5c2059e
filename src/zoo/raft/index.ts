/**
 * Published Raft bugs, one subclass each. Sources name the project and the issue or pull request in which
 * the mistake was described; the code here is our own re-creation of the mistake, not theirs.
 */

import type { Bug } from '../bug.js';
import { ELECTION_BUGS } from './elections.js';
import { LOYALTY_BUGS } from './loyalty.js';
import { MEMBERSHIP_BUGS } from './membership.js';
import { PERSISTENCE_BUGS } from './persistence.js';
import { READ_BUGS } from './reads.js';
import { REPLICATION_BUGS } from './replication.js';
import { SNAPSHOT_BUGS } from './snapshots.js';
import { STATE_BUGS } from './state.js';

export const RAFT_BUGS: readonly Bug[] = [
  ...ELECTION_BUGS,
  ...LOYALTY_BUGS,
  ...REPLICATION_BUGS,
  ...PERSISTENCE_BUGS,
  ...SNAPSHOT_BUGS,
  ...MEMBERSHIP_BUGS,
  ...READ_BUGS,
  ...STATE_BUGS,
];
