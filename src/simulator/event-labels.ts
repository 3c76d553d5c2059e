/** What events and processes are called: in the keys of choices, in traces, in messages of violations. */

import { processName } from '../faults/index.js';
import type { Message, ProcessId } from '../kernel/index.js';
import { EVENT_NAMES, EventKind } from './event-kinds.js';
import type { Timers } from './timers.js';

/**
 * What an event is, in words that do not depend on positions in a queue. `identity`: of a timer its index, of a
 * message its hash, else a number of the event's own; `timers`: those of the target.
 */
export function eventLabel(
  kind: number,
  target: ProcessId,
  source: ProcessId,
  identity: number,
  payload: unknown,
  timers: Timers | undefined,
): string {
  switch (kind) {
    case EventKind.message:
      return `${source}>${target}:${(payload as Message).kind}`;
    case EventKind.timer:
      return `${target}:${timers?.nameOf(identity) ?? '?'}`;
    case EventKind.disk:
      return `${target}:disk`;
    default:
      return `${EVENT_NAMES[kind]}:${identity}`;
  }
}

/** Who handled an event that failed. */
export function handlerName(process: ProcessId, servers: number, processes: number): string {
  return process < processes ? processName(process, servers) : 'a fault or a step of the run';
}
