/** The operator's process: gives an {@link Operator} the machine room. */

import { Operator, type OperatorHost, type OperatorPlan } from '../faults/index.js';
import type { Authenticator, Message, Micros, OperatorDriver, ProcessId } from '../kernel/index.js';
import { Endpoint } from './endpoint.js';
import type { Engine } from './engine.js';
import type { MachineRoom } from './machine-room.js';

export class OperatorEndpoint extends Endpoint implements OperatorHost {
  readonly operator: Operator;
  readonly servers: readonly ProcessId[];
  readonly authenticator: Authenticator;

  private constructor(
    self: ProcessId,
    engine: Engine,
    readonly machines: MachineRoom,
    original: OperatorEndpoint | undefined,
    create: (host: OperatorHost) => Operator,
  ) {
    super(self, engine, original);
    this.servers = Array.from({ length: machines.servers }, (_, server) => server);
    this.authenticator = engine.authentication.of(self);
    this.operator = create(this);
  }

  static create(
    self: ProcessId,
    engine: Engine,
    machines: MachineRoom,
    plan: OperatorPlan,
    healAtMicros: Micros,
    driver: OperatorDriver | undefined,
  ): OperatorEndpoint {
    const create = (host: OperatorHost): Operator => new Operator(plan, host, healAtMicros, driver);
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
