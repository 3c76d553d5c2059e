// Traps found by reading the replica with a hostile eye. Each test runs real replicas on the real disk model,
// whose syncs complete when told and whose crashes keep what the test says.

import { describe, expect, it } from 'vitest';

import {
  canonical,
  clientRequest,
  type Authenticator,
  type Command,
  type DiskImage,
  type Host,
  type Message,
  type OperationId,
  type Plain,
  type ProtocolEvent,
} from '../../../src/kernel/index.js';
import {
  formatRaft,
  makeEntry,
  parseRaftSettings,
  RaftReplica,
  type AppendEntries,
  type AppendEntriesResponse,
  type Entry,
  type InstallSnapshot,
  type InstallSnapshotResponse,
  type PeerMessage,
} from '../../../src/protocols/raft/index.js';
import type { Snapshot } from '../../../src/protocols/raft/snapshot-store.js';
import { createService } from '../../../src/services/index.js';
import type { Disk } from '../../../src/world/disk.js';
import { setUp, SteadyChoices } from '../../world/disk-world.js';
import { keysOf } from '../../world/keys.js';

/** A crash keeps what these say: how many metadata operations, and how many sectors of each record pending. */
class CrashChoices extends SteadyChoices {
  metadata = 0;
  survives: (file: string, nth: number) => boolean = () => false;
  private readonly seen = new Map<string, number>();

  constructor() {
    super(0);
  }
  override integer(_f: number, _o: number, subject: unknown, what: string, min: number, max: number): number {
    if (what === 'metadata-survival') return Math.min(this.metadata, max);
    const file = String(subject);
    const nth = this.seen.get(file) ?? 0;
    this.seen.set(file, nth + 1);
    return this.survives(file, nth) ? max : min;
  }
  /** What the next power loss keeps. */
  keep(metadata: number, survives: (file: string, nth: number) => boolean): void {
    this.metadata = metadata;
    this.survives = survives;
    this.seen.clear();
  }
}

/** A server: a replica on a disk that outlives it. */
class Server implements Host {
  readonly choices = new CrashChoices();
  readonly disk: Disk;
  readonly version = 3;
  readonly authenticator: Authenticator;
  incarnation = 0;
  now = 1_000_000;
  sent: { to: number; message: Message }[] = [];
  events: ProtocolEvent[] = [];
  /** Syncs under way, with what they cover. */
  private syncs: { operation: OperationId; file: string }[] = [];
  replica!: RaftReplica;

  constructor(
    readonly self: number,
    private readonly size: number,
    private readonly settings: Record<string, Plain> = {},
  ) {
    this.authenticator = keysOf(self);
    const { disk } = setUp(this.choices);
    this.disk = disk;
    disk.format(formatRaft(self, 0));
    this.start();
  }

  start(): void {
    this.incarnation++;
    this.syncs = [];
    this.sent = [];
    const members = [...Array(this.size).keys()];
    this.replica = new RaftReplica(this, members, createService('kv'), parseRaftSettings(this.settings));
    const image: DiskImage = this.disk.image();
    this.replica.start(image);
  }

  crash(): void {
    this.disk.crash();
    this.start();
  }

  /** Completes the syncs of files of these names, and what they start, in their order. */
  complete(...files: string[]): void {
    for (;;) {
      const place = this.syncs.findIndex(({ file }) => files.length === 0 || files.includes(file));
      if (place < 0) return;
      const [{ operation }] = this.syncs.splice(place, 1) as [{ operation: OperationId; file: string }];
      this.replica.diskCompleted(operation, this.disk.complete(operation));
    }
  }

  take<M extends PeerMessage['kind']>(kind: M): Extract<PeerMessage, { kind: M }>[] {
    const found = this.sent.filter(({ message }) => message.kind === kind);
    this.sent = this.sent.filter(({ message }) => message.kind !== kind);
    return found.map(({ message }) => message as Extract<PeerMessage, { kind: M }>);
  }

  /** The highest index that it has acknowledged as durable. */
  acknowledged(): number {
    return Math.max(
      0,
      ...this.sent
        .map(({ message }) => message as AppendEntriesResponse)
        .filter((message) => message.kind === 'AppendEntriesResponse' && message.success)
        .map(({ matchIndex }) => matchIndex),
    );
  }

  state(): { [key: string]: Plain } {
    return this.replica.encode() as { [key: string]: Plain };
  }

  /** Index and term of each entry of its log. */
  log(): (readonly [number, number])[] {
    return (this.state()['log'] as number[][]).map(([index, term]) => [index as number, term as number]);
  }

  send(to: number, message: Message): void {
    this.sent.push({ to, message });
  }
  setTimer(): void {}
  cancelTimer(): void {}
  append(file: string, record: unknown, bytes: number): OperationId {
    return this.disk.append(file, record, bytes);
  }
  writeAt(file: string, slot: number, record: unknown, bytes: number): OperationId {
    return this.disk.writeAt(file, slot, record, bytes);
  }
  truncate(file: string, count: number): OperationId {
    return this.disk.truncate(file, count);
  }
  rename(from: string, to: string): OperationId {
    return this.disk.rename(from, to);
  }
  remove(file: string): OperationId {
    return this.disk.remove(file);
  }
  sync(file: string): OperationId {
    const operation = this.disk.sync(file);
    this.syncs.push({ operation, file });
    return operation;
  }
  syncDirectory(): OperationId {
    const operation = this.disk.syncDirectory();
    this.syncs.push({ operation, file: '/' });
    return operation;
  }
  monotonicNow(): number {
    return this.now;
  }
  wallNow(): number {
    return this.now;
  }
  draw(_name: string, min: number): number {
    return min;
  }
  emit(event: ProtocolEvent): void {
    this.events.push(event);
  }
  halt(reason: string): void {
    throw new Error(`halted: ${reason}`);
  }
}

const command = (sequence: number, read?: Command['read']): Command => ({
  client: 9,
  sequence,
  input: {
    op: read === undefined ? 'put' : 'get',
    key: 'k',
    ...(read === undefined ? { value: sequence } : {}),
  },
  read,
  hash: sequence,
  bytes: 40,
});

const entry = (index: number, term: number): Entry => makeEntry(index, term, 0, undefined);

function appendEntries(fields: Partial<AppendEntries>): AppendEntries {
  return {
    kind: 'AppendEntries',
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    round: 1,
    generation: 0,
    ...fields,
  };
}

const success = (term: number, matchIndex: number, round: number): AppendEntriesResponse => ({
  kind: 'AppendEntriesResponse',
  term,
  success: true,
  matchIndex,
  conflictTerm: 0,
  prevLogIndex: 0,
  hasLost: false,
  round,
  version: 3,
  generation: 0,
});

/** The snapshot of a server, in one piece. */
function onlyPiece(source: Server, { term, round }: { term: number; round: number }): InstallSnapshot {
  const { snapshots } = source.replica as unknown as { snapshots: { current: Snapshot } };
  const { header, text, checksum } = snapshots.current;
  const size = text.length;
  return { kind: 'InstallSnapshot', term, header, offset: 0, text, size, checksum, round, generation: 0 };
}

/** Elects server 0 of three in its next term, with the vote of server 1, and returns the term. */
function elect(server: Server): number {
  server.replica.timerFired('election');
  server.complete();
  const [ask] = server.take('PreVote');
  const term = ask?.term ?? 0;
  server.replica.receive(1, { kind: 'PreVoteResponse', term, granted: true, generation: 0 } as Message);
  server.complete();
  server.replica.receive(1, { kind: 'RequestVoteResponse', term, granted: true, generation: 0 } as Message);
  server.complete();
  expect(server.state()['role']).toBe('leader');
  return term;
}

describe('rounds are the numbers of one term', () => {
  it('what a leader sent in an earlier term confirms nothing in a later one', () => {
    const leader = new Server(0, 3, { 'pre-vote': true });
    const term = elect(leader);
    leader.replica.receive(1, success(term, 1, 1));
    expect(leader.state()['commitIndex']).toBe(1);

    // The follower is in this term when an AppendEntries of the same leader's earlier reign comes late.
    const follower = new Server(1, 3);
    follower.replica.receive(0, appendEntries({ term, round: 1, entries: [entry(1, term)] }));
    follower.complete();
    follower.take('AppendEntriesResponse');
    follower.replica.receive(0, appendEntries({ term: term - 1, round: 500 }));
    const [late] = follower.take('AppendEntriesResponse');
    expect(late).toMatchObject({ term, success: false });
    leader.replica.receive(1, late as Message);

    leader.sent = [];
    leader.replica.receive(9, clientRequest(command(1, 'read-index')));
    expect(leader.sent.filter(({ to }) => to === 9)).toEqual([]);
    leader.replica.receive(1, success(term, 1, 2));
    expect(leader.sent.filter(({ to }) => to === 9)).toHaveLength(1);
  });

  it('nor does a piece of a snapshot of the earlier term, whether it comes or is installed late', () => {
    const follower = new Server(1, 3);
    const source = new Server(0, 3, { 'snapshot-entries': 0 });
    source.replica.receive(
      2,
      appendEntries({ term: 1, entries: [entry(1, 1), entry(2, 1)], leaderCommit: 2 }),
    );
    source.replica.receive(2, { kind: 'AdminRequest', id: 1, action: { do: 'snapshot' } } as Message);
    source.complete();
    const piece = onlyPiece(source, { term: 1, round: 500 });
    follower.replica.receive(0, piece);
    follower.complete('meta');
    // The same leader is elected again before the snapshot is in place.
    follower.replica.receive(0, appendEntries({ term: 3, round: 1 }));
    follower.complete();
    follower.replica.receive(0, piece);
    expect(follower.state()['commitIndex']).toBe(2);
    const answers: InstallSnapshotResponse[] = follower.take('InstallSnapshotResponse');
    expect(answers.filter(({ term, round }) => term === 3 && round > 1)).toEqual([]);
  });
});

describe('the write-ahead log after power losses', () => {
  const ONLY_BY_COUNT = { 'snapshot-entries': 4, 'retained-entries': 1 };
  const FOUR = [entry(1, 1), entry(2, 1), entry(3, 1), entry(4, 1)];

  it('a segment that a start has removed never comes back between acknowledged entries', () => {
    const server = new Server(1, 3, ONLY_BY_COUNT);
    server.replica.receive(0, appendEntries({ entries: FOUR, leaderCommit: 4 }));
    server.complete('meta', 'wal-1');
    server.replica.receive(
      0,
      appendEntries({
        prevLogIndex: 4,
        prevLogTerm: 1,
        entries: [entry(5, 1), entry(6, 1)],
        leaderCommit: 4,
      }),
    );
    server.complete('snapshot.saving', '/');
    server.replica.receive(
      0,
      appendEntries({ prevLogIndex: 6, prevLogTerm: 1, entries: [entry(7, 1)], leaderCommit: 4 }),
    );
    expect(server.disk.image().files()).toContain('wal-2');
    // Entries 5 and 6 are lost, the new segment behind them is not.
    server.choices.keep(99, (file) => file === 'wal-2');
    server.crash();
    expect(server.log().map(([index]) => index)).toEqual([1, 2, 3, 4]);

    server.replica.receive(
      2,
      appendEntries({ term: 3, prevLogIndex: 4, prevLogTerm: 1, entries: [entry(5, 3), entry(6, 3)] }),
    );
    server.complete();
    expect(server.acknowledged()).toBe(6);
    server.choices.keep(0, () => false);
    server.crash();
    expect(server.log().slice(-2)).toEqual([
      [5, 3],
      [6, 3],
    ]);
  });

  it('a torn tail is cut durably before anything in a later segment counts as durable', () => {
    const server = new Server(1, 3, ONLY_BY_COUNT);
    server.replica.receive(0, appendEntries({ entries: FOUR }));
    server.complete();
    server.replica.receive(
      0,
      appendEntries({ prevLogIndex: 4, prevLogTerm: 1, entries: [entry(5, 1), entry(6, 1)] }),
    );
    // Entry 5 is lost, entry 6 behind it is not.
    server.choices.keep(0, (file, nth) => file === 'wal-1' && nth === 1);
    server.crash();
    expect(server.log().map(([index]) => index)).toEqual([1, 2, 3, 4]);

    server.replica.receive(2, appendEntries({ term: 3, prevLogIndex: 4, prevLogTerm: 1, leaderCommit: 4 }));
    server.complete('meta', 'snapshot.saving', '/');
    server.replica.receive(
      2,
      appendEntries({ term: 3, prevLogIndex: 4, prevLogTerm: 1, entries: [entry(5, 3)], leaderCommit: 4 }),
    );
    // Only the sync that would make the cut durable takes its time.
    server.complete('meta', 'snapshot.saving', '/', 'wal-2');
    const acknowledged = server.acknowledged();
    server.choices.keep(0, () => false);
    server.crash();
    expect(server.log().at(-1)?.[0] ?? 0).toBeGreaterThanOrEqual(acknowledged);
  });

  it('a segment that is compacted before it is synced takes nothing with it', () => {
    const server = new Server(1, 3, { 'snapshot-entries': 4, 'retained-entries': 0 });
    server.replica.receive(0, appendEntries({ entries: FOUR.slice(0, 2) }));
    server.complete();
    // Committed by the others; the disk is slow here, but only for this write.
    server.replica.receive(
      0,
      appendEntries({ prevLogIndex: 2, prevLogTerm: 1, entries: FOUR.slice(2), leaderCommit: 4 }),
    );
    server.complete('meta', 'snapshot.saving', '/');
    server.replica.receive(
      0,
      appendEntries({ prevLogIndex: 4, prevLogTerm: 1, entries: [entry(5, 1)], leaderCommit: 4 }),
    );
    server.complete('meta', 'wal-2');
    const acknowledged = server.acknowledged();
    server.choices.keep(0, () => false);
    server.crash();
    expect(server.log().at(-1)?.[0] ?? (server.state()['baseIndex'] as number)).toBeGreaterThanOrEqual(
      acknowledged,
    );
  });

  it('the first record after a reset may be lost like any other that was not synced', () => {
    const source = new Server(0, 3, { 'snapshot-entries': 0 });
    source.replica.receive(
      2,
      appendEntries({ term: 2, entries: FOUR.map(({ index }) => entry(index, 2)), leaderCommit: 4 }),
    );
    source.replica.receive(2, { kind: 'AdminRequest', id: 1, action: { do: 'snapshot' } } as Message);
    source.complete();
    const server = new Server(1, 3);
    server.replica.receive(0, appendEntries({ entries: FOUR }));
    server.complete();
    server.replica.receive(2, onlyPiece(source, { term: 2, round: 1 }));
    server.complete('meta', 'snapshot.incoming', '/');
    server.replica.receive(
      2,
      appendEntries({ term: 2, prevLogIndex: 4, prevLogTerm: 2, entries: [entry(5, 2)] }),
    );
    server.choices.keep(99, (file, nth) => file === 'wal-2' && nth === 1);
    server.crash();
    expect(server.events.filter(({ kind }) => kind === 'recovered').at(-1)).toMatchObject({ trusted: true });
    expect(server.state()['baseIndex']).toBe(4);
  });
});

describe('a leader that comes back', () => {
  it('announces versions again, though what it once proposed about them was truncated', () => {
    const server = new Server(0, 3, { heartbeat: '50ms' });
    const term = elect(server);
    server.replica.receive(1, success(term, 1, 1));
    for (let i = 1; i <= 10; i++) server.replica.receive(9, clientRequest(command(i)));
    server.replica.timerFired('heartbeat');
    expect(server.state()['log']).toHaveLength(12);
    // Another leader replaces all of it.
    server.replica.receive(
      1,
      appendEntries({
        term: term + 1,
        prevLogIndex: 1,
        prevLogTerm: term,
        entries: [entry(2, term + 1)],
        leaderCommit: 2,
      }),
    );
    server.complete();
    server.now += 1_000_000;
    const later = elect(server);
    server.replica.receive(1, success(later, 3, 1));
    expect(server.state()['commitIndex']).toBe(3);
    server.replica.timerFired('heartbeat');
    expect(server.log().at(-1)).toEqual([4, later]);
  });
});

describe('a replica as a value', () => {
  // What a replica is built from, what is only a memory of what can be built again, and what holds the others.
  const EXCEPT = new Set([
    'host',
    'members',
    'settings',
    'service',
    'lastBuilt',
    'matches',
    'answeredRounds',
  ]);

  it('differs in its encoding whenever any number or truth value of it differs, and so does a peer', () => {
    const server = new Server(0, 3);
    elect(server);
    const text = canonical(server.replica.encode());
    expect(canonical(server.replica.clone(server).encode())).toBe(text);
    const changed = (change: (copy: Record<string, unknown>) => void): string => {
      const copy = server.replica.clone(server) as unknown as Record<string, unknown>;
      change(copy);
      return canonical((copy as unknown as RaftReplica).encode());
    };
    const missing: string[] = [];
    const other = (value: unknown): unknown => (typeof value === 'number' ? value + 1 : !value);
    const isPlain = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
    for (const [name, value] of Object.entries(server.replica)) {
      if (EXCEPT.has(name) || !isPlain(value)) continue;
      if (changed((copy) => (copy[name] = other(value))) === text) missing.push(name);
    }
    const [peer] = (server.replica as unknown as { peers: object[] }).peers;
    for (const [name, value] of Object.entries(peer ?? {})) {
      if (name === 'process' || name === 'generation' || !isPlain(value)) continue;
      const differs = changed((copy) => {
        const [first] = copy['peers'] as Record<string, unknown>[];
        (first as Record<string, unknown>)[name] = other(value);
      });
      if (differs === text) missing.push(`peer.${name}`);
    }
    expect(missing).toEqual([]);
  });
});
