/**
 * A few real replicas on fake hosts, with a network that delivers only what it is told to. For interaction
 * scripts (script.ts). Everything that happens is handed to `report`, in order, under the name of its server:
 * n1 is process 0. Links are first in, first out.
 */

import type { Message, Plain, ReadMode } from '../../../src/kernel/index.js';
import { clientRequest } from '../../../src/kernel/index.js';
import {
  META_FILE,
  RaftReplica,
  formatRaft,
  makeEntry,
  parseRaftSettings,
  walFile,
  type RaftMessage,
  type WalRecord,
} from '../../../src/protocols/raft/index.js';
import { createService, makeCommand } from '../../../src/services/index.js';
import { FakeHost, type Act } from './fake-host.js';
import { LONG, type State } from './fixtures.js';

/** What clients and the operator are on the network. */
const CLIENT = 100;
const OPERATOR = 101;

interface Server {
  host: FakeHost;
  replica: RaftReplica | undefined;
  /** Acts of its host that have been looked at. */
  seen: number;
  /** What its next start finds. */
  disk: 'written' | 'synced';
}

interface Flight {
  readonly from: number;
  readonly to: number;
  readonly message: RaftMessage;
}

export type Report = (server: number, act: Act) => void;

export class Lab {
  private readonly servers: Server[] = [];
  private flights: Flight[] = [];
  private sequence = 0;
  private requests = 0;

  /** `members` take part from the beginning; more processes than that are there to be added. */
  constructor(
    private readonly processes: number,
    private readonly members: readonly number[],
    private readonly settings: Readonly<Record<string, unknown>>,
    private readonly report: Report,
  ) {
    for (let self = 0; self < processes; self++) {
      const host = new FakeHost(self);
      const records = formatRaft(self, 0).map(({ record }) => record);
      host.format(META_FILE, records);
      this.servers.push({ host, replica: undefined, seen: 0, disk: 'synced' });
    }
  }

  /** Writes the server's disk before its start: its term, and the terms of the entries in its log. */
  prepare(self: number, term: number, terms: readonly number[]): void {
    const { host } = this.server(self);
    const [record] = formatRaft(self, 0).map((slot) => slot.record as object);
    const copy = { ...record, term };
    host.format(META_FILE, [copy, copy]);
    if (terms.length === 0) return;
    const start = {
      position: 1,
      syncedRecords: 0,
      entry: undefined,
      lastIndex: 0,
      lastTerm: 0,
      isReset: false,
    };
    const entries = terms.map((of, i): WalRecord => ({
      position: i + 2,
      syncedRecords: 0,
      entry: makeEntry(
        i + 1,
        of,
        0,
        makeCommand(CLIENT, i + 1, { op: 'put', key: 'x', value: `old${i + 1}` }),
      ),
    }));
    host.format(walFile(1), [start satisfies WalRecord, ...entries]);
  }

  /** Starts it with what its stop or crash has left on its disk. */
  start(self: number): void {
    const server = this.server(self);
    if (server.replica !== undefined) throw new Error(`n${self + 1} runs already`);
    const old = server.host;
    const host = new FakeHost(self);
    host.incarnation = old.incarnation + (server.seen > 0 ? 1 : 0);
    host.version = old.version;
    host.now = old.now;
    const disk = server.disk === 'written' ? old.image() : old.crashImage();
    for (const file of disk.files()) {
      host.format(
        file,
        disk.read(file).map(({ record }) => record),
      );
    }
    const service = createService('kv');
    const replica = new RaftReplica(host, this.members, service, parseRaftSettings(this.settings));
    this.servers[self] = { host, replica, seen: 0, disk: 'synced' };
    replica.start(disk);
    this.flush();
  }

  startAll(): void {
    for (let self = 0; self < this.processes; self++) this.start(self);
    this.pass(LONG);
  }

  /** Time passes on every server's clock; no timer fires by itself. */
  pass(micros: number): void {
    for (const { host } of this.servers) host.now += micros;
  }

  fire(self: number, timer: string): void {
    const { host } = this.server(self);
    if (!host.timers.delete(timer)) throw new Error(`n${self + 1} has no ${timer} timer`);
    this.running(self).timerFired(timer);
    this.flush();
  }

  /** Delivers the oldest message of a link, or the oldest of this kind; false when there is none. */
  deliver(from: number, to: number, kind: string | undefined): boolean {
    const flight = this.take(from, to, kind);
    if (flight === undefined) return false;
    this.servers[to]?.replica?.receive(from, flight.message);
    this.flush();
    return true;
  }

  /** Loses messages of a link, all of them or those of a kind; returns how many. */
  drop(from: number, to: number, kind: string | undefined): number {
    let count = 0;
    while (this.take(from, to, kind) !== undefined) count++;
    return count;
  }

  /** Completes disk operations: all that are under way, or the one that was started first. */
  sync(self: number, onlyOne: boolean): void {
    const { host } = this.server(self);
    if (onlyOne) host.completeNth(this.running(self), 0);
    else host.completeAll(this.running(self));
    this.flush();
  }

  /** Delivers and syncs among these servers until nothing is left; what they send to others is lost. */
  settle(among: readonly number[]): void {
    for (let step = 0; step < 10_000; step++) {
      for (const self of among) this.sync(self, false);
      this.flights = this.flights.filter(({ from, to }) => among.includes(to) || !among.includes(from));
      const next = this.flights.find(({ from, to }) => among.includes(from) && among.includes(to));
      if (next === undefined) return;
      this.deliver(next.from, next.to, undefined);
    }
    throw new Error('the servers never fall silent');
  }

  propose(self: number, value: string): void {
    const command = makeCommand(CLIENT, ++this.sequence, { op: 'put', key: 'x', value });
    this.hand(self, CLIENT, clientRequest(command));
  }

  read(self: number, mode: ReadMode, minIndex: number): void {
    const command = makeCommand(CLIENT, ++this.sequence, { op: 'get', key: 'x' }, mode);
    this.hand(self, CLIENT, clientRequest(command, minIndex));
  }

  admin(self: number, action: Plain): void {
    const request: RaftMessage = { kind: 'AdminRequest', id: ++this.requests, action };
    this.hand(self, OPERATOR, request);
  }

  /** The process is gone, and what is on the way to it or from it; a crash also takes what was not synced. */
  stop(self: number, disk: Server['disk']): void {
    this.running(self);
    const server = this.server(self);
    server.replica = undefined;
    server.disk = disk;
    this.flights = this.flights.filter(({ from, to }) => from !== self && to !== self);
  }

  isRunning(self: number): boolean {
    return this.server(self).replica !== undefined;
  }

  state(self: number): State {
    return this.running(self).encode() as unknown as State;
  }

  private hand(self: number, from: number, message: Message): void {
    this.running(self).receive(from, message);
    this.flush();
  }

  private take(from: number, to: number, kind: string | undefined): Flight | undefined {
    const place = this.flights.findIndex(
      (flight) =>
        flight.from === from && flight.to === to && (kind === undefined || flight.message.kind === kind),
    );
    return place < 0 ? undefined : this.flights.splice(place, 1)[0];
  }

  /** Reports what has been done since, and puts messages on the network. */
  private flush(): void {
    this.servers.forEach((server, self) => {
      for (; server.seen < server.host.acts.length; server.seen++) {
        const act = server.host.acts[server.seen] as Act;
        if (act.kind === 'sent' && act.to < this.processes) {
          this.flights.push({ from: self, to: act.to, message: act.message });
        }
        if (act.kind === 'halted') server.replica = undefined;
        this.report(self, act);
      }
    });
  }

  private server(self: number): Server {
    const server = this.servers[self];
    if (server === undefined) throw new Error(`there is no n${self + 1}`);
    return server;
  }

  private running(self: number): RaftReplica {
    const { replica } = this.server(self);
    if (replica === undefined) throw new Error(`n${self + 1} does not run`);
    return replica;
  }
}
