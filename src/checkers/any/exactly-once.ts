/**
 * Each operation takes effect at most once, judged by what clients saw.
 *
 * An append shows how often it happened: its piece is in the value that often. Values can be taken apart
 * when every text written under a key begins with the same character and has it nowhere else (`c5.12`);
 * keys written in another way are not judged. A compare-and-set that is executed twice shows otherwise:
 * the second time it finds its own value, and its client hears that nothing was swapped.
 */

import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { ClientOperation } from './client-history.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { keyOf, textsIn, valueSeenBy, type KeyTexts } from './written-texts.js';

export const EXACTLY_ONCE: InvariantInfo = {
  id: 'any/exactly-once',
  title: 'No operation takes effect twice, however often it is sent.',
  statement:
    'Per key whose written texts can be told apart in a value: (1) in every value that a get or an append was answered with, each text occurs at most as often as operations were invoked that write it; (2) if a compare-and-set is the only operation that writes a text and was answered "not swapped", no value seen by anybody begins with that text. Judged in segments and at the end; a text that is long gone from the value under its key is not watched any more. Holds for services behind client sessions.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §6.3',
};

export class ExactlyOnce extends GhostChecker<RunGhost> {
  override readonly info = EXACTLY_ONCE;

  /** Of operations that are about to be forgotten. */
  judge(operations: readonly ClientOperation[]): void {
    const { texts, history, witness } = this.ghost;
    texts.wrote(history.operations());
    texts.answered(operations);
    const judged = new Map<string, JudgedKey>();
    for (const operation of operations) {
      const value = valueSeenBy(operation);
      const key = keyOf(operation);
      const known = key === undefined ? undefined : texts.of(key);
      if (value === undefined || key === undefined || known?.mark === undefined || !known.isJudged) continue;
      let values = judged.get(key);
      if (values === undefined) judged.set(key, (values = new JudgedKey()));
      if (values.right.has(value)) continue;
      if (!this.judgeValue(key, known, known.mark, value, values, operation)) return;
      values.right.add(value);
    }
    texts.sweep(witness.states, history.operations());
  }

  /** False when the value is a violation. */
  private judgeValue(
    key: string,
    known: KeyTexts,
    mark: string,
    value: string,
    values: JudgedKey,
    by: ClientOperation,
  ): boolean {
    const counts = values.countsBefore(value, mark);
    for (const text of textsIn(value.slice(values.counted.length), mark)) {
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      const writers = known.writers.get(text);
      if (writers !== undefined && count > writers) {
        this.violate(
          `${this.who(by)} saw "${text}" ${count} times under key "${key}", but it was written ${times(writers)}`,
        );
        return false;
      }
    }
    values.counted = value;
    const first = firstText(value, mark);
    const swapper = known.writers.get(first) === 1 ? known.notSwapped.get(first) : undefined;
    if (swapper === undefined) return true;
    this.violate(
      `${this.who(swapper)} was answered "not swapped", but ${this.who(by)} saw its text "${first}" under key "${key}"`,
    );
    return false;
  }

  private who({ client, sequence }: ClientOperation): string {
    return `operation ${sequence} of ${processName(client, this.ghost.servers)}`;
  }
}

/** What is known to be right under one key. */
class JudgedKey {
  readonly right = new Set<string>();
  /** The value counted last, and how often each text occurs in it: most values only add to the one before. */
  counted = '';
  private counts = new Map<string, number>();

  /** The counts of the texts that this value begins with, whole ones; {@link counted} is that beginning then. */
  countsBefore(value: string, mark: string): Map<string, number> {
    const { counted } = this;
    const next = value.charAt(counted.length);
    if (!value.startsWith(counted) || (next !== mark && next !== '')) {
      this.counted = '';
      this.counts = new Map();
    }
    return this.counts;
  }
}

/** The mark alone where a value is made of no text. */
function firstText(value: string, mark: string): string {
  const start = value.indexOf(mark);
  const end = value.indexOf(mark, start + 1);
  if (start < 0) return mark;
  return end < 0 ? value.slice(start) : value.slice(start, end);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
