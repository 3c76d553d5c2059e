/** What stands in the event queue, for those who look at it from outside: when it is due, and in words. */

import type { EventQueue, Message, Micros, ProcessId } from '../kernel/index.js';
import type { Endpoint } from './endpoint.js';
import { EVENT_NAMES, EventKind } from './event-kinds.js';
import { eventLabel } from './event-labels.js';
import type { Server } from './server.js';
import type { Timers } from './timers.js';

/** Something that could be executed next; see {@link Agenda.enabled}. */
export interface EnabledEvent {
  readonly slot: number;
  readonly timeMicros: Micros;
  readonly process: ProcessId;
  readonly description: string;
}

export class Agenda {
  /** `endpoints`: the processes that follow the servers. */
  constructor(
    private readonly queue: EventQueue,
    private readonly servers: readonly Server[],
    private readonly endpoints: readonly Endpoint[],
    /** The processes after those. */
    private readonly twins: readonly Server[],
  ) {}

  /** What could be executed next, in the order in which the random scheduler would. */
  enabled(): EnabledEvent[] {
    const { queue } = this;
    const events: EnabledEvent[] = [];
    for (const { time, slot } of queue.ordered()) {
      const due = this.dueTime(slot, time);
      if (due === undefined) continue;
      const kind = queue.kinds[slot] as number;
      const process = queue.targets[slot] as number;
      const source = queue.sources[slot] as number;
      const first = queue.first[slot] as number;
      const description = this.label(kind, process, source, first, queue.payloads[slot]);
      events.push({ slot, timeMicros: due, process, description });
    }
    return events.sort((a, b) => a.timeMicros - b.timeMicros);
  }

  /** When a queue entry will really be executed; undefined when it has gone stale. */
  dueTime(slot: number, time: Micros): Micros | undefined {
    const { queue } = this;
    const kind = queue.kinds[slot] as number;
    const process = queue.targets[slot] as number;
    const second = queue.second[slot] as number;
    if (kind === EventKind.timer) {
      return this.timersOf(process)?.deadlineOf(queue.first[slot] as number, second);
    }
    return kind === EventKind.disk && this.serverOf(process)?.incarnation !== second ? undefined : time;
  }

  /** The kind of a message, or of any other event: `AppendEntries`, `timer`, `disk`. */
  kindOf(slot: number): string {
    const kind = this.queue.kinds[slot] as number;
    if (kind === EventKind.message) return (this.queue.payloads[slot] as Message).kind;
    return EVENT_NAMES[kind] ?? '';
  }

  label(kind: number, target: ProcessId, source: ProcessId, identity: number, payload: unknown): string {
    return eventLabel(kind, target, source, identity, payload, this.timersOf(target));
  }

  private timersOf(process: ProcessId): Timers | undefined {
    return (this.serverOf(process) ?? this.endpoints[process - this.servers.length])?.timers;
  }

  private serverOf(process: ProcessId): Server | undefined {
    const { servers, endpoints, twins } = this;
    return servers[process] ?? twins[process - servers.length - endpoints.length];
  }
}
