/** Situations that only PBFT's replicas can see. They say so with an event `{ kind: 'reached', situation }`. */

import type { Situation } from '../situation.js';

/** What PBFT's replicas report: id and what has happened. */
export const PBFT_REACHED = {
  'pbft/pre-prepare-above-window':
    'A replica kept a pre-prepare for later, because it was above its high watermark.',
  'pbft/tentative-rollback': 'A replica took back a batch that it had executed before it was committed.',
  'pbft/read-waited':
    'A read waited until what its replica had shown to clients before was executed for good.',
  'pbft/read-ordered': 'A read that no quorum had answered alike was ordered after all.',
  'pbft/recovered-from-damage':
    'A replica whose disk had lost its promises recovered, and voted again under the same name.',
  'pbft/checkpoint-lost': 'A replica started although it could not read a checkpoint on its disk any more.',
} as const satisfies Readonly<Record<`pbft/${string}`, string>>;

/** Id of a situation that PBFT's replicas report. */
export type PbftReached = keyof typeof PBFT_REACHED;

export const PBFT_REACHED_SITUATIONS: readonly Situation[] = Object.entries(PBFT_REACHED).map(
  ([id, title]) => ({
    id,
    title,
    protocol: 'pbft',
    noticedBy: 'replica',
    criterion: 'The replica reports it.',
  }),
);
