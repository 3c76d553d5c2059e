/**
 * The usual conversation of a client with a leader-based service: a request to one server, and a reply,
 * a redirect with a hint, or a refusal. Raft speaks it; users' protocols may.
 *
 * Leader discovery: the last known leader first, then the hint of a redirect, then round robin. A server
 * that did not answer in time, or was busy, is left for the next one: what is busy may be a leader that
 * nobody follows any more. Silence is learnt from at once, for all operations; that a server was busy, only when the
 * operation is sent again. See {@link LeaderSearch}.
 *
 * Reads that any server may serve go to one that is drawn, and on a retry to the next. What comes of them says
 * nothing about who leads.
 */

import type {
  ClientDriver,
  ClientHost,
  ClientOutcome,
  Command,
  Doorway,
  Message,
  ProcessId,
  ReadMode,
  Result,
} from './contracts.js';
import { hashPlain, hashString, mix32, mixInteger } from './hash.js';
import { LeaderSearch } from './leader-search.js';
import { canonical, type Plain } from './plain.js';

export interface ClientRequest extends Message {
  readonly kind: 'ClientRequest';
  readonly command: Command;
  /** For reads of mode `session`: the answer must hold at this place of the agreed order or later. */
  readonly minIndex: number;
}

/**
 * `status`: done; not leader (ask `hint`); busy (this copy of the request was turned away for now: try again
 * later); refused before it was ordered, so that it never happens.
 */
export interface ClientReply extends Message {
  readonly kind: 'ClientReply';
  readonly sequence: number;
  readonly status: 'ok' | 'not-leader' | 'busy' | 'refused';
  /** Result of an `ok`; the reason, in a word, of busy and refused. */
  readonly result: Result;
  /** Of an `ok`: the place of the agreed order at which the answer holds; else 0. */
  readonly index: number;
  /** The leader as far as the server knows, or -1. */
  readonly hint: ProcessId;
}

/**
 * What an operator asks a server for; the protocol says what `action` may be. Actions are declarative: asking
 * again for what is already so is answered ok.
 */
export interface AdminRequest extends Message {
  readonly kind: 'AdminRequest';
  /** Names the request among all of its operator. */
  readonly id: number;
  readonly action: Plain;
}

/** `status`: done; not leader (ask `hint`); under way or impossible now (try again); refused for good. */
export interface AdminReply extends Message {
  readonly kind: 'AdminReply';
  readonly id: number;
  readonly status: 'ok' | 'not-leader' | 'busy' | 'refused';
  readonly reason: string;
  readonly hint: ProcessId;
}

export function clientRequest(command: Command, minIndex = 0): ClientRequest {
  return { kind: 'ClientRequest', command, minIndex };
}

export function okReply(sequence: number, result: Result, index = 0): ClientReply {
  return { kind: 'ClientReply', sequence, status: 'ok', result, index, hint: -1 };
}

export function notLeaderReply(sequence: number, hint: ProcessId): ClientReply {
  return { kind: 'ClientReply', sequence, status: 'not-leader', result: null, index: 0, hint };
}

export function busyReply(sequence: number, reason: string): ClientReply {
  return { kind: 'ClientReply', sequence, status: 'busy', result: reason, index: 0, hint: -1 };
}

export function adminReply(
  id: number,
  status: AdminReply['status'],
  reason: string,
  hint: ProcessId = -1,
): AdminReply {
  return { kind: 'AdminReply', id, status, reason, hint };
}

/** Content hash of a request or reply (results enter through their sequence: one per command). */
export function hashRequestReply(message: ClientRequest | ClientReply): number {
  if (message.kind === 'ClientRequest')
    return mix32(mix32(0x51ed270b, message.command.hash), message.minIndex);
  const hash = mix32(mixInteger(0x2f0b4c47, message.sequence), STATUS_NUMBERS[message.status]);
  return mix32(mix32(hash, message.hint), message.index);
}

/** Content hash of an operator's request or its reply. */
export function hashAdmin(message: AdminRequest | AdminReply): number {
  if (message.kind === 'AdminRequest')
    return mix32(mixInteger(0x6a09e667, message.id), hashPlain(message.action));
  const hash = mix32(mixInteger(0x3c6ef372, message.id), STATUS_NUMBERS[message.status]);
  return mix32(mix32(hash, message.hint), hashString(message.reason));
}

/** Of every protocol that speaks this way. */
export const REQUEST_REPLY_DOORWAY: Doorway = {
  commandOf: (message) => (message.kind === 'ClientRequest' ? (message as ClientRequest).command : undefined),
  verbOf: (message) => {
    if (message.kind !== 'AdminRequest') return undefined;
    const { action } = message as AdminRequest;
    const verb =
      action !== null && typeof action === 'object' ? (action as { readonly do?: Plain }).do : undefined;
    return typeof verb === 'string' ? verb : '';
  },
  answeredBy: (message) => (message.kind === 'ClientReply' ? (message as ClientReply).sequence : undefined),
  turnAway: (message, status, reason) => {
    if (message.kind === 'AdminRequest') return adminReply((message as AdminRequest).id, status, reason);
    const { sequence } = (message as ClientRequest).command;
    return { ...busyReply(sequence, reason), status };
  },
};

const STATUS_NUMBERS = { ok: 1, 'not-leader': 2, refused: 3, busy: 4 } as const;

/** Operations whose last target is remembered: more than a client has outstanding at a time. */
const REMEMBERED = 128;

export class RequestReplyDriver implements ClientDriver {
  /** Among the host's servers; no target before the first request that needs a leader. */
  private leaders = new LeaderSearch();
  /** Of the latest operations, by sequence modulo {@link REMEMBERED}: whom they were sent to last. */
  private readonly sequences = new Int32Array(REMEMBERED);
  private readonly targets = new Int32Array(REMEMBERED);
  /** 1 for operations that need the leader: only what comes of these says who leads. */
  private readonly leaderBound = new Uint8Array(REMEMBERED);
  /** The highest place of the agreed order that an answer held at: what session reads must not fall behind. */
  private seenIndex = 0;

  /** A retry goes elsewhere, unless the client has turned to another leader since the last attempt. */
  request(host: ClientHost, command: Command, attempt: number): void {
    const place = command.sequence % REMEMBERED;
    const isRemembered = this.sequences[place] === command.sequence;
    const asked = attempt > 1 && isRemembered ? (this.targets[place] as number) : -1;
    const needsLeader = !isServedAnywhere(command.read);
    const target = needsLeader
      ? this.leaderToAsk(host, asked)
      : anyServerToAsk(host, command.sequence, asked);
    this.sequences[place] = command.sequence;
    this.targets[place] = target;
    this.leaderBound[place] = needsLeader ? 1 : 0;
    const minIndex = command.read === 'session' ? this.seenIndex : 0;
    host.send(host.servers[target] as ProcessId, clientRequest(command, minIndex));
  }

  /** The next operation that needs a leader goes elsewhere, unless the client has turned to another one already. */
  timedOut(host: ClientHost, command: Command): void {
    const place = command.sequence % REMEMBERED;
    if (!this.neededLeader(command.sequence)) return;
    if (this.targets[place] === this.leaders.target) this.leaders.next(host.servers.length);
    this.targets[place] = -1; // what was to be learnt from this attempt has been learnt
  }

  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    if (message.kind !== 'ClientReply') return undefined;
    const reply = message as ClientReply;
    switch (reply.status) {
      case 'ok':
        if (this.neededLeader(reply.sequence)) this.leaders.found(host.servers.indexOf(from));
        if (reply.index > this.seenIndex) this.seenIndex = reply.index;
        return { kind: 'ok', sequence: reply.sequence, result: reply.result, index: reply.index };
      case 'busy':
        return { kind: 'busy', sequence: reply.sequence, reason: canonical(reply.result) };
      case 'refused':
        return { kind: 'fail', sequence: reply.sequence, reason: canonical(reply.result) };
      case 'not-leader':
        if (this.neededLeader(reply.sequence)) this.followHint(host, from, reply.hint);
        return { kind: 'retry', sequence: reply.sequence, reason: 'not leader' };
    }
  }

  clone(): RequestReplyDriver {
    const copy = new RequestReplyDriver();
    copy.leaders = this.leaders.clone();
    copy.sequences.set(this.sequences);
    copy.targets.set(this.targets);
    copy.leaderBound.set(this.leaderBound);
    copy.seenIndex = this.seenIndex;
    return copy;
  }

  /** The believed leader; the next server when that is the one that was `asked` in vain (-1: nobody since). */
  private leaderToAsk(host: ClientHost, asked: number): number {
    const { leaders } = this;
    const { length } = host.servers;
    if (leaders.target < 0) leaders.found(host.draw('first-server', 0, length - 1));
    else if (asked === leaders.target) leaders.next(length);
    return leaders.target;
  }

  /** False for an operation that is remembered no more: nothing is learnt from so old an answer. */
  private neededLeader(sequence: number): boolean {
    const place = sequence % REMEMBERED;
    return this.sequences[place] === sequence && this.leaderBound[place] === 1;
  }

  private followHint(host: ClientHost, from: ProcessId, hint: ProcessId): void {
    if (host.ignoresHints === true) return;
    this.leaders.follow(host.servers.indexOf(from), host.servers.indexOf(hint), host.servers.length);
  }
}

/** True for reads that any server may serve. */
function isServedAnywhere(read: ReadMode | undefined): boolean {
  return read === 'follower' || read === 'session' || read === 'stale';
}

/** A server that is drawn; the one after `asked` when somebody was asked before. */
function anyServerToAsk(host: ClientHost, sequence: number, asked: number): number {
  const { length } = host.servers;
  return asked < 0 ? host.draw('read-server', 0, length - 1, sequence) : (asked + 1) % length;
}
