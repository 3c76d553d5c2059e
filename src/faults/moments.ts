/**
 * Moments at which faults may be aimed: what replicas report, under the names that scenarios use. A fault that
 * strikes at every tenth commit meets a commit; one that strikes every ten seconds meets what happens most.
 */

import type { ProtocolEvent } from '../kernel/index.js';

/** By plural: `every: 5..40 commits`. */
export const MOMENTS = {
  /** An entry, or what a primary proposes, is in a log; its sync is about to begin. */
  appends: ['appended'],
  /** A log gives way to another one. */
  truncations: ['truncated', 'rolled-back'],
  commits: ['committed', 'batch-executed'],
  /** A term or view begins for somebody, who has a new vote to give. */
  terms: ['term-changed'],
  candidacies: ['became-pre-candidate', 'became-candidate'],
  leaders: ['became-leader'],
  snapshots: ['snapshot-saved', 'snapshot-installed', 'compacted'],
  changes: ['configuration-changed'],
  starts: ['recovered'],
} as const satisfies Readonly<Record<string, readonly ProtocolEvent['kind'][]>>;

export type Moment = keyof typeof MOMENTS;
export const MOMENT_NAMES = Object.keys(MOMENTS) as readonly Moment[];

/** Which of the moments a fault strikes at: between so many of them pass. */
export interface Aim {
  readonly moment: Moment;
  /** From 1. */
  readonly least: number;
  readonly most: number;
}

export function isMoment({ moment }: Aim, kind: ProtocolEvent['kind']): boolean {
  const kinds: readonly ProtocolEvent['kind'][] = MOMENTS[moment];
  return kinds.includes(kind);
}
