/** A run written by hand for the observer of coverage: a test says step by step what happens in a cluster. */

import { CoverageObserver, type Coverage, type CoverageContext } from '../../../src/checkers/index.js';
import {
  adminReply,
  busyReply,
  okReply,
  type Command,
  type DiskImage,
  type DiskSlot,
  type HistoryEvent,
  type Membership,
  type Message,
  type Plain,
  type ProtocolEvent,
  type ReadMode,
} from '../../../src/kernel/index.js';
import { makeCommand } from '../../../src/services/index.js';

/** The only client: servers are 0, 1, 2. */
export const CLIENT = 3;

export class Script implements CoverageContext {
  readonly servers = 3;
  readonly paused = new Set<number>();
  readonly cut = new Set<string>();
  private observer: CoverageObserver;
  private readonly incarnations = [0, 0, 0];

  /** `forks`: goes on with a copy after every step, as a forked simulation does. */
  constructor(
    private readonly forks = false,
    protocol = 'raft',
  ) {
    this.observer = CoverageObserver.create(protocol, this);
    for (let server = 0; server < this.servers; server++) this.start(server);
  }

  coverage(): Coverage {
    return this.observer.coverage();
  }

  // ---- context ----

  isPaused(process: number): boolean {
    return this.paused.has(process);
  }

  isCut(from: number, to: number): boolean {
    return this.cut.has(`${from}>${to}`);
  }

  // ---- what happens ----

  emit(server: number, ...events: readonly ProtocolEvent[]): this {
    for (const event of events) this.step((observer) => observer.onProtocolEvent(server, event));
    return this;
  }

  send(from: number, to: number, message: Message & Readonly<Record<string, unknown>>): this {
    return this.step((observer) => observer.onSend(from, to, message));
  }

  crash(...servers: readonly number[]): this {
    for (const server of servers) this.step((observer) => observer.onCrash(server));
    return this;
  }

  /** Starts a server with these files; it recovers `lastIndex` entries. */
  start(
    server: number,
    lastIndex = 0,
    {
      trusted = true,
      files = {},
    }: { trusted?: boolean; files?: Readonly<Record<string, readonly DiskSlot[]>> } = {},
  ): this {
    const disk: DiskImage = { files: () => Object.keys(files), read: (file) => files[file] ?? [] };
    const incarnation = ++(this.incarnations as [number, number, number])[server as 0 | 1 | 2];
    this.step((observer) => observer.onStart(server, incarnation, disk));
    return this.emit(server, { kind: 'recovered', term: 0, lastIndex, trusted });
  }

  jumpClock(server: number): this {
    return this.step((observer) => observer.onClockJump(server, 1_000_000));
  }

  // ---- Raft ----

  candidate(server: number, term: number): this {
    return this.emit(server, { kind: 'term-changed', term }, { kind: 'became-candidate', term });
  }

  preCandidate(server: number, term: number): this {
    return this.emit(server, { kind: 'became-pre-candidate', term });
  }

  follow(server: number, term: number): this {
    return this.emit(server, { kind: 'term-changed', term }, { kind: 'became-follower', term });
  }

  lead(server: number, term: number, lastIndex = 0): this {
    return this.candidate(server, term).emit(server, { kind: 'became-leader', term, lastIndex });
  }

  /** Appends entries from `first` to `last`. */
  append(server: number, first: number, last = first): this {
    for (let index = first; index <= last; index++) {
      this.emit(server, { kind: 'appended', index, term: 1, hash: index });
    }
    return this;
  }

  truncate(server: number, index: number): this {
    return this.emit(server, { kind: 'truncated', index });
  }

  commit(server: number, index: number): this {
    return this.emit(server, { kind: 'committed', index, term: 1 });
  }

  configure(
    server: number,
    index: number,
    configuration: Partial<Membership> & { autoLeave?: boolean },
  ): this {
    const whole = {
      voters: [0, 1, 2],
      outgoing: [],
      learners: [],
      joining: [],
      autoLeave: false,
      ...configuration,
    };
    return this.emit(server, { kind: 'configuration-changed', index, configuration: whole });
  }

  refuse(follower: number, term: number, conflictTerm: number): this {
    return this.respond(follower, { term, success: false, conflictTerm });
  }

  respond(follower: number, fields: Readonly<Record<string, unknown>>): this {
    const answer = { term: 1, success: true, conflictTerm: 0, ...fields };
    return this.send(follower, 0, { kind: 'AppendEntriesResponse', ...answer });
  }

  entries(from: number, to: number, prevLogIndex: number, ...entries: readonly unknown[]): this {
    return this.send(from, to, { kind: 'AppendEntries', term: 1, prevLogIndex, entries });
  }

  /** A piece of ten characters of the snapshot of index 5. */
  chunk(from: number, to: number, term: number, offset: number, index = 5): this {
    const text = '0123456789';
    return this.send(from, to, { kind: 'InstallSnapshot', term, header: { index }, offset, text, size: 100 });
  }

  wants(from: number, to: number, nextOffset: number, installed = false): this {
    return this.send(from, to, { kind: 'InstallSnapshotResponse', index: 5, nextOffset, installed });
  }

  install(server: number, index: number, received: boolean): this {
    return this.emit(server, { kind: 'snapshot-installed', index, term: 1, digest: 0, received });
  }

  save(server: number, index: number, received = false): this {
    return this.emit(server, { kind: 'snapshot-saved', index, term: 1, received });
  }

  compact(server: number, index: number): this {
    return this.emit(server, { kind: 'compacted', index, term: 1 });
  }

  // ---- clients ----

  invoke(sequence: number, read?: ReadMode): this {
    return this.history('invoke', sequence, read);
  }

  giveUp(sequence: number): this {
    return this.history('unknown', sequence, undefined);
  }

  apply(server: number, index: number, sequence: number): this {
    const command = operation(sequence);
    return this.emit(server, { kind: 'applied', index, term: 1, hash: 0, digest: 0, command });
  }

  reply(server: number, sequence: number, result: Plain = null, index = 0): this {
    return this.send(server, CLIENT, { ...okReply(sequence, result, index) });
  }

  turnAway(server: number, sequence: number): this {
    return this.send(server, CLIENT, { ...busyReply(sequence, 'full') });
  }

  admin(server: number, status: 'ok' | 'busy' | 'refused'): this {
    return this.send(server, CLIENT, { ...adminReply(1, status, '') });
  }

  private history(kind: HistoryEvent['kind'], sequence: number, read: ReadMode | undefined): this {
    const { input } = operation(sequence);
    return this.step((observer) =>
      observer.onHistory({ kind, client: CLIENT, sequence, input, output: null, read, index: 0, time: 0 }),
    );
  }

  private step(happen: (observer: CoverageObserver) => void): this {
    happen(this.observer);
    if (this.forks) this.observer = this.observer.clone(this);
    return this;
  }
}

export const INTACT: DiskSlot = { intact: true, record: {}, blankSectors: 0 };
export const TORN: DiskSlot = { intact: false, record: undefined, blankSectors: 1 };
export const ROTTEN: DiskSlot = { intact: false, record: undefined, blankSectors: 0 };

function operation(sequence: number): Command {
  return makeCommand(CLIENT, sequence, ['get', 'x']);
}
