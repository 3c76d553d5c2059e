/**
 * The replicated key-value store: get, put, delete, compare-and-set and append, over strings, and small
 * transactions over several keys.
 *
 * Every input has an answer. One that is no operation, or would break a limit, gets an error result and
 * changes no value: a command is in the log before anybody looks into it, so an exception would stop
 * every replica that ever replays it.
 *
 * The digest rolls over the history: per command, its hash and the hash of the touched value before and
 * after. A value's hash is kept beside the value, so that an append costs its piece and not the whole.
 *
 * Left out: exactly-once (sessions.ts).
 */

import {
  assert,
  hashString,
  mix32,
  type Command,
  type Plain,
  type Result,
  type StateMachine,
} from '../kernel/index.js';
import { readMicroOperations, type MicroOperation } from './kv-transaction.js';

/** What a client may ask of one key, and what that answers; else {@link KvError}. */
export type KvOperation =
  /** `{ value }`: what the key holds, or null. */
  | { readonly op: 'get'; readonly key: string }
  /** `{ ok: true }`. */
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  /** `{ existed }`. */
  | { readonly op: 'delete'; readonly key: string }
  /** Writes `value` if the key holds `expected`; null stands for a key that is not there. `{ swapped }`. */
  | { readonly op: 'cas'; readonly key: string; readonly expected: string | null; readonly value: string }
  /** Adds `value` at the end of what is there; a key that is not there counts as empty. `{ value }`: after it. */
  | { readonly op: 'append'; readonly key: string; readonly value: string };

/** All of them at once, in this order, or none. `{ reads }`: what each `r` saw, in their order; or {@link KvError}. */
export type KvTransaction = { readonly op: 'txn'; readonly ops: readonly MicroOperation[] };

/** `malformed`: no operation of this store. `value-too-long`: the value would pass {@link MAX_VALUE_LENGTH}. */
export interface KvError {
  readonly error: 'malformed' | 'value-too-long';
}

/** Most UTF-16 code units of one value. Every append answers with the whole value, so it must not grow for ever. */
export const MAX_VALUE_LENGTH = 65_536;

// Results without content are shared: nobody may change a result.
const PUT_DONE = Object.freeze({ ok: true });
const EXISTED = Object.freeze({ existed: true });
const DID_NOT_EXIST = Object.freeze({ existed: false });
const SWAPPED = Object.freeze({ swapped: true });
const NOT_SWAPPED = Object.freeze({ swapped: false });
const MALFORMED = Object.freeze({ error: 'malformed' });
const VALUE_TOO_LONG = Object.freeze({ error: 'value-too-long' });

/** Hash that stands for a key that is not there. */
const ABSENT = 0;

/** Bytes of a snapshot but for its entries, and of an entry but for its characters; roughly. */
const SNAPSHOT_BYTES = 32;
const ENTRY_BYTES = 16;

/** A command's input before it is known to be an operation. */
interface RawOperation {
  readonly op?: unknown;
  readonly key?: unknown;
  readonly value?: unknown;
  readonly expected?: unknown;
  readonly ops?: unknown;
}

/** A value and the hash of how it came to be. Immutable: clones share it. */
export class Cell {
  private entry: Plain | undefined = undefined;

  constructor(
    readonly value: string,
    readonly hash: number,
  ) {}

  /** The cell of this key in a snapshot: one object in all of them. */
  entryOf(key: string): Plain {
    return (this.entry ??= [key, this.value, this.hash]);
  }
}

export class KeyValueStore implements StateMachine {
  protected cells: Map<string, Cell>;
  private rolling: number;
  /** Characters of all keys and values. */
  private characters: number;

  constructor() {
    this.cells = new Map();
    this.characters = 0;
    this.rolling = 0x6b763031;
  }

  apply(command: Command): Result {
    const input = command.input;
    if (input === null || typeof input !== 'object') return this.reject(command, MALFORMED);
    const operation = input as RawOperation;
    const { key, value } = operation;
    if (operation.op === 'txn') return this.transact(command, operation.ops);
    if (typeof key !== 'string') return this.reject(command, MALFORMED);
    switch (operation.op) {
      case 'get':
        return this.get(command, key);
      case 'delete':
        return this.delete(command, key);
      case 'put':
      case 'cas':
      case 'append':
        if (typeof value !== 'string') return this.reject(command, MALFORMED);
        if (value.length > MAX_VALUE_LENGTH) return this.reject(command, VALUE_TOO_LONG);
        if (operation.op === 'put') return this.put(command, key, value);
        if (operation.op === 'append') return this.append(command, key, value);
        return this.compareAndSet(command, key, operation.expected, value);
      default:
        return this.reject(command, MALFORMED);
    }
  }

  /** Answers a get as {@link apply} would, and leaves state and digest alone; everything else is to be ordered. */
  query(command: Command): Result | undefined {
    const input = command.input;
    if (input === null || typeof input !== 'object') return undefined;
    const { op, key } = input as RawOperation;
    return op === 'get' && typeof key === 'string' ? this.read(key) : undefined;
  }

  digest(): number {
    return this.rolling;
  }

  snapshot(): Plain {
    const entries: Plain[] = [];
    for (const [key, cell] of this.cells) entries.push(cell.entryOf(key));
    entries.sort(byKey);
    return { digest: this.rolling, entries };
  }

  snapshotBytes(): number {
    return SNAPSHOT_BYTES + ENTRY_BYTES * this.cells.size + this.characters;
  }

  restore(snapshot: Plain): void {
    const { digest, entries } = snapshot as { readonly digest?: Plain; readonly entries?: Plain };
    assert(typeof digest === 'number' && Array.isArray(entries), 'kv: a snapshot has a digest and entries');
    const cells = new Map<string, Cell>();
    let characters = 0;
    for (const entry of entries as readonly Plain[]) {
      const [key, value, hash] = entry as readonly Plain[];
      assert(typeof key === 'string' && typeof value === 'string', 'kv: a snapshot maps keys to values');
      assert(typeof hash === 'number', 'kv: a snapshot has the hash of every value');
      cells.set(key, new Cell(value, hash));
      characters += key.length + value.length;
    }
    this.cells = cells;
    this.characters = characters;
    this.rolling = digest;
  }

  clone(): KeyValueStore {
    const copy = new (this.constructor as new () => KeyValueStore)();
    copy.cells = new Map(this.cells);
    copy.rolling = this.rolling;
    copy.characters = this.characters;
    return copy;
  }

  protected get(command: Command, key: string): Result {
    const hash = this.hashOf(key);
    this.fold(command, hash, hash);
    return this.read(key);
  }

  /** What the key holds, as a get answers it. */
  protected read(key: string): Result {
    const cell = this.cells.get(key);
    return { value: cell === undefined ? null : cell.value };
  }

  protected put(command: Command, key: string, value: string): Result {
    const cell = this.cells.get(key);
    const before = cell === undefined ? ABSENT : cell.hash;
    this.fold(command, before, this.write(key, cell, value, hashString(value)));
    return PUT_DONE;
  }

  protected delete(command: Command, key: string): Result {
    const cell = this.cells.get(key);
    this.fold(command, cell === undefined ? ABSENT : cell.hash, ABSENT);
    if (cell === undefined) return DID_NOT_EXIST;
    this.cells.delete(key);
    this.characters -= key.length + cell.value.length;
    return EXISTED;
  }

  protected compareAndSet(command: Command, key: string, expected: unknown, value: string): Result {
    if (expected !== null && typeof expected !== 'string') return this.reject(command, MALFORMED);
    const cell = this.cells.get(key);
    const before = cell === undefined ? ABSENT : cell.hash;
    if ((cell === undefined ? null : cell.value) !== expected) {
      this.fold(command, before, before);
      return NOT_SWAPPED;
    }
    this.fold(command, before, this.write(key, cell, value, hashString(value)));
    return SWAPPED;
  }

  protected append(command: Command, key: string, piece: string): Result {
    const cell = this.cells.get(key);
    const before = cell === undefined ? ABSENT : cell.hash;
    const value = cell === undefined ? piece : cell.value + piece;
    if (value.length > MAX_VALUE_LENGTH) return this.reject(command, VALUE_TOO_LONG);
    this.fold(command, before, this.write(key, cell, value, mix32(before, hashString(piece))));
    return { value };
  }

  /** What it writes waits aside until the end: an error on the way leaves nothing behind. */
  protected transact(command: Command, given: unknown): Result {
    const ops = readMicroOperations(given);
    if (ops === undefined) return this.reject(command, MALFORMED);
    const written = new Map<string, Cell>();
    const reads: (string | null)[] = [];
    for (const op of ops) {
      const [kind, key] = op;
      const before = this.cellIn(written, key);
      if (kind === 'r') {
        reads.push(before === undefined ? null : before.value);
        continue;
      }
      const after = kind === 'w' || before === undefined ? newCell(op[2]) : appended(before, op[2]);
      if (after.value.length > MAX_VALUE_LENGTH) return this.reject(command, VALUE_TOO_LONG);
      written.set(key, after);
    }
    this.commit(command, written);
    return { reads };
  }

  /** What a transaction finds under a key. */
  protected cellIn(written: ReadonlyMap<string, Cell>, key: string): Cell | undefined {
    return written.get(key) ?? this.cells.get(key);
  }

  protected commit(command: Command, written: ReadonlyMap<string, Cell>): void {
    this.fold(command, ABSENT, ABSENT);
    for (const [key, { value, hash }] of written) {
      const before = this.cells.get(key);
      this.fold(command, before === undefined ? ABSENT : before.hash, this.write(key, before, value, hash));
    }
  }

  /** `before`: what the key holds now. */
  protected write(key: string, before: Cell | undefined, value: string, hash: number): number {
    this.characters += value.length - (before === undefined ? -key.length : before.value.length);
    this.cells.set(key, new Cell(value, hash));
    return hash;
  }

  private hashOf(key: string): number {
    const cell = this.cells.get(key);
    return cell === undefined ? ABSENT : cell.hash;
  }

  private reject(command: Command, error: Result): Result {
    this.fold(command, ABSENT, ABSENT);
    return error;
  }

  private fold(command: Command, before: number, after: number): void {
    this.rolling = mix32(mix32(mix32(this.rolling, command.hash), before), after);
  }
}

function newCell(value: string): Cell {
  return new Cell(value, hashString(value));
}

function appended(before: Cell, piece: string): Cell {
  return new Cell(before.value + piece, mix32(before.hash, hashString(piece)));
}

/** Entries by key, in code units: the order of insertion depends on who restored what, and when. */
function byKey(a: Plain, b: Plain): number {
  const left = (a as readonly string[])[0] as string;
  const right = (b as readonly string[])[0] as string;
  return left < right ? -1 : left > right ? 1 : 0;
}
