/** What all clients of a run's streams go by. Immutable. */

import type { WorkloadConfig } from '../workload-config.js';
import { KeyChooser } from '../zipf.js';
import type { StreamSettings } from './settings.js';

export class StreamPlan {
  readonly chooser: KeyChooser;
  /** True when some client is lent messages. */
  readonly hasWorkers: boolean;

  constructor(
    readonly config: WorkloadConfig,
    readonly settings: StreamSettings,
  ) {
    this.chooser = new KeyChooser(config.keyDistribution, config.keys);
    this.hasWorkers = (config.mix['work'] ?? 0) > 0;
  }

  /** The key that a draw stands for, and its partition: what has one key is in order. */
  place(draw: number): { readonly key: string; readonly partition: number } {
    const number = this.chooser.choose(draw);
    return { key: `k${number}`, partition: number % this.settings.partitions };
  }
}
