/** How a run is made from another one: plain data, which recipes, results and traces keep. */

import type { Redraw } from '../kernel/index.js';

/** Chance answers a stretch of the run anew, from another seed. */
export interface RedrawMutation extends Redraw {
  readonly kind: 'redraw';
}

/** Axes of a swarm are drawn from another seed: another fault plan, say, in the same world. */
export interface SpliceMutation {
  readonly kind: 'splice';
  /** Names of axes. */
  readonly axes: readonly string[];
  readonly seed: string;
}

/** Faults are aimed at moments: see tactics.ts. */
export interface AimMutation {
  readonly kind: 'aim';
  readonly seed: string;
}

/** Links have priorities: see tactics.ts. */
export interface PrioritiesMutation {
  readonly kind: 'priorities';
  readonly seed: string;
}

export type Mutation = RedrawMutation | SpliceMutation | AimMutation | PrioritiesMutation;
