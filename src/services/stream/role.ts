/**
 * What all clients of streams have in common. A client plays one role and waits for each answer, since most of what
 * it asks next follows from it. Its state is an immutable value, so that a copy costs nothing.
 *
 * A client may stand still for a while between two operations, as a process does whose machine is moved, and then
 * goes on with what it believed before: that is how zombies come about.
 */

import {
  Family,
  type Choices,
  type Micros,
  type Plain,
  type ProcessId,
  type Result,
} from '../../kernel/index.js';
import type { OperationSource } from '../service-kind.js';
import type { StreamError, StreamOperation } from './operations.js';
import { topicSettings } from './settings.js';
import type { StreamPlan } from './stream-plan.js';

/** Draws for one operation. */
export type Draw = (name: string, min: number, max: number) => number;

/** What an operation may be answered with, as far as clients look at it. */
export type Answer = Readonly<Record<string, unknown>> & { readonly error?: StreamError['error'] };

export abstract class StreamRole<State extends object> implements OperationSource {
  readonly keyIndex = 0;
  /** Topics of {@link StreamRole.topics} that are known to be there. */
  private created = 0;

  constructor(
    protected readonly plan: StreamPlan,
    protected readonly client: ProcessId,
    protected state: State,
  ) {}

  /** Topics that it uses. */
  protected abstract get topics(): readonly string[];

  /** What it asks for now. May change the state: of an operation that is begun is heard again. */
  protected abstract decide(draw: Draw): StreamOperation;

  protected abstract answered(operation: StreamOperation, answer: Answer): void;

  /** `fail`: it did not happen. `unknown`: it may have, or may yet. */
  protected abstract unanswered(operation: StreamOperation, outcome: 'fail' | 'unknown'): void;

  next(choices: Choices, sequence: number): Plain {
    const { plan, topics } = this;
    const topic = topics[this.created];
    const operation =
      topic === undefined
        ? this.decide(this.drawFor(choices, sequence))
        : topicSettings(topic, plan.settings);
    return operation as unknown as Plain;
  }

  /** Everything has its place in the one order. */
  readMode(): undefined {
    return undefined;
  }

  observe(_keyIndex: number, input: Plain, result: Result): void {
    const operation = input as unknown as StreamOperation;
    if (operation.op === 'create-topic') this.created++;
    else this.answered(operation, result as unknown as Answer);
  }

  missed(_keyIndex: number, input: Plain, outcome: 'fail' | 'unknown'): void {
    const operation = input as unknown as StreamOperation;
    if (operation.op !== 'create-topic') this.unanswered(operation, outcome);
  }

  /** Stalls by chance, and rests where its role asks for it. */
  restMicros(choices: Choices, sequence: number): Micros {
    const { stallPercent, stallMinMicros, stallMaxMicros } = this.plan.settings;
    const draw = this.drawFor(choices, sequence);
    const isStalled = stallPercent > 0 && draw('stall', 0, 99) >= 100 - stallPercent;
    return (isStalled ? draw('stall-time', stallMinMicros, stallMaxMicros) : 0) + this.rest(draw);
  }

  clone(): this {
    const copy = Object.create(Object.getPrototypeOf(this) as object) as this;
    return Object.assign(copy, this);
  }

  encode(): Plain {
    const { created, state } = this;
    return { created, state: state as Plain };
  }

  /** How long its role makes it wait before its next operation. */
  protected rest(_draw: Draw): Micros {
    return 0;
  }

  /** `Choices` takes the default of a decision that a trace leaves out: the least. */
  private drawFor(choices: Choices, sequence: number): Draw {
    return (name, min, max) => choices.integer(Family.client, this.client, sequence, name, min, max, min);
  }
}
