/**
 * Published bugs of queues and streams, of brokers and of clients, one subclass each. The code here is our own
 * re-creation of the mistake.
 */

import type { Bug } from '../bug.js';
import { CLIENT_BUGS } from './clients.js';
import { CONSUMER_BUGS } from './consumers.js';
import { PRODUCER_BUGS } from './producers.js';

export const STREAM_BUGS: readonly Bug[] = [...PRODUCER_BUGS, ...CONSUMER_BUGS, ...CLIENT_BUGS];
