/** Queues and streams as a service that scenarios select. */

import type { ServiceKind } from '../service-kind.js';
import { readStreamSettings } from './settings.js';
import { StreamService } from './stream-service.js';
import { STREAM_ROLES, StreamWorkload } from './stream-workload.js';

export const STREAM: ServiceKind = {
  name: 'stream',
  title: 'topics with partitions: idempotent producers, transactions, consumer groups, leases, dead letters',
  history: 'stream',
  operations: STREAM_ROLES,
  loop: 'closed',
  checkSettings: (raw) => void readStreamSettings(raw),
  create: () => new StreamService(),
  createWorkload: (config, raw) => new StreamWorkload(config, readStreamSettings(raw)),
};
