/**
 * Ghost of a Raft run: what an all-seeing observer knows of every server, kept up to date by RaftCheckers
 * and read by the checkers.
 *
 * Per server it keeps two logs. `memory` is the log the replica works with, from what it emits. `durable`
 * is what it could count on after a power loss, from the disk tap: the fold of the contiguous intact
 * records of its write-ahead log. A fault that damages the disk of a running server leaves `durable` as it
 * was: the replica cannot know, and goes on with what it was told is durable. The truth is read again
 * from the disk when the server starts, and until it has said whether it trusts what it found there, the
 * server is not settled.
 *
 * Source: Ongaro and Ousterhout, extended version, Figure 2 and §5.4.3; Ongaro's TLA+ specification has the
 * same history variables (`elections`, `allLogs`).
 */

import type { DiskImage, ProcessId } from '../../kernel/index.js';
import {
  META_FILE,
  WAL_FILE,
  type LogIndex,
  type MetaRecord,
  type Term,
  type WalRecord,
} from '../../protocols/raft/index.js';
import type { RunGhost } from '../any/ghost.js';
import { IntColumn } from '../columns.js';
import { processName } from '../names.js';
import { GhostLog } from './ghost-log.js';
import { LeaderTree } from './leader-log.js';

/** What is known of one server. */
export class ServerGhost {
  isUp = false;
  isLeader = false;
  /** Current term, as the replica reports it. */
  term: Term = 0;
  /** Its commit index; starts at 0 with each incarnation. */
  commit: LogIndex = 0;
  /** The highest commit index it ever had, in any incarnation. */
  everCommitted: LogIndex = 0;
  memory = new GhostLog();
  durable = new GhostLog();
  /** The contiguous intact records of its write-ahead log, whose fold is `durable`. */
  records: WalRecord[] = [];
  /** The durable copy of term and vote with the highest version. */
  metaVersion = 0;
  metaTerm: Term = 0;
  metaVote = -1;
  /** False while it says that its disk may have forgotten something. */
  isTrusted = true;
  /** False from damage to its disk while it was down, until it has said whether it trusts that disk. */
  isSettled = true;
  /** True when durable records were damaged since the last start. */
  isDamaged = false;
  /** By term: the highest index acknowledged to that term's leader. */
  acknowledged = new IntColumn();
  /** By term: the candidate that got this server's vote, plus 1; 0 when none did. */
  votes = new IntColumn();
  /** The last durable entry that others were told to rely on, with its prefix hash; void when replaced. */
  promisedIndex: LogIndex = 0;
  promisedLow = 0;
  promisedHigh = 0;
  /** The highest term in which it voted, stood for election, led or acknowledged. */
  promisedTerm: Term = 0;

  /** Term after a power loss: of the durable vote, or of the last durable entry if that is later. */
  durableTerm(): Term {
    const { lastTerm } = this.durable;
    return lastTerm > this.metaTerm ? lastTerm : this.metaTerm;
  }

  clone(): ServerGhost {
    const copy = new ServerGhost();
    Object.assign(copy, this);
    copy.memory = this.memory.clone();
    copy.durable = this.durable.clone();
    copy.records = this.records.slice();
    copy.acknowledged = this.acknowledged.clone();
    copy.votes = this.votes.clone();
    return copy;
  }
}

export class RaftGhost {
  readonly servers: ServerGhost[];
  /** More than half of the servers. */
  readonly quorum: number;
  leaders = new LeaderTree();
  /** By term: the server that claimed to lead it, by its own word or by sending AppendEntries; -1: nobody. */
  claims = new IntColumn(-1);
  /** What leaders have committed, over all time. */
  committed = new GhostLog();
  /** By index: the lowest term whose leader committed it. Invariant: does not decrease with the index. */
  committedIn = new IntColumn();

  constructor(
    readonly run: RunGhost,
    servers?: ServerGhost[],
  ) {
    this.servers = servers ?? Array.from({ length: run.servers }, () => new ServerGhost());
    this.quorum = (run.servers >> 1) + 1;
  }

  /** For messages. */
  name(process: ProcessId): string {
    return processName(process, this.run.servers);
  }

  // ---- what replicas report ----

  termIs(server: ServerGhost, term: Term): void {
    if (term !== server.term) server.isLeader = false;
    server.term = term;
  }

  becameLeader(process: ProcessId, server: ServerGhost, term: Term): void {
    this.termIs(server, term);
    server.isLeader = true;
    if (term > server.promisedTerm) server.promisedTerm = term;
    this.leaders.elected(term, process, server.memory.last, server.memory.lastTerm);
  }

  /** Adds an entry to the server's log, and to what its leader has created if it is the one. */
  appended(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term, hash: number): void {
    const { memory } = server;
    memory.put(index, term, hash);
    const leader = this.leaders.of(term);
    if (leader === undefined || leader.leader !== process || !server.isLeader) return;
    if (index === leader.next) leader.create(memory.lowAt(index), memory.highAt(index));
  }

  /** A leader's commit index moved: everything up to it is committed, in its term or an earlier one. */
  committedByLeader(server: ServerGhost, index: LogIndex): void {
    const { committed, committedIn } = this;
    const known = committed.last;
    if (index > known) committed.extendFrom(server.memory, index);
    for (let i = known + 1; i <= index; i++) committedIn.set(i, server.term);
    for (let i = index < known ? index : known; i > 0 && committedIn.get(i) > server.term; i--) {
      committedIn.set(i, server.term);
    }
  }

  commitIs(server: ServerGhost, index: LogIndex): void {
    server.commit = index;
    if (index > server.everCommitted) server.everCommitted = index;
  }

  recovered(server: ServerGhost, term: Term, lastIndex: LogIndex, isTrusted: boolean): void {
    const { durable } = server;
    server.memory.copyFrom(durable, lastIndex < durable.last ? lastIndex : durable.last);
    this.termIs(server, term);
    server.isTrusted = isTrusted;
    server.isSettled = true;
    if (!isTrusted) this.promise(server, 0);
  }

  // ---- what the network sees ----

  acknowledged(server: ServerGhost, term: Term, index: LogIndex): void {
    if (index > server.acknowledged.get(term)) server.acknowledged.set(term, index);
    if (index > server.promisedIndex && index <= server.durable.last) this.promise(server, index);
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  voted(server: ServerGhost, term: Term, candidate: ProcessId): void {
    server.votes.set(term, candidate + 1);
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  /** Others rely on this server to have this durable entry (and what is below it). */
  promise(server: ServerGhost, index: LogIndex): void {
    server.promisedIndex = index;
    server.promisedLow = server.durable.lowAt(index);
    server.promisedHigh = server.durable.highAt(index);
  }

  // ---- what the disks show ----

  /** Returns true when the record replaced durable entries. */
  durableEntry(server: ServerGhost, slot: number, record: WalRecord): boolean {
    // Beyond a slot that is torn or missing: recovery will cut there.
    if (slot > server.records.length) return false;
    if (slot < server.records.length) this.keepRecords(server, slot);
    server.records.push(record);
    const { durable } = server;
    const { index, term, hash } = record.entry;
    const replaces = index <= durable.last;
    durable.put(index, term, hash);
    // What was replaced is no longer promised: a later leader has decided otherwise.
    if (index <= server.promisedIndex) this.promise(server, index - 1);
    return replaces;
  }

  durableMeta(server: ServerGhost, record: MetaRecord): void {
    if (record.version < server.metaVersion) return;
    server.metaVersion = record.version;
    server.metaTerm = record.term;
    server.metaVote = record.votedFor;
  }

  /** Forgets all records of the write-ahead log but the first `count`. */
  keepRecords(server: ServerGhost, count: number): void {
    if (count >= server.records.length) return;
    server.records.length = count;
    refold(server);
  }

  crashed(server: ServerGhost): void {
    server.isUp = false;
    server.isLeader = false;
  }

  /** Reads from the disk what is really there. */
  started(server: ServerGhost, disk: DiskImage): void {
    server.isUp = true;
    server.isLeader = false;
    server.isDamaged = false;
    server.commit = 0;
    server.records = [];
    for (const slot of disk.read(WAL_FILE)) {
      if (!slot.intact) break;
      server.records.push(slot.record as WalRecord);
    }
    refold(server);
    server.metaVersion = 0;
    server.metaTerm = 0;
    server.metaVote = -1;
    for (const slot of disk.read(META_FILE)) {
      if (slot.intact) this.durableMeta(server, slot.record as MetaRecord);
    }
    server.memory.copyFrom(server.durable, server.durable.last);
    server.term = server.durableTerm();
  }

  clone(run: RunGhost): RaftGhost {
    const copy = new RaftGhost(
      run,
      this.servers.map((server) => server.clone()),
    );
    copy.leaders = this.leaders.clone();
    copy.claims = this.claims.clone();
    copy.committed = this.committed.clone();
    copy.committedIn = this.committedIn.clone();
    return copy;
  }
}

/** Folds all durable records again. */
function refold(server: ServerGhost): void {
  server.durable.truncateFrom(1);
  for (const { entry } of server.records) server.durable.put(entry.index, entry.term, entry.hash);
}
