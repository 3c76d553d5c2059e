/** A process of a run that is not a server: its timers, its network, and the clock of the run. */

import type { Choices, Message, Micros, ProcessId } from '../kernel/index.js';
import type { Engine } from './engine.js';
import { Timers } from './timers.js';

export abstract class Endpoint {
  readonly choices: Choices;
  readonly timers: Timers;

  protected constructor(
    readonly self: ProcessId,
    protected readonly engine: Engine,
    original: Endpoint | undefined,
  ) {
    this.choices = engine.choices;
    this.timers = original?.timers.clone(engine.queue) ?? new Timers(self, engine.queue);
  }

  abstract deliver(from: ProcessId, message: Message): void;

  abstract fireTimer(name: string): void;

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
