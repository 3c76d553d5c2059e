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
  ) {
    this.hashMessage = protocol.hashMessage?.bind(protocol) ?? ((message) => hashPlain(message));
    this.messageBytes = protocol.messageBytes?.bind(protocol) ?? (() => DEFAULT_BYTES);
  }

  send(now: Micros, cause: number, from: ProcessId, to: ProcessId, message: Message): void {
    if (message !== this.last) this.measure(message);
    const { network, queue, lastHash } = this;
    this.observers.sent(from, to, message);
    network.send(now, from, to, message.kind, lastHash, this.lastBytes);
    if (network.firstArrival >= 0) {
      queue.push(network.firstArrival, EventKind.message, to, from, 0, lastHash, cause, message);
    }
    if (network.secondArrival >= 0) {
      queue.push(network.secondArrival, EventKind.message, to, from, 0, lastHash, cause, message);
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
