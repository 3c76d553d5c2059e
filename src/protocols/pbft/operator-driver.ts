/**
 * The operator's side of reconfiguration: it alone may say which configuration follows. It signs one request for each
 * number, and never a second one: until that has taken effect it asks for nothing else. That the change is done, the
 * links say; they prove themselves, so one server's word is enough.
 */

import {
  makeCommand,
  type AdminAnswer,
  type Message,
  type OperatorDriver,
  type OperatorDriverHost,
  type Plain,
  type ProcessId,
} from '../../kernel/index.js';
import { isHandover, type Inquiry } from './handover.js';
import { areDistinct, KnownConfiguration, membersAfter } from './known-configuration.js';
import { StatementType, type Request } from './messages.js';
import { MOST_REPLICAS, mostFaulty } from './quorum.js';
import type { PbftSettings } from './settings.js';

const DONE: AdminAnswer = { status: 'ok', reason: '' };

export class PbftOperatorDriver implements OperatorDriver {
  private known: KnownConfiguration;
  /** Signed, and not known to have taken effect. */
  private outstanding: Request | undefined = undefined;
  private wanted: Plain = null;

  constructor(private readonly settings: PbftSettings) {
    this.known = new KnownConfiguration(settings);
  }

  request(host: OperatorDriverHost, action: Plain): AdminAnswer | undefined {
    if (this.settings.operator < 0)
      return { status: 'refused', reason: 'where proofs are MACs the members do not change' };
    this.wanted = action;
    if (this.outstanding === undefined) {
      const answer = this.sign(host, action);
      if (answer !== undefined) return answer;
    }
    const inquiry: Inquiry = { kind: 'Inquiry', number: this.known.number };
    for (const server of host.servers) {
      if (this.outstanding !== undefined) host.send(server, this.outstanding);
      host.send(server, inquiry);
    }
    return undefined;
  }

  /** Signs what the action asks for; an answer when there is nothing to sign. */
  private sign(host: OperatorDriverHost, action: Plain): AdminAnswer | undefined {
    const { members, number } = this.known.latest(host.servers);
    const next = membersAfter(action, members);
    if (typeof next === 'string') return { status: 'refused', reason: next };
    if (isSame(next, members)) return DONE;
    const faulty = this.settings.faulty ?? mostFaulty(next.length);
    const borne = 3 * faulty < next.length && faulty >= this.settings.leastFaulty;
    if (!borne || next.length > MOST_REPLICAS || !areDistinct(next))
      return { status: 'refused', reason: `${next.length} members do not bear the faulty ones` };
    const input = { do: 'configuration', members: next, faulty };
    const command = makeCommand(host.self, number + 1, input);
    const { sequence, hash: digest } = command;
    const statement = { type: StatementType.request, configuration: 0, view: 0, sequence, digest };
    this.outstanding = { kind: 'Request', command, proof: host.authenticator.sign(statement) };
    return undefined;
  }

  receive(host: OperatorDriverHost, _from: ProcessId, message: Message): AdminAnswer | undefined {
    if (!isHandover(message) || !this.known.learn(message, host.servers, host.authenticator))
      return undefined;
    const { members, number } = this.known.latest(host.servers);
    if (this.outstanding !== undefined && this.outstanding.command.sequence > number) return undefined;
    this.outstanding = undefined;
    if (this.wanted === null) return undefined;
    const wanted = membersAfter(this.wanted, members);
    if (typeof wanted !== 'string' && isSame(wanted, members)) return DONE;
    return { status: 'busy', reason: 'an earlier change has come first' };
  }

  clone(): PbftOperatorDriver {
    const copy = new PbftOperatorDriver(this.settings);
    copy.known = this.known.clone();
    copy.outstanding = this.outstanding;
    copy.wanted = this.wanted;
    return copy;
  }

  encode(): Plain {
    return [this.known.number, this.outstanding?.command.hash ?? 0, this.wanted];
  }
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((member) => other.includes(member));
}
