/** What became of many traces: which failures still come, which do not any more, which cannot be told. */

import type { ChalkInstance } from 'chalk';
import { byCodeUnits } from '../kernel/index.js';
import type { AdaptedResult, StrictResult } from '../simulator/replay.js';
import type { TraceHeader } from '../simulator/trace.js';
import { groupedCount } from './figures.js';
import { clipped, table, type Column } from './table.js';

/** `as-recorded`: the recorded verdict came again. `unclear`: it was stopped, or too little was followed. */
export type Fate = 'as-recorded' | 'passes-now' | 'fails-otherwise' | 'diverged' | 'unclear';

interface Replayed {
  readonly header: TraceHeader;
  readonly result:
    | { readonly mode: 'strict'; readonly strict: StrictResult }
    | { readonly mode: 'adapt'; readonly adapted: AdaptedResult };
}

/** Undefined: the watchdog ended it. */
export function fateOf(replayed: Replayed | undefined): Fate {
  if (replayed === undefined) return 'unclear';
  const { result } = replayed;
  if (result.mode === 'strict') return result.strict.kind === 'reproduced' ? 'as-recorded' : 'diverged';
  switch (result.adapted.kind) {
    case 'same':
      return 'as-recorded';
    case 'not-reproduced':
      return 'passes-now';
    case 'other':
      return 'fails-otherwise';
    case 'inconclusive':
      return 'unclear';
  }
}

/** Traces of one kind: verdict, property and, of minimised ones, story. */
interface Group {
  readonly status: string;
  readonly invariant: string | undefined;
  readonly story: string | undefined;
  readonly fates: Record<Fate, number>;
}

const COLUMNS: readonly Column[] = [
  { head: 'recorded' },
  { head: 'story' },
  { head: 'traces', align: 'right' },
  { head: 'as\nrecorded', align: 'right' },
  { head: 'pass\nnow', align: 'right' },
  { head: 'fail\notherwise', align: 'right' },
  { head: 'diverge', align: 'right' },
  { head: 'unclear', align: 'right' },
];
const WIDEST = 32;

export class ReplayGroups {
  private readonly groups = new Map<string, Group>();

  add(replayed: Replayed | undefined): void {
    if (replayed === undefined) return;
    const { verdict, minimised } = replayed.header;
    const { status, invariant } = verdict;
    const story = minimised?.story;
    const key = `${invariant ?? ''} ${status} ${story ?? ''}`;
    const group = this.groups.get(key) ?? { status, invariant, story, fates: noFates() };
    this.groups.set(key, group);
    group.fates[fateOf(replayed)]++;
  }

  /** By property, then verdict, then story: the order of the traces does not matter. */
  private sorted(): readonly Group[] {
    return [...this.groups].sort(([a], [b]) => byCodeUnits(a, b)).map(([, group]) => group);
  }

  text(paint: ChalkInstance): string {
    const rows = this.sorted().map(({ status, invariant, story, fates }) => [
      clipped(invariant ?? status, WIDEST),
      story ?? '',
      groupedCount(sumOf(fates)),
      ...[
        fates['as-recorded'],
        fates['passes-now'],
        fates['fails-otherwise'],
        fates.diverged,
        fates.unclear,
      ].map((count) => (count === 0 ? '' : groupedCount(count))),
    ]);
    return table(COLUMNS, rows, paint);
  }

  records(): readonly Readonly<Record<string, unknown>>[] {
    return this.sorted().map(({ status, invariant, story, fates }) => ({
      status,
      invariant: invariant ?? null,
      story: story ?? null,
      traces: sumOf(fates),
      ...fates,
    }));
  }
}

function noFates(): Record<Fate, number> {
  return { 'as-recorded': 0, 'passes-now': 0, 'fails-otherwise': 0, diverged: 0, unclear: 0 };
}

function sumOf(fates: Record<Fate, number>): number {
  return Object.values(fates).reduce((sum, count) => sum + count, 0);
}
