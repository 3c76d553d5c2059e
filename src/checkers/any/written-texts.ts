/**
 * Ghost: the texts that clients wrote under each key of the key-value service, for as long as a value may
 * show them. A text that is neither in the key's settled value nor written by an operation that is still to
 * be judged is forgotten: should it come back, the order of operations tells, not the count of texts.
 */

import type { Plain } from '../../kernel/index.js';
import type { ClientOperation } from './client-history.js';
import type { KeyStates } from './key-states.js';

/** A key with fewer texts is not worth the sweep. */
const TEXTS_MIN = 512;

/** The fields of all inputs and outputs of the key-value service that are read here. */
interface KvFields {
  readonly op?: Plain;
  readonly key?: Plain;
  readonly value?: Plain;
  readonly swapped?: Plain;
}

/** What the history says of one key. */
export class KeyTexts {
  /** By text: how many operations were invoked that write it. */
  writers = new Map<string, number>();
  /** Texts of compare-and-sets that were answered "not swapped", and whose they are. */
  notSwapped = new Map<string, ClientOperation>();
  /** The character that begins every text and is nowhere else in one; undefined when there is none. */
  mark: string | undefined = undefined;
  isJudged = true;
  /** The sweep is due at this many texts. */
  sweepAt = TEXTS_MIN;

  wrote(text: string): void {
    this.writers.set(text, (this.writers.get(text) ?? 0) + 1);
    const first = text.charAt(0);
    this.mark ??= first;
    if (first === '' || first !== this.mark || text.indexOf(first, 1) >= 0) this.isJudged = false;
  }

  /** Forgets texts that are not in the value, except those of `pending`. */
  sweep(value: string | undefined, pending: ReadonlySet<string>): void {
    const shown = new Set(this.mark === undefined ? [] : textsIn(value ?? '', this.mark));
    for (const text of this.writers.keys()) {
      if (shown.has(text) || pending.has(text)) continue;
      this.writers.delete(text);
      this.notSwapped.delete(text);
    }
    this.sweepAt = Math.max(TEXTS_MIN, 2 * this.writers.size);
  }

  clone(): KeyTexts {
    const copy = new KeyTexts();
    copy.writers = new Map(this.writers);
    copy.notSwapped = new Map(this.notSwapped);
    copy.mark = this.mark;
    copy.isJudged = this.isJudged;
    copy.sweepAt = this.sweepAt;
    return copy;
  }
}

export class WrittenTexts {
  /** A Map: keys come in the order of their first operation. */
  private keys = new Map<string, KeyTexts>();
  /** Operations below this number have been taken in as writers. */
  private nextId = 0;

  of(key: string): KeyTexts | undefined {
    return this.keys.get(key);
  }

  /** Takes in what was invoked since the last time. `operations` come in the order of their numbers. */
  wrote(operations: Iterable<ClientOperation>): void {
    for (const { id, input } of operations) {
      if (id < this.nextId) continue;
      this.nextId = id + 1;
      const { key, value } = fieldsOf(input);
      if (typeof key === 'string' && typeof value === 'string') this.open(key).wrote(value);
    }
  }

  /** Takes in the answers of compare-and-sets that say that nothing was swapped. */
  answered(operations: Iterable<ClientOperation>): void {
    for (const operation of operations) {
      const { op, key, value } = fieldsOf(operation.input);
      if (op !== 'cas' || operation.outcome !== 'ok' || fieldsOf(operation.output).swapped !== false)
        continue;
      if (typeof key === 'string' && typeof value === 'string')
        this.open(key).notSwapped.set(value, operation);
    }
  }

  /** Forgets what no value can show any more: `operations` are those still to be judged. */
  sweep(states: KeyStates, operations: Iterable<ClientOperation>): void {
    const due = new Map<string, Set<string>>();
    for (const [key, texts] of this.keys) if (texts.writers.size >= texts.sweepAt) due.set(key, new Set());
    if (due.size === 0) return;
    for (const { input } of operations) {
      const { key, value } = fieldsOf(input);
      if (typeof key === 'string' && typeof value === 'string') due.get(key)?.add(value);
    }
    for (const [key, pending] of due) {
      const { value, certainty } = states.of(key);
      // Of a key whose state is unknown, only the latest texts may be told from those long gone.
      this.keys.get(key)?.sweep(certainty === 'unknown' ? undefined : value, pending);
    }
  }

  clone(): WrittenTexts {
    const copy = new WrittenTexts();
    for (const [key, texts] of this.keys) copy.keys.set(key, texts.clone());
    copy.nextId = this.nextId;
    return copy;
  }

  private open(key: string): KeyTexts {
    let texts = this.keys.get(key);
    if (texts === undefined) this.keys.set(key, (texts = new KeyTexts()));
    return texts;
  }
}

/** The texts that a value is made of, in order. What comes before the first mark is none. */
export function textsIn(value: string, mark: string): string[] {
  const parts = value.split(mark);
  return parts.slice(1).map((part) => mark + part);
}

/** The value that a get or an append was answered with; undefined when there is none. */
export function valueSeenBy(operation: ClientOperation): string | undefined {
  if (operation.outcome !== 'ok') return undefined;
  const { op } = fieldsOf(operation.input);
  const { value } = fieldsOf(operation.output);
  return (op === 'get' || op === 'append') && typeof value === 'string' ? value : undefined;
}

/** The key that an operation is on; undefined when it is none of the service's. */
export function keyOf(operation: ClientOperation): string | undefined {
  const { key } = fieldsOf(operation.input);
  return typeof key === 'string' ? key : undefined;
}

const NO_FIELDS: KvFields = {};

function fieldsOf(plain: Plain): KvFields {
  return plain === null || typeof plain !== 'object' ? NO_FIELDS : (plain as KvFields);
}
