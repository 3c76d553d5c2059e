/**
 * A client that is lent messages one batch at a time, and acknowledges them; some it rejects, and some it drops, as
 * one that crashes would: those come back when their lease is over.
 */

import type { ProcessId } from '../../kernel/index.js';
import type { Delivery, StreamOperation } from './operations.js';
import { StreamRole, type Answer, type Draw } from './role.js';
import { JOBS } from './settings.js';
import type { StreamPlan } from './stream-plan.js';

interface WorkerState {
  readonly leases: readonly number[];
}

const NONE: WorkerState = { leases: [] };
const GROUP = 'workers';
/** Of a hundred batches. */
const DROPPED = 8;
const REJECTED = 12;

export class WorkerRole extends StreamRole<WorkerState> {
  constructor(plan: StreamPlan, client: ProcessId) {
    super(plan, client, NONE);
  }

  protected override get topics(): readonly string[] {
    return [JOBS];
  }

  protected override decide(draw: Draw): StreamOperation {
    const { leases } = this.state;
    if (leases.length > 0) {
      const fate = draw('fate', 0, 99);
      const op = fate >= 100 - REJECTED ? 'reject' : 'acknowledge';
      if (fate < 100 - DROPPED) return { op, group: GROUP, member: this.member, topic: JOBS, leases };
      this.state = NONE;
    }
    const { batch: max, leaseMicros } = this.plan.settings;
    return { op: 'receive', group: GROUP, member: this.member, topic: JOBS, max, leaseMicros };
  }

  protected override answered(operation: StreamOperation, answer: Answer): void {
    const deliveries = (answer['deliveries'] ?? []) as readonly Delivery[];
    this.state = operation.op === 'receive' ? { leases: deliveries.map(([, , , , lease]) => lease) } : NONE;
  }

  protected override unanswered(): void {
    this.state = NONE;
  }

  private get member(): string {
    return `c${this.client}`;
  }
}
