/** The clients of streams: each plays one role, as many of each as the mix weighs. */

import { assert, type ProcessId } from '../../kernel/index.js';
import type { ClientWorkload, OperationSource } from '../service-kind.js';
import type { WorkloadConfig } from '../workload-config.js';
import { ConsumerRole } from './consumer-role.js';
import { ProcessorRole } from './processor-role.js';
import { ProducerRole } from './producer-role.js';
import type { StreamSettings } from './settings.js';
import { StreamPlan } from './stream-plan.js';
import { WatcherRole } from './watcher-role.js';
import { WorkerRole } from './worker-role.js';

/** Roles that clients play, with the weight that each has where a scenario gives none. */
export const STREAM_ROLES = { produce: 3, consume: 2, process: 2, work: 0, watch: 1 } as const;
export type StreamRoleName = keyof typeof STREAM_ROLES;

export class StreamWorkload extends StreamPlan implements ClientWorkload {
  /** One round of roles: clients take them in turn. */
  private readonly roles: readonly StreamRoleName[];

  constructor(config: WorkloadConfig, settings: StreamSettings) {
    super(config, settings);
    const names = Object.keys(STREAM_ROLES) as StreamRoleName[];
    this.roles = interleaved(names, (name) => config.mix[name] ?? 0);
    assert(this.roles.length > 0, 'stream: some role has a weight above 0');
  }

  createSource(client: ProcessId, number: number): OperationSource {
    return this.createRole(this.roleOf(number), client, number);
  }

  /** The role of client number `number`, from 0. */
  roleOf(number: number): StreamRoleName {
    return this.roles[number % this.roles.length] as StreamRoleName;
  }

  /** Under which name a producer writes; rivals share one. */
  producerName(number: number): string {
    let before = 0;
    for (let other = 0; other < number; other++) if (this.roleOf(other) === 'produce') before++;
    return `p${Math.floor(before / this.settings.rivals)}`;
  }

  protected createRole(role: StreamRoleName, client: ProcessId, number: number): OperationSource {
    switch (role) {
      case 'produce':
        return new ProducerRole(this, client, this.producerName(number));
      case 'consume':
        return new ConsumerRole(this, client);
      case 'process':
        return new ProcessorRole(this, client);
      case 'work':
        return new WorkerRole(this, client);
      case 'watch':
        return new WatcherRole(this, client);
    }
  }
}

/** Each name as often as it weighs, one of each before a second of any. */
function interleaved<Name>(names: readonly Name[], weightOf: (name: Name) => number): Name[] {
  const most = Math.max(0, ...names.map(weightOf));
  const round: Name[] = [];
  for (let i = 0; i < most; i++) round.push(...names.filter((name) => weightOf(name) > i));
  return round;
}
