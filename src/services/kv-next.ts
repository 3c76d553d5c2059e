/**
 * The key-value store, written a second time: entries in a sorted array, found by halving. It answers as
 * kv.ts does, shares no code with it, and digests in a way of its own. It exists to run as a shadow of the
 * other one (shadow.ts), or in its place, before it may succeed it.
 */

import { assert, hashString, mix32 } from '../kernel/index.js';
import type { Command, Plain, Result, StateMachine } from '../kernel/index.js';
import { readMicroOperations, type MicroOperation } from './kv-transaction.js';
import { MAX_VALUE_LENGTH, type KvError, type KvOperation, type KvTransaction } from './kv.js';

/** A key, what it holds, and a hash of how that came to be. Immutable: clones share it. */
export class Entry {
  constructor(
    readonly key: string,
    readonly value: string,
    readonly hash: number,
  ) {}
}

/** Hash that stands for a key that is not there, and for an error. */
const NOTHING = 0;

const MALFORMED: KvError = Object.freeze({ error: 'malformed' });
const VALUE_TOO_LONG: KvError = Object.freeze({ error: 'value-too-long' });

export class SortedKeyValueStore implements StateMachine {
  /** Ascending by key, in code units; no key twice. */
  private entries: Entry[] = [];
  private rolling = 0x6b766e78;

  apply(command: Command): Result {
    const operation = readOperation(command.input);
    if ('ops' in operation) return this.transact(command, operation.ops);
    if ('error' in operation) {
      this.roll(command, NOTHING, NOTHING);
      return { error: operation.error };
    }
    const before = this.find(operation.key);
    const result = this.execute(operation, before);
    this.roll(command, before?.hash ?? NOTHING, this.find(operation.key)?.hash ?? NOTHING);
    return result;
  }

  query(command: Command): Result | undefined {
    const operation = readOperation(command.input);
    if ('error' in operation || operation.op !== 'get') return undefined;
    return this.execute(operation, this.find(operation.key));
  }

  digest(): number {
    return this.rolling;
  }

  snapshot(): Plain {
    return { digest: this.rolling, entries: this.entries.map(({ key, value, hash }) => [key, value, hash]) };
  }

  restore(snapshot: Plain): void {
    const { digest, entries } = snapshot as { readonly digest?: Plain; readonly entries?: Plain };
    assert(typeof digest === 'number', 'kv-next: a snapshot has a digest');
    assert(Array.isArray(entries), 'kv-next: a snapshot has entries');
    this.rolling = digest;
    this.entries = (entries as readonly (readonly [string, string, number])[]).map(
      ([key, value, hash]) => new Entry(key, value, hash),
    );
  }

  clone(): SortedKeyValueStore {
    const copy = new (this.constructor as new () => SortedKeyValueStore)();
    copy.entries = this.entries.slice();
    copy.rolling = this.rolling;
    return copy;
  }

  protected execute(operation: KvOperation, entry: Entry | undefined): Result {
    switch (operation.op) {
      case 'get':
        return { value: entry?.value ?? null };
      case 'put':
        this.write(operation.key, operation.value, hashString(operation.value));
        return { ok: true };
      case 'delete':
        if (entry !== undefined) this.entries.splice(this.placeOf(operation.key), 1);
        return { existed: entry !== undefined };
      case 'cas':
        return { swapped: this.compareAndSet(operation, entry) };
      case 'append':
        return this.append(operation, entry);
    }
  }

  /** Works on the entries themselves, and puts them back as they were when it cannot go on. */
  private transact(command: Command, ops: readonly MicroOperation[]): Result {
    const before = this.entries.slice();
    const reads: (string | null)[] = [];
    for (const [kind, key, value = ''] of ops) {
      const entry = this.find(key);
      if (kind === 'r') reads.push(entry?.value ?? null);
      else if (kind === 'w') this.write(key, value, hashString(value));
      else {
        const hash = entry === undefined ? hashString(value) : mix32(entry.hash, hashString(value));
        this.write(key, (entry?.value ?? '') + value, hash);
      }
      if (kind === 'r' || (this.find(key)?.value ?? '').length <= MAX_VALUE_LENGTH) continue;
      this.entries = before;
      this.roll(command, NOTHING, NOTHING);
      return { error: VALUE_TOO_LONG.error };
    }
    this.roll(command, NOTHING, NOTHING);
    for (const [, key] of ops) this.roll(command, NOTHING, this.find(key)?.hash ?? NOTHING);
    return { reads };
  }

  /** True when the key held what was expected, and now holds the new value. */
  protected compareAndSet(
    operation: KvOperation & { readonly op: 'cas' },
    entry: Entry | undefined,
  ): boolean {
    if ((entry?.value ?? null) !== operation.expected) return false;
    this.write(operation.key, operation.value, hashString(operation.value));
    return true;
  }

  protected write(key: string, value: string, hash: number): void {
    const place = this.placeOf(key);
    const isThere = this.entries[place]?.key === key;
    this.entries.splice(place, isThere ? 1 : 0, new Entry(key, value, hash));
  }

  private append(operation: KvOperation & { readonly op: 'append' }, entry: Entry | undefined): Result {
    const value = (entry?.value ?? '') + operation.value;
    if (value.length > MAX_VALUE_LENGTH) return { error: VALUE_TOO_LONG.error };
    this.write(operation.key, value, mix32(entry?.hash ?? NOTHING, hashString(operation.value)));
    return { value };
  }

  private find(key: string): Entry | undefined {
    const entry = this.entries[this.placeOf(key)];
    return entry?.key === key ? entry : undefined;
  }

  /** Where the key is, or would be. */
  private placeOf(key: string): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as Entry).key < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private roll(command: Command, before: number, after: number): void {
    this.rolling = mix32(mix32(mix32(this.rolling, after), before), command.hash);
  }
}

/** An input as an operation, or what is wrong with it. */
function readOperation(input: Plain): KvOperation | KvTransaction | KvError {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return MALFORMED;
  const fields = input as Readonly<Record<string, Plain | undefined>>;
  const { op, key, value, expected } = fields as {
    readonly op?: Plain;
    readonly key?: Plain;
    readonly value?: Plain;
    readonly expected?: Plain;
  };
  if (op === 'txn') {
    const ops = readMicroOperations(fields['ops']);
    return ops === undefined ? MALFORMED : { op, ops };
  }
  if (typeof key !== 'string') return MALFORMED;
  if (op === 'get' || op === 'delete') return { op, key };
  if ((op !== 'put' && op !== 'cas' && op !== 'append') || typeof value !== 'string') return MALFORMED;
  if (value.length > MAX_VALUE_LENGTH) return VALUE_TOO_LONG;
  if (op !== 'cas') return { op, key, value };
  if (expected !== null && typeof expected !== 'string') return MALFORMED;
  return { op, key, expected, value };
}
