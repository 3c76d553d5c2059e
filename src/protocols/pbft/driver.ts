/**
 * A client's side (OSDI 1999, §4.1): a request goes to the primary of the view that the client believes in, and when
 * no answer comes, to all replicas; a result counts when f + 1 replicas say the same, so that one of them is correct.
 *
 * "The same" is sequence, result and place in the order. The view believed in is the lowest that those f + 1 name:
 * one of them is correct, so it has been reached.
 */

import {
  hashPlain,
  type ClientDriver,
  type ClientHost,
  type ClientOutcome,
  type Command,
  type Message,
  type ProcessId,
  type Proof,
  type Statement,
} from '../../kernel/index.js';
import { StatementType, type Reply, type Request, type View } from './messages.js';
import { mostFaulty } from './quorum.js';
import type { PbftSettings } from './settings.js';
import { isReply } from './validate.js';
import { replyDigest } from './wire.js';

/** Operations that are told apart: more than a client has outstanding. */
const REMEMBERED = 128;
/** With MACs: operations whose first attempt is signed, after one that had to be sent again. */
const SIGNED_AFTERWARDS = 16;

/** What replicas answered to one operation; the latest word of each. */
class Answers {
  readonly replies: (Reply | undefined)[];

  constructor(
    readonly sequence: number,
    public request: Request,
    servers: number,
  ) {
    this.replies = new Array<Reply | undefined>(servers).fill(undefined);
  }

  clone(): Answers {
    const copy = new Answers(this.sequence, this.request, this.replies.length);
    for (let i = 0; i < this.replies.length; i++) copy.replies[i] = this.replies[i];
    return copy;
  }
}

export class PbftDriver implements ClientDriver {
  private view: View = 0;
  /** Operations that are still to be signed at their first attempt. */
  private signed = 0;
  /** By sequence modulo {@link REMEMBERED}: the operations without an answer. */
  private readonly open = new Array<Answers | undefined>(REMEMBERED).fill(undefined);

  constructor(private readonly settings: PbftSettings) {}

  request(host: ClientHost, command: Command, attempt: number): void {
    const { request } = this.answersTo(host, command, attempt);
    if (attempt === 1) {
      host.send(host.servers[this.view % host.servers.length] as ProcessId, request);
      return;
    }
    for (let i = 0; i < host.servers.length; i++) host.send(host.servers[i] as ProcessId, request);
  }

  private answersTo(host: ClientHost, command: Command, attempt: number): Answers {
    const place = command.sequence % REMEMBERED;
    const present = this.open[place];
    if (present?.sequence === command.sequence) {
      if (attempt > 1) this.signAgain(host, present);
      return present;
    }
    const { sequence, hash: digest } = command;
    const statement = { type: StatementType.request, configuration: 0, view: 0, sequence, digest };
    const request: Request = { kind: 'Request', command, proof: this.proveFirst(host, statement) };
    const answers = new Answers(sequence, request, host.servers.length);
    this.open[place] = answers;
    return answers;
  }

  /** The first attempt: with MACs unless one was of no use lately. */
  private proveFirst(host: ClientHost, statement: Statement): Proof {
    if (this.settings.proofs === 'signatures') return host.authenticator.sign(statement);
    if (this.signed === 0) return host.authenticator.authenticate(statement, host.servers);
    this.signed--;
    return host.authenticator.sign(statement);
  }

  /** No answer came: a signature is good for all replicas, whatever they think of this client's MACs. */
  private signAgain(host: ClientHost, answers: Answers): void {
    if (this.settings.proofs === 'signatures') return;
    this.signed = SIGNED_AFTERWARDS;
    const { command } = answers.request;
    const { sequence, hash: digest } = command;
    const statement = { type: StatementType.request, configuration: 0, view: 0, sequence, digest };
    answers.request = { kind: 'Request', command, proof: host.authenticator.sign(statement) };
  }

  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    if (!isReply(message)) return undefined;
    const answers = this.open[message.sequence % REMEMBERED];
    const replica = host.servers.indexOf(from);
    if (replica < 0 || answers?.sequence !== message.sequence) return undefined;
    if (!this.isAuthentic(host, from, message)) return undefined;
    answers.replies[replica] = message;
    const same = sameReplies(answers, message);
    if (same.length <= this.faulty(host)) return undefined;
    this.view = Math.max(
      this.view,
      same.reduce((lowest, { view }) => Math.min(lowest, view), message.view),
    );
    this.open[message.sequence % REMEMBERED] = undefined;
    const { sequence, result, index } = message;
    return { kind: 'ok', sequence, result, index };
  }

  private faulty({ servers }: ClientHost): number {
    return this.settings.faulty ?? mostFaulty(servers.length);
  }

  /** True when this replica says so to this client, and the digest is that of the result. */
  protected isAuthentic(host: ClientHost, from: ProcessId, reply: Reply): boolean {
    const { view, sequence, digest, index, proof, result } = reply;
    const type = StatementType.reply;
    const statement = {
      type,
      configuration: 0,
      view,
      sequence,
      digest: replyDigest(host.self, digest, index),
    };
    return hashPlain(result) === digest && host.authenticator.verify(from, statement, proof);
  }

  clone(): PbftDriver {
    const copy = new PbftDriver(this.settings);
    copy.view = this.view;
    copy.signed = this.signed;
    for (let i = 0; i < REMEMBERED; i++) copy.open[i] = this.open[i]?.clone();
    return copy;
  }
}

/** The replies that say the same as this one, itself included. */
function sameReplies({ replies }: Answers, { digest, index }: Reply): Reply[] {
  const same: Reply[] = [];
  for (const reply of replies) if (reply?.digest === digest && reply.index === index) same.push(reply);
  return same;
}
