/** Who takes part, as replicas report it: what the operator and the budget of damaged disks go by. */

import type { Membership, ProcessId } from '../kernel/index.js';

export class Configurations {
  /** By server: the configuration that it acts by. */
  private readonly reported: (Membership | undefined)[];
  private latest: Membership;

  /** `members`: those of the cluster's beginning, for protocols that report nothing. */
  constructor(members: readonly ProcessId[], servers: number) {
    this.latest = { voters: members, outgoing: [], learners: [], joining: [], autoLeave: false };
    this.reported = new Array<Membership | undefined>(servers).fill(undefined);
  }

  report(process: ProcessId, configuration: Membership): void {
    this.reported[process] = configuration;
    this.latest = configuration;
  }

  /** The configuration of this leader; of whoever reported last when it is -1. */
  of(leader: ProcessId): Membership {
    return this.reported[leader] ?? this.latest;
  }

  clone(): Configurations {
    const copy = new Configurations([], 0);
    copy.reported.push(...this.reported);
    copy.latest = this.latest;
    return copy;
  }
}
