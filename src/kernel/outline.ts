/**
 * The outline of a replica: what state of its protocol it is in, in a few whole numbers. A protocol that gives one
 * lets a campaign see which states of the cluster its runs have been in, and look for others. What the numbers of
 * several replicas are to each other (who is behind, whose log is longer) is worked out by whoever asks.
 */

/** Written anew at each look; numbers that a protocol has no use for stay 0. */
export interface Outline {
  /** Follower, candidate, leader; waiting for a view, primary: a number from 0 to 7, as the protocol counts them. */
  role: number;
  /** Term or view. */
  epoch: number;
  /** The end of the log, or the last place that anything was promised for, and the epoch of what stands there. */
  last: number;
  lastEpoch: number;
  /** Up to where the replica knows what is agreed on, has executed it, and would find it again after a power loss. */
  agreed: number;
  executed: number;
  durable: number;
  /** Where a slow procedure stands (a change of the configuration, a snapshot, a recovery): from 0 to 15. */
  phase: number;
}

/** An outline of nobody. */
export function blankOutline(): Outline {
  return { role: 0, epoch: 0, last: 0, lastEpoch: 0, agreed: 0, executed: 0, durable: 0, phase: 0 };
}

/** A replica that can say in which state it is. It changes nothing, and asks nothing of its host. */
export interface Outlined {
  outline(into: Outline): void;
}
