/** The replicated services by the names that scenarios use. */

import { UsageError, nearest, type StateMachine } from '../kernel/index.js';
import { SortedKeyValueStore } from './kv-next.js';
import { KeyValueStore } from './kv.js';
import { DEFAULT_SESSION_LIMITS, SessionedService, type SessionLimits } from './sessions.js';
import { ShadowedService } from './shadow.js';

const SERVICES: ReadonlyMap<string, () => StateMachine> = new Map<string, () => StateMachine>([
  ['kv', () => new KeyValueStore()],
  ['kv-next', () => new SortedKeyValueStore()],
]);

/** Every name that {@link createService} knows, sorted. */
export const serviceNames: readonly string[] = [...SERVICES.keys()].sort((a, b) => (a < b ? -1 : 1));

/** The services that are key-value stores, whose histories can be judged: all of them, by now. */
export const keyValueServices: ReadonlySet<string> = new Set(serviceNames);

/**
 * A fresh service behind client sessions; every replica gets its own. `shadow` names the service that runs in
 * its shadow. Throws UsageError for an unknown name.
 */
export function createService(
  name: string,
  sessions: SessionLimits = DEFAULT_SESSION_LIMITS,
  shadow: string | undefined = undefined,
): StateMachine {
  const service = createBare(name);
  const shadowed = shadow === undefined ? service : new ShadowedService(service, createBare(shadow));
  return new SessionedService(shadowed, sessions);
}

function createBare(name: string): StateMachine {
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
