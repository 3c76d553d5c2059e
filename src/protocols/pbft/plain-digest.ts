/**
 * Digest of plain data as a tree: that of a list or an object is a hash of the digests of its parts (TOCS 2002,
 * §5.3). So a checkpoint hashes what has changed since the last one, and looks at the rest only; and whoever gets a state
 * in parts can check each of them. The parts of a long list are groups of items, {@link FANOUT} at a level.
 *
 * Equal data have equal digests, whatever the order of members in an object.
 */

import {
  finish32,
  hashPlain,
  hashString,
  mix32,
  mixInteger,
  slideOf,
  type Plain,
} from '../../kernel/index.js';

/** Of an object. */
export type Members = Readonly<Record<string, Plain | undefined>>;
type Row = readonly Plain[];

const LIST = 0x1d8e4e27;
const OBJECT = 0x3c6ef372;
/** Tells a group of a list from a list with these items. */
const GROUP = 0x5be0cd19;

/** Most parts of a list. */
export const FANOUT = 16;

/** How many items make a group, where there are more than {@link FANOUT}. */
export function groupSize(count: number): number {
  let size = FANOUT;
  while (size * FANOUT < count) size *= FANOUT;
  return size;
}

/** The digest, of nothing but the value. */
export function plainDigest(value: Plain): number {
  if (value === null || typeof value !== 'object') return finish32(hashPlain(value));
  if (isList(value)) return ofList(partsOf(value), value.length);
  const members = value as Members;
  const names = Object.keys(members);
  let sum = OBJECT;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const member = members[name];
    if (member !== undefined) sum = (sum + ofMember(name, plainDigest(member))) | 0;
  }
  return finish32(sum);
}

/** Hash of the parts of a list, or of a group of one. */
function partsOf(items: readonly Plain[]): number {
  const count = items.length;
  if (count > FANOUT) return partsOfDigests(items.map(plainDigest), 0, count);
  let hash = LIST;
  for (let i = 0; i < count; i++) hash = mix32(hash, plainDigest(items[i] as Plain));
  return hash;
}

/** The same of items with these digests. */
function partsOfDigests(digests: ArrayLike<number>, from: number, to: number): number {
  let hash = LIST;
  if (to - from <= FANOUT) {
    for (let i = from; i < to; i++) hash = mix32(hash, digests[i] as number);
    return hash;
  }
  const size = groupSize(to - from);
  for (let i = from; i < to; i += size) {
    const end = Math.min(i + size, to);
    hash = mix32(hash, ofGroup(partsOfDigests(digests, i, end), end - i));
  }
  return hash;
}

function ofGroup(hash: number, count: number): number {
  return finish32(mixInteger(hash ^ GROUP, count));
}

/** The length may be one that a liar tells of: all of it counts, beyond 32 bits as well. */
function ofList(hash: number, length: number): number {
  return finish32(mixInteger(hash, length));
}

function ofMember(name: string, digest: number): number {
  return finish32(mix32(hashString(name), digest));
}

// ---- of parts ----

/** Digest of a group of a list. */
export function groupDigest(items: readonly Plain[]): number {
  return ofGroup(partsOf(items), items.length);
}

function hashOf(digests: readonly number[]): number {
  let hash = LIST;
  for (let i = 0; i < digests.length; i++) hash = mix32(hash, digests[i] as number);
  return hash;
}

/** Digest of a list of so many items, and of a group, whose parts have these digests. */
export function digestOfList(digests: readonly number[], count: number): number {
  return ofList(hashOf(digests), count);
}

export function digestOfGroup(digests: readonly number[], count: number): number {
  return ofGroup(hashOf(digests), count);
}

/** Digest of an object whose members, of these names, have these digests. */
export function digestOfObject(names: readonly string[], digests: readonly number[]): number {
  let sum = OBJECT;
  for (let i = 0; i < names.length; i++) sum = (sum + ofMember(names[i] as string, digests[i] as number)) | 0;
  return finish32(sum);
}

export function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

/**
 * The same digests, of one value after another, each much like the one before. Values are immutable: one that is the
 * same object is the same. The rows of a table, which may be made anew each time, are also the same when their items are.
 */
export class RememberedDigest {
  private value: Plain | undefined = undefined;
  private digest = 0;
  /** Of a list or an object: its parts, in their order, and what they are called. */
  private parts: RememberedDigest[] = [];
  private names: readonly string[] = [];
  private table: RememberedRows | undefined = undefined;

  of(value: Plain): number {
    if (value !== this.value) {
      this.digest = this.compute(value);
      this.value = value;
    }
    return this.digest;
  }

  private compute(value: Plain): number {
    if (value === null || typeof value !== 'object') return plainDigest(value);
    if (!isList(value)) return this.ofObject(value);
    const first = value[0];
    const width = first !== undefined && isList(first) ? first.length : 0;
    return width > 0 ? this.ofTable(value, width) : this.ofItems(value);
  }

  private ofItems(items: readonly Plain[]): number {
    const count = items.length;
    const digests = new Array<number>(count);
    for (let i = 0; i < count; i++) {
      const part = (this.parts[i] ??= new RememberedDigest());
      digests[i] = part.of(items[i] as Plain);
    }
    if (this.parts.length > count) this.parts.length = count;
    return ofList(partsOfDigests(digests, 0, count), count);
  }

  private ofObject(members: Members): number {
    const names = Object.keys(members);
    let sum = OBJECT;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const member = members[name];
      let part = this.names[i] === name ? this.parts[i] : undefined;
      part ??= this.parts[i] = new RememberedDigest();
      if (member !== undefined) sum = (sum + ofMember(name, part.of(member))) | 0;
    }
    this.names = names;
    if (this.parts.length > names.length) this.parts.length = names.length;
    return finish32(sum);
  }

  private ofTable(table: readonly Plain[], width: number): number {
    if (this.table === undefined || !this.table.fits(table.length, width))
      this.table = new RememberedRows(table.length, width);
    return ofList(partsOfDigests(this.table.digestsOf(table), 0, table.length), table.length);
  }
}

/** Rows at the beginning of a table that are looked for in the one before. */
const ANCHORS = 4;

/**
 * Digests of the rows of a table. Rows that were the same objects in the table before have the digests that they had:
 * some may be gone at its beginning, new ones may be anywhere. Else one is found under its first item when that is a
 * number, or under its place, and compared item by item. Of two rows under the same number the last is remembered.
 */
class RememberedRows {
  /** Rows that have room, less one: all bits set. */
  private readonly mask: number;
  private readonly digests: Int32Array;
  /** Items of the rows, one row after another. */
  private readonly items: (Plain | undefined)[];
  /** The last table, and the digests of its rows; and room for those of the next one. */
  private last: readonly Plain[] = [];
  private digestsNow: Int32Array;
  private digestsBefore: Int32Array;

  constructor(
    rows: number,
    private readonly width: number,
  ) {
    this.mask = (1 << (32 - Math.clz32(rows))) - 1;
    this.digests = new Int32Array(this.mask + 1);
    this.items = new Array<Plain | undefined>((this.mask + 1) * width).fill(undefined);
    this.digestsBefore = new Int32Array(this.mask + 1);
    this.digestsNow = new Int32Array(this.mask + 1);
  }

  fits(rows: number, width: number): boolean {
    return rows <= this.mask + 1 && width === this.width;
  }

  /** Digests of the rows of this table, in their order; until the next one is asked for. */
  digestsOf(table: readonly Plain[]): Int32Array {
    const slide = slideOf(table);
    const slid = slide?.from !== undefined && slide.from === slideOf(this.last)?.name;
    const digests = slid ? this.slide(table, slide.dropped) : this.compare(table);
    this.last = table;
    return digests;
  }

  private slide(table: readonly Plain[], dropped: number): Int32Array {
    const digests = this.digestsNow;
    const before = this.last.length;
    digests.copyWithin(0, dropped, before);
    for (let i = before - dropped; i < table.length; i++) digests[i] = this.find(table[i] as Plain, i);
    return digests;
  }

  private compare(table: readonly Plain[]): Int32Array {
    const { last: before, digestsNow: digestsBefore, digestsBefore: digests } = this;
    const end = before.length;
    let next = placeOfFirst(table, before);
    for (let i = 0; i < table.length; i++) {
      const row = table[i] as Plain;
      digests[i] = next < end && row === before[next] ? (digestsBefore[next++] as number) : this.find(row, i);
    }
    this.digestsNow = digests;
    this.digestsBefore = digestsBefore;
    return digests;
  }

  private find(row: Plain, place: number): number {
    const { width, items, digests } = this;
    if (!isList(row) || row.length !== width) return plainDigest(row);
    const first = row[0];
    const number = (typeof first === 'number' ? first : place) & this.mask;
    const from = number * width;
    for (let i = 0; i < width; i++) {
      if (!isSame(items[from + i], row[i])) return this.remember(row, number);
    }
    return digests[number] as number;
  }

  private remember(row: Row, number: number): number {
    const digest = plainDigest(row);
    for (let i = 0; i < row.length; i++) this.items[number * this.width + i] = row[i];
    this.digests[number] = digest;
    return digest;
  }
}

/** Where the rows of a table begin in the one before; its end: nowhere. */
function placeOfFirst(table: readonly Plain[], before: readonly Plain[]): number {
  for (let i = 0; i < ANCHORS && i < table.length; i++) {
    const place = before.indexOf(table[i] as Plain);
    if (place >= 0) return place;
  }
  return before.length;
}

/** By type first: a comparison of anything with anything is a call. */
function isSame(one: Plain | undefined, other: Plain | undefined): boolean {
  if (typeof other === 'object') return typeof one === 'object' && one === other;
  if (typeof other === 'number') return typeof one === 'number' && one === other;
  return one === other;
}
