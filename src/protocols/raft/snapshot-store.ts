/**
 * The server's snapshot on its disk, and how another one takes its place: written beside it, synced, renamed
 * over it, and the directory synced. After a crash there is the old one or the new one, whole (§7).
 *
 * Two may be in the making: the server's own, and one that comes from a leader piece by piece. Only one at a
 * time is being put into place.
 */

import {
  canonical,
  hashString,
  type DiskStatus,
  type Host,
  type OperationId,
  type Plain,
} from '../../kernel/index.js';
import type { LogIndex, SnapshotHeader } from './messages.js';
import {
  INCOMING_FILE,
  SAVING_FILE,
  SNAPSHOT_FILE,
  SNAPSHOT_HEAD_BYTES,
  type SnapshotHead,
} from './records.js';

/** A snapshot in memory. Immutable; its text is made when somebody needs it. */
export class Snapshot {
  private cachedText: string | undefined = undefined;
  private cachedChecksum = 0;

  constructor(
    readonly header: SnapshotHeader,
    readonly state: Plain,
  ) {}

  /** The state as canonical JSON, and its checksum: equal states have equal texts. */
  get text(): string {
    if (this.cachedText === undefined) {
      this.cachedText = canonical(this.state);
      this.cachedChecksum = hashString(this.cachedText);
    }
    return this.cachedText;
  }

  get checksum(): number {
    void this.text;
    return this.cachedChecksum;
  }
}

/** A snapshot that arrives in pieces. */
export interface Incoming {
  readonly head: SnapshotHead;
  readonly pieces: string[];
  /** Characters received. */
  received: number;
}

/** What is being put into place. */
type Placing = {
  readonly snapshot: Snapshot;
  readonly isReceived: boolean;
  step: 'sync' | 'rename';
  operation: OperationId;
};

export class SnapshotStore {
  /** The snapshot that is durable; undefined before the first. */
  current: Snapshot | undefined = undefined;
  incoming: Incoming | undefined = undefined;
  private placing: Placing | undefined = undefined;

  constructor(protected readonly host: Host) {}

  get index(): LogIndex {
    return this.current?.header.index ?? 0;
  }

  /** True while a snapshot is being put into place. */
  get isBusy(): boolean {
    return this.placing !== undefined;
  }

  // ---- the server's own ----

  /** Begins to write the server's own snapshot. Call when not busy. */
  save(snapshot: Snapshot, bytes: number): void {
    this.host.append(SAVING_FILE, { header: snapshot.header, size: -1, checksum: 0 }, SNAPSHOT_HEAD_BYTES);
    this.host.append(SAVING_FILE, { offset: 0, state: snapshot.state }, bytes);
    this.place(snapshot, false);
  }

  // ---- from a leader ----

  /** True when the pieces received so far are of this very snapshot, whoever sent them. */
  isReceiving(header: SnapshotHeader, size: number, checksum: number): boolean {
    const head = this.incoming?.head;
    return (
      head !== undefined &&
      head.header.index === header.index &&
      head.header.term === header.term &&
      head.size === size &&
      head.checksum === checksum
    );
  }

  /** Begins to receive; what was received of another one is dropped. */
  beginReceiving(header: SnapshotHeader, size: number, checksum: number): void {
    const head = { header, size, checksum };
    this.host.truncate(INCOMING_FILE, 0);
    this.host.append(INCOMING_FILE, head, SNAPSHOT_HEAD_BYTES);
    this.incoming = { head, pieces: [], received: 0 };
  }

  /** Takes the next piece. */
  receive(incoming: Incoming, text: string): void {
    this.host.append(INCOMING_FILE, { offset: incoming.received, text }, text.length);
    incoming.pieces.push(text);
    incoming.received += text.length;
  }

  /** Drops what was received. */
  stopReceiving(): void {
    this.incoming = undefined;
  }

  /** All pieces are there: checks them and begins to put the snapshot into place. False: it is damaged. */
  finishReceiving(incoming: Incoming): boolean {
    const text = incoming.pieces.join('');
    this.incoming = undefined;
    if (hashString(text) !== incoming.head.checksum) return false;
    const snapshot = new Snapshot(incoming.head.header, JSON.parse(text) as Plain);
    this.place(snapshot, true);
    return true;
  }

  // ---- into place ----

  /** Begins to put what was written into place: it gets its name when it is synced, never before. */
  protected place(snapshot: Snapshot, isReceived: boolean): void {
    const operation = this.host.sync(isReceived ? INCOMING_FILE : SAVING_FILE);
    this.placing = { snapshot, isReceived, step: 'sync', operation };
  }

  protected rename(snapshot: Snapshot, isReceived: boolean): void {
    this.host.rename(isReceived ? INCOMING_FILE : SAVING_FILE, SNAPSHOT_FILE);
    this.placing = { snapshot, isReceived, step: 'rename', operation: this.host.syncDirectory() };
  }

  /**
   * Goes on when its operation has completed; returns the snapshot that is now durable, once. Undefined when
   * there is none yet, or the operation is not this store's.
   */
  completed(
    operation: OperationId,
    status: DiskStatus,
  ): { snapshot: Snapshot; isReceived: boolean } | undefined {
    const { placing, host } = this;
    if (placing?.operation !== operation) return undefined;
    if (status !== 'ok') {
      host.halt('a sync failed');
      return undefined;
    }
    if (placing.step === 'sync') {
      this.rename(placing.snapshot, placing.isReceived);
      return undefined;
    }
    this.placing = undefined;
    this.current = placing.snapshot;
    return { snapshot: placing.snapshot, isReceived: placing.isReceived };
  }

  clone(host: Host): SnapshotStore {
    const Class = this.constructor as typeof SnapshotStore;
    const copy = new Class(host);
    copy.current = this.current;
    copy.incoming = this.incoming && { ...this.incoming, pieces: this.incoming.pieces.slice() };
    copy.placing = this.placing && { ...this.placing };
    return copy;
  }

  encode(): Plain {
    const { current, incoming, placing } = this;
    return {
      index: current?.header.index ?? 0,
      digest: current?.header.digest ?? 0,
      incoming: incoming === undefined ? null : [incoming.head.header.index, incoming.received],
      placing:
        placing === undefined ? null : [placing.step, placing.operation, placing.snapshot.header.index],
    };
  }
}
