/** What every bug of streams is made of: a broker or a client with a mistake in it, and its description. */

import { SessionedService, type StreamService } from '../../services/index.js';
import type { Bug } from '../bug.js';

export type Description = Omit<Bug, 'protocol' | 'createProtocol' | 'createService' | 'createWorkload'>;

/** A broker with a mistake, on Raft. */
export function brokerBug(Broker: new () => StreamService, bug: Description): Bug {
  return {
    ...bug,
    protocol: 'raft',
    service: 'stream',
    createService: ({ sessions }) => new SessionedService(new Broker(), sessions),
  };
}
