/** Quorums of neighbouring configurations have a member in common. */

import type { Membership, ProcessId } from '../../kernel/index.js';
import type { LogIndex, MemberId } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const CONFIGURATION_INTERSECTION = raftSafety(
  'configuration-intersection',
  'Every quorum of a new configuration meets every quorum of the one before and of the last committed one.',
  'When a leader appends a configuration, for every quorum of it and every quorum of the one before it in the same log, and, unless there has been a leader of a later term, of the latest one that a leader has committed, some member is in both. (Configurations that lie further apart may be disjoint.) Decided by arithmetic on the halves: majorities of two sets of voters can avoid each other just when enough of both lie outside the other. Judged at every configuration that a leader appends.',
  "§6; Ongaro's dissertation, §4.1 and §4.3; here",
);

export class ConfigurationIntersection extends RaftChecker {
  override readonly info = CONFIGURATION_INTERSECTION;

  /** Before the ghost takes the change in. */
  onProposed(process: ProcessId, leader: ServerGhost, index: LogIndex, next: Membership): void {
    const { committedConfiguration } = this.ghost;
    if (!quorumsMeet(leader.configuration, next)) {
      this.report(process, index, leader.configurationIndex);
    } else if (
      committedConfiguration !== undefined &&
      // A leader that others have succeeded without its knowing commits nothing any more.
      leader.term >= this.ghost.leaders.highestTerm &&
      !quorumsMeet(committedConfiguration.configuration, next)
    ) {
      this.report(process, index, committedConfiguration.index);
    }
  }

  private report(process: ProcessId, index: LogIndex, other: LogIndex): void {
    this.violate(
      `the configuration that ${this.ghost.name(process)} appended at index ${index} has a quorum without any member of ` +
        `some quorum of that of index ${other}`,
    );
  }
}

/** Quorums contain a majority of each half: they meet when those of some pair of halves always do. */
function quorumsMeet(a: Membership, b: Membership): boolean {
  return (
    majoritiesMeet(a.voters, b.voters) ||
    majoritiesMeet(a.voters, b.outgoing) ||
    majoritiesMeet(a.outgoing, b.voters) ||
    majoritiesMeet(a.outgoing, b.outgoing)
  );
}

/** Two majorities that avoid each other share out what both sets have in common. */
function majoritiesMeet(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  if (a.length === 0 || b.length === 0) return false;
  const common = a.filter((member) => b.includes(member)).length;
  return sharedNeed(a.length, common) + sharedNeed(b.length, common) > common;
}

/** How many of the common members a majority of so many needs at least. */
function sharedNeed(size: number, common: number): number {
  return Math.max(0, (size >> 1) + 1 - (size - common));
}
