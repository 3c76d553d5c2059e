/** What is counted instead of reported, since nothing is left to judge it by or it would take too long. */

/** What the checkers could not judge: neither right nor wrong, for all they know. */
export interface Unjudged {
  /** Histories of clients, or segments of one, that were too hard to judge within the bound of steps. */
  readonly histories: number;
  /** Reads that named a place of which the values were no longer known. */
  readonly reads: number;
  /** Entries applied at places so far back that the agreed order has forgotten them. */
  readonly applications: number;
  /** True when progress was due and did not come, but could not have been expected either. */
  readonly liveness: boolean;
}

export const ALL_JUDGED: Unjudged = { histories: 0, reads: 0, applications: 0, liveness: false };
