/** A host for one replica under test: records what it does, and completes disk operations when told. */

import type {
  DiskImage,
  DiskSlot,
  DiskStatus,
  Host,
  Message,
  OperationId,
  ProtocolEvent,
  Replica,
} from '../../../src/kernel/index.js';
import {
  META_FILE,
  RaftReplica,
  WAL_FILE,
  parseRaftSettings,
  type RaftMessage,
} from '../../../src/protocols/raft/index.js';
import { createService } from '../../../src/services/index.js';

export class FakeHost implements Host {
  incarnation = 1;
  version = 1;
  sent: { to: number; message: RaftMessage }[] = [];
  timers = new Map<string, readonly [number, number]>();
  events: ProtocolEvent[] = [];
  haltReason: string | undefined = undefined;
  files = new Map<string, unknown[]>();
  private nextOperation = 1;
  private pending: OperationId[] = [];

  constructor(readonly self: number) {}

  send(to: number, message: Message): void {
    this.sent.push({ to, message: message as RaftMessage });
  }
  setTimer(name: string, min: number, max: number): void {
    this.timers.set(name, [min, max]);
  }
  cancelTimer(name: string): void {
    this.timers.delete(name);
  }
  append(file: string, record: unknown): OperationId {
    this.file(file).push(record);
    return this.nextOperation++;
  }
  writeAt(file: string, slot: number, record: unknown): OperationId {
    this.file(file)[slot] = record;
    return this.nextOperation++;
  }
  truncate(file: string, count: number): OperationId {
    this.file(file).length = count;
    return this.nextOperation++;
  }
  rename(): OperationId {
    return this.nextOperation++;
  }
  remove(): OperationId {
    return this.nextOperation++;
  }
  sync(): OperationId {
    this.pending.push(this.nextOperation);
    return this.nextOperation++;
  }
  syncDirectory(): OperationId {
    return this.sync();
  }
  monotonicNow(): number {
    return 0;
  }
  wallNow(): number {
    return 0;
  }
  draw(_name: string, min: number): number {
    return min;
  }
  emit(event: ProtocolEvent): void {
    this.events.push(event);
  }
  halt(reason: string): void {
    this.haltReason = reason;
  }

  /** Completes every sync under way, also those that completions start. */
  completeAll(replica: Replica, status: DiskStatus = 'ok'): void {
    while (this.pending.length > 0) replica.diskCompleted?.(this.pending.shift() as OperationId, status);
  }
  /** Completes the sync that was started n-th of those under way. */
  completeNth(replica: Replica, n: number): void {
    const [operation] = this.pending.splice(n, 1);
    replica.diskCompleted?.(operation as OperationId, 'ok');
  }
  get syncsUnderWay(): number {
    return this.pending.length;
  }
  /** What was sent since the last call. */
  take(): { to: number; message: RaftMessage }[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }
  image(): DiskImage {
    return image(new Map([...this.files].map(([name, records]) => [name, records.map(intact)])));
  }

  private file(name: string): unknown[] {
    const records = this.files.get(name) ?? [];
    this.files.set(name, records);
    return records;
  }
}

export const intact = (record: unknown): DiskSlot => ({ intact: true, record, blankSectors: 0 });
export const rotten: DiskSlot = { intact: false, record: undefined, blankSectors: 0 };
export const torn: DiskSlot = { intact: false, record: undefined, blankSectors: 1 };

export function image(files: ReadonlyMap<string, readonly DiskSlot[]>): DiskImage {
  return { read: (file) => files.get(file) ?? [], files: () => [...files.keys()].sort() };
}

export function diskOf(meta: readonly DiskSlot[], wal: readonly DiskSlot[]): DiskImage {
  return image(
    new Map([
      [META_FILE, meta],
      [WAL_FILE, wal],
    ]),
  );
}

export const MEMBERS = [0, 1, 2, 3, 4];

/** A started replica of a five-node cluster, with its host. */
export function replicaOn(
  disk: DiskImage,
  self = 0,
  Class = RaftReplica,
): { host: FakeHost; replica: RaftReplica } {
  const host = new FakeHost(self);
  const replica = new Class(host, MEMBERS, createService('kv'), parseRaftSettings({}));
  replica.start(disk);
  return { host, replica };
}
