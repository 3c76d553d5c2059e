/**
 * What the disk needs from its surroundings and what it tells them: the scheduler that brings completions
 * back, the tap through which checkers see what is durable, and the table of its faults' classes.
 */

import type { Micros, OperationId, ProcessId } from '../kernel/index.js';

/** Size of a sector, the unit that is written atomically. Records are padded to whole sectors. */
export const SECTOR_BYTES = 512;

/** Calls the disk's `complete(operation)` back, unless the process's incarnation has ended by then. */
export interface DiskScheduler {
  completeAt(process: ProcessId, operation: OperationId, delayMicros: Micros): void;
}

/**
 * Follows what is durable, file by file. A view that starts empty, stores at `onDurableRecord`, shortens at
 * `onDurableCut` and reads anew at `onDurableLoss` always equals the disk. Each is called when the disk has
 * taken the change.
 */
export interface DiskTap {
  /** The record is now durable in this slot; replaces what was there. In slot order per completion. */
  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void;
  /** The process's own truncate, rename or remove became durable: only the first `count` records remain. */
  onDurableCut(process: ProcessId, file: string, count: number): void;
  /** Durable records of the file were damaged or lost, by a fault or by a torn overwrite. */
  onDurableLoss(process: ProcessId, file: string): void;
}

/**
 * A detectable fault shows when the disk is used or read; a protocol must survive it. After amnesia the
 * disk looks sound but has forgotten what it confirmed.
 */
export type DiskFaultClass = 'detectable' | 'amnesia';

/** The class of every disk fault, by its verb in fault plans; `torn-write` is what any crash may do. */
export const DISK_FAULT_CLASSES = {
  'torn-write': 'detectable',
  'slow-disk': 'detectable',
  'full-disk': 'detectable',
  'fail-sync': 'detectable',
  'bit-rot': 'detectable',
  'lose-disk': 'detectable',
  'lost-write': 'amnesia',
  'lying-sync': 'amnesia',
  rollback: 'amnesia',
  wipe: 'amnesia',
} as const satisfies Readonly<Record<string, DiskFaultClass>>;

/** Where a fault struck. */
export interface DiskPlace {
  readonly file: string;
  readonly slot: number;
}
