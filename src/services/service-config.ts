/** Which service is replicated, and how: resolved. */

import type { RawServiceSettings } from './service-kind.js';
import type { SessionLimits } from './sessions.js';

/** Where a scenario has the settings of its service. */
export const SERVICE_SETTINGS = 'service.settings';

export interface ServiceConfig {
  /** See `serviceNames`. */
  readonly name: string;
  readonly sessions: SessionLimits;
  /** Name of the service that runs in its shadow; undefined: none. */
  readonly shadow: string | undefined;
  /** As the scenario writes them; the service reads them itself. Undefined: none. */
  readonly settings?: RawServiceSettings | undefined;
}
