/** Answers confirm what a leader has asked: rounds are the leader's own, of one term, and count upwards. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ROUND_ANSWERED = raftSafety(
  'round-answered',
  'An answer confirms only a round that its receiver has begun in the term of the answer.',
  'Within a term, the rounds of the messages that a leader sends to a server never decrease. When an AppendEntriesResponse or InstallSnapshotResponse of term t and round r > 0 leaves for a server that has led no term after t, that server has sent the sender a message of term t with a round of at least r. Judged at every send.',
  "Ongaro's dissertation, §6.4; etcd issue 20418 shows what reads lose without it",
);

export class RoundAnswered extends RaftChecker {
  override readonly info = ROUND_ANSWERED;

  /** Call before the ghost takes the round in. */
  onAsked(process: ProcessId, { rounds }: ServerGhost, to: ProcessId, term: Term, round: number): void {
    if (term !== rounds.term || round >= rounds.highestTo(to)) return;
    this.violate(
      `${this.ghost.name(process)} sent round ${round} of term ${term} to ${this.ghost.name(to)} after round ${rounds.highestTo(to)}`,
    );
  }

  onAnswer(process: ProcessId, to: ProcessId, term: Term, round: number): void {
    const rounds = this.ghost.servers[to]?.rounds;
    // What the receiver asked in terms before its latest is forgotten; it does not count such an answer.
    if (round === 0 || rounds === undefined || term < rounds.term) return;
    const asked = term === rounds.term ? rounds.highestTo(process) : 0;
    if (round <= asked) return;
    this.violate(
      `${this.ghost.name(process)} answered round ${round} of term ${term} to ${this.ghost.name(to)}, which has asked it ` +
        `about none after ${asked} in that term`,
    );
  }
}
