/** The syncs of a disk that are under way, in the order of their issue. They may complete in any order. */

import type { OperationId, Plain } from '../kernel/index.js';
import type { DiskFile } from './disk-file.js';

/** A sync of a file, of the directory, or (no file) of a name that was not there. */
export class SyncUnderWay {
  /** Set when another sync failed and dropped writes that this one would have had to confirm. */
  failed = false;

  constructor(
    readonly operation: OperationId,
    readonly file: DiskFile | undefined,
    readonly directory: boolean,
  ) {}
}

export class SyncQueue {
  private readonly syncs: SyncUnderWay[] = [];

  add(sync: SyncUnderWay): void {
    this.syncs.push(sync);
  }

  /** Takes the sync with this number out; undefined when it is not under way. */
  take(operation: OperationId): SyncUnderWay | undefined {
    const { syncs } = this;
    let index = 0;
    while (index < syncs.length && (syncs[index] as SyncUnderWay).operation !== operation) index++;
    if (index === syncs.length) return undefined;
    const sync = syncs[index] as SyncUnderWay;
    for (let i = index + 1; i < syncs.length; i++) syncs[i - 1] = syncs[i] as SyncUnderWay;
    // Popping keeps the array's storage, which setting its length to 0 would not.
    syncs.pop();
    return sync;
  }

  failAllOf(file: DiskFile): void {
    for (const sync of this.syncs) if (sync.file === file) sync.failed = true;
  }

  clear(): void {
    this.syncs.length = 0;
  }

  /** Copies the queue; the map tells which copy stands for which file, and learns of files without names. */
  clone(copies: Map<DiskFile, DiskFile>): SyncQueue {
    const copy = new SyncQueue();
    for (const sync of this.syncs) {
      let file: DiskFile | undefined;
      if (sync.file !== undefined) {
        file = copies.get(sync.file) ?? sync.file.clone();
        copies.set(sync.file, file);
      }
      const syncCopy = new SyncUnderWay(sync.operation, file, sync.directory);
      syncCopy.failed = sync.failed;
      copy.add(syncCopy);
    }
    return copy;
  }

  /** A file without a name is told apart by its content. */
  encode(numbers: ReadonlyMap<DiskFile, number>): Plain {
    return this.syncs.map((sync) => {
      const file = sync.file === undefined ? null : (numbers.get(sync.file) ?? sync.file.encode());
      return [sync.operation, file, sync.directory, sync.failed];
    });
  }
}
