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
  makeEntry,
  META_FILE,
  WAL_FILE,
  type Entry,
  type MetaRecord,
  type RaftMessage,
  type WalRecord,
} from '../../src/protocols/raft/index.js';
import { makeCommand } from '../../src/services/index.js';

/** The disk and the log of one server, as the test has made them. */
interface Machine {
  isUp: boolean;
  incarnation: number;
  term: number;
  log: Entry[];
  /** Undefined stands for a damaged record. */
  wal: (WalRecord | undefined)[];
  meta: MetaRecord | undefined;
}

export class Stage implements CheckerContext {
  time = 0;
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
      wal: [],
      meta: undefined,
    }));
    this.checkers = createCheckers(protocol, this, this.sink, options);
    for (let server = 0; server < servers; server++) this.start(server);
  }

  // ---- context ----

  now(): number {
    return this.time;
  }

  isUp(process: number): boolean {
    return this.machine(process).isUp;
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

  /** Starts a server and lets it recover what its disk holds, or what the test says that it claims. */
  start(server: number, claims: { term?: number; lastIndex?: number; trusted?: boolean } = {}): void {
    const machine = this.machine(server);
    machine.isUp = true;
    machine.incarnation++;
    const disk: DiskImage = { read: (file) => this.slots(server, file), files: () => [META_FILE, WAL_FILE] };
    for (const observer of this.checkers.observers) observer.onStart?.(server, machine.incarnation, disk);
    machine.log = [];
    for (const record of machine.wal) {
      if (record === undefined) break;
      machine.log.length = record.entry.index - 1;
      machine.log.push(record.entry);
    }
    const lastTerm = machine.log.at(-1)?.term ?? 0;
    const term = claims.term ?? Math.max(machine.meta?.term ?? 0, lastTerm);
    const lastIndex = claims.lastIndex ?? machine.log.length;
    if (lastIndex < machine.log.length) machine.log.length = lastIndex;
    machine.term = term;
    this.emit(server, { kind: 'recovered', term, lastIndex, trusted: claims.trusted ?? true });
  }

  /** Term and vote become durable. */
  persistVote(server: number, term: number, votedFor: number): void {
    const machine = this.machine(server);
    const version = (machine.meta?.version ?? 0) + 1;
    machine.meta = { version, term, votedFor, suspectIndex: 0, suspectTerm: 0 };
    for (const slot of [0, 1]) this.durable(server, META_FILE, slot, machine.meta);
  }

  /** Entries become durable. */
  persist(server: number, ...entries: readonly Entry[]): void {
    const { wal } = this.machine(server);
    for (const entry of entries) {
      const record: WalRecord = { entry, syncedRecords: wal.length };
      this.durable(server, WAL_FILE, wal.push(record) - 1, record);
    }
  }

  durable(server: number, file: string, slot: number, record: unknown): void {
    for (const observer of this.checkers.observers) observer.onDurableRecord?.(server, file, slot, record);
  }

  /** The record in this slot of the log file is damaged. */
  rot(server: number, slot: number): void {
    this.machine(server).wal[slot] = undefined;
    for (const observer of this.checkers.observers) observer.onDurableLoss?.(server, WAL_FILE);
  }

  /** The server cuts its log file. */
  cut(server: number, count: number): void {
    this.machine(server).wal.length = count;
    for (const observer of this.checkers.observers) observer.onDurableCut?.(server, WAL_FILE, count);
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
      this.send(candidate, other, { kind: 'RequestVote', term, lastLogIndex: 0, lastLogTerm: 0 });
    }
    for (const voter of voters) this.grant(voter, candidate, term);
  }

  grant(voter: number, candidate: number, term: number): void {
    this.setTerm(voter, term);
    this.emit(voter, { kind: 'became-follower', term });
    this.persistVote(voter, term, candidate);
    this.send(voter, candidate, { kind: 'RequestVoteResponse', term, granted: true });
  }

  lead(leader: number, term: number): void {
    const lastIndex = this.machine(leader).log.length;
    this.emit(leader, { kind: 'became-leader', term, lastIndex });
  }

  /** Puts an entry into a server's log in memory. */
  append(server: number, entry: Entry): void {
    this.machine(server).log[entry.index - 1] = entry;
    this.emit(server, { kind: 'appended', index: entry.index, term: entry.term, hash: entry.hash });
  }

  truncate(server: number, index: number): void {
    this.machine(server).log.length = index - 1;
    this.emit(server, { kind: 'truncated', index });
  }

  /** The leader creates an entry, durably. */
  propose(leader: number, command?: Command): Entry {
    const { log, term } = this.machine(leader);
    const entry = makeEntry(log.length + 1, term, command);
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
      copy.machines.push({ ...machine, log: machine.log.slice(), wal: machine.wal.slice() });
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
    const { wal, meta } = this.machine(server);
    const records: readonly unknown[] = file === WAL_FILE ? wal : meta === undefined ? [] : [meta, meta];
    return records.map((record) => ({ intact: record !== undefined, record, blankSectors: 0 }));
  }
}
