/** The replicated services by the names that scenarios use. */

import { UsageError, suggestion, type StateMachine } from '../kernel/index.js';
import { BANK } from './bank-service.js';
import { KV, KV_NEXT } from './kv-service.js';
import { LOCK } from './lock-service.js';
import type { ServiceConfig } from './service-config.js';
import type { ClientWorkload, RawServiceSettings, ServiceKind } from './service-kind.js';
import { DEFAULT_SESSION_LIMITS, SessionedService, type SessionLimits } from './sessions.js';
import { ShadowedService } from './shadow.js';
import { STREAM } from './stream/index.js';
import type { WorkloadConfig } from './workload-config.js';

/** Every service, by name. */
const SERVICES: ReadonlyMap<string, ServiceKind> = new Map(
  [KV, KV_NEXT, BANK, LOCK, STREAM]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((kind) => [kind.name, kind]),
);

/** Every name that {@link findService} knows, sorted. */
export const serviceNames: readonly string[] = [...SERVICES.keys()];

const NO_SETTINGS: RawServiceSettings = Object.freeze({});

/** The service of this name; undefined where there is none. */
export function knownService(name: string): ServiceKind | undefined {
  return SERVICES.get(name);
}

/** The service of this name. Throws UsageError for an unknown one. */
export function findService(name: string): ServiceKind {
  const kind = knownService(name);
  if (kind !== undefined) return kind;
  throw new UsageError(
    'unknown-service',
    `unknown service '${name}'; expected one of: ${serviceNames.join(', ')}`,
    suggestion(name, serviceNames),
  );
}

/**
 * A fresh service behind client sessions; every replica gets its own. `shadow` names the service that runs in
 * its shadow, with the same settings. Throws UsageError for an unknown name.
 */
export function createService(
  name: string,
  sessions: SessionLimits = DEFAULT_SESSION_LIMITS,
  shadow: string | undefined = undefined,
  settings: RawServiceSettings = NO_SETTINGS,
): StateMachine {
  const service = findService(name).create(settings);
  const shadowed =
    shadow === undefined ? service : new ShadowedService(service, findService(shadow).create(settings));
  return new SessionedService(shadowed, sessions);
}

/** The service that a scenario describes, as {@link createService} makes it. */
export function createConfiguredService({ name, sessions, shadow, settings }: ServiceConfig): StateMachine {
  return createService(name, sessions, shadow, settings ?? NO_SETTINGS);
}

/** What clients of this service ask for. */
export function createWorkload(
  { name, settings }: Pick<ServiceConfig, 'name' | 'settings'>,
  config: WorkloadConfig,
): ClientWorkload {
  return findService(name).createWorkload(config, settings ?? NO_SETTINGS);
}
