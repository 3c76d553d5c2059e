/** The key-value store as a service that scenarios select, in both its implementations. */

import { SettingsReader } from '../kernel/index.js';
import { SortedKeyValueStore } from './kv-next.js';
import { KeyValueStore } from './kv.js';
import type { ServiceKind } from './service-kind.js';
import { SERVICE_SETTINGS } from './service-config.js';
import { Workload } from './workload.js';

const SHARED = {
  history: 'kv',
  operations: { get: 40, put: 30, delete: 5, cas: 15, append: 10, txn: 0 },
  checkSettings: (raw) => void new SettingsReader('kv', [], raw, SERVICE_SETTINGS),
  createWorkload: (config) => new Workload(config),
} satisfies Partial<ServiceKind>;

export const KV: ServiceKind = {
  ...SHARED,
  name: 'kv',
  title: 'texts by key: get, put, delete, compare-and-set, append',
  create: () => new KeyValueStore(),
};

export const KV_NEXT: ServiceKind = {
  ...SHARED,
  name: 'kv-next',
  title: 'the same, written a second time',
  create: () => new SortedKeyValueStore(),
};
