/**
 * The code of a worker thread: takes a task, loads what it needs, simulates, answers with plain data.
 * While it makes progress it counts in shared memory, so that the main thread can tell a long run from
 * one that hangs in a user's endless loop.
 */

import type { Outcome } from '../simulator/outcome.js';
import { Simulation } from '../simulator/simulation.js';
import { findFirstDifference } from './first-difference.js';
import { loadImplementation } from './module-loader.js';
import {
  Pulse,
  toWire,
  type CompareTask,
  type Dispatched,
  type Reply,
  type RunTask,
  type Task,
  type TaskResults,
} from './tasks.js';

/** Events between two beats of the pulse. */
const EVENTS_PER_BEAT = 4096;

class Heart {
  private readonly cells: Int32Array;

  constructor(pulse: SharedArrayBuffer) {
    this.cells = new Int32Array(pulse);
  }

  /** Seed number `position` of the task begins. */
  begin(position: number): void {
    Atomics.store(this.cells, Pulse.position, position);
    this.beat();
  }

  beat(): void {
    Atomics.add(this.cells, Pulse.beats, 1);
  }
}

/** The entry point that the pool calls. Never throws: errors are part of the reply. */
export async function perform({ task, pulse }: Dispatched): Promise<Reply<TaskResults[Task['kind']]>> {
  const heart = new Heart(pulse);
  // The first beat starts the watchdog: until now the task was waiting for its turn.
  heart.beat();
  try {
    return { value: await performTask(task, heart) };
  } catch (error) {
    return { error: toWire(error) };
  }
}

async function performTask(task: Task, heart: Heart): Promise<TaskResults[Task['kind']]> {
  switch (task.kind) {
    case 'run':
      return runSeeds(task, heart);
    case 'record':
      throw new Error('not yet');
    case 'compare':
      return compare(task, heart);
  }
}

async function runSeeds(task: RunTask, heart: Heart): Promise<readonly Outcome[]> {
  const { implementation } = await loadImplementation(task.scenario, task.bug);
  return task.seeds.map((seed, position) => {
    heart.begin(position);
    const simulation = Simulation.create(task.scenario, { seed, strategy: 'random' }, { implementation });
    for (let events = 1; simulation.step(); events++) if (events % EVENTS_PER_BEAT === 0) heart.beat();
    return simulation.outcome();
  });
}

async function compare(task: CompareTask, heart: Heart): Promise<TaskResults['compare']> {
  const { implementation } = await loadImplementation(task.scenario, task.bug);
  return findFirstDifference(task.scenario, task.seed, implementation, () => heart.beat());
}
