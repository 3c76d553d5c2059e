/** The way of a message: hashed and measured once, seen by the observers, given its fate by the network. */

import {
  assert,
  deepFreeze,
  hashPlain,
  type EventQueue,
  type Message,
  type Micros,
  type ProcessId,
  type Protocol,
} from '../kernel/index.js';
import type { Network } from '../world/index.js';
import { EventKind } from './event-kinds.js';
import type { Observers } from './observers.js';

/** Size of a message whose protocol does not say. */
const DEFAULT_BYTES = 64;

/** A protocol's own functions are for its own messages, and may throw at what is none. */
function orElse(first: () => number, second: () => number): number {
  try {
    return first();
  } catch {
    return second();
  }
}

function whole(bytes: number): number {
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : DEFAULT_BYTES;
}

export class Postman {
  private readonly hashMessage: (message: Message) => number;
  private readonly messageBytes: (message: Message) => number;
  /** The message sent last: one that goes to everybody is hashed once. */
  private last: Message | undefined = undefined;
  private lastHash = 0;
  private lastBytes = 0;

  constructor(
    protocol: Protocol,
    private readonly network: Network,
    private readonly queue: EventQueue,
    private readonly observers: Observers,
    private readonly isAudited: boolean,
    /** True where liars may send what is no message of the protocol. */
    hasLiars: boolean,
  ) {
    const hash = protocol.hashMessage?.bind(protocol) ?? ((message: Message) => hashPlain(message));
    const bytes = protocol.messageBytes?.bind(protocol) ?? ((_: Message) => DEFAULT_BYTES);
    this.hashMessage = hasLiars
      ? (message) =>
          orElse(
            () => hash(message) | 0,
            () => hashPlain(message),
          )
      : hash;
    this.messageBytes = hasLiars
      ? (message) =>
          orElse(
            () => whole(bytes(message)),
            () => DEFAULT_BYTES,
          )
      : bytes;
  }

  /** From address to address; `receiver` is the process that it arrives at. */
  send(
    now: Micros,
    cause: number,
    from: ProcessId,
    to: ProcessId,
    message: Message,
    receiver: ProcessId,
  ): void {
    if (message !== this.last) this.measure(message);
    const { network, queue, lastHash } = this;
    this.observers.sent(from, to, message);
    network.send(now, from, to, message.kind, lastHash, this.lastBytes);
    if (network.firstArrival >= 0) {
      queue.push(network.firstArrival, EventKind.message, receiver, from, 0, lastHash, cause, message);
    }
    if (network.secondArrival >= 0) {
      queue.push(network.secondArrival, EventKind.message, receiver, from, 0, lastHash, cause, message);
    }
  }

  /** In an audited run: what arrives must be what was sent. */
  audit(message: Message, hash: number): void {
    if (!this.isAudited) return;
    assert(this.hashMessage(message) === hash, 'a message was changed after it was sent');
  }

  private measure(message: Message): void {
    this.last = message;
    this.lastHash = this.hashMessage(message);
    this.lastBytes = this.messageBytes(message);
    if (this.isAudited) deepFreeze(message);
  }
}
