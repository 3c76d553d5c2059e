/** What the ledger says of earlier processes of a campaign, for its reports: these are of all of it, as its exit code is. */

import type { Ledgered } from '../node/fuzz-ledger.js';
import type { EarlierRuns } from '../report/campaign/index.js';
import { replayCommand } from '../report/shell.js';
import type { Scenario } from '../scenario/index.js';
import type { FuzzOptions } from './option-table.js';

export function earlierRuns({ name, title }: Scenario, before: Ledgered, options: FuzzOptions): EarlierRuns {
  const { first, shard, bug } = options;
  const portions = before.portions.filter(({ scenario }) => scenario === name);
  const runs = portions.reduce((sum, portion) => sum + portion.runs, 0);
  const seedAt = (position: number): string => String(first + shard.shard + position * shard.of);
  const failures = before.failures
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
  const events = portions.reduce((sum, portion) => sum + portion.events, 0);
  return { name, title, runs, events, firstSeed: seedAt(0), lastSeed: seedAt(runs - 1), failures };
}
