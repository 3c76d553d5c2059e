/** What a judge of a whole history answers. */

import { byCodeUnits } from '../../kernel/index.js';

/** `unknown`: a bound on the work was reached first. */
export type HistoryVerdict = 'valid' | 'invalid' | 'unknown';

/** One thing that must not happen. */
export interface Anomaly {
  /** A short name in the words of its source, e.g. `G-single`, `lost-write`. */
  readonly kind: string;
  /** One sentence. */
  readonly message: string;
  /** Lines (from 1) of the invocations that show it, in the order in which the message tells of them. */
  readonly lines: readonly number[];
}

export interface HistoryReport {
  readonly verdict: HistoryVerdict;
  /** The first of each kind come first; at most {@link ANOMALIES_MAX}. */
  readonly anomalies: readonly Anomaly[];
  /** How many there are in all, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** One sentence. */
  readonly message: string;
  /** Figures that are no verdict, such as how stale reads were. */
  readonly figures: Readonly<Record<string, number>>;
  /** Of a search for an order that ended without one. */
  readonly failure?: SearchFailure;
}

export interface SearchFailure {
  /** The object, where objects were searched one by one. */
  readonly key: string | undefined;
  /** The shortest prefix that no order explains has so many completions, the last of this line's operation. */
  readonly completions: number;
  readonly line: number;
  /** False when a bound left open whether a shorter prefix fails, too. */
  readonly isShortest: boolean;
  /** Lines of invocations in the longest legal order found. */
  readonly longest: readonly number[];
}

/** Most anomalies that are described one by one. */
export const ANOMALIES_MAX = 100;

/** Collects anomalies: all are counted, some of each kind are described. */
export class Anomalies {
  private readonly counts = new Map<string, number>();
  private readonly first: Anomaly[] = [];
  private readonly more: Anomaly[] = [];

  get size(): number {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  has(kind: string): boolean {
    return this.counts.has(kind);
  }

  add(kind: string, message: string, lines: readonly number[]): void {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    const list = count === 1 ? this.first : this.more;
    if (list.length < ANOMALIES_MAX) list.push({ kind, message, lines });
  }

  /** `passed` is the sentence of a history without anomalies. */
  report(passed: string, figures: Readonly<Record<string, number>> = {}): HistoryReport {
    const counts: Record<string, number> = {};
    for (const kind of [...this.counts.keys()].sort(byCodeUnits)) counts[kind] = this.counts.get(kind) ?? 0;
    return {
      verdict: this.size === 0 ? 'valid' : 'invalid',
      anomalies: [...this.first, ...this.more].slice(0, ANOMALIES_MAX),
      counts,
      message: this.first[0]?.message ?? passed,
      figures,
    };
  }
}

/** `1 read`, `2 reads`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
