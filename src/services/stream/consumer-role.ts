/**
 * A member of a consumer group: it joins, polls its partitions in turn from where the group is, and commits how far
 * it has come. Refused because the group has moved on, it joins again and forgets what it had.
 */

import type { ProcessId } from '../../kernel/index.js';
import type { ConsumedTo, StoredMessage, StreamOperation } from './operations.js';
import { StreamRole, type Answer, type Draw } from './role.js';
import { INPUT } from './settings.js';
import type { StreamPlan } from './stream-plan.js';

/** What was polled, and is not dealt with. */
export interface PolledBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly StoredMessage[];
  /** Where the log goes on. */
  readonly next: number;
}

export interface ConsumerState {
  /** -1: it is in no group. */
  readonly generation: number;
  /** Its partitions, with where to poll them next. */
  readonly assignment: readonly ConsumedTo[];
  /** Polls so far: partitions take turns. */
  readonly turn: number;
  readonly batch: PolledBatch | null;
}

export const OUTSIDE = { generation: -1, assignment: [], turn: 0, batch: null } as const;

/** Shared by those who only read and those who write what they made of it. */
export abstract class GroupRole<State extends ConsumerState> extends StreamRole<State> {
  /** The group that it is in. */
  protected abstract get group(): string;

  /** What to do with a batch. */
  protected abstract deal(batch: PolledBatch, draw: Draw): StreamOperation;

  protected get member(): string {
    return `c${this.client}`;
  }

  protected get attending() {
    const { group, member } = this;
    return { group, member, generation: this.state.generation };
  }

  protected override decide(draw: Draw): StreamOperation {
    const { generation, batch } = this.state;
    if (generation < 0) return this.join();
    return batch === null ? this.poll() : this.deal(batch, draw);
  }

  protected join(): StreamOperation {
    const { memberTimeoutMicros: timeoutMicros } = this.plan.settings;
    return { op: 'join', group: this.group, member: this.member, topics: [INPUT], timeoutMicros };
  }

  protected poll(): StreamOperation {
    const { assignment, turn } = this.state;
    if (assignment.length === 0) return { op: 'heartbeat', ...this.attending };
    const [topic, partition, offset] = assignment[turn % assignment.length] as ConsumedTo;
    const { batch: max } = this.plan.settings;
    return { op: 'fetch', topic, partition, offset, max, ...this.attending };
  }

  protected commit({ topic, partition, next }: PolledBatch): StreamOperation {
    return { op: 'commit-offsets', ...this.attending, offsets: [[topic, partition, next]] };
  }

  protected override answered(operation: StreamOperation, answer: Answer): void {
    const { state } = this;
    switch (answer.error) {
      case undefined:
        this.accepted(operation, answer);
        return;
      case 'out-of-range':
        // Too slow: what it wanted is gone.
        if (operation.op === 'fetch') this.moveTo(operation, answer['start'] as number);
        return;
      default:
        this.state = { ...state, ...OUTSIDE, turn: state.turn };
    }
  }

  protected override unanswered(_operation: StreamOperation, _outcome: 'fail' | 'unknown'): void {
    // Joins, polls and heartbeats are done again; so are commits, by the next one.
  }

  /** Without an error. */
  protected accepted(operation: StreamOperation, answer: Answer): void {
    const { state } = this;
    switch (operation.op) {
      case 'join': {
        const assignment = answer['assignment'] as readonly ConsumedTo[];
        this.state = { ...state, generation: answer['generation'] as number, assignment };
        return;
      }
      case 'fetch': {
        const messages = answer['messages'] as readonly StoredMessage[];
        const next = answer['next'] as number;
        this.moveTo(operation, next);
        const { topic, partition } = operation;
        if (messages.length > 0) this.state = { ...this.state, batch: { topic, partition, messages, next } };
        else this.state = { ...this.state, turn: state.turn + 1 };
        return;
      }
      default: // Nothing to be learnt from it here.
    }
  }

  /** The batch is dealt with. */
  protected finish(): void {
    this.state = { ...this.state, batch: null, turn: this.state.turn + 1 };
  }

  private moveTo({ topic, partition }: { topic: string; partition: number }, offset: number): void {
    const assignment = this.state.assignment.map((each) =>
      each[0] === topic && each[1] === partition ? ([topic, partition, offset] as const) : each,
    );
    this.state = { ...this.state, assignment };
  }
}

/** Reads, and commits what it has read. */
export class ConsumerRole extends GroupRole<ConsumerState> {
  constructor(plan: StreamPlan, client: ProcessId) {
    super(plan, client, OUTSIDE);
  }

  protected override get topics(): readonly string[] {
    return [INPUT];
  }

  protected override get group(): string {
    return 'readers';
  }

  protected override deal(batch: PolledBatch): StreamOperation {
    return this.commit(batch);
  }

  protected override accepted(operation: StreamOperation, answer: Answer): void {
    super.accepted(operation, answer);
    if (operation.op === 'commit-offsets') this.finish();
  }

  protected override unanswered(operation: StreamOperation): void {
    if (operation.op === 'commit-offsets') this.finish();
  }
}
