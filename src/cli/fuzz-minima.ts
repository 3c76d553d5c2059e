/** Each kind of failure of a campaign made small, at its end. */

import { dirname } from 'node:path';
import type { FailureGroup } from '../campaign/index.js';
import { DivergenceError, UsageError, canonical } from '../kernel/index.js';
import { readTraceFile } from '../node/trace-file.js';
import type { FuzzFailure } from '../report/fuzz-report.js';
import type { TraceHeader } from '../simulator/trace.js';
import { minimisedRecord } from '../report/minimise-report.js';
import { KindQuota } from './kind-quota.js';
import { saveMinimised, type SavedMinimum } from './minimise.js';
import { DEFAULT_MINIMISE_RUNS } from './option-table.js';
import type { Session } from './session.js';
import type { Terminal } from './terminal.js';

/**
 * Adds to `minima`, by fingerprint of the kind, so that those that are done stand when another one throws. A kind
 * without a trace, or whose trace cannot be minimised, has none; nor have those for which there is no room.
 */
export async function minimiseKinds(
  terminal: Terminal,
  session: Session,
  groups: readonly FailureGroup<FuzzFailure>[],
  micros: number,
  minima: Map<string, SavedMinimum>,
): Promise<void> {
  const quota = new KindQuota();
  const budget = { runs: DEFAULT_MINIMISE_RUNS, millis: micros / 1000 };
  for (const { fingerprint, shortest } of groups) {
    const { savedTo, verdict } = shortest;
    if (savedTo === undefined || (verdict !== 'violated' && verdict !== 'stalled')) continue;
    // A ledger may hold more kinds with a trace than one process saves: the frequent ones come first.
    if (!quota.hasRoomFor(shortest)) continue;
    quota.spend(shortest);
    if (session.signal.aborted) break;
    try {
      const trace = readTraceFile(savedTo);
      if (trace.header.verdict.invariant === undefined) continue;
      requireTraceOf(shortest, trace.header, savedTo);
      const minimum = await saveMinimised(terminal, session, trace, savedTo, budget, dirname(savedTo));
      minima.set(fingerprint, minimum);
      if (terminal.json) terminal.emit('minimised', minimisedRecord(savedTo, minimum));
    } catch (error) {
      if (session.signal.aborted) break;
      // What was found stands, small or not: it is told with its trace.
      if (!(error instanceof UsageError || error instanceof DivergenceError)) throw error;
      terminal.note(error.message);
    }
  }
}

/** Another campaign may have put its own in its place since. Throws UsageError. */
function requireTraceOf(failure: FuzzFailure, header: TraceHeader, path: string): void {
  const { scenario, recipe, verdict } = header;
  const isIt =
    scenario.name === failure.scenario &&
    canonical(recipe) === canonical(failure.recipe) &&
    verdict.invariant === failure.invariant;
  if (isIt) return;
  throw new UsageError(
    'bad-trace',
    `${path}: expected the trace of ${failure.scenario}, seed ${failure.seed}, got that of another run: it is not made small`,
  );
}
