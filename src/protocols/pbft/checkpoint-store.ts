/**
 * Checkpoints on their way to the disk: written beside the others, synced, renamed, and the directory synced. One at
 * a time; of those that come meanwhile only the latest is written, since nobody needs the ones between.
 */

import type { DiskStatus, Host, OperationId, Plain } from '../../kernel/index.js';
import type { CheckpointState } from './checkpoint.js';
import type { Sequence } from './messages.js';
import { CHECKPOINT_BYTES, SAVING_FILE, checkpointFile, type CheckpointRecord } from './records.js';

export interface Placed {
  readonly checkpoint: CheckpointState;
  /** It came from others. */
  readonly isReceived: boolean;
}

export class CheckpointStore {
  private placing: Placed | undefined = undefined;
  private isRenamed = false;
  private operation: OperationId = -1;
  private next: Placed | undefined = undefined;
  /** Sequences of the checkpoints on the disk, ascending. */
  private sequences: Sequence[] = [];

  constructor(private readonly host: Host) {}

  /** Takes over what recovery found; what cannot be read goes. */
  restart(sequences: readonly Sequence[], damaged: readonly Sequence[]): void {
    this.host.remove(SAVING_FILE);
    for (const sequence of damaged) this.host.remove(checkpointFile(sequence));
    this.sequences = sequences.slice();
  }

  has(sequence: Sequence): boolean {
    return this.sequences.includes(sequence);
  }

  /** Writes a checkpoint, as soon as none is being written. */
  save(checkpoint: CheckpointState, isReceived: boolean): void {
    const placed = { checkpoint, isReceived };
    if (this.placing === undefined) this.write(placed);
    else if (checkpoint.sequence >= (this.next?.checkpoint.sequence ?? 0)) this.next = placed;
  }

  private write(placed: Placed): void {
    const { sequence, digest, state, bytes } = placed.checkpoint;
    const record: CheckpointRecord = { sequence, digest, state };
    this.host.truncate(SAVING_FILE, 0);
    this.host.append(SAVING_FILE, record, CHECKPOINT_BYTES + bytes);
    this.placing = placed;
    this.isRenamed = false;
    this.operation = this.host.sync(SAVING_FILE);
  }

  /** Goes on; returns the checkpoint that is on the disk now, once. Call for successful operations. */
  completed(operation: OperationId, status: DiskStatus): Placed | undefined {
    const { placing, host } = this;
    if (placing === undefined || operation !== this.operation || status !== 'ok') return undefined;
    if (!this.isRenamed) {
      host.rename(SAVING_FILE, checkpointFile(placing.checkpoint.sequence));
      this.isRenamed = true;
      this.operation = host.syncDirectory();
      return undefined;
    }
    this.placing = undefined;
    this.operation = -1;
    if (!this.has(placing.checkpoint.sequence)) this.sequences.push(placing.checkpoint.sequence);
    const { next } = this;
    this.next = undefined;
    if (next !== undefined) this.write(next);
    return placing;
  }

  /** Removes the checkpoints before this one. */
  removeBelow(sequence: Sequence): void {
    for (const old of this.sequences) if (old < sequence) this.host.remove(checkpointFile(old));
    this.sequences = this.sequences.filter((kept) => kept >= sequence);
  }

  clone(host: Host): CheckpointStore {
    const copy = new CheckpointStore(host);
    copy.placing = this.placing;
    copy.isRenamed = this.isRenamed;
    copy.operation = this.operation;
    copy.next = this.next;
    copy.sequences = this.sequences.slice();
    return copy;
  }

  encode(): Plain {
    const { placing, isRenamed, operation, next, sequences } = this;
    return {
      placing: placing?.checkpoint.sequence ?? 0,
      isRenamed,
      operation,
      next: next?.checkpoint.sequence ?? 0,
      sequences,
    };
  }
}
