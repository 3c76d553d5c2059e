/**
 * Ghost: what the key-value store held after each place of the agreed order, replayed once over the order
 * and not per server. By its own reading of the operations, so that it and the store check each other.
 *
 * Bounded: of each key the latest {@link VERSIONS_KEPT} versions are known. What is older, or hangs on a
 * command of which it is open whether it took effect, is unknown, and whoever asks must not judge by it.
 */

import type { Plain } from '../../kernel/index.js';
import { MAX_VALUE_LENGTH } from '../../services/index.js';
import type { AppliedPlace } from './agreed-order.js';

/** Versions of one key that are remembered. A read that lags further behind a busy key cannot be judged. */
export const VERSIONS_KEPT = 64;

/** What a key holds: a text, null when it is not there, undefined when that is not known. */
export type KnownValue = string | null | undefined;

/** The latest versions of one key: rings, version number v in place v mod {@link VERSIONS_KEPT}. */
class Versions {
  private indexes: number[] = [];
  private values: KnownValue[] = [];
  private written = 0;

  get latest(): KnownValue {
    return this.written === 0 ? null : this.values[(this.written - 1) % VERSIONS_KEPT];
  }

  write(index: number, value: KnownValue): void {
    const place = this.written++ % VERSIONS_KEPT;
    this.indexes[place] = index;
    this.values[place] = value;
  }

  at(index: number): KnownValue {
    const oldest = this.written > VERSIONS_KEPT ? this.written - VERSIONS_KEPT : 0;
    for (let version = this.written - 1; version >= oldest; version--) {
      const place = version % VERSIONS_KEPT;
      if ((this.indexes[place] as number) <= index) return this.values[place];
    }
    return oldest === 0 ? null : undefined;
  }

  clone(): Versions {
    const copy = new Versions();
    copy.indexes = this.indexes.slice();
    copy.values = this.values.slice();
    copy.written = this.written;
    return copy;
  }
}

/** The fields of the store's operations. */
interface Operation {
  readonly op?: Plain;
  readonly key?: Plain;
  readonly value?: Plain;
  readonly expected?: Plain;
}

export class KeyVersions {
  private readonly keys = new Map<string, Versions>();
  /** Of the place before. */
  private digest = 0;
  private last = 0;

  /**
   * Takes in the next place of the order. `isRepeated`: its command was ordered before and must not take
   * effect again. A digest that a new command leaves as it is leaves open whether it took effect: the service
   * may have refused it, or the protocol's digest tells nothing.
   */
  applied(place: AppliedPlace, isRepeated: boolean): void {
    const { index, digest, command } = place;
    const hasEffect = index !== this.last + 1 || index === 1 || digest !== this.digest;
    this.last = index;
    this.digest = digest;
    if (command === undefined || isRepeated) return;
    const operation = asOperation(command.input);
    if (operation === undefined) return;
    const versions = this.versionsOf(operation.key as string);
    const before = versions.latest;
    const after = valueAfter(before, operation);
    if (after !== before) versions.write(index, hasEffect ? after : undefined);
  }

  /** What the key held after this place. */
  valueAt(key: string, index: number): KnownValue {
    const versions = this.keys.get(key);
    return versions === undefined ? null : versions.at(index);
  }

  clone(): KeyVersions {
    const copy = new KeyVersions();
    for (const [key, versions] of this.keys) copy.keys.set(key, versions.clone());
    copy.digest = this.digest;
    copy.last = this.last;
    return copy;
  }

  private versionsOf(key: string): Versions {
    let versions = this.keys.get(key);
    if (versions === undefined) this.keys.set(key, (versions = new Versions()));
    return versions;
  }
}

/** Undefined for what writes nothing, whatever the state: a get, and what the store refuses. */
function asOperation(input: Plain): Operation | undefined {
  if (input === null || typeof input !== 'object') return undefined;
  const operation = input as Operation;
  const { op, key, value, expected } = operation;
  if (typeof key !== 'string') return undefined;
  if (op === 'delete') return operation;
  if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH) return undefined;
  if (op === 'put' || op === 'append') return operation;
  return op === 'cas' && (expected === null || typeof expected === 'string') ? operation : undefined;
}

function valueAfter(before: KnownValue, operation: Operation): KnownValue {
  const value = operation.value as string;
  switch (operation.op) {
    case 'delete':
      return null;
    case 'put':
      return value;
    case 'cas':
      if (before === undefined) return undefined;
      return before === operation.expected ? value : before;
    default: {
      if (before === undefined) return undefined;
      const after = (before ?? '') + value;
      return after.length > MAX_VALUE_LENGTH ? before : after;
    }
  }
}
