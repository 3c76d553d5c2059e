/** How a recipe is run: everything that is not part of the run itself. */

import type { CheckerFactory } from '../checkers/index.js';
import type { Choices, Digest } from '../kernel/index.js';
import type { Implementation } from './implementation.js';
import type { Recorder } from './recorder.js';
import type { Exploration } from './state-coverage.js';

export interface SimulateOptions {
  /** What runs: correct Raft, a bug of the zoo, a user's module. Default: what the scenario names. */
  readonly implementation?: Implementation;
  /** Default true. */
  readonly checkers?: boolean;
  /** Checkers of the user's own, beside the built-in ones. */
  readonly extraCheckers?: readonly CheckerFactory[];
  /** Invariants whose violations leave no mark, so that a run shows what else breaks. */
  readonly ignoredInvariants?: readonly string[];
  /** Default: drawn from the recipe's seed. */
  readonly choices?: (digest: Digest) => Choices;
  readonly recorder?: Recorder;
  /** Count the rare situations that the run reaches; see the outcome's `coverage`. Default false. */
  readonly coverage?: boolean;
  /** Note which abstract states the run is the first to reach. Takes a recipe of mutations. Default: nobody looks. */
  readonly exploration?: Exploration;
  /** Freeze what is handed over, hash it again at delivery, recompute checkers' ghosts. Slow; for tests and CI. */
  readonly audit?: boolean;
}
