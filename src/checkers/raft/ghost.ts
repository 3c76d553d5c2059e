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
 * A long run forgets from below (forgetting.ts).
 *
 * Source: Ongaro and Ousterhout, extended version, Figure 2 and §5.4.3; Ongaro's TLA+ specification has the
 * same history variables (`elections`, `allLogs`).
 */

import type { DiskImage, Membership, ProcessId } from '../../kernel/index.js';
import {
  processOf,
  type Entry,
  type LogIndex,
  type MemberId,
  type Term,
} from '../../protocols/raft/index.js';
import type { RunGhost } from '../any/ghost.js';
import { IntColumn } from '../columns.js';
import { processName } from '../names.js';
import { ConfigurationEntries } from './configuration-entries.js';
import { NOTHING_REPLACED } from './disk-ghost.js';
import { GhostLog } from './ghost-log.js';
import { LeaderTree } from './leader-log.js';
import type { MessageLimits } from './message-limits.js';
import { NOBODY } from './quorum.js';
import { ReadFloors } from './read-floors.js';
import { Pledges, ServerGhost, type ConfigurationGhost } from './server-ghost.js';

/** Committed configurations that are remembered. */
const CONFIGURATIONS_MAX = 64;

export class RaftGhost {
  readonly servers: ServerGhost[];
  leaders = new LeaderTree();
  /** By term: the server that claimed to lead it, by its own word or by what it sent; -1: nobody, or forgotten. */
  claims = new IntColumn(-1);
  /** What leaders have committed, over all time. */
  committed = new GhostLog();
  /** By index: the lowest term whose leader committed it. Invariant: does not decrease with the index. */
  committedIn = new IntColumn();
  /** The configurations that leaders have committed, ascending; the oldest are forgotten. */
  private agreedConfigurations: ConfigurationGhost[] = [];
  configurationEntries = new ConfigurationEntries();
  /** The highest protocol version that is activated. */
  activeVersion = 1;
  /** The highest version that each member has announced in an entry of some log. */
  private announced = new Map<MemberId, number>();
  reads = new ReadFloors();
  /** The highest term in which anybody stood for election. */
  highestCandidacy: Term = 0;
  /** Of members whose process is another member by now. */
  readonly former = new Map<MemberId, Pledges>();

  constructor(
    readonly run: RunGhost,
    readonly limits: MessageLimits,
    servers?: ServerGhost[],
  ) {
    this.servers = servers ?? Array.from({ length: run.servers }, () => new ServerGhost(run.servers));
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
    if (this.configurationEntries.find(index, term) !== undefined) server.dueConfiguration = index;
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
    const agreed = this.agreedConfigurations;
    for (let i = 0; i < configurations.length; i++) {
      const item = configurations[i] as ConfigurationGhost;
      if (item.index > index) return;
      if (item.index <= (this.committedConfiguration?.index ?? -1)) continue;
      agreed.push(item);
      if (agreed.length > CONFIGURATIONS_MAX) agreed.shift();
    }
  }

  /** The latest configuration that a leader has committed; undefined before the first commit. */
  get committedConfiguration(): ConfigurationGhost | undefined {
    return this.agreedConfigurations[this.agreedConfigurations.length - 1];
  }

  /** The latest configuration committed at or below this index; undefined when that is forgotten. */
  agreedConfigurationAt(index: LogIndex): ConfigurationGhost | undefined {
    return this.agreedConfigurations.findLast((item) => item.index <= index);
  }

  /**
   * What the server acted by before its latest configuration. A restart forgets how far the log is committed, and
   * so brings back what was of no use before it: its own log has that.
   */
  configurationBefore(server: ServerGhost): Membership | undefined {
    const { configurations, configurationIndex, memory } = server;
    const previous = configurations[configurations.length - 2]?.configuration;
    if (previous !== undefined) return previous;
    const inLog = this.configurationEntries.lastBefore(memory, configurationIndex);
    return inLog ?? this.agreedConfigurationAt(memory.base)?.configuration;
  }

  stoodForElection(server: ServerGhost, term: Term): void {
    if (term > server.candidacy) server.candidacy = term;
    if (term > this.highestCandidacy) this.highestCandidacy = term;
  }

  /** The server has accepted this leader. */
  follows(server: ServerGhost, leader: ProcessId, term: Term): void {
    server.followed = leader;
    server.followedTerm = term;
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
    // Before the latest one that the server knows to be committed nothing is of use.
    while (configurations.length > 1 && (configurations[1] as ConfigurationGhost).index <= server.commit) {
      configurations.shift();
    }
  }

  recovered(server: ServerGhost, term: Term, lastIndex: LogIndex, isTrusted: boolean): void {
    const { durable } = server;
    server.memory.copyFrom(durable, lastIndex < durable.last ? lastIndex : durable.last);
    server.disk.willBegin(server.memory);
    this.termIs(server, term);
    this.findDueConfiguration(server);
    server.isTrusted = isTrusted;
    server.isSettled = true;
    if (!isTrusted) this.promise(server, 0);
  }

  truncated(server: ServerGhost, index: LogIndex): void {
    server.memory.truncateFrom(index);
    if (server.dueConfiguration >= index) this.findDueConfiguration(server);
  }

  /** What lies below the log is what its snapshot says. */
  private findDueConfiguration(server: ServerGhost): void {
    const { memory, disk } = server;
    const below = this.agreedConfigurationAt(memory.base)?.index ?? 0;
    const inSnapshot = disk.snapshot?.configurationIndex ?? 0;
    const otherwise = inSnapshot > below && inSnapshot <= memory.last ? inSnapshot : below;
    server.dueConfiguration = this.configurationEntries.lastIn(memory, otherwise);
  }

  /** An entry was seen, in a message or on a disk. */
  entrySeen(entry: Entry): void {
    const { system, index, term } = entry;
    if (system === undefined) return;
    if (system.kind === 'configuration') this.configurationSeen(index, term, system.configuration);
    else if (system.kind === 'announce') {
      for (const [member, version] of system.versions) {
        if (version > (this.announced.get(member) ?? 0)) this.announced.set(member, version);
      }
    }
  }

  /** A configuration entry: whoever has it in his log should act by it, unless a later one is there. */
  configurationSeen(index: LogIndex, term: Term, configuration: Membership): void {
    if (!this.configurationEntries.learn(index, term, configuration)) return;
    for (const server of this.servers) {
      const { memory } = server;
      if (index > server.dueConfiguration && index > memory.base && memory.termAt(index) === term) {
        server.dueConfiguration = index;
      }
    }
  }

  /** Process of a member of the latest committed configuration that has not announced this version; -1: none. */
  memberBelow(version: number): ProcessId {
    const configuration = this.committedConfiguration?.configuration ?? NOBODY;
    for (const list of [configuration.voters, configuration.outgoing, configuration.learners]) {
      for (const member of list) if ((this.announced.get(member) ?? 0) < version) return processOf(member);
    }
    return -1;
  }

  /** The log now continues a snapshot up to `index`: what it has beyond stays if it has that entry (§7). */
  installed(server: ServerGhost, index: LogIndex, term: Term): void {
    const { memory } = server;
    if (memory.termAt(index) !== term) {
      memory.resetAfter(index, term, server.durable, this.committed);
      server.disk.willBegin(memory);
    }
    this.commitIs(server, index);
    this.findDueConfiguration(server);
  }

  // ---- what the network sees ----

  acknowledged(server: ServerGhost, term: Term, index: LogIndex): void {
    const { pledges } = server;
    const { acknowledged } = pledges;
    if (term >= this.leaders.lowestTerm && index > acknowledged.get(term)) {
      acknowledged.set(term, index);
      if (term > pledges.latestTerm) pledges.latestTerm = term;
    }
    if (index > server.promisedIndex && index <= server.durable.last) this.promise(server, index);
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  voted(server: ServerGhost, term: Term, candidate: ProcessId): void {
    const { pledges } = server;
    if (term >= this.leaders.lowestTerm) {
      pledges.votes.set(term, candidate + 1);
      if (term > pledges.latestTerm) pledges.latestTerm = term;
    }
    if (term > server.promisedTerm) server.promisedTerm = term;
  }

  /**
   * Others rely on this server to have this durable entry (and what is below it). One that its durable snapshot
   * covers is committed; when all servers have put that behind them, there is nothing left to compare with.
   */
  promise(server: ServerGhost, index: LogIndex): void {
    const log = index < server.durable.base ? this.committed : server.durable;
    const isKnown = index >= log.base && index <= log.last;
    server.promisedIndex = isKnown ? index : 0;
    server.promisedLow = isKnown ? log.lowAt(index) : 0;
    server.promisedHigh = isKnown ? log.highAt(index) : 0;
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
    server.followed = -1;
    server.followedTerm = -1;
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

  clone(run: RunGhost): RaftGhost {
    const copy = new RaftGhost(
      run,
      this.limits,
      this.servers.map((server) => server.clone()),
    );
    copy.leaders = this.leaders.clone();
    copy.claims = this.claims.clone();
    copy.committed = this.committed.clone();
    copy.committedIn = this.committedIn.clone();
    copy.agreedConfigurations = this.agreedConfigurations.slice();
    copy.highestCandidacy = this.highestCandidacy;
    copy.configurationEntries = this.configurationEntries.clone();
    copy.activeVersion = this.activeVersion;
    copy.announced = new Map(this.announced);
    copy.reads = this.reads.clone();
    for (const [member, pledges] of this.former) copy.former.set(member, pledges.clone());
    return copy;
  }
}
