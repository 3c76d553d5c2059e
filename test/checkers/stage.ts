/**
 * A run written by hand: feeds checkers the events of a cluster that a test describes step by step, the
 * way the simulator would. Every step is what correct replicas do unless the test says otherwise.
 */

import {
  createCheckers,
  ViolationSink,
  type CheckerContext,
  type CheckerSet,
} from '../../src/checkers/index.js';
import type { CheckerOptions } from '../../src/checkers/registry.js';
import { okReply } from '../../src/kernel/index.js';
import type {
  Command,
  DiskImage,
  DiskSlot,
  HistoryEvent,
  Message,
  Plain,
  ProtocolEvent,
  ReadMode,
} from '../../src/kernel/index.js';
import {
  initialConfiguration,
  makeEntry,
  META_FILE,
  SNAPSHOT_FILE,
  walFile,
  type Configuration,
  type Entry,
  type MetaRecord,
  type RaftMessage,
  type SnapshotHead,
  type SnapshotHeader,
  type SystemCommand,
  type WalRecord,
} from '../../src/protocols/raft/index.js';
import { makeCommand } from '../../src/services/index.js';

/** The disk and the log of one server, as the test has made them. */
interface Machine {
  isUp: boolean;
  incarnation: number;
  term: number;
  /** From index 1 on, whatever has been compacted. */
  log: Entry[];
  /** Durable records by file; undefined stands for a damaged one. */
  files: Map<string, (object | undefined)[]>;
  /** The segment that is written to, and the position of the last record of all. */
  segment: number;
  position: number;
  /** What the snapshot in place stands for. */
  covered: Entry[];
}

export class Stage implements CheckerContext {
  time = 0;
  /** Servers that may do anything. */
  readonly faulty = new Set<number>();
  readonly machines: Machine[];
  sink = new ViolationSink();
  checkers: CheckerSet;

  constructor(
    readonly servers = 3,
    protocol = 'raft',
    options: CheckerOptions = {},
  ) {
    this.machines = Array.from({ length: servers }, () => ({
      isUp: false,
      incarnation: 0,
      term: 0,
      log: [],
      files: new Map(),
      segment: 0,
      position: 0,
      covered: [],
    }));
    this.checkers = createCheckers(protocol, this, this.sink, options);
    for (let server = 0; server < servers; server++) this.format(server, server);
    for (let server = 0; server < servers; server++) this.start(server);
  }

  // ---- context ----

  now(): number {
    return this.time;
  }

  isUp(process: number): boolean {
    return this.machine(process).isUp;
  }
  isFaulty(process: number): boolean {
    return this.faulty.has(process);
  }
  generation(): number {
    return 0;
  }

  durableRecords(process: number, file: string): readonly unknown[] {
    return this.slots(process, file)
      .filter((slot) => slot.intact)
      .map((slot) => slot.record);
  }

  /** Id of the invariant that is violated; undefined when none is. */
  get violated(): string | undefined {
    return this.sink.violation?.invariant;
  }

  // ---- feeding ----

  emit(server: number, event: ProtocolEvent): void {
    for (const observer of this.checkers.observers) observer.onProtocolEvent?.(server, event);
  }

  send(from: number, to: number, message: RaftMessage | Message): void {
    for (const observer of this.checkers.observers) observer.onSend?.(from, to, message);
  }

  history(event: HistoryEvent): void {
    const command = makeCommand(event.client, event.sequence, event.input);
    for (const observer of this.checkers.observers) observer.onHistory?.(event, command);
  }

  end(): void {
    for (const observer of this.checkers.observers) observer.onEnd?.();
  }

  // ---- processes and disks ----

  crash(server: number): void {
    this.machine(server).isUp = false;
    for (const observer of this.checkers.observers) observer.onCrash?.(server);
  }

  /** The disk becomes a new one, for this member. The server is down. */
  format(server: number, member: number): void {
    const record: MetaRecord = {
      version: 1,
      member,
      term: 0,
      votedFor: -1,
      suspectIndex: 0,
      suspectTerm: 0,
    };
    Object.assign(this.machine(server), {
      files: new Map([[META_FILE, [record, record]]]),
      segment: 0,
      position: 0,
      covered: [],
    });
  }

  /** Starts a server and lets it recover what its disk holds, or what the test says that it claims. */
  start(server: number, claims: { term?: number; lastIndex?: number; trusted?: boolean } = {}): void {
    const machine = this.machine(server);
    machine.isUp = true;
    machine.incarnation++;
    const disk: DiskImage = {
      read: (file) => this.slots(server, file),
      files: () => [...machine.files.keys()].sort(),
    };
    for (const observer of this.checkers.observers) observer.onStart?.(server, machine.incarnation, disk);
    machine.log = this.recoveredLog(machine);
    const head = this.snapshotHead(server);
    const lastTerm = machine.log.at(-1)?.term ?? 0;
    const term = claims.term ?? Math.max(this.meta(server)?.term ?? 0, lastTerm);
    const lastIndex = claims.lastIndex ?? machine.log.length;
    if (lastIndex < machine.log.length) machine.log.length = lastIndex;
    machine.term = term;
    if (head !== undefined) {
      const { index, term: snapshotTerm, digest } = head.header;
      this.emit(server, { kind: 'snapshot-installed', index, term: snapshotTerm, digest, received: false });
    }
    this.emit(server, { kind: 'recovered', term, lastIndex, trusted: claims.trusted ?? true });
    this.configure(server, ...this.configurationOf(server));
  }

  /** A start from a disk that belongs to nobody. */
  startBlank(server: number): void {
    const machine = this.machine(server);
    machine.files = new Map();
    machine.isUp = true;
    machine.incarnation++;
    const disk: DiskImage = { read: () => [], files: () => [] };
    for (const observer of this.checkers.observers) observer.onStart?.(server, machine.incarnation, disk);
    this.emit(server, { kind: 'recovered', term: 0, lastIndex: 0, trusted: false });
    this.emit(server, { kind: 'refused-to-run', reason: 'blank' });
  }

  private recoveredLog(machine: Machine): Entry[] {
    let log = machine.covered.slice();
    let position = 0;
    for (const file of [...machine.files.keys()].filter((name) => name.startsWith('wal-')).sort()) {
      for (const slot of machine.files.get(file) ?? []) {
        const record = slot as WalRecord | undefined;
        if (record === undefined || (position > 0 && record.position !== position + 1)) return log;
        if (record.entry !== undefined) {
          log.length = record.entry.index - 1;
          log.push(record.entry);
        } else if (position === 0 || record.isReset) log = machine.covered.slice(0, record.lastIndex);
        position = record.position;
      }
    }
    return log;
  }

  meta(server: number): MetaRecord | undefined {
    return this.machine(server).files.get(META_FILE)?.[0] as MetaRecord | undefined;
  }

  private snapshotHead(server: number): SnapshotHead | undefined {
    return this.machine(server).files.get(SNAPSHOT_FILE)?.[0] as SnapshotHead | undefined;
  }

  /** Term and vote become durable. */
  persistVote(server: number, term: number, votedFor: number): void {
    const { files } = this.machine(server);
    const before = this.meta(server);
    const version = (before?.version ?? 0) + 1;
    const member = before?.member ?? server;
    const meta: MetaRecord = { version, member, term, votedFor, suspectIndex: 0, suspectTerm: 0 };
    files.set(META_FILE, [meta, meta]);
    for (const slot of [0, 1]) this.durable(server, META_FILE, slot, meta);
  }

  /** Entries become durable. */
  persist(server: number, ...entries: readonly Entry[]): void {
    const machine = this.machine(server);
    if (machine.segment === 0) this.startSegment(server, 0, 0);
    for (const entry of entries) {
      machine.position++;
      this.record(server, walFile(machine.segment), { position: machine.position, syncedRecords: 0, entry });
    }
  }

  /** The log goes on in a new segment, or with `isReset` begins anew in one. */
  startSegment(server: number, lastIndex: number, lastTerm: number, isReset = false): void {
    const machine = this.machine(server);
    machine.segment++;
    machine.position++;
    const { position, segment } = machine;
    const start = { position, syncedRecords: 0, entry: undefined, lastIndex, lastTerm, isReset };
    this.record(server, walFile(segment), start);
  }

  removeFile(server: number, file: string): void {
    this.machine(server).files.delete(file);
    for (const observer of this.checkers.observers) observer.onDurableCut?.(server, file, 0);
  }

  private record(server: number, file: string, record: object): void {
    const { files } = this.machine(server);
    const slots = files.get(file) ?? [];
    files.set(file, slots);
    this.durable(server, file, slots.push(record) - 1, record);
  }

  durable(server: number, file: string, slot: number, record: unknown): void {
    for (const observer of this.checkers.observers) observer.onDurableRecord?.(server, file, slot, record);
  }

  /** The record in this slot of the first segment is damaged; slot 0 is its start, slot 1 the first entry. */
  rot(server: number, slot: number): void {
    (this.machine(server).files.get(walFile(1)) ?? [])[slot] = undefined;
    for (const observer of this.checkers.observers) observer.onDurableLoss?.(server, walFile(1));
  }

  /** The server cuts its first segment. */
  cut(server: number, count: number): void {
    const machine = this.machine(server);
    const slots = machine.files.get(walFile(1)) ?? [];
    slots.length = count;
    machine.position = count;
    for (const observer of this.checkers.observers) observer.onDurableCut?.(server, walFile(1), count);
  }

  // ---- snapshots ----

  /** A snapshot of everything up to `index` of this log takes its place on the disk. */
  persistSnapshot(
    server: number,
    index: number,
    changes: Partial<SnapshotHeader> = {},
    source: readonly Entry[] = this.machine(server).log,
  ): SnapshotHeader {
    const machine = this.machine(server);
    const [configurationIndex, configuration] = this.configurationOf(server, source.slice(0, index));
    const entry = source[index - 1];
    const header: SnapshotHeader = {
      index,
      term: entry?.term ?? 0,
      timeMicros: entry?.timeMicros ?? 0,
      configuration,
      configurationIndex,
      history: [],
      activeVersion: 1,
      announced: [],
      digest: entry?.hash ?? 0,
      systemDigest: 0,
      ...changes,
    };
    machine.covered = source.slice(0, index);
    if (machine.files.has(SNAPSHOT_FILE)) this.removeFile(server, SNAPSHOT_FILE);
    this.record(server, SNAPSHOT_FILE, { header, size: -1, checksum: 0 });
    this.record(server, SNAPSHOT_FILE, { offset: 0, state: null });
    return header;
  }

  /** A server saves a snapshot of its own. */
  saveSnapshot(server: number, index: number, changes: Partial<SnapshotHeader> = {}): SnapshotHeader {
    const header = this.persistSnapshot(server, index, changes);
    this.emit(server, { kind: 'snapshot-saved', index, term: header.term, received: false });
    return header;
  }

  /** A server forgets its log up to `index`; on disk it goes on in a new segment, and drops what is all covered. */
  compact(server: number, index: number): void {
    const { log, segment } = this.machine(server);
    this.emit(server, { kind: 'compacted', index, term: log[index - 1]?.term ?? 0 });
    this.startSegment(server, log.length, log.at(-1)?.term ?? 0);
    if (log.length <= index) this.removeFile(server, walFile(segment));
  }

  /** A server installs what is the beginning of another one's log, and says so to the leader. */
  install(server: number, leader: number, index: number, changes: Partial<SnapshotHeader> = {}): void {
    const machine = this.machine(server);
    const { log, term } = this.machine(leader);
    this.follow(server, term);
    const header = this.persistSnapshot(server, index, changes, log);
    this.emit(server, { kind: 'snapshot-saved', index, term: header.term, received: true });
    const keepsTail = machine.log[index - 1]?.term === header.term;
    if (!keepsTail) {
      const { segment } = machine;
      machine.log = log.slice(0, index);
      if (segment > 0) this.removeFile(server, walFile(segment));
      this.startSegment(server, index, header.term, true);
    }
    const { digest } = header;
    this.emit(server, { kind: 'snapshot-installed', index, term: header.term, digest, received: true });
    this.configure(server, ...this.configurationOf(server));
    this.send(server, leader, {
      kind: 'InstallSnapshotResponse',
      term,
      index,
      nextOffset: 0,
      installed: true,
      round: 0,
      generation: 0,
    });
  }

  // ---- configurations ----

  /** The one in force at the end of the log, and the index of its entry. */
  configurationOf(server: number, log = this.machine(server).log): [number, Configuration] {
    const entry = log.findLast(({ system }) => system?.kind === 'configuration');
    if (entry?.system?.kind === 'configuration') return [entry.index, entry.system.configuration];
    return [0, initialConfiguration(this.machines.map((_, process) => process))];
  }

  /** A server says what it acts by. */
  configure(server: number, index: number, configuration: Configuration): void {
    this.emit(server, { kind: 'configuration-changed', index, configuration });
  }

  // ---- Raft, step by step ----

  setTerm(server: number, term: number): void {
    if (this.machine(server).term === term) return;
    this.machine(server).term = term;
    this.emit(server, { kind: 'term-changed', term });
  }

  /** A server hears of a term, durably. */
  follow(server: number, term: number): void {
    if (this.machine(server).term === term) return;
    this.persistVote(server, term, -1);
    this.setTerm(server, term);
  }

  /** An election: the candidate and every voter persist and send their votes; then the candidate leads. */
  elect(leader: number, term: number, voters: readonly number[] = this.othersThan(leader)): void {
    this.campaign(leader, term, voters);
    this.lead(leader, term);
  }

  campaign(candidate: number, term: number, voters: readonly number[]): void {
    this.setTerm(candidate, term);
    this.emit(candidate, { kind: 'became-candidate', term });
    this.persistVote(candidate, term, candidate);
    for (const other of this.othersThan(candidate)) {
      this.requestVote(candidate, other, term);
    }
    for (const voter of voters) this.grant(voter, candidate, term);
  }

  requestVote(candidate: number, voter: number, term: number): void {
    this.send(candidate, voter, {
      kind: 'RequestVote',
      term,
      lastLogIndex: 0,
      lastLogTerm: 0,
      isTransfer: false,
      generation: 0,
    });
  }

  answerVote(voter: number, candidate: number, term: number, granted: boolean): void {
    this.send(voter, candidate, { kind: 'RequestVoteResponse', term, granted, generation: 0 });
  }

  grant(voter: number, candidate: number, term: number): void {
    this.setTerm(voter, term);
    this.emit(voter, { kind: 'became-follower', term });
    this.persistVote(voter, term, candidate);
    this.answerVote(voter, candidate, term, true);
  }

  lead(leader: number, term: number): void {
    const lastIndex = this.machine(leader).log.length;
    this.emit(leader, { kind: 'became-leader', term, lastIndex });
  }

  /** Puts an entry into a server's log in memory. */
  append(server: number, entry: Entry): void {
    this.machine(server).log[entry.index - 1] = entry;
    this.emit(server, { kind: 'appended', index: entry.index, term: entry.term, hash: entry.hash });
    if (entry.system?.kind === 'configuration')
      this.configure(server, entry.index, entry.system.configuration);
  }

  truncate(server: number, index: number): void {
    const { log } = this.machine(server);
    const isConfigured = log.slice(index - 1).some(({ system }) => system?.kind === 'configuration');
    log.length = index - 1;
    this.emit(server, { kind: 'truncated', index });
    if (isConfigured) this.configure(server, ...this.configurationOf(server));
  }

  /** The leader creates an entry, durably. */
  propose(leader: number, command?: Command, system?: SystemCommand, version = 1): Entry {
    const { log, term } = this.machine(leader);
    const entry = makeEntry(log.length + 1, term, 0, command, system, version);
    this.append(leader, entry);
    this.persist(leader, entry);
    return entry;
  }

  /** The leader sends the entry, the follower stores it durably and acknowledges. */
  replicate(leader: number, follower: number, entry: Entry): void {
    this.sendEntries(leader, follower, [entry]);
    this.follow(follower, this.machine(leader).term);
    this.append(follower, entry);
    this.persist(follower, entry);
    this.acknowledge(follower, leader, entry.index);
  }

  sendEntries(leader: number, follower: number, entries: readonly Entry[], leaderCommit = 0): void {
    const { term, log } = this.machine(leader);
    const prevLogIndex = entries.length === 0 ? log.length : (entries[0] as Entry).index - 1;
    const prevLogTerm = log[prevLogIndex - 1]?.term ?? 0;
    this.send(leader, follower, {
      kind: 'AppendEntries',
      term,
      prevLogIndex,
      prevLogTerm,
      entries,
      leaderCommit,
      round: 0,
      generation: 0,
    });
  }

  acknowledge(follower: number, leader: number, matchIndex: number): void {
    const { term } = this.machine(follower);
    const prevLogIndex = matchIndex - 1;
    this.send(follower, leader, {
      kind: 'AppendEntriesResponse',
      term,
      success: true,
      matchIndex,
      conflictTerm: 0,
      prevLogIndex,
      hasLost: false,
      round: 0,
      version: 1,
      generation: 0,
    });
  }

  commit(server: number, index: number): void {
    const term = this.machine(server).log[index - 1]?.term ?? 0;
    this.emit(server, { kind: 'committed', index, term });
  }

  /** Applies an entry; the digest stands for the state after it. */
  apply(server: number, entry: Entry, digest = entry.hash): void {
    const { index, term, hash, command } = entry;
    this.emit(server, { kind: 'applied', index, term, hash, digest, command });
  }

  reply(server: number, command: Command, result: Plain = { ok: true }): void {
    this.send(server, command.client, okReply(command.sequence, result));
  }

  /** Proposes, replicates to the given followers, and commits everywhere. */
  commitEverywhere(leader: number, followers: readonly number[], command?: Command): Entry {
    const entry = this.propose(leader, command);
    for (const follower of followers) this.replicate(leader, follower, entry);
    this.commit(leader, entry.index);
    this.apply(leader, entry);
    for (const follower of followers) {
      this.commit(follower, entry.index);
      this.apply(follower, entry);
    }
    return entry;
  }

  // ---- clients ----

  /** An operation from invocation to outcome; returns its command. */
  operation(
    client: number,
    sequence: number,
    input: Plain,
    outcome: 'ok' | 'fail' | 'unknown',
    output: Plain,
  ): Command {
    this.invoke(client, sequence, input);
    this.conclude(client, sequence, input, outcome, output);
    return makeCommand(client, sequence, input);
  }

  invoke(client: number, sequence: number, input: Plain): void {
    this.history({
      kind: 'invoke',
      client,
      sequence,
      input,
      output: null,
      read: undefined,
      index: 0,
      time: this.time,
    });
  }

  conclude(
    client: number,
    sequence: number,
    input: Plain,
    kind: 'ok' | 'fail' | 'unknown',
    output: Plain,
  ): void {
    this.history({ kind, client, sequence, input, output, read: undefined, index: 0, time: this.time });
  }

  /** A get of key "k" that is not ordered, invoked and answered ok at once at a place of the order. */
  read(client: number, sequence: number, mode: ReadMode, index: number, value: Plain): void {
    this.invokeRead(client, sequence, mode);
    this.answerRead(client, sequence, mode, index, value);
  }

  invokeRead(client: number, sequence: number, read: ReadMode): void {
    this.history({ ...this.get(client, sequence), kind: 'invoke', output: null, read, index: 0 });
  }

  answerRead(client: number, sequence: number, read: ReadMode, index: number, value: Plain): void {
    this.history({ ...this.get(client, sequence), kind: 'ok', output: { value }, read, index });
  }

  /** An operation that was ordered is answered ok at this place. */
  answer(client: number, sequence: number, input: Plain, output: Plain, index: number): void {
    const { time } = this;
    this.history({ kind: 'ok', client, sequence, input, output, read: undefined, index, time });
  }

  private get(
    client: number,
    sequence: number,
  ): Pick<HistoryEvent, 'client' | 'sequence' | 'input' | 'time'> {
    return { client, sequence, input: { op: 'get', key: 'k' }, time: this.time };
  }

  // ---- fork ----

  /** An independent copy of the checkers and of what they can see. */
  fork(): Stage {
    const copy = new Stage(0);
    Object.assign(copy, { servers: this.servers, time: this.time, sink: this.sink.clone() });
    for (const machine of this.machines) {
      const files = new Map([...machine.files].map(([file, slots]) => [file, slots.slice()]));
      copy.machines.push({ ...machine, log: machine.log.slice(), files });
    }
    copy.checkers = this.checkers.clone(copy, copy.sink);
    return copy;
  }

  private machine(server: number): Machine {
    const machine = this.machines[server];
    if (machine === undefined) throw new Error(`no server ${server}`);
    return machine;
  }

  private othersThan(server: number): number[] {
    return this.machines.map((_, other) => other).filter((other) => other !== server);
  }

  private slots(server: number, file: string): DiskSlot[] {
    const records = this.machine(server).files.get(file) ?? [];
    return records.map((record) => ({ intact: record !== undefined, record, blankSectors: 0 }));
  }
}
