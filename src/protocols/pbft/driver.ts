/**
 * A client's side (OSDI 1999, §4.1): a request goes to the primary of the view that the client believes in, and when
 * no answer comes, to all replicas; a result counts when f + 1 replicas say the same, so that one of them is correct.
 * Tentative replies count when they are a quorum's, of one view (§5.1).
 *
 * "The same" is sequence, result and place in the order. The view believed in is the lowest that those who say so
 * name: one of them is correct, so it has been reached.
 *
 * With read-only requests on, what changes nothing goes to all replicas first, and counts when a quorum answers the
 * same, place included; it is ordered when no quorum can any more, or at the next attempt. Then ordered operations wait for a quorum as well: f + 1 might share no
 * correct replica with a quorum of readers (Berger, Reiser and Bessani, SRDS 2021, arXiv 2107.11144, on what that
 * asks of the replicas: those who lack a decision must be sent it).
 */

import {
  hashPlain,
  withoutUndefined,
  type ClientDriver,
  type ClientHost,
  type ClientOutcome,
  type Command,
  type Message,
  type ProcessId,
  type Proof,
  type Result,
  type Statement,
} from '../../kernel/index.js';
import { configurationOf, type Configuration } from './configuration.js';
import { isHandover, type Inquiry } from './handover.js';
import { KnownConfiguration } from './known-configuration.js';
import { MacStatementType, type NewKey } from './macs/messages.js';
import { newKeyDigest } from './macs/wire.js';
import {
  StatementType,
  type ReadReply,
  type ReadRequest,
  type Reply,
  type Request,
  type View,
} from './messages.js';
import type { Quorum } from './quorum.js';
import type { PbftSettings } from './settings.js';
import { isReadReply, isReply } from './validate.js';
import { replyDigest } from './wire.js';

/** Operations that are remembered: twice what a client has outstanding. The others it has given up. */
const REMEMBERED = 128;
/** With MACs: operations whose first attempt is signed, after one that had to be sent again. */
const SIGNED_AFTERWARDS = 16;

/** What replicas answered to one operation; the latest word of each. */
class Answers {
  request: Request | undefined = undefined;
  readonly replies: (Reply | undefined)[];
  readonly reads: (ReadReply | undefined)[];

  constructor(
    readonly command: Command,
    servers: number,
  ) {
    this.replies = new Array<Reply | undefined>(servers).fill(undefined);
    this.reads = new Array<ReadReply | undefined>(servers).fill(undefined);
  }

  clone(): Answers {
    const copy = new Answers(this.command, this.replies.length);
    copy.request = this.request;
    for (let i = 0; i < this.replies.length; i++) {
      copy.replies[i] = this.replies[i];
      copy.reads[i] = this.reads[i];
    }
    return copy;
  }
}

export class PbftDriver implements ClientDriver {
  private view: View = 0;
  /** Operations that are still to be signed at their first attempt. */
  private signed = 0;
  /** By sequence: the operations without an answer, the one that was asked for last at the end. */
  private readonly open = new Map<number, Answers>();

  private known: KnownConfiguration;

  constructor(private readonly settings: PbftSettings) {
    this.known = new KnownConfiguration(settings);
  }

  // ---- asking ----

  request(host: ClientHost, command: Command, attempt: number): void {
    const answers = this.answersTo(host, command);
    const configuration = this.known.latest(host.servers);
    const { processes } = configuration;
    if (attempt === 1 && this.settings.readOnly && isReadAside(command)) {
      const proof = this.proveFirst(host, statementOf(StatementType.readRequest, command));
      const read: ReadRequest = { kind: 'ReadRequest', command, proof };
      sendToAll(host, processes, read);
      return;
    }
    if (attempt > 1) this.signAgain(host, answers, command);
    answers.request ??= this.orderedRequest(host, command);
    if (attempt === 1) {
      this.sendToPrimary(host, answers.request);
      return;
    }
    sendToAll(host, processes, answers.request);
    if (this.settings.operator < 0) return;
    for (let i = 0; i < host.servers.length; i++) this.inquire(host, host.servers[i] as ProcessId);
  }

  private sendToPrimary(host: ClientHost, request: Request): void {
    const configuration = this.known.latest(host.servers);
    const view = configuration.hasView(this.view) ? this.view : configuration.firstView;
    host.send(configuration.processes[configuration.primaryOf(view)] as ProcessId, request);
  }

  private inquire(host: ClientHost, server: ProcessId): void {
    const inquiry: Inquiry = { kind: 'Inquiry', number: this.known.number };
    host.send(server, inquiry);
  }

  private answersTo(host: ClientHost, command: Command): Answers {
    const { sequence } = command;
    const answers = this.open.get(sequence) ?? new Answers(command, host.servers.length);
    // What is asked for again is not given up: it goes to the end.
    this.open.delete(sequence);
    this.open.set(sequence, answers);
    if (this.open.size > REMEMBERED) this.open.delete(this.open.keys().next().value as number);
    return answers;
  }

  private orderedRequest(host: ClientHost, command: Command): Request {
    const proof = this.proveFirst(host, statementOf(StatementType.request, command));
    return { kind: 'Request', command, proof };
  }

  /** The first attempt: with MACs unless one was of no use lately. */
  private proveFirst(host: ClientHost, statement: Statement): Proof {
    if (this.settings.proofs === 'signatures') return host.authenticator.sign(statement);
    if (this.signed === 0) return host.authenticator.authenticate(statement, host.servers);
    this.signed--;
    return host.authenticator.sign(statement);
  }

  /** No answer came: a signature is good for all replicas, whatever they think of this client's MACs. */
  private signAgain(host: ClientHost, answers: Answers, command: Command): void {
    if (this.settings.proofs === 'signatures') return;
    this.signed = SIGNED_AFTERWARDS;
    const proof = host.authenticator.sign(statementOf(StatementType.request, command));
    answers.request = { kind: 'Request', command, proof };
  }

  // ---- answers ----

  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    if (isReply(message)) return this.receiveReply(host, from, message);
    if (isReadReply(message)) return this.receiveRead(host, from, message);
    if ((message as Message | null)?.kind === 'NewKey') learnKeys(host, from, message as NewKey);
    if (isHandover(message) && this.known.learn(message, host.servers, host.authenticator))
      this.askAgain(host);
    return undefined;
  }

  private receiveReply(host: ClientHost, from: ProcessId, message: Reply): ClientOutcome | undefined {
    if (configurationOf(message.view) > this.known.number) this.inquire(host, from);
    const { sequence, result, index } = message;
    const answers = this.answersOf(host, from, sequence);
    if (answers === undefined || !this.isAuthentic(host, from, message)) return undefined;
    answers.replies[host.servers.indexOf(from)] = message;
    const configuration = this.known.latest(host.servers);
    const enough = this.enough(configuration.quorum, sameReplies(answers, message, configuration));
    if (enough === undefined) return undefined;
    const lowest = enough.reduce((least, { view }) => Math.min(least, view), message.view);
    this.view = Math.max(this.view, lowest);
    this.open.delete(sequence);
    return okOutcome(sequence, result, index);
  }

  /** Of replies that say the same, those that make it true together; undefined: they do not. */
  protected enough({ weak, strong }: Quorum, same: readonly Reply[]): readonly Reply[] | undefined {
    const committed = same.filter(({ isTentative }) => !isTentative);
    if (!this.settings.readOnly && committed.length >= weak) return committed;
    // Quorums of different configurations need not have a replica in common.
    const { number } = this.known;
    return quorumAmong(
      same.filter(({ view }) => configurationOf(view) === number),
      strong,
    );
  }

  /** A quorum believes the same, of the same place: see reads.ts. */
  private receiveRead(host: ClientHost, from: ProcessId, message: ReadReply): ClientOutcome | undefined {
    const { sequence, result, index } = message;
    const answers = this.answersOf(host, from, sequence);
    if (answers === undefined || !this.isReadAuthentic(host, from, message)) return undefined;
    answers.reads[host.servers.indexOf(from)] = message;
    const { processes, quorum } = this.known.latest(host.servers);
    const reads = processes.map((process) => answers.reads[process]);
    if (alike(reads, message) >= quorum.strong) {
      this.open.delete(sequence);
      return okOutcome(sequence, result, index);
    }
    if (!mayAgree(reads, quorum.strong)) this.orderNow(host, answers);
    return undefined;
  }

  /** No quorum of readers can say the same any more: there is nothing to wait for. */
  private orderNow(host: ClientHost, answers: Answers): void {
    if (answers.request !== undefined) return;
    answers.request = this.orderedRequest(host, answers.command);
    this.sendToPrimary(host, answers.request);
  }

  /**
   * Another configuration is known: its members are asked for all that is open, since those of the one before may be gone,
   * and what they have answered already may not have counted then. Readers of two configurations are no quorum of either.
   */
  private askAgain(host: ClientHost): void {
    const { processes } = this.known.latest(host.servers);
    for (const answers of this.open.values()) {
      answers.reads.fill(undefined);
      if (answers.request === undefined) this.orderNow(host, answers);
      else sendToAll(host, processes, answers.request);
    }
  }

  private answersOf({ servers }: ClientHost, from: ProcessId, sequence: number): Answers | undefined {
    return servers.includes(from) ? this.open.get(sequence) : undefined;
  }

  /** True when this replica says so to this client, and the digest is that of the result. */
  protected isAuthentic(host: ClientHost, from: ProcessId, reply: Reply): boolean {
    const { view, sequence, digest, index, isTentative, proof, result } = reply;
    const type = isTentative ? StatementType.tentativeReply : StatementType.reply;
    const said = replyDigest(host.self, digest, index);
    const statement = { type, configuration: configurationOf(view), view, sequence, digest: said };
    return hashPlain(result) === digest && host.authenticator.verify(from, statement, proof);
  }

  /** The same of a read; one in another configuration than the one that is known proves nothing. */
  protected isReadAuthentic(host: ClientHost, from: ProcessId, reply: ReadReply): boolean {
    const { sequence, digest, index, proof, result } = reply;
    const said = replyDigest(host.self, digest, index);
    const configuration = this.known.number;
    const statement = { type: StatementType.readReply, configuration, view: 0, sequence, digest: said };
    return hashPlain(result) === digest && host.authenticator.verify(from, statement, proof);
  }

  clone(): PbftDriver {
    const copy = new PbftDriver(this.settings);
    copy.view = this.view;
    copy.signed = this.signed;
    copy.known = this.known.clone();
    for (const [sequence, answers] of this.open) copy.open.set(sequence, answers.clone());
    return copy;
  }
}

/** The last to say it may be a liar: what is in no digest is not what the others have said. */
function okOutcome(sequence: number, result: Result, index: number): ClientOutcome {
  return { kind: 'ok', sequence, result: withoutUndefined(result), index };
}

/** A replica has chosen new keys for MACs to it. It may say anything: what it says is checked. */
function learnKeys({ authenticator, servers }: ClientHost, from: ProcessId, { epoch, proof }: NewKey): void {
  if (!servers.includes(from) || !Number.isSafeInteger(epoch)) return;
  const digest = newKeyDigest({ kind: 'NewKey', epoch });
  const statement = { type: MacStatementType.newKey, configuration: 0, view: 0, sequence: epoch, digest };
  if (authenticator.verifySignature(from, statement, proof)) authenticator.learnKeys(from, epoch);
}

/** True for what its client lets be answered aside of the order. */
function isReadAside({ read }: Command): boolean {
  return read !== undefined && read !== 'log';
}

function sendToAll(host: ClientHost, processes: readonly ProcessId[], message: Message): void {
  for (let i = 0; i < processes.length; i++) host.send(processes[i] as ProcessId, message);
}

function statementOf(type: number, { sequence, hash: digest }: Command): Statement {
  return { type, configuration: 0, view: 0, sequence, digest };
}

/** Of these replies, a quorum that says for good, or in one view, that it is so. */
function quorumAmong(same: readonly Reply[], strong: number): readonly Reply[] | undefined {
  const committed = same.filter(({ isTentative }) => !isTentative);
  if (committed.length >= strong) return committed;
  if (committed.length === same.length || same.length < strong) return undefined;
  for (const { isTentative, view } of same) {
    if (!isTentative) continue;
    const together = same.filter((reply) => !reply.isTentative || reply.view === view);
    if (together.length >= strong) return together;
  }
  return undefined;
}

/** The replies of members that say the same as this one, itself included. */
function sameReplies({ replies }: Answers, { digest, index }: Reply, { processes }: Configuration): Reply[] {
  const same: Reply[] = [];
  for (const process of processes) {
    const reply = replies[process];
    if (reply?.digest === digest && reply.index === index) same.push(reply);
  }
  return same;
}

type Reads = readonly (ReadReply | undefined)[];

/** How many say the same as this one, of the same place. */
function alike(reads: Reads, { digest, index }: ReadReply): number {
  let count = 0;
  for (const read of reads) if (read?.digest === digest && read.index === index) count++;
  return count;
}

/** True while those who have not answered yet could make a quorum that says the same. */
function mayAgree(reads: Reads, strong: number): boolean {
  const missing = reads.filter((read) => read === undefined).length;
  return (
    missing >= strong || reads.some((read) => read !== undefined && alike(reads, read) + missing >= strong)
  );
}
