/**
 * The hunt for a planted bug: seed after seed of a scenario, until one of them breaks a property that the correct
 * code keeps in the very same run.
 */

import { INVARIANTS } from '../checkers/index.js';
import type { Scenario } from '../scenario/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  isMutated,
  scenarioOf,
  simulate,
  type Exploration,
  type MutatedRecipe,
  type Outcome,
} from '../simulator/index.js';
import type { Turn } from './guided/guide.js';

/** Which properties count: all, or only those that know nothing of how a protocol works. */
export type HuntFigure = 'all' | 'independent';

export interface Hunted {
  readonly scenario: Scenario;
  /** Id of the bug. */
  readonly bug: string;
  readonly figure: HuntFigure;
}

export interface Finding {
  readonly seed: string;
  readonly invariant: string;
  readonly message: string;
  /** Until it broke. */
  readonly events: number;
  /** Absent: the plain run of the seed. */
  readonly recipe?: MutatedRecipe | undefined;
}

export type HuntAttempt =
  | { readonly kind: 'found'; readonly finding: Finding }
  | { readonly kind: 'passed' }
  /** The correct code breaks something in this run too: it says nothing of the bug. */
  | { readonly kind: 'useless' };

const LOCAL: readonly string[] = INVARIANTS.filter(({ family }) => family === 'local').map(({ id }) => id);

/** True for a property that any system which replicates a service has to keep. */
export function isIndependent(invariant: string): boolean {
  return !LOCAL.includes(invariant);
}

/** Runs what a strategy makes of the seed, with the bug and, if something breaks, without it. */
export function huntTurn(
  { scenario, bug, figure }: Hunted,
  seed: string,
  { recipe, exploration }: Turn,
): HuntAttempt {
  const drawn = scenarioOf(scenario, recipe);
  const ignoredInvariants = figure === 'all' ? [] : LOCAL;
  const run = (implementation: ReturnType<typeof builtInImplementation>, noted?: Exploration): Outcome => {
    const options = { implementation, ignoredInvariants };
    return simulate(drawn, recipe, noted === undefined ? options : { ...options, exploration: noted });
  };
  const { violation } = run(buggyImplementation(drawn, bug), exploration);
  if (violation === undefined) return { kind: 'passed' };
  if (run(builtInImplementation(drawn)).violation !== undefined) return { kind: 'useless' };
  const { invariant, message, event } = violation;
  const found = { seed, invariant, message, events: event };
  return { kind: 'found', finding: isMutated(recipe) ? { ...found, recipe } : found };
}
