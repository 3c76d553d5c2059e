/**
 * Raft's checkers as one observer: it looks at each event once, asks the rules that the event concerns, in the
 * order in which a violation is reported, and brings their ghost up to date. Which event concerns which subject
 * can be read off here; which property, in the rules of the subject.
 */

import { META_FILE, SNAPSHOT_FILE, WAL_PREFIX } from '../../protocols/raft/index.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  InstallSnapshot,
  InstallSnapshotResponse,
  MetaRecord,
  PreVoteResponse,
  ReadIndexRequest,
  ReadIndexResponse,
  RequestVote,
  RequestVoteResponse,
  TimeoutNow,
  WalRecord,
} from '../../protocols/raft/index.js';
import type {
  ClientReply,
  DiskImage,
  HistoryEvent,
  Message,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
import type { RunGhost } from '../any/ghost.js';
import type { Observer, ViolationSink } from '../checker.js';
import { CommitRules } from './commit-rules.js';
import { ConfigurationRules } from './configuration-rules.js';
import { Electability } from './electability.js';
import { ElectionRules } from './election-rules.js';
import type { RaftGhost } from './ghost.js';
import { LogRules } from './log-rules.js';
import { MessageRules } from './message-rules.js';
import { SnapshotRules } from './snapshot-rules.js';

/** Messages that say no more than the sender's term, as far as checkers care. */
type TermMessage = TimeoutNow | ReadIndexRequest | ReadIndexResponse;

export class RaftCheckers implements Observer {
  private readonly elections: ElectionRules;
  private readonly messages: MessageRules;
  private readonly logs: LogRules;
  private readonly snapshots: SnapshotRules;
  private readonly commitment: CommitRules;
  private readonly configurations: ConfigurationRules;

  constructor(
    readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.elections = new ElectionRules(ghost, sink);
    this.messages = new MessageRules(ghost, sink);
    this.logs = new LogRules(ghost, sink);
    this.snapshots = new SnapshotRules(ghost, sink);
    this.commitment = new CommitRules(ghost, sink);
    this.configurations = new ConfigurationRules(ghost, sink);
    ghost.run.participants.elections = new Electability(ghost);
  }

  // ---- messages ----

  onSend(from: ProcessId, to: ProcessId, message: Message): void {
    const server = this.ghost.servers[from];
    if (server === undefined) return;
    switch (message.kind) {
      case 'AppendEntries':
        this.elections.onLeaderSent(from, server, (message as AppendEntries).term);
        this.messages.onAppendEntries(from, server, to, message as AppendEntries);
        this.logs.onEntriesSent(from, (message as AppendEntries).entries);
        return;
      case 'InstallSnapshot':
        this.elections.onLeaderSent(from, server, (message as InstallSnapshot).term);
        this.snapshots.onInstallSnapshot(from, server, message as InstallSnapshot);
        this.messages.onInstallSnapshot(from, server, to, message as InstallSnapshot);
        return;
      case 'InstallSnapshotResponse': {
        const { term, round, installed, index } = message as InstallSnapshotResponse;
        this.elections.onTermSent(from, server, term);
        this.messages.onAnswered(from, to, term, round);
        if (installed) this.commitment.onAcknowledged(from, server, to, term, index);
        return;
      }
      case 'PreVoteResponse':
        // A pre-vote that is granted carries the term that is asked for.
        if ((message as PreVoteResponse).granted) return;
        this.elections.onTermSent(from, server, (message as PreVoteResponse).term);
        return;
      case 'TimeoutNow':
      case 'ReadIndexRequest':
      case 'ReadIndexResponse':
        this.elections.onTermSent(from, server, (message as TermMessage).term);
        return;
      case 'AppendEntriesResponse': {
        const { term, round, success, matchIndex } = message as AppendEntriesResponse;
        this.elections.onTermSent(from, server, term);
        this.messages.onAnswered(from, to, term, round);
        if (success) this.commitment.onAcknowledged(from, server, to, term, matchIndex);
        return;
      }
      case 'RequestVote':
        this.elections.onVoteSent(from, server, (message as RequestVote).term, from);
        return;
      case 'RequestVoteResponse': {
        const { term, granted } = message as RequestVoteResponse;
        if (granted) this.elections.onVoteSent(from, server, term, to);
        else this.elections.onTermSent(from, server, term);
        return;
      }
      case 'ClientReply':
        this.commitment.onReply(from, to, message as ClientReply);
        return;
    }
  }

  // ---- what replicas report ----

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    switch (event.kind) {
      case 'appended':
        this.elections.onAppended(process, server);
        this.logs.onAppended(process, server, event.index, event.term, event.hash);
        return;
      case 'committed':
        this.configurations.onCommitted(process, server);
        this.commitment.onCommitted(process, server, event.index);
        return;
      case 'applied':
        this.commitment.onApplied(process, server, event.index);
        return;
      case 'truncated':
        this.logs.onTruncating(process, server, event.index);
        this.commitment.onTruncated(process, server, event.index);
        this.logs.onTruncated(process, server, event.index);
        return;
      case 'term-changed':
        this.elections.onTerm(process, server, event.term);
        return;
      case 'became-follower':
        this.elections.onFollower(process, server, event.term);
        return;
      case 'became-pre-candidate':
        this.elections.onPreCandidate(process, server, event.term);
        return;
      case 'became-candidate':
        this.elections.onCandidate(process, server, event.term);
        return;
      case 'became-leader':
        this.elections.onElected(process, server, event.term);
        this.commitment.onElected(process, server, event.term);
        this.ghost.becameLeader(process, server, event.term);
        return;
      case 'recovered':
        this.elections.onRecovered(process, server, event.term);
        this.logs.onRecovered(process, server, event);
        this.commitment.onHoldersChanged();
        return;
      case 'trust-regained':
        server.isTrusted = true;
        this.commitment.onHoldersChanged();
        return;
      case 'snapshot-installed':
        if (event.received) this.snapshots.onReceived(process, server, event.index);
        this.commitment.onInstalled(process, server, event.index, event.term);
        return;
      case 'compacted':
        this.logs.onCompacted(process, server, event.index, event.term);
        this.snapshots.onCompacted(process, server, event.index);
        return;
      case 'configuration-changed':
        this.configurations.onChanged(process, server, event.index, event.configuration);
        return;
      case 'version-activated':
        if (event.version > this.ghost.activeVersion) this.ghost.activeVersion = event.version;
        return;
      default:
        // What else replicas report concerns no checker.
        return;
    }
  }

  // ---- disks and processes ----

  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file === META_FILE) {
      this.elections.onDurableVote(process, server, record as MetaRecord);
      disk.metaRecord(record as MetaRecord);
    } else if (file.startsWith(WAL_PREFIX)) {
      disk.walRecord(file, slot, record as WalRecord, this.ghost.committed);
      this.logs.onDurableEntry(process, disk.entryBefore(file, slot), (record as WalRecord).entry);
      if (this.ghost.takeReplaced(server)) this.commitment.onHoldersChanged();
    } else if (file.startsWith(SNAPSHOT_FILE)) {
      this.snapshots.onDurableRecord(process, server, file, slot, record);
      if (this.ghost.takeReplaced(server)) this.commitment.onHoldersChanged();
    }
  }

  /** Of reads that promise to be linearizable without going through the log: what they may not fall behind. */
  onHistory({ kind, client, sequence, read }: HistoryEvent): void {
    if (read !== 'read-index' && read !== 'lease' && read !== 'follower') return;
    const { reads, committed } = this.ghost;
    if (kind === 'invoke') reads.invoked(client, sequence, committed.last);
    else reads.ended(client, sequence);
  }

  onDurableCut(process: ProcessId, file: string, count: number): void {
    const server = this.ghost.servers[process];
    if (server === undefined) return;
    const { disk } = server;
    if (file.startsWith(WAL_PREFIX)) {
      disk.walCut(file, count, this.ghost.committed);
      if (count === 0) this.snapshots.onLogRemoved(process, server);
      this.commitment.onHoldersChanged();
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
    this.commitment.onHoldersChanged();
  }

  onStart(process: ProcessId, _incarnation: number, disk: DiskImage): void {
    const server = this.ghost.servers[process];
    if (server !== undefined) this.ghost.started(server, disk);
  }

  clone(run: RunGhost, sink: ViolationSink): RaftCheckers {
    return new RaftCheckers(this.ghost.clone(run), sink);
  }
}
