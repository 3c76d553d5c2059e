/** Tables, reports, ledgers and files of traces know scenarios by their names. */

import { UsageError } from '../kernel/index.js';
import type { PlannedScenario } from './run-reporter.js';

/** Throws UsageError for two of one name, also where that is so in names of files alone. */
export function requireDistinctNames(planned: readonly PlannedScenario[]): void {
  const known = new Map<string, PlannedScenario>();
  for (const one of planned) {
    const stem = one.scenario.name.replaceAll('/', '-');
    const other = known.get(stem);
    if (other !== undefined) throw sameName(other, one);
    known.set(stem, one);
  }
}

function sameName(one: PlannedScenario, other: PlannedScenario): UsageError {
  const [first, second] = [one.scenario.name, other.scenario.name];
  const text =
    first === second
      ? `two scenarios are named '${first}'`
      : `files of '${first}' and '${second}' would have one name`;
  return new UsageError('bad-value', `${text}: ${one.path} and ${other.path}`);
}
