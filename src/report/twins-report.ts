/** What an exploration of Twins scenarios came to, in words. */

import type { Round, TwinsProgress, TwinsTerms } from '../simulator/twins/index.js';
import { groupedCount } from './figures.js';

export interface ExploredTwins {
  readonly progress: TwinsProgress;
  /** Scenarios of all shards. */
  readonly total: number;
  readonly depth: number;
  readonly shard: number;
  readonly of: number;
  /** CPU time. */
  readonly seconds: number;
  readonly isInterrupted: boolean;
  /** Violations that were told. */
  readonly told: number;
}

export function twinsLines(explored: ExploredTwins): string[] {
  const { progress, total, depth, shard, of, seconds, isInterrupted } = explored;
  const { played, known, behind, rounds, states, violations } = progress;
  const covered = played + known + behind;
  const part = of === 1 ? '' : ` (shard ${shard + 1} of ${of})`;
  const perSecond = (count: number): string => groupedCount(Math.round(count / seconds));
  return [
    `${isInterrupted ? 'interrupted after' : 'explored'} ${groupedCount(covered)} of ${groupedCount(total)} scenarios of ${depth} rounds${part}`,
    `  ${groupedCount(played)} played to their end, ${perSecond(played)} a second of CPU time`,
    `  ${groupedCount(known)} come to a state that was explored before (${groupedCount(states)} states)`,
    `  ${groupedCount(behind)} lie behind ${groupedCount(violations)} violations`,
    `  ${groupedCount(rounds)} rounds in ${seconds.toFixed(1)} s: ${perSecond(covered)} scenarios a second in all`,
  ];
}

/** E.g. `round 1: n2 leads, {n1 n2} {n3 n4 n1'}`. */
export function roundLines(rounds: readonly Round[], terms: TwinsTerms): string[] {
  return rounds.map(({ parts, leader }, i) => {
    const groups: string[][] = [];
    parts.forEach((part, node) => (groups[part] ??= []).push(terms.nameOf(node)));
    return `round ${i + 1}: n${leader + 1} leads, ${groups.map((group) => `{${group.join(' ')}}`).join(' ')}`;
  });
}
