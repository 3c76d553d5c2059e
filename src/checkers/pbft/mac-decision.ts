/**
 * What follows from a set of view changes with MACs, word for word as the paper says it (Castro's thesis, MIT-LCS-TR-817,
 * chapter 3; TOCS 2002, §5), with nothing shared with the replica's own procedure, so that a mistake in that is seen.
 */

import type { MacViewChange, Sequence } from '../../protocols/pbft/index.js';
import type { QuorumSizes } from './quorum.js';

export interface DueView {
  readonly sequence: Sequence;
  readonly digest: number;
  /** By place, from the one after `sequence` on. */
  readonly choices: readonly number[];
}

/** Undefined: nothing follows yet. */
export function dueFrom(
  all: readonly MacViewChange[],
  { f, strong }: QuorumSizes,
  window: number,
): DueView | undefined {
  const checkpoint = all
    .flatMap(({ checkpoints }) => checkpoints)
    .filter(
      ({ sequence, digest }) =>
        all.filter((m) => m.stable <= sequence).length >= strong &&
        all.filter((m) => m.checkpoints.some((c) => c.sequence === sequence && c.digest === digest)).length >
          f,
    )
    .sort((a, b) => b.sequence - a.sequence || a.digest - b.digest)[0];
  if (checkpoint === undefined) return undefined;
  const places = Array.from({ length: window }, (_, i) => dueAt(all, f, strong, checkpoint.sequence + 1 + i));
  if (places.includes('undecided')) return undefined;
  while (places[places.length - 1] === 'null by B') places.pop();
  const choices = places.map((place) => (typeof place === 'number' ? place : 0));
  return { sequence: checkpoint.sequence, digest: checkpoint.digest, choices };
}

function dueAt(
  all: readonly MacViewChange[],
  f: number,
  strong: number,
  n: Sequence,
): number | 'null by B' | 'undecided' {
  const candidates = all
    .flatMap(({ prepared }) => prepared)
    .filter(({ sequence }) => sequence === n)
    .sort((a, b) => b.view - a.view || a.digest - b.digest);
  for (const { digest: d, view: v } of candidates) {
    const a1 = all.filter(
      (m) =>
        m.stable < n &&
        m.prepared
          .filter(({ sequence }) => sequence === n)
          .every((other) => other.view < v || (other.view === v && other.digest === d)),
    );
    const a2 = all.filter((m) =>
      m.prePrepared.some((other) => other.sequence === n && other.view >= v && other.digest === d),
    );
    if (a1.length >= strong && a2.length > f) return d;
  }
  const b = all.filter((m) => m.stable < n && m.prepared.every(({ sequence }) => sequence !== n));
  return b.length >= strong ? 'null by B' : 'undecided';
}
