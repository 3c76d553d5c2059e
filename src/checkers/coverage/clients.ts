/**
 * Rare situations of clients' operations, in any protocol: what became of those that were given up or tried
 * again. Answers are recognised where the protocol speaks the kernel's request and reply.
 */

import type { ClientReply, Command, Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { isSessionExpired } from '../../services/index.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView } from './view.js';

export const TOOK_EFFECT_LATER = outside(
  'unknown-operation-took-effect',
  'An operation that its client had given up took effect later.',
  'A command is applied for the first time after its operation has ended as unknown.',
  'any',
);
export const ACKNOWLEDGED_LATE = outside(
  'acknowledged-after-deadline',
  'A server acknowledged an operation that its client had given up.',
  'An ok reply, not of an expired session, is sent to an operation that has ended as unknown.',
  'any',
);
export const ORDERED_TWICE = outside(
  'operation-ordered-twice',
  'A retry was ordered although the operation already had been.',
  'A command is applied at a later place than the one where it was first applied. Counted once a place.',
  'any',
);
export const ANSWERED_AGAIN = outside(
  'answered-from-session',
  'A retried operation was answered again, from the session.',
  'A second ok reply, not of an expired session, is sent to one operation that is no read of a weaker mode than log.',
  'any',
);
export const SESSION_EXPIRED = outside(
  'session-expired',
  'A service had forgotten whether it had executed an operation.',
  'A reply says that the session has expired.',
  'any',
);
export const TURNED_AWAY = outside(
  'request-turned-away',
  'A server turned a request away until it has less to do.',
  'A reply of status busy is sent to a client.',
  'any',
);
export const NO_SERVER_UP = outside(
  'no-server-up',
  'All servers were down at once.',
  'The last server that was up crashes or halts.',
  'any',
);

export const CLIENT_SITUATIONS = [
  TOOK_EFFECT_LATER,
  ACKNOWLEDGED_LATE,
  ORDERED_TWICE,
  ANSWERED_AGAIN,
  SESSION_EXPIRED,
  TURNED_AWAY,
  NO_SERVER_UP,
];

export class Clients extends Recogniser {
  /** The highest place at which a command was seen to be applied again. */
  private lastRepetition = 0;

  override onProtocolEvent(_process: ProcessId, event: ProtocolEvent): void {
    if (event.kind === 'applied' && event.command !== undefined) this.applied(event.command, event.index);
  }

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (message.kind !== 'ClientReply' || this.view.server(from) === undefined) return;
    const { status, result, sequence } = message as ClientReply;
    if (status === 'busy') this.reach(TURNED_AWAY);
    if (status !== 'ok') return;
    if (isSessionExpired(result)) this.reach(SESSION_EXPIRED);
    else this.acknowledged(to, sequence);
  }

  override onCrash(process: ProcessId): void {
    const { servers } = this.view;
    for (let other = 0; other < servers.length; other++) {
      if (other !== process && servers[other]?.isUp === true) return;
    }
    this.reach(NO_SERVER_UP);
  }

  override clone(view: ClusterView, tally: Tally): Clients {
    const copy = new Clients(view, tally);
    copy.lastRepetition = this.lastRepetition;
    return copy;
  }

  private applied({ client, sequence }: Command, index: number): void {
    const operations = this.view.operations.of(client, sequence);
    if (operations === undefined) return;
    const first = operations.appliedAt(sequence);
    if (first === 0) {
      if (operations.isUnknown(sequence)) this.reach(TOOK_EFFECT_LATER);
    } else if (index > first && index > this.lastRepetition) {
      this.reach(ORDERED_TWICE);
      this.lastRepetition = index;
    }
  }

  private acknowledged(client: ProcessId, sequence: number): void {
    const operations = this.view.operations.of(client, sequence);
    if (operations === undefined) return;
    if (operations.isUnknown(sequence)) this.reach(ACKNOWLEDGED_LATE);
    const mode = operations.readMode(sequence);
    const isOrdered = mode === undefined || mode === 'log';
    if (isOrdered && operations.isAnswered(sequence)) this.reach(ANSWERED_AGAIN);
  }
}
