/**
 * Each operation takes effect at most once, judged by what clients saw.
 *
 * An append shows how often it happened: its piece is in the value that often. Values can be taken apart
 * when every text written under a key begins with the same character and has it nowhere else (`c5.12`);
 * keys written in another way are not judged. A compare-and-set that is executed twice shows otherwise:
 * the second time it finds its own value, and its client hears that nothing was swapped.
 */

import type { Plain } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { ClientHistory } from './client-history.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const EXACTLY_ONCE: InvariantInfo = {
  id: 'any/exactly-once',
  title: 'No operation takes effect twice, however often it is sent.',
  statement:
    'At the end of a run, per key whose written texts can be told apart in a value: (1) in every value that a get or an append was answered with, each text occurs at most as often as operations were invoked that write it; (2) if a compare-and-set is the only operation that writes a text and was answered "not swapped", no value seen by anybody begins with that text. Holds for services behind client sessions.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §6.3',
};

/** The fields of all inputs and outputs of the key-value service that are read here. */
interface KvFields {
  readonly op?: Plain;
  readonly key?: Plain;
  readonly value?: Plain;
  readonly swapped?: Plain;
}

/** What the history says of one key. */
class KeyHistory {
  /** By text: how many operations were invoked that write it. */
  readonly writers = new Map<string, number>();
  /** Texts of compare-and-sets that were answered "not swapped", and whose they are. */
  readonly notSwapped = new Map<string, string>();
  /** Values that clients were answered with, and to whom first. */
  readonly seen = new Map<string, string>();
  /** The character that begins every text and is nowhere else in one; undefined when there is none. */
  mark: string | undefined = undefined;
  isJudged = true;

  wrote(text: string): void {
    this.writers.set(text, (this.writers.get(text) ?? 0) + 1);
    const first = text.charAt(0);
    this.mark ??= first;
    if (first === '' || first !== this.mark || text.indexOf(first, 1) >= 0) this.isJudged = false;
  }
}

export class ExactlyOnce extends GhostChecker<RunGhost> {
  override readonly info = EXACTLY_ONCE;

  onEnd(): void {
    for (const [key, history] of byKey(this.ghost.history, this.ghost.servers)) {
      const { mark } = history;
      if (!history.isJudged || mark === undefined) continue;
      for (const [value, who] of history.seen) if (!this.judge(key, history, mark, value, who)) return;
    }
  }

  /** False when the value is a violation. */
  private judge(key: string, history: KeyHistory, mark: string, value: string, who: string): boolean {
    const counts = new Map<string, number>();
    const texts = value.split(mark);
    for (let i = 1; i < texts.length; i++) {
      const text = mark + (texts[i] as string);
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      const writers = history.writers.get(text);
      if (writers !== undefined && count > writers) {
        this.violate(
          `${who} saw "${text}" ${count} times under key "${key}", but it was written ${times(writers)}`,
        );
        return false;
      }
    }
    const first = mark + (texts[1] ?? '');
    const swapper = history.writers.get(first) === 1 ? history.notSwapped.get(first) : undefined;
    if (swapper === undefined) return true;
    this.violate(
      `${swapper} was answered "not swapped", but ${who} saw its text "${first}" under key "${key}"`,
    );
    return false;
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** The history taken apart by key. A Map: keys come in the order of their first operation. */
function byKey(history: ClientHistory, servers: number): Map<string, KeyHistory> {
  const keys = new Map<string, KeyHistory>();
  for (let id = 0; id < history.size; id++) {
    const { client, sequence, input, output, outcome } = history.operation(id);
    if (input === null || typeof input !== 'object') continue;
    const { op, key, value } = input as KvFields;
    if (typeof key !== 'string') continue;
    let known = keys.get(key);
    if (known === undefined) keys.set(key, (known = new KeyHistory()));
    const who = `operation ${sequence} of ${processName(client, servers)}`;
    if (typeof value === 'string') known.wrote(value);
    if (outcome !== 'ok' || output === null || typeof output !== 'object') continue;
    const answer = output as KvFields;
    if (op === 'cas' && answer.swapped === false && typeof value === 'string')
      known.notSwapped.set(value, who);
    if (
      (op === 'get' || op === 'append') &&
      typeof answer.value === 'string' &&
      !known.seen.has(answer.value)
    ) {
      known.seen.set(answer.value, who);
    }
  }
  return keys;
}
