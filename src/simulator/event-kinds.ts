/** Kinds of entries in the event queue. */

export const EventKind = {
  /** A message arrives. source: sender; second: content hash; payload: the message. */
  message: 0,
  /** A named timer is due. first: timer's index; second: its generation. */
  timer: 1,
  /** A disk operation completes. first: operation; second: incarnation. */
  disk: 2,
  /** The nemesis wakes. first: its token. */
  fault: 3,
  /** A step of the run itself. first: one of {@link Control}; second: process, where one is meant. */
  control: 4,
  /** A busy or resumed process takes the next piece of work from its inbox. second: incarnation. */
  work: 5,
} as const;

export const EVENT_NAMES = ['message', 'timer', 'disk', 'fault', 'control', 'work'] as const;
export type EventName = (typeof EVENT_NAMES)[number];

export const Control = {
  /** Faults end; everything is healed and restarted. */
  heal: 0,
  /** The run ends. */
  end: 1,
  /** A halted process is started again. */
  restart: 2,
  /** All clients and servers start. */
  start: 3,
} as const;
