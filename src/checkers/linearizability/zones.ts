/**
 * A quick proof that there is no linearization, for states that come about at most once.
 *
 * If only one operation leads to a state, all operations that need the state lie in one block right after
 * it (before anything else, for the initial state if nothing leads back to it). The block lasts at least
 * from the first return to the last call among them: its zone. Zones of two states cannot overlap, and an
 * operation that runs within a zone must leave the state as it is (Gibbons & Korach, "Testing shared
 * memories", SIAM J. Computing 1997, §4.1). Most stale reads of distinct values are found so, without a
 * search, at any concurrency.
 */

import type { Basin } from './demand-plan.js';
import { ILLEGAL } from './model.js';
import type { HistoryOperation } from './model.js';
import type { Problem } from './problem.js';

interface Zone {
  readonly state: number;
  /** Positions of the first return and of the last call; -1: from the beginning. */
  readonly start: number;
  readonly end: number;
  /** The largest rank that the zone is made of. */
  readonly rank: number;
}

/** The rank whose completion shows the first conflict found; -1 when there is none. */
export function findZoneConflict(
  problem: Problem<unknown, unknown, unknown>,
  basins: readonly Basin[],
): number {
  const zones = findZones(problem, basins).sort((a, b) => a.start - b.start);
  for (let index = 1; index < zones.length; index += 1) {
    const before = zones[index - 1] as Zone;
    const after = zones[index] as Zone;
    if (after.start < before.end) return Math.max(before.rank, after.rank);
  }
  return findIntruder(problem, zones);
}

/** The zones that are no single instant. */
function findZones(problem: Problem<unknown, unknown, unknown>, basins: readonly Basin[]): Zone[] {
  const { definite, unknown, initialState } = problem;
  const needing = new Map<number, number[]>();
  for (let rank = 0; rank < definite.size; rank += 1) {
    const state = definite.required[rank] as number;
    const ranks = needing.get(state);
    if (ranks === undefined) needing.set(state, [rank]);
    else ranks.push(rank);
  }
  const zones: Zone[] = [];
  for (const { demand, sourceRanks, sourceClasses } of basins) {
    const ranks = [...(needing.get(demand) ?? []), ...sourceRanks];
    let sources = sourceRanks.length;
    let start = Infinity;
    let end = -1;
    let last = -1;
    for (const unknownClass of sourceClasses) {
      const first = unknown.start[unknownClass] as number;
      sources += (unknown.start[unknownClass + 1] as number) - first;
      end = Math.max(end, unknown.call[first] as number);
    }
    if (demand === initialState) {
      if (sources > 0) continue;
      start = -1;
    } else if (sources !== 1) continue;
    for (const rank of ranks) {
      start = Math.min(start, definite.return[rank] as number);
      end = Math.max(end, definite.call[rank] as number);
      last = Math.max(last, rank);
    }
    if (start < end) zones.push({ state: demand, start, end, rank: last });
  }
  return zones;
}

/** An operation that runs within a zone and cannot leave its state as it is. Zones are apart and sorted. */
function findIntruder(problem: Problem<unknown, unknown, unknown>, zones: readonly Zone[]): number {
  const { definite } = problem;
  let next = 0;
  for (const rank of definite.byCall) {
    const call = definite.call[rank] as number;
    while (next < zones.length && (zones[next] as Zone).end < call) next += 1;
    const zone = zones[next];
    if (zone === undefined) return -1;
    const isWithin = zone.start < call && (definite.return[rank] as number) < zone.end;
    if (isWithin && !keepsState(problem, rank, zone.state)) return Math.max(rank, zone.rank);
  }
  return -1;
}

function keepsState(problem: Problem<unknown, unknown, unknown>, rank: number, state: number): boolean {
  const { definite, model, table } = problem;
  const { input, output } = definite.operations[rank] as HistoryOperation<unknown, unknown>;
  const after = model.step(table.states[state], input, output);
  return after !== ILLEGAL && table.intern(after) === state;
}
