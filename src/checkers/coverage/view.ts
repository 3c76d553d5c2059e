/**
 * What an all-seeing observer knows of a cluster, as far as recognisers ask: each server's role, term and the
 * extent of its log, the configuration it acts by, and the clients' operations. It follows what replicas say of
 * themselves; judging that is the checkers' work.
 *
 * Recognisers hear of an event before the view takes it in: they see what was, and the event says what is.
 */

import type {
  ClientReply,
  HistoryEvent,
  Membership,
  Message,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
import { Operations } from './operations.js';

/** What the observer of coverage may ask of the running simulation. */
export interface CoverageContext {
  readonly servers: number;
  isPaused(process: ProcessId): boolean;
  /** True for a process that may send anything, of any form. Absent: there is none. */
  isFaulty?(process: ProcessId): boolean;
  /** True while a partition cuts what the first sends to the second. */
  isCut(from: ProcessId, to: ProcessId): boolean;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What is known of one server. */
export class ServerView {
  isUp = false;
  incarnation = 0;
  /** True once this incarnation has read its disk. */
  hasRecovered = false;
  role: Role = 'follower';
  term = 0;
  /** The term of its last candidacy, and of the last one that it asked about beforehand. */
  candidateTerm = 0;
  preCandidateTerm = 0;
  /** Last index of its log, and the index that the log begins after. */
  last = 0;
  base = 0;
  /** Commit index; starts at 0 with each incarnation. */
  commit = 0;
  /** Last index of its log when it was last elected. */
  electedLast = 0;
  /** The configuration that it acts by, and the index of its entry; undefined until it has said so. */
  configuration: Membership | undefined = undefined;
  configurationIndex = 0;

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  /** True when it leads and has committed nothing of its own term. */
  get isFreshLeader(): boolean {
    return this.isLeader && this.commit <= this.electedLast;
  }

  clone(): ServerView {
    const copy = new ServerView();
    Object.assign(copy, this);
    return copy;
  }
}

export class ClusterView {
  /** The highest index that any server ever said is committed. */
  committed = 0;
  /** The highest term that ever had a leader. */
  leaderTerm = 0;

  constructor(
    readonly context: CoverageContext,
    readonly servers: readonly ServerView[] = Array.from({ length: context.servers }, () => new ServerView()),
    readonly operations = new Operations(),
  ) {}

  /** The server of this number; undefined for a client. */
  server(process: ProcessId): ServerView | undefined {
    return this.servers[process];
  }

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.servers[process];
    if (server === undefined) return;
    switch (event.kind) {
      case 'term-changed':
        server.term = event.term;
        if (server.role === 'leader') server.role = 'follower';
        break;
      case 'became-follower':
        server.term = event.term;
        server.role = 'follower';
        break;
      case 'became-pre-candidate':
        server.role = 'pre-candidate';
        server.preCandidateTerm = event.term;
        break;
      case 'became-candidate':
        server.role = 'candidate';
        server.term = event.term;
        server.candidateTerm = event.term;
        break;
      case 'became-leader':
        this.becameLeader(server, event.term, event.lastIndex);
        break;
      case 'appended':
        server.last = event.index;
        break;
      case 'truncated':
        server.last = event.index - 1;
        break;
      case 'committed':
        server.commit = event.index;
        if (event.index > this.committed) this.committed = event.index;
        break;
      case 'applied':
        this.applied(event);
        break;
      case 'recovered':
        server.hasRecovered = true;
        server.term = event.term;
        server.last = event.lastIndex;
        // A log may only have become shorter than its beginning on another disk.
        if (event.lastIndex < server.base) server.base = 0;
        break;
      case 'configuration-changed':
        server.configuration = event.configuration;
        server.configurationIndex = event.index;
        break;
      case 'snapshot-installed':
        if (event.index > server.last) server.last = event.index;
        if (event.index > server.commit) server.commit = event.index;
        break;
      case 'compacted':
        server.base = event.index;
        break;
      default:
        break;
    }
  }

  onSend(_from: ProcessId, to: ProcessId, message: Message): void {
    if (message.kind !== 'ClientReply') return;
    const reply = message as ClientReply;
    if (reply.status === 'ok') this.operations.of(to, reply.sequence)?.answer(reply.sequence);
  }

  onCrash(process: ProcessId): void {
    const server = this.servers[process];
    if (server === undefined) return;
    server.isUp = false;
    server.role = 'follower';
  }

  onStart(process: ProcessId, incarnation: number): void {
    const server = this.servers[process];
    if (server === undefined) return;
    server.isUp = true;
    server.incarnation = incarnation;
    server.hasRecovered = false;
    server.role = 'follower';
    server.commit = 0;
    server.configuration = undefined;
    server.configurationIndex = 0;
  }

  onHistory(event: HistoryEvent): void {
    this.operations.record(event);
  }

  clone(context: CoverageContext): ClusterView {
    const servers = this.servers.map((server) => server.clone());
    const copy = new ClusterView(context, servers, this.operations.clone());
    copy.committed = this.committed;
    copy.leaderTerm = this.leaderTerm;
    return copy;
  }

  private becameLeader(server: ServerView, term: number, lastIndex: number): void {
    server.role = 'leader';
    server.term = term;
    server.electedLast = lastIndex;
    if (term > this.leaderTerm) this.leaderTerm = term;
  }

  private applied({ command, index }: Extract<ProtocolEvent, { kind: 'applied' }>): void {
    if (command === undefined) return;
    this.operations.of(command.client, command.sequence)?.applied(command.sequence, index);
  }
}
