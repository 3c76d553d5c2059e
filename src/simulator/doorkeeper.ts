/**
 * A server's doorkeeper: what clients and operators send is held against their capabilities and the server's limits
 * before the replica sees it. It stands before any protocol that says what its messages ask for (`Protocol.doorway`).
 * What other servers send is none of its business. A server that stands still has nobody at its door: what came
 * meanwhile is in.
 */

import type { Doorway, Message, Micros, Plain, ProcessId } from '../kernel/index.js';
import {
  Admission,
  Authority,
  purposeOf,
  type AdmissionConfig,
  type Capability,
  type DenialReason,
  type RequestClass,
  type ShedReason,
} from '../services/index.js';

/** What all doors of a run go by. */
export interface DoorRules {
  readonly doorway: Doorway;
  readonly admission: AdmissionConfig | undefined;
  readonly authority: readonly Capability[] | undefined;
  /** Processes from here on are not servers. */
  readonly firstClient: ProcessId;
  /** -1: there is none. */
  readonly operator: ProcessId;
  /** Clients whose requests are turned away first. */
  readonly optional: ReadonlySet<ProcessId>;
  /** Classes to use in place of the correct ones: those of a bug of the zoo. */
  readonly Admission?: new (config: AdmissionConfig) => Admission;
  readonly Authority?: new (capabilities: readonly Capability[]) => Authority;
}

/** A message that is not let in. */
export type Refusal =
  | {
      readonly kind: 'denied';
      readonly purpose: string;
      readonly reason: DenialReason;
      readonly reply: Message | undefined;
    }
  | { readonly kind: 'shed'; readonly reason: ShedReason; readonly reply: Message | undefined };

export class Doorkeeper {
  private readonly authority: Authority | undefined;

  constructor(
    private readonly rules: DoorRules,
    private readonly admission = createAdmission(rules),
  ) {
    const { authority, Authority: Class = Authority } = rules;
    this.authority = authority === undefined ? undefined : new Class(authority);
  }

  /** Lets a message in, or says what becomes of it. */
  judge(from: ProcessId, message: Message, now: Micros): Refusal | undefined {
    const { firstClient, doorway, operator } = this.rules;
    if (from < firstClient) return undefined;
    const command = doorway.commandOf(message);
    const verb = command === undefined ? doorway.verbOf(message) : undefined;
    if (command === undefined && verb === undefined) return undefined;
    const purpose = command === undefined ? (verb ?? '') : purposeOf(command.input);
    const denied =
      this.authority === undefined ? undefined : this.denial(from, command?.client ?? from, purpose, now);
    if (denied !== undefined) return this.denied(message, purpose, denied);
    if (this.admission === undefined || command === undefined || from === operator) return undefined;
    const reason = this.admission.judge(from, command.sequence, this.classOf(from), now);
    if (reason === undefined) return undefined;
    return { kind: 'shed', reason, reply: doorway.turnAway(message, 'busy', reason) };
  }

  /** The server sends something. */
  sent(to: ProcessId, message: Message): void {
    if (this.admission === undefined || to < this.rules.firstClient) return;
    const sequence = this.rules.doorway.answeredBy(message);
    if (sequence !== undefined) this.admission.answered(to, sequence);
  }

  /** The server starts. */
  reset(now: Micros): void {
    this.admission?.reset(now);
  }

  clone(): Doorkeeper {
    return new Doorkeeper(this.rules, this.admission?.clone());
  }

  encode(): Plain {
    return this.admission?.encode() ?? null;
  }

  private denial(from: ProcessId, named: ProcessId, purpose: string, now: Micros): DenialReason | undefined {
    if (from !== named) return 'impersonated';
    return this.authority?.judge(from, purpose, now);
  }

  /**
   * Only what will never be let in is refused for good. A copy of a message that comes when its capability has
   * expired, or not begun, says nothing about other copies: they may have been let in, or may yet be.
   */
  private denied(message: Message, purpose: string, reason: DenialReason): Refusal {
    const { doorway } = this.rules;
    if (reason === 'impersonated') return { kind: 'denied', purpose, reason, reply: undefined };
    const status = reason === 'unauthorised' ? 'refused' : 'busy';
    return { kind: 'denied', purpose, reason, reply: doorway.turnAway(message, status, reason) };
  }

  private classOf(from: ProcessId): RequestClass {
    return this.rules.optional.has(from) ? 'optional' : 'normal';
  }
}

function createAdmission({ admission, Admission: Class = Admission }: DoorRules): Admission | undefined {
  return admission === undefined ? undefined : new Class(admission);
}
