/** A scenario over many seeds, in this thread: the plainest campaign. */

import { checkPlan } from '../faults/index.js';
import { UsageError } from '../kernel/index.js';
import { drawScenario, type Scenario } from '../scenario/index.js';
import { simulate, type Outcome, type SimulateOptions } from '../simulator/index.js';
import { judge, type Judgement } from './judge.js';

/** One run of a campaign. */
export interface CheckedRun extends Judgement {
  readonly seed: string;
  readonly outcome: Outcome;
}

export interface CheckReport {
  readonly scenario: string;
  /** True when every run passed. */
  readonly holds: boolean;
  readonly runs: readonly CheckedRun[];
  /** The runs that did not pass, in the order of their seeds. */
  readonly failures: readonly CheckedRun[];
}

/** Throws UsageError, naming the entry, when the plan holds faults that the failure model excludes. */
export function requireWithinModel(scenario: Scenario): void {
  const [breach] = checkPlan(scenario.faults, scenario.model);
  if (breach === undefined) return;
  throw new UsageError(
    'beyond-model',
    `${scenario.name}: faults.${breach.id}: ${breach.message}`,
    'allow it in the model, or run it on purpose with --beyond-model',
  );
}

/** True when the failure model allows every fault of the plan. */
export function isWithinModel({ faults, model }: Scenario): boolean {
  return checkPlan(faults, model).length === 0;
}

/**
 * Runs every seed and judges it; `isOver` may end the campaign after a run. `optionsFor` is asked once, or for what each
 * seed draws.
 */
export function checkSeeds(
  scenario: Scenario,
  seeds: readonly string[],
  optionsFor: (drawn: Scenario) => SimulateOptions,
  isOver: (run: CheckedRun) => boolean = () => false,
): CheckReport {
  const runs: CheckedRun[] = [];
  let options: SimulateOptions | undefined = undefined;
  for (const seed of seeds) {
    const drawn = drawScenario(scenario, seed);
    if (options === undefined || drawn !== scenario) options = optionsFor(drawn);
    const outcome = simulate(drawn, { seed, strategy: 'random' }, options);
    const run = { seed, outcome, ...judge(scenario, outcome) };
    runs.push(run);
    if (isOver(run)) break;
  }
  const failures = runs.filter(({ verdict }) => verdict !== 'passed');
  return { scenario: scenario.name, holds: failures.length === 0, runs, failures };
}
