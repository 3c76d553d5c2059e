/**
 * Raft's checkers as one observer: it looks at each event once, asks the checkers that the event concerns,
 * and then brings their ghost up to date. Which event concerns which property can be read off here.
 */

import { META_FILE, SNAPSHOT_FILE, WAL_PREFIX } from '../../protocols/raft/index.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  InstallSnapshot,
  InstallSnapshotResponse,
  LogIndex,
  MetaRecord,
  PreVoteResponse,
  ReadIndexRequest,
  ReadIndexResponse,
  RequestVote,
  RequestVoteResponse,
  Term,
  TimeoutNow,
  WalRecord,
} from '../../protocols/raft/index.js';
import type { ClientReply, DiskImage, Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { RunGhost } from '../any/ghost.js';
import type { InvariantInfo, Observer, ViolationSink } from '../checker.js';
import { ACK_DURABLE, AckDurable } from './ack-durable.js';
import { ACKNOWLEDGED_DURABLE, AcknowledgedDurable } from './acknowledged-durable.js';
import { COMMIT_CURRENT_TERM, CommitCurrentTerm } from './commit-current-term.js';
import { COMMIT_DURABLE_QUORUM, CommitDurableQuorum } from './commit-durable-quorum.js';
import { COMMIT_MONOTONIC, CommitMonotonic } from './commit-monotonic.js';
import { ELECTION_QUORUM, ElectionQuorum } from './election-quorum.js';
import { ELECTION_SAFETY, ElectionSafety } from './election-safety.js';
import { FOLLOWER_COMMIT, FollowerCommit } from './follower-commit.js';
import type { RaftGhost, ServerGhost } from './ghost.js';
import { LEADER_APPEND_ONLY, LeaderAppendOnly } from './leader-append-only.js';
import { LEADER_COMPLETENESS, LeaderCompleteness } from './leader-completeness.js';
import { LOG_MATCHING, LogMatching } from './log-matching.js';
import { RECOVERED_STATE, RecoveredState } from './recovered-state.js';
import { STATE_MACHINE_SAFETY, StateMachineSafety } from './state-machine-safety.js';
import { TERM_MONOTONIC, TermMonotonic } from './term-monotonic.js';
import { TRUNCATE_ON_CONFLICT, TruncateOnConflict } from './truncate-on-conflict.js';
import { VOTE_DURABLE, VoteDurable } from './vote-durable.js';
import { VOTE_ONCE, VoteOnce } from './vote-once.js';

export const RAFT_INVARIANTS: readonly InvariantInfo[] = [
  ELECTION_SAFETY,
  ELECTION_QUORUM,
  LEADER_APPEND_ONLY,
  LOG_MATCHING,
  LEADER_COMPLETENESS,
  STATE_MACHINE_SAFETY,
  TERM_MONOTONIC,
  VOTE_ONCE,
  VOTE_DURABLE,
  ACK_DURABLE,
  RECOVERED_STATE,
  TRUNCATE_ON_CONFLICT,
  COMMIT_MONOTONIC,
  COMMIT_CURRENT_TERM,
  COMMIT_DURABLE_QUORUM,
  FOLLOWER_COMMIT,
  ACKNOWLEDGED_DURABLE,
];

/** Messages that say no more than the sender's term, as far as checkers care. A pre-vote's is another one. */
type TermMessage = PreVoteResponse | TimeoutNow | ReadIndexRequest | ReadIndexResponse;

export class RaftCheckers implements Observer {
  private readonly electionSafety: ElectionSafety;
  private readonly electionQuorum: ElectionQuorum;
  private readonly leaderAppendOnly: LeaderAppendOnly;
  private readonly logMatching: LogMatching;
  private readonly leaderCompleteness: LeaderCompleteness;
  private readonly stateMachineSafety: StateMachineSafety;
  private readonly termMonotonic: TermMonotonic;
  private readonly voteOnce: VoteOnce;
  private readonly voteDurable: VoteDurable;
  private readonly ackDurable: AckDurable;
  private readonly recoveredState: RecoveredState;
  private readonly truncateOnConflict: TruncateOnConflict;
  private readonly commitMonotonic: CommitMonotonic;
  private readonly commitCurrentTerm: CommitCurrentTerm;
  private readonly commitDurableQuorum: CommitDurableQuorum;
  private readonly followerCommit: FollowerCommit;
  private readonly acknowledgedDurable: AcknowledgedDurable;

  constructor(
    readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.electionSafety = new ElectionSafety(ghost, sink);
    this.electionQuorum = new ElectionQuorum(ghost, sink);
    this.leaderAppendOnly = new LeaderAppendOnly(ghost, sink);
    this.logMatching = new LogMatching(ghost, sink);
    this.leaderCompleteness = new LeaderCompleteness(ghost, sink);
    this.stateMachineSafety = new StateMachineSafety(ghost, sink);
    this.termMonotonic = new TermMonotonic(ghost, sink);
    this.voteOnce = new VoteOnce(ghost, sink);
    this.voteDurable = new VoteDurable(ghost, sink);
    this.ackDurable = new AckDurable(ghost, sink);
    this.recoveredState = new RecoveredState(ghost, sink);
    this.truncateOnConflict = new TruncateOnConflict(ghost, sink);
    this.commitMonotonic = new CommitMonotonic(ghost, sink);
    this.commitCurrentTerm = new CommitCurrentTerm(ghost, sink);
    this.commitDurableQuorum = new CommitDurableQuorum(ghost, sink);
    this.followerCommit = new FollowerCommit(ghost, sink);
    this.acknowledgedDurable = new AcknowledgedDurable(ghost, sink);
  }

  // ---- messages ----

  onSend(from: ProcessId, to: ProcessId, message: Message): void {
    const server = this.ghost.servers[from];
    if (server === undefined) return;
    switch (message.kind) {
      case 'AppendEntries':
      case 'InstallSnapshot':
        this.onLeaderSent(from, server, (message as AppendEntries | InstallSnapshot).term);
        return;
      case 'InstallSnapshotResponse':
        this.onInstallSnapshotResponse(from, server, to, message as InstallSnapshotResponse);
        return;
      case 'PreVoteResponse':
      case 'TimeoutNow':
      case 'ReadIndexRequest':
      case 'ReadIndexResponse':
        this.onTermSent(from, server, message as TermMessage);
        return;
      case 'AppendEntriesResponse':
        this.onAppendEntriesResponse(from, server, to, message as AppendEntriesResponse);
        return;
      case 'RequestVote':
        this.onVoteSent(from, server, (message as RequestVote).term, from);
        return;
      case 'RequestVoteResponse': {
        const { term, granted } = message as RequestVoteResponse;
        if (granted) this.onVoteSent(from, server, term, to);
        else this.termMonotonic.onSend(from, server, term);
        return;
      }
      case 'ClientReply': {
        const { status, sequence } = message as ClientReply;
        if (status === 'ok') this.acknowledgedDurable.onReply(from, to, sequence);
        return;
      }
    }
  }

  private onLeaderSent(from: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onSend(from, server, term);
    this.electionSafety.onClaim(from, term);
    this.voteDurable.onAppendEntries(from, server, term);
  }

  private onAppendEntriesResponse(
    from: ProcessId,
    server: ServerGhost,
    to: ProcessId,
    message: AppendEntriesResponse,
  ): void {
    const { term, matchIndex } = message;
    this.termMonotonic.onSend(from, server, term);
    if (!message.success) return;
    this.onAcknowledged(from, server, to, term, matchIndex);
  }

  private onInstallSnapshotResponse(
    from: ProcessId,
    server: ServerGhost,
    to: ProcessId,
    message: InstallSnapshotResponse,
  ): void {
    this.termMonotonic.onSend(from, server, message.term);
    if (message.installed) this.onAcknowledged(from, server, to, message.term, message.index);
  }

  private onAcknowledged(
    from: ProcessId,
    server: ServerGhost,
    to: ProcessId,
    term: Term,
    matchIndex: LogIndex,
  ): void {
    this.ackDurable.onAcknowledge(from, server, to, term, matchIndex);
    this.ghost.acknowledged(server, term, matchIndex);
  }

  /** Nothing but the term binds the sender here. */
  private onTermSent(from: ProcessId, server: ServerGhost, message: TermMessage): void {
    if (message.kind === 'PreVoteResponse' && message.granted) return;
    this.termMonotonic.onSend(from, server, message.term);
  }

  private onVoteSent(from: ProcessId, server: ServerGhost, term: number, candidate: ProcessId): void {
    this.termMonotonic.onSend(from, server, term);
    this.voteOnce.onVote(from, server, term, candidate);
    this.voteDurable.onVote(from, server, term, candidate);
    this.ghost.voted(server, term, candidate);
  }

  // ---- what replicas report ----

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    switch (event.kind) {
      case 'appended':
        this.onAppended(process, server, event.index, event.term, event.hash);
        return;
      case 'committed':
        this.onCommitted(process, server, event.index);
        return;
      case 'applied':
        this.commitMonotonic.onApplied(process, server, event.index);
        return;
      case 'truncated':
        this.onTruncated(process, server, event.index);
        return;
      case 'term-changed':
        this.onTerm(process, server, event.term);
        return;
      case 'became-follower':
      case 'became-candidate':
        this.onTerm(process, server, event.term);
        server.isLeader = false;
        return;
      case 'became-leader':
        this.onBecameLeader(process, server, event.term);
        return;
      case 'recovered':
        this.onRecovered(process, server, event);
        return;
      case 'trust-regained':
        server.isTrusted = true;
        this.acknowledgedDurable.onChange();
        return;
      case 'snapshot-installed':
        this.onSnapshotInstalled(process, server, event.index, event.term);
        return;
      case 'compacted':
        server.memory.dropBelow(event.index);
        this.ghost.forget();
        return;
      case 'configuration-changed':
        this.ghost.configurationIs(server, event.index, event.configuration);
        return;
      default:
        // What else replicas report concerns no checker.
        return;
    }
  }

  private onTerm(process: ProcessId, server: ServerGhost, term: number): void {
    this.termMonotonic.onTerm(process, server, term);
    this.ghost.termIs(server, term);
  }

  private onBecameLeader(process: ProcessId, server: ServerGhost, term: number): void {
    this.termMonotonic.onTerm(process, server, term);
    this.electionSafety.onClaim(process, term);
    this.electionQuorum.onElected(process, server, term);
    this.leaderCompleteness.onElected(process, server, term);
    this.ghost.becameLeader(process, server, term);
  }

  private onAppended(
    process: ProcessId,
    server: ServerGhost,
    index: LogIndex,
    term: number,
    hash: number,
  ): void {
    this.leaderAppendOnly.onAppended(process, server, index, term);
    this.logMatching.onAppending(process, server, index);
    this.ghost.appended(process, server, index, term, hash);
    this.logMatching.onAppended(process, server, index, term);
  }

  private onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.leaderAppendOnly.onTruncated(process, server, index);
    this.commitMonotonic.onTruncated(process, server, index);
    this.truncateOnConflict.onTruncated(process, server, index);
    server.memory.truncateFrom(index);
  }

  private onCommitted(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.commitMonotonic.onCommit(process, server, index);
    // Beyond the log there is nothing to compare; it has been reported.
    if (index <= server.memory.last) {
      this.stateMachineSafety.onCommit(process, server, index);
      if (server.isLeader) {
        this.commitCurrentTerm.onLeaderCommit(process, server, index);
        this.commitDurableQuorum.onLeaderCommit(process, server, index);
        this.leaderCompleteness.onLeaderCommit(process, server, index);
        this.ghost.committedByLeader(server, index);
      } else {
        this.followerCommit.onFollowerCommit(process, index);
      }
    }
    this.ghost.commitIs(server, index);
  }

  private onSnapshotInstalled(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    this.commitMonotonic.onInstalled(process, server, index);
    this.stateMachineSafety.onInstalled(process, index, term);
    this.ghost.installed(server, index, term);
  }

  private onRecovered(
    process: ProcessId,
    server: ServerGhost,
    event: { readonly term: number; readonly lastIndex: number; readonly trusted: boolean },
  ): void {
    const { term, lastIndex, trusted } = event;
    this.termMonotonic.onRecovered(process, server, term);
    this.recoveredState.onRecovered(process, server, term, lastIndex, trusted);
    this.ghost.recovered(server, term, lastIndex, trusted);
    this.acknowledgedDurable.onChange();
  }

  // ---- disks and processes ----

  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file === META_FILE) disk.metaRecord(record as MetaRecord);
    else if (file.startsWith(WAL_PREFIX)) {
      disk.walRecord(file, slot, record as WalRecord, this.ghost.committed);
      if (this.ghost.takeReplaced(server)) this.acknowledgedDurable.onChange();
    } else if (file.startsWith(SNAPSHOT_FILE)) {
      disk.snapshotRecord(file, slot, record, this.ghost.committed);
      if (this.ghost.takeReplaced(server)) this.acknowledgedDurable.onChange();
    }
  }

  onDurableCut(process: ProcessId, file: string, count: number): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file.startsWith(WAL_PREFIX)) {
      disk.walCut(file, count, this.ghost.committed);
      this.acknowledgedDurable.onChange();
    } else if (file.startsWith(SNAPSHOT_FILE)) {
      // Not judged: when another snapshot takes its place, that one is reported next.
      disk.snapshotCut(file, count, this.ghost.committed);
    }
  }

  onDurableLoss(process: ProcessId, _file: string): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    server.isDamaged = true;
    if (!server.isUp) server.isSettled = false;
  }

  onCrash(process: ProcessId): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    this.ghost.crashed(server);
    this.acknowledgedDurable.onChange();
  }

  onStart(process: ProcessId, _incarnation: number, disk: DiskImage): void {
    const server = this.ghost.servers[process];
    if (server !== undefined) this.ghost.started(server, disk);
  }

  clone(run: RunGhost, sink: ViolationSink): RaftCheckers {
    return new RaftCheckers(this.ghost.clone(run), sink);
  }
}
