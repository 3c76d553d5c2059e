/** The operator's process: gives an {@link Operator} the machine room. */

import { Operator, type OperatorHost, type OperatorPlan } from '../faults/index.js';
import type { Message, Micros, ProcessId } from '../kernel/index.js';
import { Endpoint } from './endpoint.js';
import type { Engine } from './engine.js';
import type { MachineRoom } from './machine-room.js';

export class OperatorEndpoint extends Endpoint implements OperatorHost {
  readonly operator: Operator;

  private constructor(
    self: ProcessId,
    engine: Engine,
    readonly machines: MachineRoom,
    original: OperatorEndpoint | undefined,
    create: (host: OperatorHost) => Operator,
  ) {
    super(self, engine, original);
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
    return new OperatorEndpoint(this.self, engine, machines, this, (host) => this.operator.clone(host));
  }

  override deliver(from: ProcessId, message: Message): void {
    this.operator.receive(from, message);
  }

  override fireTimer(name: string): void {
    this.operator.timerFired(name);
  }
}
