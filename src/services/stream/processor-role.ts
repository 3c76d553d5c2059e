/**
 * Consume, process, produce: of each input one output, in the output topic's partition of the same number.
 *
 * - `at-most-once`: commits the offsets, and then sends the outputs, once. What is lost in between stays lost.
 * - `at-least-once`: sends the outputs until that is answered, and then commits. Whoever fails in between leaves
 *   inputs that somebody else processes again.
 * - `effectively-once`: outputs and offsets in one transaction.
 */

import type { ProcessId } from '../../kernel/index.js';
import { GroupRole, OUTSIDE, type ConsumerState, type PolledBatch } from './consumer-role.js';
import type { Send, SentMessage, StreamOperation } from './operations.js';
import type { Answer, Draw } from './role.js';
import { INPUT, OUTPUT } from './settings.js';
import type { StreamPlan } from './stream-plan.js';

/** `deal`: nothing of the batch is done. `outputs`, `offsets`: that is done or staged. `abort`: the rest is to go. */
type Phase = 'deal' | 'outputs' | 'offsets' | 'abort';

export interface ProcessorState extends ConsumerState {
  readonly phase: Phase;
  /** -1: none is open. */
  readonly epoch: number;
  /** The one that is open, or comes next. */
  readonly transaction: number;
  /** Of the batch in hand. */
  readonly outputs: readonly SentMessage[];
  readonly made: number;
}

/** Separates an output from the input that it is made of: `c7.3<input.0.44`. */
export const MADE_OF = '<';

export class ProcessorRole extends GroupRole<ProcessorState> {
  constructor(plan: StreamPlan, client: ProcessId) {
    super(plan, client, { ...OUTSIDE, phase: 'deal', epoch: -1, transaction: 1, outputs: [], made: 0 });
  }

  protected override get topics(): readonly string[] {
    return [INPUT, OUTPUT];
  }

  protected override get group(): string {
    return 'processors';
  }

  protected get isTransactional(): boolean {
    return this.plan.settings.delivery === 'effectively-once';
  }

  protected override decide(draw: Draw): StreamOperation {
    const { state } = this;
    if (this.isTransactional && state.epoch < 0) {
      const { transactionTimeoutMicros: timeoutMicros } = this.plan.settings;
      return { op: 'open-producer', producer: this.member, timeoutMicros };
    }
    if (state.phase === 'abort') return { op: 'abort-transaction', ...this.step() };
    return super.decide(draw);
  }

  protected override deal(batch: PolledBatch): StreamOperation {
    if (this.state.outputs.length === 0) this.make(batch);
    switch (this.plan.settings.delivery) {
      case 'at-most-once':
        return this.state.phase === 'deal' ? this.commit(batch) : this.send(batch);
      case 'at-least-once':
        return this.state.phase === 'deal' ? this.send(batch) : this.commit(batch);
      case 'effectively-once':
        return this.transact(batch);
    }
  }

  protected override answered(operation: StreamOperation, answer: Answer): void {
    if (answer.error !== undefined && answer.error !== 'out-of-range') {
      this.refused(operation, answer.error);
      return;
    }
    super.answered(operation, answer);
  }

  protected override accepted(operation: StreamOperation, answer: Answer): void {
    super.accepted(operation, answer);
    const { state } = this;
    switch (operation.op) {
      case 'open-producer':
        this.state = { ...state, epoch: answer['epoch'] as number, transaction: 1 };
        return;
      case 'commit-offsets':
        if (state.phase === 'outputs') this.finish();
        else this.state = { ...state, phase: 'offsets' };
        return;
      case 'send':
        if (state.phase === 'offsets') this.finish();
        else this.state = { ...state, phase: 'outputs' };
        return;
      case 'stage':
        this.state = { ...state, phase: 'outputs' };
        return;
      case 'stage-offsets':
        this.state = { ...state, phase: 'offsets' };
        return;
      case 'commit-transaction':
        if (answer['aborted'] === true) this.startOver();
        else this.finish();
        this.state = { ...this.state, transaction: state.transaction + 1 };
        return;
      case 'abort-transaction':
        this.startOver();
        this.state = { ...this.state, transaction: state.transaction + 1 };
        return;
      default: // What every member of a group does is done.
    }
  }

  protected override unanswered(operation: StreamOperation): void {
    const { delivery } = this.plan.settings;
    if (delivery === 'at-most-once') {
      // Whether the offsets are committed is not known: what is read again is what was not.
      if (operation.op === 'commit-offsets') this.startOver();
      if (operation.op === 'send') this.finish();
    } else if (delivery === 'at-least-once' && operation.op === 'commit-offsets') {
      this.finish();
    }
  }

  protected override finish(): void {
    super.finish();
    this.state = { ...this.state, phase: 'deal', outputs: [] };
  }

  /** Outputs first, then offsets, then both come into effect. */
  protected transact(batch: PolledBatch): StreamOperation {
    const { phase, outputs } = this.state;
    const { topic, partition, next } = batch;
    switch (phase) {
      case 'deal':
        return { op: 'stage', ...this.step(), step: 0, topic: OUTPUT, partition, messages: outputs };
      case 'outputs': {
        const offsets = [[topic, partition, next] as const];
        return { op: 'stage-offsets', ...this.step(), step: 1, ...this.attending, offsets };
      }
      default:
        return { op: 'commit-transaction', ...this.step() };
    }
  }

  private refused(operation: StreamOperation, error: NonNullable<Answer['error']>): void {
    const { state } = this;
    if (error === 'fenced' || error === 'unknown-producer' || error === 'no-transaction') {
      this.startOver();
      this.state = { ...this.state, epoch: -1 };
    } else if (operation.op === 'stage-offsets') {
      this.state = { ...state, phase: 'abort' };
    } else {
      this.startOver();
      // The transaction was aborted by this.
      if (operation.op === 'commit-transaction')
        this.state = { ...this.state, transaction: state.transaction + 1 };
    }
  }

  /** Joins anew, and goes on where the group is. */
  private startOver(): void {
    this.state = { ...this.state, ...OUTSIDE, turn: this.state.turn, phase: 'deal', outputs: [] };
  }

  private step() {
    const { epoch, transaction } = this.state;
    return { producer: this.member, epoch, transaction };
  }

  protected send({ partition }: PolledBatch): Send {
    return { op: 'send', topic: OUTPUT, partition, messages: this.state.outputs };
  }

  private make({ topic, partition, messages }: PolledBatch): void {
    const { state, client } = this;
    const outputs = messages.map(([offset, key], i): SentMessage => [
      key,
      `c${client}.${state.made + i}${MADE_OF}${topic}.${partition}.${offset}`,
    ]);
    this.state = { ...state, outputs, made: state.made + outputs.length };
  }
}
