/**
 * A host for one replica under test. It records what the replica does, completes disk operations when told, and
 * keeps files as a disk does: what was written, and what a crash would leave of it. Content is durable after a
 * sync of the file, which also brings the directory up to the file's creation; renames and removals after a sync
 * of the directory. Everything handed over is frozen, so that a replica that changes it later fails.
 *
 * Left out: torn writes and rot. A test makes those itself, as the image of a disk.
 */

import {
  deepFreeze,
  type Authenticator,
  type DiskImage,
  type DiskSlot,
  type DiskStatus,
  type Host,
  type Message,
  type Micros,
  type OperationId,
  type ProtocolEvent,
  type Replica,
} from '../../src/kernel/index.js';
import { keysOf } from '../world/keys.js';

/** What a replica did, in order. */
export type Act<M extends Message = Message> =
  | { readonly kind: 'sent'; readonly to: number; readonly message: M }
  | { readonly kind: 'event'; readonly event: ProtocolEvent }
  | { readonly kind: 'halted'; readonly reason: string };

/** Who is told that a disk operation has completed. */
type Completed = Pick<Replica, 'diskCompleted'>;

interface FakeFile {
  records: unknown[];
  /** What a crash leaves. */
  durable: unknown[];
  /** The operation that created it: a sync of the file makes its name durable. */
  readonly createdBy: OperationId;
}

/** A change of names that a crash may undo. */
interface Renaming {
  readonly operation: OperationId;
  readonly name: string;
  /** The file that has this name from now on; undefined: none. */
  readonly file: FakeFile | undefined;
}

interface Pending {
  readonly operation: OperationId;
  readonly complete: () => void;
}

export class FakeHost<M extends Message = Message> implements Host {
  incarnation = 1;
  version = 3;
  /** The monotonic clock. */
  now: Micros = 0;
  readonly authenticator: Authenticator;
  acts: Act<M>[] = [];
  readonly timers = new Map<string, readonly [number, number]>();
  haltReason: string | undefined = undefined;
  private names = new Map<string, FakeFile>();
  private readonly durableNames = new Map<string, FakeFile>();
  private renamings: Renaming[] = [];
  private nextOperation = 1;
  private pending: Pending[] = [];
  private taken = 0;

  constructor(readonly self: number) {
    this.authenticator = keysOf(self);
  }

  // ---- network, clocks, reports ----

  send(to: number, message: Message): void {
    this.acts.push({ kind: 'sent', to, message: deepFreeze(message) as M });
  }
  setTimer(name: string, min: number, max: number): void {
    this.timers.set(name, [min, max]);
  }
  cancelTimer(name: string): void {
    this.timers.delete(name);
  }
  monotonicNow(): Micros {
    return this.now;
  }
  wallNow(): Micros {
    return this.now;
  }
  draw(_name: string, min: number): number {
    return min;
  }
  emit(event: ProtocolEvent): void {
    this.acts.push({ kind: 'event', event: deepFreeze(event) });
  }
  halt(reason: string): void {
    this.haltReason = reason;
    this.acts.push({ kind: 'halted', reason });
  }

  // ---- disk ----

  append(name: string, record: unknown): OperationId {
    const operation = this.nextOperation++;
    this.open(name, operation).records.push(deepFreeze(record));
    return operation;
  }
  writeAt(name: string, slot: number, record: unknown): OperationId {
    const operation = this.nextOperation++;
    const { records } = this.open(name, operation);
    if (slot > records.length) throw new Error(`slot ${slot} of ${name} is not the next one`);
    records[slot] = deepFreeze(record);
    return operation;
  }
  truncate(name: string, count: number): OperationId {
    const records = this.names.get(name)?.records;
    if (records !== undefined && records.length > count) records.length = count;
    return this.nextOperation++;
  }
  rename(from: string, to: string): OperationId {
    const file = this.names.get(from);
    if (file === undefined) throw new Error(`${from} is renamed and is not there`);
    const operation = this.nextOperation++;
    this.bind(operation, to, file);
    this.bind(operation, from, undefined);
    return operation;
  }
  remove(name: string): OperationId {
    const operation = this.nextOperation++;
    if (this.names.has(name)) this.bind(operation, name, undefined);
    return operation;
  }
  sync(name: string): OperationId {
    const file = this.names.get(name);
    const content = file?.records.slice() ?? [];
    return this.startSync(() => {
      if (file === undefined) return;
      file.durable = content;
      this.commitNames(file.createdBy);
    });
  }
  syncDirectory(): OperationId {
    const last = this.nextOperation;
    return this.startSync(() => this.commitNames(last));
  }

  /** Completes every sync under way, also those that completions start. */
  completeAll(replica: Completed, status: DiskStatus = 'ok'): void {
    while (this.pending.length > 0) this.completeNth(replica, 0, status);
  }
  /** Completes the sync that was started n-th (from 0) of those under way. */
  completeNth(replica: Completed, n: number, status: DiskStatus = 'ok'): void {
    const [sync] = this.pending.splice(n, 1);
    if (sync === undefined) throw new Error(`no sync number ${n} is under way`);
    if (status === 'ok') sync.complete();
    replica.diskCompleted?.(sync.operation, status);
  }
  get syncsUnderWay(): number {
    return this.pending.length;
  }
  /** The records of a file as the process sees it; empty when there is none. */
  records(name: string): readonly unknown[] {
    return this.names.get(name)?.records ?? [];
  }
  files(): readonly string[] {
    return [...this.names.keys()].sort();
  }
  /** Puts records where they are durable, before a start. */
  format(name: string, records: readonly unknown[]): void {
    const file: FakeFile = { records: [...records], durable: [...records], createdBy: 0 };
    this.names.set(name, file);
    this.durableNames.set(name, file);
  }
  /** The disk as a stop of the process alone leaves it: everything written. */
  image(): DiskImage {
    return imageOf(this.names, ({ records }) => records);
  }
  /** The disk as a crash of the machine leaves it: what is durable, and nothing else. */
  crashImage(): DiskImage {
    return imageOf(this.durableNames, ({ durable }) => durable);
  }

  // ---- what it did ----

  get events(): ProtocolEvent[] {
    return this.acts.flatMap((act) => (act.kind === 'event' ? [act.event] : []));
  }
  /** What was sent since the last call. */
  take(): { to: number; message: M }[] {
    const acts = this.acts.slice(this.taken);
    this.taken = this.acts.length;
    return acts.flatMap((act) => (act.kind === 'sent' ? [{ to: act.to, message: act.message }] : []));
  }

  private startSync(complete: () => void): OperationId {
    const operation = this.nextOperation++;
    this.pending.push({ operation, complete });
    return operation;
  }
  private open(name: string, operation: OperationId): FakeFile {
    const present = this.names.get(name);
    if (present !== undefined) return present;
    const file: FakeFile = { records: [], durable: [], createdBy: operation };
    this.bind(operation, name, file);
    return file;
  }
  private bind(operation: OperationId, name: string, file: FakeFile | undefined): void {
    if (file === undefined) this.names.delete(name);
    else this.names.set(name, file);
    this.renamings.push({ operation, name, file });
  }
  private commitNames(upTo: OperationId): void {
    for (const { name, file } of this.renamings.filter(({ operation }) => operation <= upTo)) {
      if (file === undefined) this.durableNames.delete(name);
      else this.durableNames.set(name, file);
    }
    this.renamings = this.renamings.filter(({ operation }) => operation > upTo);
  }
}

function imageOf(
  names: ReadonlyMap<string, FakeFile>,
  content: (file: FakeFile) => readonly unknown[],
): DiskImage {
  return image(new Map([...names].map(([name, file]) => [name, content(file).map(intact)])));
}

export const intact = (record: unknown): DiskSlot => ({ intact: true, record, blankSectors: 0 });
export const rotten: DiskSlot = { intact: false, record: undefined, blankSectors: 0 };
export const torn: DiskSlot = { intact: false, record: undefined, blankSectors: 1 };

export function image(files: ReadonlyMap<string, readonly DiskSlot[]>): DiskImage {
  return { read: (file) => files.get(file) ?? [], files: () => [...files.keys()].sort() };
}
