/**
 * The code of a process that hunts bugs, one after the other. A process of its own, and not a thread, because only
 * a process is told how much CPU time it has used, with compiling and collecting garbage in it.
 */

import { setFlagsFromString } from 'node:v8';
import { Guide, huntTurn, together, type Finding, type Hunted, type Strategy } from '../campaign/index.js';
import { toWire, type WireError } from './tasks.js';

/** One hunt: seeds from `first` on, until something is found or the budget is used up. */
export interface HuntTask extends Hunted {
  readonly first: number;
  /** Which runs the seeds stand for. */
  readonly strategy: Strategy;
  /** CPU time that may still be used. */
  readonly cpuMicros: number;
}

/** Where a hunt stands. `seeds`: so many were tried; those `useless` broke the correct code as well. */
export interface HuntState {
  readonly seeds: number;
  readonly useless: number;
  readonly cpuMicros: number;
}

export interface HuntEnd extends HuntState {
  readonly finding: Finding | undefined;
}

export type HuntMessage =
  | { readonly kind: 'state'; readonly state: HuntState }
  | { readonly kind: 'end'; readonly end: HuntEnd }
  | { readonly kind: 'error'; readonly error: WireError };

/**
 * A hunt is short and begins with nothing compiled: compiling later, and less of what a function calls along with it,
 * saves a third of the first runs and costs nothing later. A V8 that does not know a flag says so and goes on.
 */
const V8_FLAGS = ['--max-inlined-bytecode-size-cumulative=300', '--interrupt-budget=400000'];

/** Real time between two words on where it stands. */
const STATE_MILLIS = 500;

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Who began the hunts. */
const PARENT = process.ppid;

/** A hunt never comes back to the event loop, so nothing else tells it that its parent was killed. */
function endAsOrphan(): void {
  if (process.ppid !== PARENT) process.exit(0);
}

function hunt(task: HuntTask): HuntEnd {
  const began = cpuMicros();
  let told = performance.now();
  let useless = 0;
  let guide = new Guide(task.strategy, task.scenario);
  for (let seeds = 1; ; seeds++) {
    endAsOrphan();
    const seed = String(task.first + seeds - 1);
    const turn = guide.next(seed);
    const one = huntTurn(task, seed, turn);
    guide.learn(turn, one.kind !== 'passed');
    if (seeds % together(task.strategy) === 0) guide = new Guide(task.strategy, task.scenario);
    if (one.kind === 'useless') useless++;
    const state = { seeds, useless, cpuMicros: cpuMicros() - began };
    if (one.kind === 'found') return { ...state, finding: one.finding };
    if (state.cpuMicros >= task.cpuMicros) return { ...state, finding: undefined };
    if (performance.now() - told < STATE_MILLIS) continue;
    told = performance.now();
    tell({ kind: 'state', state });
  }
}

function tell(message: HuntMessage): void {
  process.send?.(message, undefined, undefined, (error) => {
    if (error !== null) process.exit(0);
  });
}

for (const flag of V8_FLAGS) setFlagsFromString(flag);
// Whoever began the hunts is gone: so is the use of them.
process.on('disconnect', () => process.exit(0));
process.on('message', (task: HuntTask) => {
  try {
    tell({ kind: 'end', end: hunt(task) });
  } catch (error) {
    tell({ kind: 'error', error: toWire(error) });
  }
});
