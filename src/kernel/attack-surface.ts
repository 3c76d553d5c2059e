/**
 * What a protocol shows to adversaries: how its messages are told apart, and how a faulty process may change them.
 * An adversary works on messages alone, from outside: it has the keys of the processes that it has corrupted and of
 * nobody else, so that whatever it sends in the name of another proves nothing, unless it was really said once.
 *
 * A protocol that has none cannot be attacked by liars; crashes, networks and disks need no attack surface.
 */

import type { Authenticator } from './authenticator.js';
import type { Message } from './message.js';
import type { ProcessId } from './process-id.js';

/** A corrupted process in the moment in which it lies: its means. */
export interface Liar {
  /** Its identity: the process in whose name it speaks. */
  readonly self: ProcessId;
  /** For whom the message is. */
  readonly to: ProcessId;
  readonly members: readonly ProcessId[];
  /** As the protocol itself read them. */
  readonly settings: unknown;
  readonly keys: Authenticator;
  /** The keys of another corrupted process; undefined for everybody else. */
  keysOf(identity: ProcessId): Authenticator | undefined;
  /** The latest messages of this kind that corrupted processes sent or got, oldest first; as they were, unchanged. */
  seen(kind: string): readonly Message[];
  /** A choice of the adversary's, in `min … max`; the minimum is what an edited trace falls back to. */
  draw(what: string, min: number, max: number): number;
  /** What the corrupted have agreed on among each other: a number under a name; undefined: nothing. */
  recall(name: string): number | undefined;
  agree(name: string, value: number): void;
}

/** One way of lying with messages of some kinds. */
export interface LieInfo {
  readonly name: string;
  /** Kinds of messages that it can be told in the place of. */
  readonly kinds: readonly string[];
  /** One line, without a full stop. */
  readonly summary: string;
}

/** How a field of a message is varied: the next or the last value, an earlier one, one beyond all bounds. */
export type Variation = 'step' | 'prior' | 'window' | 'huge';

export interface AttackSurface {
  /** The kinds of messages that servers, and that clients, send. */
  readonly serverKinds: readonly string[];
  readonly clientKinds: readonly string[];
  /** Kinds that servers send under some settings only: a plan may name them, chance does not draw them. */
  readonly rareKinds?: readonly string[];
  readonly lies: readonly LieInfo[];
  /** Integers in messages that may be varied. */
  readonly fields: readonly string[];
  /** Of a message that belongs to none: -1. */
  viewOf(message: Message): number;
  sequenceOf(message: Message): number;
  /** The client whose request it is; -1: it is none. */
  clientOf(message: Message): ProcessId;
  /** Who leads a view. */
  primaryOf(view: number, members: readonly ProcessId[]): ProcessId;
  /** True for messages by which a view is left or begun. */
  isOfViewChange(message: Message): boolean;
  /** Another message of the same kind and place, proved like the first: for those who are not to hear the first. */
  otherStory(message: Message, liar: Liar): Message;
  /** A lie of {@link lies} in the place of this message; the message itself where it does not fit. */
  tell(lie: string, message: Message, liar: Liar): Message;
  /** The message with one field varied, proved again; the message itself where it has no such field. */
  vary(message: Message, field: string, variation: Variation, liar: Liar): Message;
  /** What a faulty client sends, so that it concerns nobody else's data. */
  keepPrivate(message: Message, liar: Liar): Message;
}
