/** One attempt of the minimiser: a recipe in a scenario, run as far as it can matter, and what it came to. */

import {
  DecisionIndex,
  Digest,
  EditedChoices,
  UsageError,
  type Decision,
  type Micros,
} from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import {
  Simulation,
  type EditedRecipe,
  type Implementation,
  type Outcome,
  type Status,
} from '../../simulator/index.js';
import { SparseChoices, type Chance } from './sparse-choices.js';

/** What a reduction must keep: the same verdict, and the same property. */
export interface Target {
  readonly status: Status;
  readonly invariant: string | undefined;
}

export interface Trial {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly edits: readonly Decision[];
  /** Other decisions are benign, but for the share of them that chance takes. Undefined: all are benign. */
  readonly chance: Chance | undefined;
  /** A run that has come here without failing is given up. */
  readonly untilMicros: Micros;
  readonly mostEvents: number;
}

/** A run that failed as the target did. */
export interface Kept {
  /** What differs from the benign answer: as edits, with nothing left to chance, these make the same run. */
  readonly deviations: readonly Decision[];
  /** Virtual time of each deviation; -1: before the first event. */
  readonly times: readonly Micros[];
  readonly events: number;
  readonly timeMicros: Micros;
  readonly operations: number;
  readonly digest: string;
}

/** What a trial came to; undefined: not to what the target asks for. */
export function attempt(
  trial: Trial,
  target: Target,
  implementation: Implementation,
  beat?: () => void,
): Kept | undefined {
  const { scenario, seed, edits, chance } = trial;
  const index = new DecisionIndex(edits);
  const rest = chance === undefined ? undefined : new SparseChoices(chance, new Digest());
  let choices = undefined as EditedChoices | undefined;
  const recipe: EditedRecipe = { seed, strategy: 'edited', rest: 'benign', edits };
  let simulation: Simulation;
  try {
    simulation = Simulation.create(scenario, recipe, {
      implementation,
      choices: (digest) => (choices = new EditedChoices(index, digest, rest)),
    });
  } catch (error) {
    // A reduced scenario that no longer fits its protocol.
    if (error instanceof UsageError) return undefined;
    throw error;
  }
  const deviations = choices?.deviations ?? [];
  const times: Micros[] = deviations.map(() => -1);
  for (let steps = 1; simulation.step(); steps++) {
    while (times.length < deviations.length) times.push(simulation.now);
    if (simulation.now > trial.untilMicros || simulation.eventNumber > trial.mostEvents) return undefined;
    if (steps % 4096 === 0) beat?.();
  }
  while (times.length < deviations.length) times.push(simulation.now);
  const outcome = simulation.outcome();
  if (!isTarget(outcome, target)) return undefined;
  return {
    deviations,
    times,
    events: outcome.events,
    timeMicros: outcome.timeMicros,
    operations: outcome.statistics.operationsInvoked,
    digest: outcome.digest,
  };
}

export function isTarget({ status, violation }: Outcome, target: Target): boolean {
  return status === target.status && violation?.invariant === target.invariant;
}
