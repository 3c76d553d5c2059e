/**
 * A client that writes. `effectively-once`: as an idempotent producer; whatever is not answered is sent again under
 * its sequence, until it is, or a rival takes over. `at-least-once`: whatever is not answered is sent again.
 * `at-most-once`: nothing is sent again.
 */

import type { Micros, ProcessId } from '../../kernel/index.js';
import type { Send, SentMessage, StreamOperation } from './operations.js';
import { StreamRole, type Answer, type Draw } from './role.js';
import { INPUT, JOBS } from './settings.js';
import type { StreamPlan } from './stream-plan.js';

interface ProducerState {
  /** Of its name; -1: none is open. */
  readonly epoch: number;
  /** Sequences that come next, by topic and partition. */
  readonly sequences: Readonly<Record<string, number>>;
  /** Sent, and not answered. */
  readonly pending: Send | null;
  /** Messages made so far. */
  readonly made: number;
}

/** How long a producer that was fenced leaves the field to its rival. */
const REST_MIN_MICROS = 200_000;
const REST_MAX_MICROS = 1_500_000;

export class ProducerRole extends StreamRole<ProducerState> {
  constructor(
    plan: StreamPlan,
    client: ProcessId,
    /** Rivals share it. */
    private readonly producer: string,
  ) {
    super(plan, client, { epoch: -1, sequences: {}, pending: null, made: 0 });
  }

  protected override get topics(): readonly string[] {
    return this.plan.hasWorkers ? [INPUT, JOBS] : [INPUT];
  }

  protected override decide(draw: Draw): StreamOperation {
    const { settings } = this.plan;
    if (settings.delivery === 'effectively-once' && this.state.epoch < 0) {
      const { transactionTimeoutMicros: timeoutMicros } = settings;
      return { op: 'open-producer', producer: this.producer, timeoutMicros };
    }
    const send = this.state.pending ?? this.compose(draw);
    this.state = { ...this.state, pending: send };
    return send;
  }

  protected override answered(operation: StreamOperation, answer: Answer): void {
    const { state } = this;
    if (operation.op === 'open-producer') {
      if (typeof answer['epoch'] === 'number')
        this.state = { ...state, epoch: answer['epoch'], sequences: {} };
      return;
    }
    if (answer.error === undefined) this.appended(operation as Send);
    else this.refused(answer.error);
  }

  protected override unanswered(operation: StreamOperation): void {
    if (operation.op === 'send' && this.plan.settings.delivery === 'at-most-once') {
      this.state = { ...this.state, pending: null };
    }
  }

  /** After it was fenced. */
  protected override rest(draw: Draw): Micros {
    const { epoch, made } = this.state;
    return epoch < 0 && made > 0 ? draw('rest', REST_MIN_MICROS, REST_MAX_MICROS) : 0;
  }

  /** Somebody else writes under its name now, or nobody knows it any more: what was under way is left as it is. */
  protected refused(_error: NonNullable<Answer['error']>): void {
    this.state = { ...this.state, epoch: -1, pending: null };
  }

  private appended({ topic, partition, messages, sequence = 0 }: Send): void {
    const { state } = this;
    const log = `${topic}.${partition}`;
    const sequences = { ...state.sequences, [log]: sequence + messages.length };
    this.state = { ...state, sequences, pending: null };
  }

  private compose(draw: Draw): Send {
    const { plan, client, state, topics } = this;
    const topic = topics[topics.length === 1 ? 0 : draw('topic', 0, topics.length - 1)] as string;
    const { key, partition } = plan.place(draw('key', 0, plan.chooser.maxDraw));
    const count = plan.settings.batch === 1 ? 1 : draw('batch', 1, plan.settings.batch);
    const messages = Array.from({ length: count }, (_, i): SentMessage => [
      key,
      `c${client}.${state.made + i}`,
    ]);
    this.state = { ...state, made: state.made + count };
    const plain: Send = { op: 'send', topic, partition, messages };
    if (plan.settings.delivery !== 'effectively-once') return plain;
    const sequence = state.sequences[`${topic}.${partition}`] ?? 0;
    return { ...plain, producer: this.producer, epoch: state.epoch, sequence };
  }
}
