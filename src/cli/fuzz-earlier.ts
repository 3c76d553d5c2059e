/** What the ledger says of earlier processes of a campaign, for its reports: these are of all of it, as its exit code is. */

import { seedAt } from '../campaign/index.js';
import type { LedgerFailure } from '../node/fuzz-ledger.js';
import type { EarlierRuns } from '../report/campaign/index.js';
import { replayCommand } from '../report/shell.js';
import type { Scenario } from '../scenario/index.js';
import type { ScenarioTrack } from './fuzz-track.js';
import type { FuzzOptions } from './option-table.js';

export function earlierRuns(
  { name, title }: Scenario,
  { runsBefore: runs, eventsBefore: events }: ScenarioTrack,
  noted: readonly LedgerFailure[],
  { first, shard, bug }: FuzzOptions,
): EarlierRuns {
  const seedOf = (position: number): string => String(seedAt({ first, ...shard }, position));
  const failures = noted
    .filter(({ scenario }) => scenario === name)
    .map(({ seed, verdict, invariant, message, events, savedTo, again }) => ({
      scenario: name,
      seed,
      bug,
      verdict,
      invariant: invariant ?? undefined,
      message,
      event: events,
      savedTo: savedTo ?? undefined,
      replay: savedTo === null ? undefined : replayCommand(savedTo),
      again,
    }));
  return { name, title, runs, events, firstSeed: seedOf(0), lastSeed: seedOf(runs - 1), failures };
}
