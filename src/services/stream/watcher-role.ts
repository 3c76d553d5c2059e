/**
 * A client that reads every partition of every topic from the beginning, in no group: it sees what is there, whoever
 * else does. Where it is too slow for the retention, it goes on where the log begins.
 */

import type { ProcessId } from '../../kernel/index.js';
import type { StreamOperation } from './operations.js';
import { StreamRole, type Answer } from './role.js';
import { MAX_BATCH } from './read-operation.js';
import { INPUT, JOBS, OUTPUT } from './settings.js';
import type { StreamPlan } from './stream-plan.js';
import { deadLettersOf } from './topics.js';

interface WatcherState {
  /** By topic and partition. */
  readonly offsets: readonly number[];
  readonly turn: number;
}

/** How many times what others read at once. */
const GREED = 8;

export class WatcherRole extends StreamRole<WatcherState> {
  constructor(plan: StreamPlan, client: ProcessId) {
    super(plan, client, { offsets: [], turn: client });
  }

  protected override get topics(): readonly string[] {
    return this.plan.hasWorkers ? [INPUT, OUTPUT, JOBS] : [INPUT, OUTPUT];
  }

  protected override decide(): StreamOperation {
    const { partitions, batch } = this.plan.settings;
    const place = this.place();
    const topic = this.watched[Math.floor(place / partitions)] as string;
    const offset = this.state.offsets[place] ?? 0;
    const max = Math.min(MAX_BATCH, batch * GREED);
    return { op: 'fetch', topic, partition: place % partitions, offset, max };
  }

  protected override answered(_operation: StreamOperation, answer: Answer): void {
    const { offsets, turn } = this.state;
    const place = this.place();
    const next = answer.error === 'out-of-range' ? answer['start'] : (answer['next'] ?? offsets[place] ?? 0);
    const moved = Array.from({ length: this.watched.length * this.plan.settings.partitions }, (_, i) =>
      i === place ? (next as number) : (offsets[i] ?? 0),
    );
    this.state = { offsets: moved, turn: turn + 1 };
  }

  protected override unanswered(): void {
    this.state = { ...this.state, turn: this.state.turn + 1 };
  }

  private get watched(): readonly string[] {
    const { topics, plan } = this;
    const hasDead = plan.hasWorkers && plan.settings.maxDeliveries > 0;
    return hasDead ? [...topics, deadLettersOf(JOBS)] : topics;
  }

  private place(): number {
    return this.state.turn % (this.watched.length * this.plan.settings.partitions);
  }
}
