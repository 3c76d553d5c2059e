/** The operator's process: gives an {@link Operator} its timers, its network and the machine room. */

import { Operator, type OperatorHost, type OperatorPlan } from '../faults/index.js';
import type { Choices, Message, Micros, ProcessId } from '../kernel/index.js';
import type { Engine } from './engine.js';
import type { MachineRoom } from './machine-room.js';
import { Timers } from './timers.js';

export class OperatorEndpoint implements OperatorHost {
  readonly choices: Choices;
  readonly timers: Timers;
  readonly operator: Operator;

  private constructor(
    readonly self: ProcessId,
    private readonly engine: Engine,
    readonly machines: MachineRoom,
    timers: Timers | undefined,
    create: (host: OperatorHost) => Operator,
  ) {
    this.choices = engine.choices;
    this.timers = timers ?? new Timers(self, engine.queue);
    this.operator = create(this);
  }

  static create(
    self: ProcessId,
    engine: Engine,
    machines: MachineRoom,
    plan: OperatorPlan,
    healAtMicros: Micros,
  ): OperatorEndpoint {
    const create = (host: OperatorHost): Operator => new Operator(plan, host, healAtMicros);
    return new OperatorEndpoint(self, engine, machines, undefined, create);
  }

  clone(engine: Engine, machines: MachineRoom): OperatorEndpoint {
    const timers = this.timers.clone(engine.queue);
    return new OperatorEndpoint(this.self, engine, machines, timers, (host) => this.operator.clone(host));
  }

  deliver(from: ProcessId, message: Message): void {
    this.operator.receive(from, message);
  }

  fireTimer(name: string): void {
    this.operator.timerFired(name);
  }

  now(): Micros {
    return this.engine.now;
  }

  send(to: ProcessId, message: Message): void {
    this.engine.send(this.self, to, message);
  }

  setTimerAfter(name: string, micros: Micros): void {
    this.timers.set(name, this.engine.now + micros, this.engine.eventNumber);
  }

  cancelTimer(name: string): void {
    this.timers.cancel(name);
  }
}
