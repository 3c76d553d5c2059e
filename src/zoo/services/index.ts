/** Bugs of services, of their clients, and of what stands between the two. */

import type { Bug } from '../bug.js';
import { BANK_BUGS } from './banks.js';
import { CLIENT_BUGS } from './clients.js';
import { DOOR_BUGS } from './doors.js';
import { LOCK_BUGS } from './locks.js';
import { REPLICA_BUGS } from './replicas.js';
import { SESSION_BUGS } from './sessions.js';

export const SERVICE_BUGS: readonly Bug[] = [
  ...SESSION_BUGS,
  ...CLIENT_BUGS,
  ...LOCK_BUGS,
  ...BANK_BUGS,
  ...DOOR_BUGS,
  ...REPLICA_BUGS,
];
