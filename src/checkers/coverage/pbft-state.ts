/** Rare situations of PBFT that only the replica can see, of its state: reads, tentative execution, transfer, recovery. */

import type { Situation } from './situation.js';

/** What PBFT's replicas report of their state: id and what has happened. */
export const PBFT_STATE_REACHED = {
  'pbft/tentative-rollback': 'A replica took back a batch that it had executed before it was committed.',
  'pbft/read-waited':
    'A read waited until what its replica had shown to clients before was executed for good.',
  'pbft/read-ordered': 'A read that no quorum had answered alike was ordered after all.',
  'pbft/checkpoint-lost': 'A replica started although it could not read a checkpoint on its disk any more.',
} as const satisfies Readonly<Record<`pbft/${string}`, string>>;

/** Id of a situation of its state that a replica reports. */
export type PbftStateReached = keyof typeof PBFT_STATE_REACHED;

export const PBFT_STATE_SITUATIONS: readonly Situation[] = Object.entries(PBFT_STATE_REACHED).map(
  ([id, title]) => ({
    id,
    title,
    protocol: 'pbft',
    noticedBy: 'replica',
    criterion: 'The replica reports it.',
  }),
);
