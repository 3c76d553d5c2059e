// The naive oracle of the disk: it keeps the whole list of operations with what became of each, and after a
// power loss answers which images are legal, by replaying the list from nothing for each possible prefix of
// the metadata operations. Slots are independent, so a set of possible contents is kept for each.

import type { DiskImage, DiskStatus, OperationId } from '../../src/kernel/index.js';

/** A record as the tests write it: it names itself and its size. */
export interface Stamp {
  readonly id: number;
  readonly sectors: number;
}

/** `intact:ID`, `torn:BLANK` (of any record), or `absent`. */
type Content = string;

type Fate = 'pending' | 'durable' | 'dropped';

interface Step {
  readonly operation: OperationId;
  readonly kind: 'create' | 'rename' | 'remove' | 'write' | 'truncate';
  /** The file as an identity, whatever its name. */
  readonly inode: number;
  readonly from: string;
  readonly to: string;
  /** Slot of a write, count of a truncate. */
  readonly at: number;
  readonly stamp: Stamp | undefined;
  fate: Fate;
}

interface Sync {
  readonly operation: OperationId;
  readonly inode: number | 'directory' | 'nothing';
  failed: boolean;
}

const isName = (step: Step): boolean =>
  step.kind === 'create' || step.kind === 'rename' || step.kind === 'remove';
const isMetadata = (step: Step): boolean => step.kind !== 'write';

export class DiskOracle {
  private readonly steps: Step[] = [];
  private readonly names = new Map<string, number>();
  private readonly lengths = new Map<number, number>();
  private syncs: Sync[] = [];
  private inodes = 0;
  isLying = false;
  failsNext = false;

  length(file: string): number {
    const inode = this.names.get(file);
    return inode === undefined ? 0 : (this.lengths.get(inode) as number);
  }

  files(): string[] {
    return [...this.names.keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  underWay(): OperationId[] {
    return this.syncs.map((sync) => sync.operation);
  }

  write(operation: OperationId, file: string, at: number, stamp: Stamp): void {
    let inode = this.names.get(file);
    if (inode === undefined) {
      inode = ++this.inodes;
      this.names.set(file, inode);
      this.lengths.set(inode, 0);
      this.add(operation, 'create', inode, '', file, 0, undefined);
    }
    this.lengths.set(inode, Math.max(this.lengths.get(inode) as number, at + 1));
    this.add(operation, 'write', inode, '', '', at, stamp);
  }

  truncate(operation: OperationId, file: string, count: number): void {
    const inode = this.names.get(file);
    if (inode === undefined || (this.lengths.get(inode) as number) <= count) return;
    this.lengths.set(inode, count);
    this.add(operation, 'truncate', inode, '', '', count, undefined);
  }

  rename(operation: OperationId, from: string, to: string): void {
    if (from === to) return;
    const inode = this.names.get(from) as number;
    this.names.delete(from);
    this.names.set(to, inode);
    this.add(operation, 'rename', inode, from, to, 0, undefined);
  }

  remove(operation: OperationId, file: string): void {
    const inode = this.names.get(file);
    if (inode === undefined) return;
    this.names.delete(file);
    this.add(operation, 'remove', inode, file, '', 0, undefined);
  }

  sync(operation: OperationId, file: string): void {
    this.syncs.push({ operation, inode: this.names.get(file) ?? 'nothing', failed: false });
  }

  syncDirectory(operation: OperationId): void {
    this.syncs.push({ operation, inode: 'directory', failed: false });
  }

  complete(operation: OperationId): DiskStatus {
    const sync = this.syncs.find((candidate) => candidate.operation === operation) as Sync;
    this.syncs = this.syncs.filter((candidate) => candidate !== sync);
    const covered = this.steps.filter((step) => step.fate === 'pending' && step.operation < operation);
    const ofFile = covered.filter((step) => step.inode === sync.inode && !isName(step));
    if (sync.failed || this.failsNext) {
      if (!sync.failed) this.failsNext = false;
      if (ofFile.some((step) => step.kind === 'write')) {
        for (const other of this.syncs) if (other.inode === sync.inode) other.failed = true;
      }
      for (const step of ofFile) step.fate = step.kind === 'truncate' ? 'durable' : 'dropped';
      return 'failed';
    }
    if (this.isLying) return 'ok';
    if (sync.inode === 'directory') {
      for (const step of covered) if (isName(step)) step.fate = 'durable';
      return 'ok';
    }
    const created = this.steps.find((step) => step.kind === 'create' && step.inode === sync.inode)?.operation;
    for (const step of covered) {
      if (isName(step) && created !== undefined && step.operation <= created) step.fate = 'durable';
    }
    for (const step of ofFile) step.fate = 'durable';
    return 'ok';
  }

  /** Intact durable records, as if the power went and nothing pending survived. */
  durableRecords(file: string): Stamp[] {
    return this.legal(0)
      .get(file)!
      .flatMap((slot) => slot.certain ?? []);
  }

  durableFiles(): string[] {
    return [...this.legal(0).keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  /** Undefined when the image is one that a power loss may leave; otherwise what is wrong. */
  judgeCrash(image: DiskImage): string | undefined {
    const metadata = this.steps.filter((step) => step.fate === 'pending' && isMetadata(step));
    const objections: string[] = [];
    for (const cutoff of [0, ...metadata.map((step) => step.operation)]) {
      const objection = judge(image, this.legal(cutoff));
      if (objection === undefined) return undefined;
      objections.push(`metadata to ${cutoff}: ${objection}`);
    }
    return objections.join('\n');
  }

  /** Undefined when the image is what the page cache holds: nothing is missing but what failed syncs dropped. */
  judgeStop(image: DiskImage): string | undefined {
    for (const step of this.steps) if (step.fate === 'pending') step.fate = 'durable';
    return judge(image, this.legal(Number.MAX_SAFE_INTEGER));
  }

  /** What the files may hold when pending metadata operations up to `cutoff` have survived. */
  private legal(cutoff: OperationId): Map<string, Slot[]> {
    const names = new Map<string, number>();
    for (const step of this.steps.filter(isName)) {
      if (step.fate === 'pending' && step.operation > cutoff) continue;
      if (step.from !== '') names.delete(step.from);
      if (step.to !== '') names.set(step.to, step.inode);
    }
    const files = new Map<string, Slot[]>();
    for (const [name, inode] of names) files.set(name, this.legalFile(inode, cutoff));
    return files;
  }

  private legalFile(inode: number, cutoff: OperationId): Slot[] {
    const slots: Slot[] = [];
    for (const step of this.steps.filter((candidate) => candidate.inode === inode && !isName(candidate))) {
      if (step.kind === 'truncate') {
        if (step.fate === 'pending' && step.operation > cutoff) break;
        slots.splice(step.at);
        continue;
      }
      while (slots.length <= step.at) slots.push(new Slot());
      (slots[step.at] as Slot).write(step.stamp as Stamp, step.fate);
    }
    return slots;
  }

  private add(
    operation: OperationId,
    kind: Step['kind'],
    inode: number,
    from: string,
    to: string,
    at: number,
    stamp: Stamp | undefined,
  ): void {
    this.steps.push({ operation, kind, inode, from, to, at, stamp, fate: 'pending' });
  }
}

/** The possible contents of a slot: content, and the sectors that lie there (0 when nothing does). */
class Slot {
  possible = new Map<Content, number>([['absent', 0]]);
  /** The record that is there if nothing pending survives. */
  certain: Stamp | undefined = undefined;

  write(stamp: Stamp, fate: Fate): void {
    const before = this.possible;
    if (fate !== 'pending') {
      if (fate === 'dropped') return;
      this.possible = new Map([[`intact:${stamp.id}`, stamp.sectors]]);
      this.certain = stamp;
      return;
    }
    this.possible = new Map(before);
    this.possible.set(`intact:${stamp.id}`, stamp.sectors);
    for (const old of before.values()) {
      for (let kept = 1; kept < stamp.sectors; kept++) {
        this.possible.set(`torn:${Math.max(0, stamp.sectors - Math.max(kept, old))}`, stamp.sectors);
      }
    }
  }
}

function judge(image: DiskImage, legal: Map<string, Slot[]>): string | undefined {
  const names = [...legal.keys()].sort((a, b) => (a < b ? -1 : 1));
  if (names.join() !== image.files().join()) return `files ${image.files().join()}, not ${names.join()}`;
  for (const name of names) {
    const slots = legal.get(name) as Slot[];
    const found = image.read(name);
    if (found.length > slots.length) return `${name} has ${found.length} slots`;
    for (let at = 0; at < slots.length; at++) {
      const slot = found[at];
      const possible = [...(slots[at] as Slot).possible.keys()];
      let matches: boolean;
      if (slot === undefined) matches = possible.includes('absent');
      else if (slot.intact) matches = possible.includes(`intact:${(slot.record as Stamp).id}`);
      else {
        // A hole reads as blank in all its sectors; only the torn and the absent are damaged here.
        matches =
          slot.record === undefined &&
          (possible.includes(`torn:${slot.blankSectors}`) ||
            (possible.includes('absent') && slot.blankSectors > 0 && at < found.length - 1));
      }
      if (!matches) return `${name}[${at}] is ${JSON.stringify(slot)}, not one of ${possible.join(' ')}`;
    }
  }
  return undefined;
}
