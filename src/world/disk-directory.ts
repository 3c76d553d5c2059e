/**
 * The disk's one directory: names as the process sees them, names that a crash would leave, and the
 * operations between the two, which become durable in the order in which they were issued.
 *
 * Creating a name is durable with the first sync of the file (and so is everything that was done to the
 * directory before it, as in a journaling file system); renames and removals wait for a sync of the
 * directory. So a rename may be durable when the content is not, and the other way round.
 */

import { assert, byCodeUnits, type OperationId, type Plain, type ProcessId } from '../kernel/index.js';
import type { DiskTap } from './disk-contract.js';
import { DiskFile } from './disk-file.js';

/** A change of names: created (`from` empty), renamed, or removed (`to` empty). Immutable. */
class NameChange {
  constructor(
    readonly operation: OperationId,
    readonly file: DiskFile,
    readonly from: string,
    readonly to: string,
  ) {}
}

export class DiskDirectory {
  private cached = new Map<string, DiskFile>();
  private readonly durable = new Map<string, DiskFile>();
  /** Invariant: operation numbers rise. */
  private pending: NameChange[] = [];
  /** The name and file asked for last: most operations come in runs on one file. */
  private lastName = '';
  private lastFile: DiskFile | undefined = undefined;

  find(name: string): DiskFile | undefined {
    if (name === this.lastName && this.lastFile !== undefined) return this.lastFile;
    const file = this.cached.get(name);
    if (file !== undefined) {
      this.lastName = name;
      this.lastFile = file;
    }
    return file;
  }

  /** The file of this name, created by the operation when there is none. */
  open(name: string, operation: OperationId): DiskFile {
    return this.find(name) ?? this.create(name, operation);
  }

  /** Returns the file that was replaced, if any. */
  rename(operation: OperationId, from: string, to: string): DiskFile | undefined {
    const file = this.cached.get(from);
    assert(file !== undefined, 'a file that is renamed exists');
    if (from === to) return undefined;
    const replaced = this.cached.get(to);
    this.cached.delete(from);
    this.cached.set(to, file);
    this.lastFile = undefined;
    this.pending.push(new NameChange(operation, file, from, to));
    return replaced;
  }

  /** Returns the removed file, if there was one. */
  remove(operation: OperationId, name: string): DiskFile | undefined {
    const file = this.cached.get(name);
    if (file === undefined) return undefined;
    this.cached.delete(name);
    this.lastFile = undefined;
    this.pending.push(new NameChange(operation, file, name, ''));
    return file;
  }

  hasPendingBefore(before: OperationId): boolean {
    const first = this.pending[0];
    return first !== undefined && first.operation < before;
  }

  /** Makes the changes of names issued before the given operation durable, and reports what moved. */
  commit(before: OperationId, process: ProcessId, tap: DiskTap): void {
    let count = 0;
    for (const change of this.pending) {
      if (change.operation >= before) break;
      this.apply(change, process, tap);
      count++;
    }
    if (count > 0) this.pending.splice(0, count);
  }

  /** Numbers of the pending metadata operations, of the directory and of its files, in order. */
  pendingMetadata(): OperationId[] {
    const operations = this.pending.map((change) => change.operation);
    for (const file of this.allFiles()) file.collectTruncates(operations);
    return operations.sort((a, b) => a - b);
  }

  /** After a power loss: the names are the durable ones, changes that are still pending never happened. */
  forgetPending(): void {
    this.pending = [];
    this.cached = new Map(this.durable);
    this.lastFile = undefined;
  }

  /** Replaces everything by durable files, e.g. an older image. */
  replaceAll(files: readonly (readonly [string, DiskFile])[]): void {
    this.durable.clear();
    for (const [name, file] of files) {
      file.durableName = name;
      file.createdBy = 0;
      this.durable.set(name, file);
    }
    this.forgetPending();
  }

  durableFile(name: string): DiskFile | undefined {
    return this.durable.get(name);
  }

  durableNames(): string[] {
    return [...this.durable.keys()].sort(byCodeUnits);
  }

  /** Durable names of the files that have an intact record. */
  namesWithRecords(): string[] {
    return this.durableNames().filter((name) => (this.durable.get(name)?.intactSlots().length ?? 0) > 0);
  }

  /** Space of all files as the process sees them. */
  usedSectors(): number {
    let used = 0;
    for (const file of this.cached.values()) used += file.usedSectors;
    return used;
  }

  cachedNames(): string[] {
    return [...this.cached.keys()].sort(byCodeUnits);
  }

  /** Copies the directory; the map tells which copy stands for which file. */
  clone(copies: Map<DiskFile, DiskFile>): DiskDirectory {
    const copyOf = (file: DiskFile): DiskFile => {
      const copy = copies.get(file) ?? file.clone();
      copies.set(file, copy);
      return copy;
    };
    const copy = new DiskDirectory();
    for (const [name, file] of this.cached) copy.cached.set(name, copyOf(file));
    for (const [name, file] of this.durable) copy.durable.set(name, copyOf(file));
    copy.pending = this.pending.map(
      (change) => new NameChange(change.operation, copyOf(change.file), change.from, change.to),
    );
    return copy;
  }

  /** Names as both sides see them, the changes between, and every file once. */
  encode(numbers: Map<DiskFile, number>): Plain {
    const files: Plain[] = [];
    for (const file of this.allFiles()) {
      numbers.set(file, numbers.size);
      files.push(file.encode());
    }
    const numberOf = (file: DiskFile | undefined): number =>
      file === undefined ? -1 : (numbers.get(file) ?? -1);
    return {
      files,
      cached: this.cachedNames().map((name) => [name, numberOf(this.cached.get(name))]),
      durable: this.durableNames().map((name) => [name, numberOf(this.durable.get(name))]),
      pending: this.pending.map((change) => [
        change.operation,
        numberOf(change.file),
        change.from,
        change.to,
      ]),
    };
  }

  /** Every file that has a name on either side or a change pending, in an order that names decide. */
  private allFiles(): Set<DiskFile> {
    const files = new Set<DiskFile>();
    for (const name of this.durableNames()) files.add(this.durable.get(name) as DiskFile);
    for (const name of this.cachedNames()) files.add(this.cached.get(name) as DiskFile);
    for (const change of this.pending) files.add(change.file);
    return files;
  }

  private create(name: string, operation: OperationId): DiskFile {
    const file = new DiskFile(operation);
    this.cached.set(name, file);
    this.lastName = name;
    this.lastFile = file;
    this.pending.push(new NameChange(operation, file, '', name));
    return file;
  }

  /** The tap is called last, because it may read what is durable. */
  private apply(change: NameChange, process: ProcessId, tap: DiskTap): void {
    const { file, from, to } = change;
    const replaced = to === '' ? undefined : this.durable.get(to);
    if (from === '') {
      assert(replaced === undefined, 'a created name is free');
      file.createdBy = 0;
    } else {
      assert(this.durable.get(from) === file, 'names become durable in the order of their changes');
      this.durable.delete(from);
    }
    if (replaced !== undefined) replaced.durableName = '';
    if (to !== '') this.durable.set(to, file);
    file.durableName = to;
    if (from !== '') tap.onDurableCut(process, from, 0);
    if (replaced !== undefined) tap.onDurableCut(process, to, 0);
    if (to !== '') file.reportAll(process, tap);
  }
}
