/**
 * Ghost of a Raft run: what an all-seeing observer knows of every server, kept up to date by RaftCheckers
 * and read by the checkers.
 *
 * Per server it keeps two logs. `memory` is the log the replica works with, from what it emits. `durable`
 * is what it could count on after a power loss, from the disk tap (disk-ghost.ts). A fault that damages the
 * disk of a running server leaves `durable` as it was: the replica cannot know, and goes on with what it was
 * told is durable. The truth is read again from the disk when the server starts, and until it has said whether
 * it trusts what it found there, the server is not settled.
 *
 * Who counts for what is decided by members, not by processes: a process whose disk was formatted anew is
 * another member, and what the member before it has promised stays promised by that one.
 *
 * A long run forgets from below: what every server that has a snapshot has put behind it.
 *
 * Source: Ongaro and Ousterhout, extended version, Figure 2 and §5.4.3; Ongaro's TLA+ specification has the
 * same history variables (`elections`, `allLogs`).
 */

import type { DiskImage, Membership, ProcessId } from '../../kernel/index.js';
import { processOf, type LogIndex, type MemberId, type Term } from '../../protocols/raft/index.js';
import type { RunGhost } from '../any/ghost.js';
import { IntColumn } from '../columns.js';
import { processName } from '../names.js';
import { DiskGhost, NOTHING_REPLACED } from './disk-ghost.js';
import { GhostLog } from './ghost-log.js';
import { LeaderTree } from './leader-log.js';
import { NOBODY } from './quorum.js';

/** A server that stays behind by more entries than this no longer holds back what is forgotten. */
const ENTRIES_BEHIND_MAX = 1 << 16;
/** Forgetting less than this at a time is not worth the walk. */
const ENTRIES_FORGOTTEN_MIN = 64;

/** What one member has told others, over all time. */
export class Pledges {
  /** By term: the highest index acknowledged to that term's leader. */
  acknowledged = new IntColumn();
  /** By term: the candidate that got this member's vote, plus 1; 0 when none did. */
  votes = new IntColumn();

  clone(): Pledges {
    const copy = new Pledges();
    copy.acknowledged = this.acknowledged.clone();
    copy.votes = this.votes.clone();
    return copy;
  }
}

/** A configuration, and the index of its entry (0: the initial one). Immutable. */
export interface ConfigurationGhost {
  readonly index: LogIndex;
  readonly configuration: Membership;
}

/** What is known of one server. */
export class ServerGhost {
  isUp = false;
  isLeader = false;
  /** Who it is: from its disk; -1: nobody. */
  member: MemberId = -1;
  /** Current term, as the replica reports it. */
  term: Term = 0;
  /** Its commit index; starts at 0, or at its snapshot, with each incarnation. */
  commit: LogIndex = 0;
  /** The highest commit index it ever had, in any incarnation. */
  everCommitted: LogIndex = 0;
  memory = new GhostLog();
  disk = new DiskGhost();
  /**
   * The configurations that it says it knows, ascending; it acts by the last one. Empty until it has said so
   * after its first start.
   */
  configurations: ConfigurationGhost[] = [];
  /** False while it says that its disk may have forgotten something. */
  isTrusted = true;
  /** False from damage to its disk while it was down, until it has said whether it trusts that disk. */
  isSettled = true;
  /** True when durable records were damaged since the last start. */
  isDamaged = false;
  /** What this member has told others. */
  pledges = new Pledges();
  /** The last durable entry that others were told to rely on, with its prefix hash; void when replaced. */
  promisedIndex: LogIndex = 0;
  promisedLow = 0;
  promisedHigh = 0;
  /** The highest term in which it voted, stood for election, led or acknowledged. */
  promisedTerm: Term = 0;

  /** What it could count on after a power loss. */
  get durable(): GhostLog {
    return this.disk.log;
  }

  /** Term after a power loss. */
  durableTerm(): Term {
    return this.disk.term;
  }

  /** What it acts by; nobody's before it has said so. */
  get configuration(): Membership {
    const { configurations } = this;
    const { length } = configurations;
    return length === 0 ? NOBODY : (configurations[length - 1] as ConfigurationGhost).configuration;
  }

  clone(): ServerGhost {
    const copy = new ServerGhost();
    Object.assign(copy, this);
    copy.memory = this.memory.clone();
    copy.disk = this.disk.clone();
    copy.configurations = this.configurations.slice();
    copy.pledges = this.pledges.clone();
    return copy;
  }
}

export class RaftGhost {
  readonly servers: ServerGhost[];
  leaders = new LeaderTree();
  /** By term: the server that claimed to lead it, by its own word or by what it sent; -1: nobody. */
  claims = new IntColumn(-1);
  /** What leaders have committed, over all time. */
  committed = new GhostLog();
  /** By index: the lowest term whose leader committed it. Invariant: does not decrease with the index. */
  committedIn = new IntColumn();
  /** The latest configuration that a leader has committed; undefined before the first commit. */
  committedConfiguration: ConfigurationGhost | undefined = undefined;
  /** Of members whose process is another member by now. */
  private former = new Map<MemberId, Pledges>();

  constructor(
    readonly run: RunGhost,
    servers?: ServerGhost[],
  ) {
    this.servers = servers ?? Array.from({ length: run.servers }, () => new ServerGhost());
  }

  /** For messages. */
  name(process: ProcessId): string {
    return processName(process, this.run.servers);
  }

  // ---- members ----

  /** The server that is this member now; undefined when its process is another member, or nobody. */
  serverOf(member: MemberId): ServerGhost | undefined {
    const server = this.servers[processOf(member)];
    return server?.member === member ? server : undefined;
  }

  /** What the member has told others, whoever its process is now. */
  pledgesOf(member: MemberId): Pledges | undefined {
    return this.serverOf(member)?.pledges ?? this.former.get(member);
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
    // Below the base there is nothing to compare with; the checkers have seen it.
    if (index <= memory.base) return;
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
    this.configurationCommitted(server, index);
  }

  private configurationCommitted({ configurations }: ServerGhost, index: LogIndex): void {
    for (let i = configurations.length - 1; i >= 0; i--) {
      const item = configurations[i] as ConfigurationGhost;
      if (item.index > index) continue;
      const known = this.committedConfiguration;
      if (known === undefined || item.index > known.index) this.committedConfiguration = item;
      return;
    }
  }

  commitIs(server: ServerGhost, index: LogIndex): void {
    server.commit = index;
    if (index > server.everCommitted) server.everCommitted = index;
  }

  /** What the server acts by: configurations after it are gone, those before it are still there. */
  configurationIs(server: ServerGhost, index: LogIndex, configuration: Membership): void {
    const { configurations } = server;
    while ((configurations[configurations.length - 1]?.index ?? -1) >= index) configurations.pop();
    configurations.push({ index, configuration });
    const known = this.committedConfiguration?.index ?? 0;
    // What lies before the latest committed one is of no use: one is kept for what is not committed yet.
    while (configurations.length > 1 && (configurations[1] as ConfigurationGhost).index <= known) {
      configurations.shift();
    }
  }

  recovered(server: ServerGhost, term: Term, lastIndex: LogIndex, isTrusted: boolean): void {
    const { durable } = server;
    server.memory.copyFrom(durable, lastIndex < durable.last ? lastIndex : durable.last);
    this.termIs(server, term);
    server.isTrusted = isTrusted;
    server.isSettled = true;
    if (!isTrusted) this.promise(server, 0);
  }

  /** The log now continues a snapshot up to `index`: what it has beyond stays if it has that entry (§7). */
  installed(server: ServerGhost, index: LogIndex, term: Term): void {
    const { memory } = server;
    if (memory.termAt(index) !== term) memory.resetAfter(index, term, server.durable, this.committed);
    this.commitIs(server, index);
  }

  // ---- what the network sees ----

  acknowledged(server: ServerGhost, term: Term, index: LogIndex): void {
    const { acknowledged } = server.pledges;
    if (index > acknowledged.get(term)) acknowledged.set(term, index);
    if (index > server.promisedIndex && index <= server.durable.last) this.promise(server, index);
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  voted(server: ServerGhost, term: Term, candidate: ProcessId): void {
    server.pledges.votes.set(term, candidate + 1);
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  /** Others rely on this server to have this durable entry (and what is below it). */
  promise(server: ServerGhost, index: LogIndex): void {
    const { durable } = server;
    server.promisedIndex = index;
    const isKnown = index >= durable.base && index <= durable.last;
    server.promisedLow = isKnown ? durable.lowAt(index) : 0;
    server.promisedHigh = isKnown ? durable.highAt(index) : 0;
  }

  // ---- what the disks show ----

  /**
   * Takes in what was replaced in a server's durable log since the last call; true when anything was. It is no
   * longer promised: a later leader has decided otherwise.
   */
  takeReplaced(server: ServerGhost): boolean {
    const { disk } = server;
    const { replacedFrom } = disk;
    if (replacedFrom === NOTHING_REPLACED) return false;
    disk.replacedFrom = NOTHING_REPLACED;
    if (replacedFrom <= server.promisedIndex) this.promise(server, replacedFrom - 1);
    return true;
  }

  crashed(server: ServerGhost): void {
    server.isUp = false;
    server.isLeader = false;
  }

  /** Reads from the disk what is really there. */
  started(server: ServerGhost, image: DiskImage): void {
    const { disk } = server;
    server.isUp = true;
    server.isLeader = false;
    server.isDamaged = false;
    server.commit = 0;
    disk.read(image, this.committed);
    // What this start finds replaced was lost, not decided otherwise.
    disk.replacedFrom = NOTHING_REPLACED;
    this.identify(server, disk.member);
    server.memory.copyFrom(disk.log, disk.log.last);
    server.term = disk.term;
  }

  /** A disk that was formatted anew makes another member of a process: one that has promised nothing. */
  private identify(server: ServerGhost, member: MemberId): void {
    if (member === server.member) return;
    const before = server.member;
    if (member >= 0 && before >= 0) {
      this.former.set(before, server.pledges);
      server.pledges = this.former.get(member) ?? new Pledges();
      this.former.delete(member);
      server.everCommitted = 0;
      server.promisedTerm = 0;
      server.configurations = [];
      this.promise(server, 0);
    }
    if (member >= 0) server.member = member;
  }

  // ---- forgetting ----

  /** Forgets the agreed log below what every server that has a snapshot has put behind it. */
  forget(): void {
    const { committed } = this;
    let floor = committed.last;
    let hasSnapshot = false;
    for (const { disk, memory } of this.servers) {
      if (disk.snapshot === undefined) continue;
      hasSnapshot = true;
      if (memory.base < floor) floor = memory.base;
      if (disk.log.base < floor) floor = disk.log.base;
      if (disk.snapshot.index < floor) floor = disk.snapshot.index;
    }
    if (!hasSnapshot) return;
    if (floor < committed.last - ENTRIES_BEHIND_MAX) floor = committed.last - ENTRIES_BEHIND_MAX;
    if (floor < committed.base + ENTRIES_FORGOTTEN_MIN) return;
    committed.dropBelow(floor);
    this.committedIn.dropBelow(floor);
    this.leaders.dropBelow(floor);
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
    copy.committedConfiguration = this.committedConfiguration;
    for (const [member, pledges] of this.former) copy.former.set(member, pledges.clone());
    return copy;
  }
}
