/**
 * Quorums as checkers count them: on their own, not by the replica's arithmetic, so that a mistake in that one
 * is seen.
 */

import type { Membership } from '../../kernel/index.js';
import type { MemberId } from '../../protocols/raft/index.js';

/** What a server goes by that has not said what it goes by: nobody is a quorum. */
export const NOBODY: Membership = {
  voters: [],
  outgoing: [],
  learners: [],
  joining: [],
  autoLeave: false,
};

/** More than half of so many voters; never of none. */
export function isMajority(count: number, voters: readonly MemberId[]): boolean {
  return count * 2 > voters.length;
}

export function isVoterOf({ voters, outgoing }: Membership, member: MemberId): boolean {
  return voters.includes(member) || outgoing.includes(member);
}

export function sameMembership(a: Membership, b: Membership): boolean {
  return sameList(a.voters, b.voters) && sameList(a.outgoing, b.outgoing) && sameList(a.learners, b.learners);
}

/** Lists of members are sorted. */
export function sameList(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return a.length === b.length && a.every((member, i) => member === b[i]);
}
