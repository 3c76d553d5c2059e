/**
 * Published mistakes in PBFT and its relatives, one subclass each. Sources name the project and the issue or pull
 * request in which the mistake was described; the code here is our own re-creation of the mistake, not theirs.
 */

import type { Bug } from '../bug.js';
import { CLIENT_BUGS } from './clients.js';
import { CONFIGURATION_BUGS } from './configurations.js';
import { LIAR_BUGS } from './liars.js';
import { MAC_BUGS } from './macs.js';
import { QUORUM_BUGS } from './quorums.js';
import { RECOVERY_BUGS } from './recoveries.js';
import { VIEW_CHANGE_BUGS } from './view-changes.js';

export const PBFT_BUGS: readonly Bug[] = [
  ...CLIENT_BUGS,
  ...QUORUM_BUGS,
  ...VIEW_CHANGE_BUGS,
  ...LIAR_BUGS,
  ...MAC_BUGS,
  ...CONFIGURATION_BUGS,
  ...RECOVERY_BUGS,
];
