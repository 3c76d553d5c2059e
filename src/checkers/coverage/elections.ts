/** Rare situations of elections and leadership: Raft §5.2 and §5.4, dissertation §3.10 and §9.6. */

import type { Message, Micros, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';
import type { SeenVoteResponse } from './messages.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView, ServerView } from './view.js';

export const CHANGE_WITH_UNCOMMITTED = outside(
  'leader-change-with-uncommitted-entries',
  'A leader was elected with entries of its predecessors that nobody had committed.',
  'Not the first leader of the run, and its log is longer than the highest commit index of any server.',
);
export const LEADER_LOST_WITH_UNCOMMITTED = outside(
  'leader-crashed-with-uncommitted-entries',
  'A leader crashed with entries that nobody had committed.',
  'A leader crashes or halts, and its log is longer than the highest commit index of any server.',
);
export const TWO_LEADERS = outside(
  'two-leaders-at-once',
  'Two servers took themselves for leader at once, in different terms.',
  'A server becomes leader while another one is up that became leader in an earlier term and has not stepped down.',
);
export const SPLIT_VOTE = outside(
  'split-vote',
  'An election with several candidates ended without a leader.',
  'One of at least two candidates of a term stands again, and nobody was elected in that term. Counted once a term.',
);
export const PRE_VOTE_REFUSED = outside(
  'pre-vote-refused',
  'A server refused a pre-vote.',
  'A PreVoteResponse that grants nothing is sent.',
);
export const PRE_VOTE_WON_ELECTION_LOST = outside(
  'election-lost-after-pre-vote',
  'A candidate that had won the pre-vote did not win the election.',
  'A candidate of a term for which it had asked beforehand steps down, or begins again.',
);
export const LEADER_PAUSED_AND_DEPOSED = outside(
  'leader-paused-and-deposed',
  'A leader stood still while another one was elected.',
  'A server becomes leader while the process of a leader of an earlier term is paused.',
);
export const CLOCK_JUMP_ON_LEADER = outside(
  'clock-jump-on-leader',
  "A leader's wall clock jumped.",
  'The wall clock of a server jumps while it leads.',
);
export const TRANSFER_DONE = outside(
  'transfer-done',
  'A leader handed its leadership over.',
  'A transfer of leadership ends as done.',
);
export const TRANSFER_TIMED_OUT = outside(
  'transfer-timed-out',
  'A transfer of leadership timed out, and the leader went on.',
  'A transfer of leadership ends as timed out.',
);

export const ELECTION_SITUATIONS = [
  CHANGE_WITH_UNCOMMITTED,
  LEADER_LOST_WITH_UNCOMMITTED,
  TWO_LEADERS,
  SPLIT_VOTE,
  PRE_VOTE_REFUSED,
  PRE_VOTE_WON_ELECTION_LOST,
  LEADER_PAUSED_AND_DEPOSED,
  CLOCK_JUMP_ON_LEADER,
  TRANSFER_DONE,
  TRANSFER_TIMED_OUT,
];

/** In place of the number of candidates of a term: somebody was elected, or its split vote was counted. */
const SETTLED = -1;

export class Elections extends Recogniser {
  /** By term: how many stood, or {@link SETTLED}. */
  private candidates = new IntColumn();

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.view.server(process);
    if (server === undefined) return;
    switch (event.kind) {
      case 'became-follower':
      case 'became-pre-candidate':
        this.candidacyEnds(server);
        break;
      case 'became-candidate':
        this.candidacyEnds(server);
        this.becameCandidate(server, event.term);
        break;
      case 'became-leader':
        this.becameLeader(server, event.term, event.lastIndex);
        break;
      case 'transfer-ended':
        if (event.outcome === 'done') this.reach(TRANSFER_DONE);
        else if (event.outcome === 'timed-out') this.reach(TRANSFER_TIMED_OUT);
        break;
      default:
        break;
    }
  }

  override onSend(_from: ProcessId, _to: ProcessId, message: Message): void {
    if (message.kind === 'PreVoteResponse' && !(message as SeenVoteResponse).granted) {
      this.reach(PRE_VOTE_REFUSED);
    }
  }

  override onCrash(process: ProcessId): void {
    const server = this.view.server(process);
    if (server?.isLeader === true && server.last > this.view.committed) {
      this.reach(LEADER_LOST_WITH_UNCOMMITTED);
    }
  }

  override onClockJump(process: ProcessId, _byMicros: Micros): void {
    if (this.view.server(process)?.isLeader === true) this.reach(CLOCK_JUMP_ON_LEADER);
  }

  override clone(view: ClusterView, tally: Tally): Elections {
    const copy = new Elections(view, tally);
    copy.candidates = this.candidates.clone();
    return copy;
  }

  private candidacyEnds(server: ServerView): void {
    const hadPreVote = server.preCandidateTerm === server.candidateTerm;
    if (server.role === 'candidate' && hadPreVote) this.reach(PRE_VOTE_WON_ELECTION_LOST);
  }

  private becameCandidate(server: ServerView, term: number): void {
    const { candidates } = this;
    const before = server.candidateTerm;
    if (before > 0 && before < term && candidates.get(before) >= 2) {
      this.reach(SPLIT_VOTE);
      candidates.set(before, SETTLED);
    }
    const stood = candidates.get(term);
    if (stood !== SETTLED) candidates.set(term, stood + 1);
  }

  private becameLeader(server: ServerView, term: number, lastIndex: number): void {
    const { view } = this;
    this.candidates.set(term, SETTLED);
    if (view.leaderTerm > 0 && lastIndex > view.committed) this.reach(CHANGE_WITH_UNCOMMITTED);
    for (let other = 0; other < view.servers.length; other++) {
      const deposed = view.servers[other] as ServerView;
      if (deposed === server || !deposed.isLeader || deposed.term >= term) continue;
      this.reach(TWO_LEADERS);
      if (view.context.isPaused(other)) this.reach(LEADER_PAUSED_AND_DEPOSED);
    }
  }
}
