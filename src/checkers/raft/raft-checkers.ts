/**
 * Raft's checkers as one observer: it looks at each event once, asks the checkers that the event concerns,
 * and then brings their ghost up to date. Which event concerns which property can be read off here.
 */

import { INCOMING_FILE, META_FILE, SNAPSHOT_FILE, WAL_PREFIX } from '../../protocols/raft/index.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  Entry,
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
import type {
  ClientReply,
  DiskImage,
  HistoryEvent,
  Membership,
  Message,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
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
import { LOG_CONTIGUOUS, LogContiguous } from './log-contiguous.js';
import { SNAPSHOT_BEFORE_COMPACTION, SnapshotBeforeCompaction } from './snapshot-before-compaction.js';
import { SNAPSHOT_CONTENT, SnapshotContent } from './snapshot-content.js';
import { SNAPSHOT_CHUNKS, SnapshotChunks } from './snapshot-chunks.js';
import { VOTE_AFTER_LEADER, VoteAfterLeader } from './vote-after-leader.js';
import { PRE_VOTE_HARMLESS, PreVoteHarmless } from './pre-vote-harmless.js';
import { LEADER_MEMBERSHIP, LeaderMembership } from './leader-membership.js';
import { MESSAGE_SIZE, MessageSize } from './message-size.js';
import { MESSAGE_WELL_FORMED, MessageWellFormed } from './message-well-formed.js';
import { CONFIGURATION_EFFECTIVE, ConfigurationEffective } from './configuration-effective.js';
import { CONFIGURATION_STEP, ConfigurationStep } from './configuration-step.js';
import { CONFIGURATION_INTERSECTION, ConfigurationIntersection } from './configuration-intersection.js';
import { LOG_TIME, LogTime } from './log-time.js';
import { VERSION_GATE, VersionGate } from './version-gate.js';
import { ROUND_ANSWERED, RoundAnswered } from './round-answered.js';
import { READ_INDEX, ReadIndex } from './read-index.js';
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
  LOG_CONTIGUOUS,
  SNAPSHOT_BEFORE_COMPACTION,
  SNAPSHOT_CONTENT,
  SNAPSHOT_CHUNKS,
  VOTE_AFTER_LEADER,
  PRE_VOTE_HARMLESS,
  LEADER_MEMBERSHIP,
  MESSAGE_WELL_FORMED,
  MESSAGE_SIZE,
  CONFIGURATION_EFFECTIVE,
  CONFIGURATION_STEP,
  CONFIGURATION_INTERSECTION,
  LOG_TIME,
  VERSION_GATE,
  ROUND_ANSWERED,
  READ_INDEX,
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
  private readonly logContiguous: LogContiguous;
  private readonly snapshotBeforeCompaction: SnapshotBeforeCompaction;
  private readonly snapshotContent: SnapshotContent;
  private readonly snapshotChunks: SnapshotChunks;
  private readonly voteAfterLeader: VoteAfterLeader;
  private readonly preVoteHarmless: PreVoteHarmless;
  private readonly leaderMembership: LeaderMembership;
  private readonly messageWellFormed: MessageWellFormed;
  private readonly messageSize: MessageSize;
  private readonly configurationEffective: ConfigurationEffective;
  private readonly configurationStep: ConfigurationStep;
  private readonly configurationIntersection: ConfigurationIntersection;
  private readonly logTime: LogTime;
  private readonly versionGate: VersionGate;
  private readonly roundAnswered: RoundAnswered;
  private readonly readIndex: ReadIndex;
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
    this.logContiguous = new LogContiguous(ghost, sink);
    this.snapshotBeforeCompaction = new SnapshotBeforeCompaction(ghost, sink);
    this.snapshotContent = new SnapshotContent(ghost, sink);
    this.snapshotChunks = new SnapshotChunks(ghost, sink);
    this.voteAfterLeader = new VoteAfterLeader(ghost, sink);
    this.preVoteHarmless = new PreVoteHarmless(ghost, sink);
    this.leaderMembership = new LeaderMembership(ghost, sink);
    this.messageWellFormed = new MessageWellFormed(ghost, sink);
    this.messageSize = new MessageSize(ghost, sink);
    this.configurationEffective = new ConfigurationEffective(ghost, sink);
    this.configurationStep = new ConfigurationStep(ghost, sink);
    this.configurationIntersection = new ConfigurationIntersection(ghost, sink);
    this.logTime = new LogTime(ghost, sink);
    this.versionGate = new VersionGate(ghost, sink);
    this.roundAnswered = new RoundAnswered(ghost, sink);
    this.readIndex = new ReadIndex(ghost, sink);
    this.acknowledgedDurable = new AcknowledgedDurable(ghost, sink);
  }

  // ---- messages ----

  onSend(from: ProcessId, to: ProcessId, message: Message): void {
    const server = this.ghost.servers[from];
    if (server === undefined) return;
    switch (message.kind) {
      case 'AppendEntries':
        this.onLeaderSent(from, server, (message as AppendEntries).term);
        this.messageWellFormed.onSend(from, server, message as AppendEntries);
        this.messageSize.onEntries(from, message as AppendEntries);
        this.onRoundSent(from, server, to, message as AppendEntries);
        this.onEntriesSent(from, (message as AppendEntries).entries);
        return;
      case 'InstallSnapshot':
        this.onLeaderSent(from, server, (message as InstallSnapshot).term);
        this.snapshotChunks.onSend(from, server, message as InstallSnapshot);
        this.messageSize.onPiece(from, message as InstallSnapshot);
        this.onRoundSent(from, server, to, message as InstallSnapshot);
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
        const { status, sequence, index } = message as ClientReply;
        if (status !== 'ok') return;
        this.acknowledgedDurable.onReply(from, to, sequence);
        this.readIndex.onReply(from, to, sequence, index);
        return;
      }
    }
  }

  private onRoundSent(
    from: ProcessId,
    server: ServerGhost,
    to: ProcessId,
    { term, round }: AppendEntries | InstallSnapshot,
  ): void {
    this.roundAnswered.onAsked(from, server, to, term, round);
    server.rounds.sent(to, term, round);
  }

  private onEntriesSent(from: ProcessId, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.logTime.onEntries(from, entries);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (entry.version > 1) this.versionGate.onEntry(from, entry);
      if (entry.system !== undefined) this.ghost.entrySeen(entry);
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
    this.roundAnswered.onAnswer(from, to, term, message.round);
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
    this.roundAnswered.onAnswer(from, to, message.term, message.round);
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
    this.ghost.follows(server, to, term);
  }

  /** Nothing but the term binds the sender here. */
  private onTermSent(from: ProcessId, server: ServerGhost, message: TermMessage): void {
    if (message.kind === 'PreVoteResponse' && message.granted) return;
    this.termMonotonic.onSend(from, server, message.term);
  }

  private onVoteSent(from: ProcessId, server: ServerGhost, term: number, candidate: ProcessId): void {
    this.termMonotonic.onSend(from, server, term);
    this.voteOnce.onVote(from, server, term, candidate);
    this.voteAfterLeader.onVote(from, server, term, candidate);
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
        this.preVoteHarmless.onFollower(process, event.term);
        this.onTerm(process, server, event.term);
        server.isLeader = false;
        return;
      case 'became-pre-candidate':
        this.preVoteHarmless.onPreCandidate(process, server, event.term);
        this.leaderMembership.onCandidate(process, server, event.term);
        return;
      case 'became-candidate':
        this.onTerm(process, server, event.term);
        this.leaderMembership.onCandidate(process, server, event.term);
        this.ghost.stoodForElection(server, event.term);
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
        if (event.received) this.snapshotChunks.onInstalled(process, server, event.index);
        this.onSnapshotInstalled(process, server, event.index, event.term);
        return;
      case 'compacted':
        this.logContiguous.onCompacted(process, server, event.index, event.term);
        this.snapshotBeforeCompaction.onCompacted(process, server, event.index);
        server.memory.dropBelow(event.index);
        this.ghost.forget();
        return;
      case 'configuration-changed':
        this.onConfigurationChanged(process, server, event.index, event.configuration);
        return;
      case 'version-activated':
        if (event.version > this.ghost.activeVersion) this.ghost.activeVersion = event.version;
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
    this.leaderMembership.onCandidate(process, server, term);
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
    if (server.isLeader) this.leaderMembership.onLeaderAppended(process, server);
    this.leaderAppendOnly.onAppended(process, server, index, term);
    this.logContiguous.onAppended(process, server, index, term);
    this.logMatching.onAppending(process, server, index);
    this.ghost.appended(process, server, index, term, hash);
    this.logMatching.onAppended(process, server, index, term);
  }

  private onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.leaderAppendOnly.onTruncated(process, server, index);
    this.commitMonotonic.onTruncated(process, server, index);
    this.truncateOnConflict.onTruncated(process, server, index);
    this.ghost.truncated(server, index);
  }

  private onConfigurationChanged(
    process: ProcessId,
    server: ServerGhost,
    index: LogIndex,
    configuration: Membership,
  ): void {
    const { memory } = server;
    const isProposed = server.isLeader && index === memory.last && index > server.configurationIndex;
    if (isProposed) {
      this.configurationIntersection.onProposed(process, server, index, configuration);
      this.configurationStep.onProposed(process, server, index, configuration);
      this.ghost.configurationSeen(index, memory.termAt(index), configuration);
    }
    this.configurationEffective.onChanged(process, server, index, configuration);
    this.ghost.configurationIs(server, index, configuration);
  }

  private onCommitted(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.configurationEffective.onCommit(process, server);
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
    this.logContiguous.onRecovered(process, server);
    this.acknowledgedDurable.onChange();
  }

  // ---- disks and processes ----

  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file === META_FILE) {
      this.preVoteHarmless.onDurableVote(process, server, record as MetaRecord);
      disk.metaRecord(record as MetaRecord);
    } else if (file.startsWith(WAL_PREFIX)) {
      disk.walRecord(file, slot, record as WalRecord, this.ghost.committed);
      this.onDurableEntry(process, disk.entryBefore(file, slot), (record as WalRecord).entry);
      if (this.ghost.takeReplaced(server)) this.acknowledgedDurable.onChange();
    } else if (file.startsWith(SNAPSHOT_FILE)) {
      const before = disk.snapshot;
      disk.snapshotRecord(file, slot, record, this.ghost.committed);
      if (file === INCOMING_FILE) this.snapshotChunks.onPiece(process, server);
      if (disk.snapshot !== undefined && disk.snapshot !== before) {
        this.snapshotContent.onPlaced(process, disk.snapshot);
      }
      if (this.ghost.takeReplaced(server)) this.acknowledgedDurable.onChange();
    }
  }

  private onDurableEntry(process: ProcessId, before: Entry | undefined, entry: Entry | undefined): void {
    if (entry === undefined) return;
    if (before !== undefined) this.logTime.onNeighbours(process, before, entry);
    if (entry.system !== undefined) this.ghost.entrySeen(entry);
  }

  /** Of reads that promise to be linearizable without going through the log: what they may not fall behind. */
  onHistory({ kind, client, sequence, read }: HistoryEvent): void {
    if (read !== 'read-index' && read !== 'lease' && read !== 'follower') return;
    if (kind === 'invoke') this.ghost.readInvoked(client, sequence);
    else this.ghost.readEnded(client, sequence);
  }

  onDurableCut(process: ProcessId, file: string, count: number): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file.startsWith(WAL_PREFIX)) {
      disk.walCut(file, count, this.ghost.committed);
      if (count === 0) this.snapshotBeforeCompaction.onRemoved(process, server);
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
