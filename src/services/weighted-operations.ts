/** Operations drawn by weight, and reads by mode: what the workloads of all services share. */

import { READ_MODES, assert, Family, type Choices, type ProcessId, type ReadMode } from '../kernel/index.js';
import type { OperationMix, WorkloadConfig } from './workload-config.js';

/** A mix compiled for drawing. Immutable. */
export class WeightedOperations {
  /** Draws are uniform in 0 … maxDraw. */
  readonly maxDraw: number;
  private readonly names: readonly string[];
  /** Operation i is chosen by the draws below its bound, from that of the one before. */
  private readonly bounds: readonly number[];

  constructor(mix: OperationMix) {
    const bounds: number[] = [];
    let sum = 0;
    this.names = Object.keys(mix);
    for (const name of this.names) bounds.push((sum += mix[name] ?? 0));
    this.bounds = bounds;
    this.maxDraw = sum - 1;
    assert(this.maxDraw >= 0, 'workload: some operation has a weight above 0');
  }

  /** The operation that operation number `sequence` of a client is. */
  choose(choices: Choices, client: ProcessId, sequence: number): string {
    const draw = choices.integer(Family.client, client, sequence, 'op', 0, this.maxDraw, 0);
    const { bounds } = this;
    let place = 0;
    while (draw >= (bounds[place] as number)) place++;
    return this.names[place] as string;
  }
}

/** The modes that reads may ask for, each as often as it weighs. */
export function weighedReadModes(reads: WorkloadConfig['reads']): readonly ReadMode[] {
  const weighed = READ_MODES.filter((mode) => reads[mode] > 0);
  if (weighed.length === 1) return weighed;
  return weighed.flatMap((mode) => new Array<ReadMode>(reads[mode]).fill(mode));
}

/** One of the modes. One alone: nothing is drawn. */
export function chooseReadMode(
  modes: readonly ReadMode[],
  choices: Choices,
  client: ProcessId,
  sequence: number,
): ReadMode | undefined {
  const last = modes.length - 1;
  if (last === 0) return modes[0];
  return modes[choices.integer(Family.client, client, sequence, 'read', 0, last, 0)];
}
