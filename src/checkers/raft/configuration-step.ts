/** Configurations change by legal steps, one at a time. */

import type { Membership, ProcessId } from '../../kernel/index.js';
import type { LogIndex, MemberId } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { isVoterOf, sameList } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const CONFIGURATION_STEP = raftSafety(
  'configuration-step',
  'A leader changes the configuration by one legal step at a time, after it knows what is committed.',
  'When a leader of term t appends a configuration: the one before it in its log is committed, and so is an entry of term t. The step enters a joint configuration whose outgoing voters are those of the one before, or leaves one towards its incoming voters, or, with neither, adds or takes away at most one voter. Somebody votes, and nobody both votes and learns. Judged at every configuration that a leader appends.',
  '§6; Ongaro\'s dissertation, §4.1 and §4.3; Ongaro, "Bug in single-server membership changes" (raft-dev, 2015); here',
);

export class ConfigurationStep extends RaftChecker {
  override readonly info = CONFIGURATION_STEP;

  /** Before the ghost takes the change in. */
  onProposed(process: ProcessId, leader: ServerGhost, index: LogIndex, next: Membership): void {
    const why = this.untimely(leader) ?? illegal(leader.configuration, next);
    if (why === undefined) return;
    this.violate(
      `${this.ghost.name(process)}, leader of term ${leader.term}, changed the configuration at index ${index}: ${why}`,
    );
  }

  private untimely({ configurationIndex, commit, memory, term }: ServerGhost): string | undefined {
    if (configurationIndex > commit) return `that of index ${configurationIndex} is not committed`;
    return memory.termAt(commit) === term ? undefined : 'it has not committed an entry of its term';
  }
}

function illegal(previous: Membership, next: Membership): string | undefined {
  if (next.voters.length === 0) return 'nobody votes';
  if (next.learners.some((member) => isVoterOf(next, member))) return 'somebody both votes and learns';
  if (next.outgoing.length > 0) {
    if (previous.outgoing.length > 0) return 'a joint configuration follows a joint one';
    return sameList(next.outgoing, previous.voters)
      ? undefined
      : 'the outgoing voters are not those of the one before';
  }
  if (previous.outgoing.length > 0) {
    return sameList(next.voters, previous.voters) ? undefined : 'the voters are not the incoming ones';
  }
  const changed = countMissing(previous.voters, next.voters) + countMissing(next.voters, previous.voters);
  return changed <= 1 ? undefined : `${changed} voters change at once`;
}

function countMissing(members: readonly MemberId[], from: readonly MemberId[]): number {
  let count = 0;
  for (const member of members) if (!from.includes(member)) count++;
  return count;
}
