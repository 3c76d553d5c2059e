/** Which service is replicated, and how: resolved. */

import type { SessionLimits } from './sessions.js';

export interface ServiceConfig {
  /** See `serviceNames`. */
  readonly name: string;
  readonly sessions: SessionLimits;
  /** Name of the service that runs in its shadow; undefined: none. */
  readonly shadow: string | undefined;
}
