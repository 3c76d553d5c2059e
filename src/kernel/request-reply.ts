/**
 * The usual conversation of a client with a leader-based service: a request to one server, and a reply,
 * a redirect with a hint, or a refusal. Raft speaks it; users' protocols may.
 *
 * Leader discovery: the last known leader first, then the hint of a redirect, then round robin. A server
 * that did not answer in time is left for the next one.
 */

import type {
  ClientDriver,
  ClientHost,
  ClientOutcome,
  Command,
  Message,
  ProcessId,
  Result,
} from './contracts.js';
import { mix32, mixInteger } from './hash.js';
import { canonical } from './plain.js';

export interface ClientRequest extends Message {
  readonly kind: 'ClientRequest';
  readonly command: Command;
}

/** `status`: done; not leader (ask `hint`); refused before it was ordered, so that it never happens. */
export interface ClientReply extends Message {
  readonly kind: 'ClientReply';
  readonly sequence: number;
  readonly status: 'ok' | 'not-leader' | 'refused';
  readonly result: Result;
  /** The leader as far as the server knows, or -1. */
  readonly hint: ProcessId;
}

export function clientRequest(command: Command): ClientRequest {
  return { kind: 'ClientRequest', command };
}

export function okReply(sequence: number, result: Result): ClientReply {
  return { kind: 'ClientReply', sequence, status: 'ok', result, hint: -1 };
}

export function notLeaderReply(sequence: number, hint: ProcessId): ClientReply {
  return { kind: 'ClientReply', sequence, status: 'not-leader', result: null, hint };
}

/** Content hash of a request or reply (results enter through their sequence: one per command). */
export function hashRequestReply(message: ClientRequest | ClientReply): number {
  if (message.kind === 'ClientRequest') return mix32(0x51ed270b, message.command.hash);
  const status = message.status === 'ok' ? 1 : message.status === 'not-leader' ? 2 : 3;
  return mix32(mix32(mixInteger(0x2f0b4c47, message.sequence), status), message.hint);
}

/** Operations whose last target is remembered: more than a client has outstanding at a time. */
const REMEMBERED = 128;

export class RequestReplyDriver implements ClientDriver {
  /** Index into the servers of the one to ask, or -1 before the first request. */
  private target = -1;
  /** Whom each of the latest operations was sent to last, by sequence modulo {@link REMEMBERED}. */
  private readonly sequences = new Int32Array(REMEMBERED);
  private readonly targets = new Int32Array(REMEMBERED);

  /** A retry goes elsewhere, unless the client has turned to another server since the last attempt. */
  request(host: ClientHost, command: Command, attempt: number): void {
    const place = command.sequence % REMEMBERED;
    if (this.target < 0) this.target = host.draw('first-server', 0, host.servers.length - 1);
    const wasAsked = this.sequences[place] === command.sequence && this.targets[place] === this.target;
    if (attempt > 1 && wasAsked) this.target = (this.target + 1) % host.servers.length;
    this.sequences[place] = command.sequence;
    this.targets[place] = this.target;
    host.send(host.servers[this.target] as ProcessId, clientRequest(command));
  }

  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    if (message.kind !== 'ClientReply') return undefined;
    const reply = message as ClientReply;
    switch (reply.status) {
      case 'ok':
        this.target = host.servers.indexOf(from);
        return { kind: 'ok', sequence: reply.sequence, result: reply.result };
      case 'refused':
        return { kind: 'fail', sequence: reply.sequence, reason: canonical(reply.result) };
      case 'not-leader':
        this.followHint(host, from, reply.hint);
        return { kind: 'retry', sequence: reply.sequence, reason: 'not leader' };
    }
  }

  clone(): RequestReplyDriver {
    const copy = new RequestReplyDriver();
    copy.target = this.target;
    copy.sequences.set(this.sequences);
    copy.targets.set(this.targets);
    return copy;
  }

  private followHint(host: ClientHost, from: ProcessId, hint: ProcessId): void {
    const hinted = host.servers.indexOf(hint);
    if (hinted >= 0 && hint !== from) this.target = hinted;
  }
}
