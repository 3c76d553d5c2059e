/** Tables for terminals: a head, a thin rule, no frame; as wide as their words, and no colour of their own. */

import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/** A cell of at most so many characters. */
export function clipped(text: string, widest: number): string {
  return text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
}

const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const;

/** The table as text, without a line end. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: ChalkInstance,
): string {
  const grid = new Table({
    head: columns.map(({ head }) =>
      head
        .split('\n')
        .map((line) => paint.dim(line))
        .join('\n'),
    ),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: NO_FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  });
  for (const row of rows) grid.push([...row]);
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
