/** The replicated services by the names that scenarios use. */

import { UsageError, nearest, type StateMachine } from '../kernel/index.js';
import { KeyValueStore } from './kv.js';
import { SessionedService } from './sessions.js';

const SERVICES: ReadonlyMap<string, () => StateMachine> = new Map([
  ['kv', () => new SessionedService(new KeyValueStore())],
]);

/** Every name that {@link createService} knows, sorted. */
export const serviceNames: readonly string[] = [...SERVICES.keys()].sort((a, b) => (a < b ? -1 : 1));

/** A fresh service; every replica gets its own. Throws UsageError for an unknown name. */
export function createService(name: string): StateMachine {
  const create = SERVICES.get(name);
  if (create !== undefined) return create();
  const near = nearest(name, serviceNames);
  const hint = near === undefined ? undefined : `did you mean '${near}'?`;
  throw new UsageError(
    'unknown-service',
    `unknown service '${name}'; expected one of: ${serviceNames.join(', ')}`,
    hint,
  );
}
