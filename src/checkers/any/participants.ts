/**
 * Ghost: who takes part in the cluster, as servers report it, and who of them can: what liveness may be expected
 * of. A protocol that reports no configuration is taken to consist of all servers, for good.
 *
 * A server *can* take part while it is up, runs as a member of the configuration in question, has not refused
 * to run, trusts its disk, and is not faulty in any way. How many of them are enough, the protocol says. One that does
 * not trust its disk must still catch up, but has no vote to count on.
 */

import {
  MEMBER_GENERATION,
  type Membership,
  type Micros,
  type ProcessId,
  type ProtocolEvent,
} from '../../kernel/index.js';
import type { CheckerContext } from '../checker.js';

/** What a server has reported of itself. */
class Participant {
  configuration: Membership | undefined = undefined;
  configurationIndex = 0;
  /** What it has applied since its start. */
  appliedIndex = 0;
  isTrusted = true;
  hasRefused = false;
  /** When it last refused to run; -1: never. */
  refusedAt: Micros = -1;
}

/** What is known of processes from outside. */
export type ParticipantContext = Pick<
  CheckerContext,
  'servers' | 'now' | 'isUp' | 'generation' | 'isFaulty' | 'quorumOf'
>;

/** What a protocol's ghost knows of elections. */
export interface Elections {
  /** True when some server could win an election now, by all that is known of logs. */
  canElect(): boolean;
}

export class Participants {
  private readonly all: Participant[];
  /** The latest configuration that some server had applied when it acted by it, ever, and its index. */
  private agreedOn: Membership | undefined = undefined;
  private agreedIndex = -1;
  /**
   * Of a protocol that elects: its ghost, which sets it. Undefined: nothing is known. Not a function: V8's minor
   * collections keep a closure that is stored here, and with it the whole run, until the next major one.
   */
  elections: Elections | undefined = undefined;
  /** Servers that stay broken for good. */
  private outside: ReadonlySet<ProcessId> = new Set();

  constructor(private readonly context: ParticipantContext) {
    this.all = Array.from({ length: context.servers }, () => new Participant());
  }

  started(server: ProcessId): void {
    const participant = this.all[server] as Participant;
    participant.hasRefused = false;
    participant.isTrusted = true;
    participant.configuration = undefined;
    participant.appliedIndex = 0;
  }

  /** These are not healed with the others. */
  leftOutside(servers: readonly ProcessId[]): void {
    this.outside = new Set(servers);
  }

  /** Its log may have begun anew: what it acts by now is reported next. */
  installed(server: ProcessId, index: number): void {
    const participant = this.all[server] as Participant;
    participant.configuration = undefined;
    participant.configurationIndex = 0;
    participant.appliedIndex = index;
  }

  applied(server: ProcessId, index: number): void {
    const participant = this.all[server] as Participant;
    participant.appliedIndex = index;
    if (participant.configurationIndex > this.agreedIndex) this.learnAgreed(participant);
  }

  reported(server: ProcessId, event: ProtocolEvent): void {
    const participant = this.all[server] as Participant;
    switch (event.kind) {
      case 'configuration-changed':
        participant.configuration = event.configuration;
        participant.configurationIndex = event.index;
        this.learnAgreed(participant);
        return;
      case 'recovered':
        participant.isTrusted = event.trusted;
        return;
      case 'trust-regained':
        participant.isTrusted = true;
        return;
      case 'refused-to-run':
        participant.hasRefused = true;
        participant.refusedAt = this.context.now();
        return;
      default:
    }
  }

  /**
   * True when this server must have caught up at the end: it is a member of the last configuration that is known
   * to be agreed on, and has not refused to run, since its last start or since `since`.
   */
  isExpected(server: ProcessId, since: Micros): boolean {
    const participant = this.all[server] as Participant;
    if (this.outside.has(server) || this.isFaulty(server)) return false;
    if (participant.hasRefused || participant.refusedAt >= since) return false;
    const membership = this.agreed();
    return membership === undefined || isMember(membership, this.memberId(server));
  }

  /**
   * True when progress can be expected at all: for the last agreed configuration, and for every one that a server
   * able to take part acts by now, enough servers can take part to be a quorum; and somebody could be elected.
   * That is more: a learner may have a later entry than a voter whose own configuration needs its vote, and may
   * not stand itself. The failures that lead there are within the model, and Raft has no way out (§5.4.1 with
   * dissertation §4.2.1); raft/everything meets it once in 20,000 runs.
   */
  isLegitimate(): boolean {
    const has = (server: ProcessId): boolean => !this.outside.has(server);
    if (!this.isEnough(has, (index) => !this.isHistory(index))) return false;
    return this.elections?.canElect() !== false;
  }

  /** True for a server that stays broken after healing. */
  isOutside(server: ProcessId): boolean {
    return this.outside.has(server);
  }

  /** True when the server is up, trusts its disk, and is not left broken. */
  isAble(server: ProcessId): boolean {
    return !this.outside.has(server) && this.canTakePart(server);
  }

  /** The same for some of the servers alone. Where a protocol reports no configuration, all servers are its voters. */
  isCore(has: (server: ProcessId) => boolean): boolean {
    return this.isEnough(has, () => true);
  }

  /** `counts`: whether the configuration of this index, by which somebody acts, needs a quorum as well. */
  private isEnough(has: (server: ProcessId) => boolean, counts: (index: number) => boolean): boolean {
    const agreed = this.agreed();
    if (agreed === undefined) return this.hasEnoughOfAll(has);
    if (!this.hasQuorums(agreed, has)) return false;
    return this.all.every(({ configuration, configurationIndex }, server) => {
      if (configuration === undefined || !has(server) || !this.canTakePart(server)) return true;
      return !counts(configurationIndex) || this.hasQuorums(configuration, has);
    });
  }

  /**
   * True where nobody stands for election and a later configuration is agreed on: who still acts by the one of this
   * index is not waited for by anybody, and is given what it lacks by the members of the later one.
   */
  private isHistory(configurationIndex: number): boolean {
    return this.elections === undefined && configurationIndex < this.agreedIndex;
  }

  clone(context: ParticipantContext): Participants {
    const copy = new Participants(context);
    this.all.forEach((participant, server) => Object.assign(copy.all[server] as Participant, participant));
    copy.outside = this.outside;
    copy.agreedOn = this.agreedOn;
    copy.agreedIndex = this.agreedIndex;
    return copy;
  }

  /**
   * The latest configuration that is agreed on: a server had applied it. Others may act by one that never was and
   * never will be. Undefined when there is none.
   */
  agreed(): Membership | undefined {
    return this.agreedOn;
  }

  private learnAgreed({ configuration, configurationIndex, appliedIndex }: Participant): void {
    if (configuration === undefined || configurationIndex > appliedIndex) return;
    if (configurationIndex <= this.agreedIndex) return;
    this.agreedOn = configuration;
    this.agreedIndex = configurationIndex;
  }

  private hasEnoughOfAll(has: (server: ProcessId) => boolean): boolean {
    const able = this.all.filter((_, server) => has(server) && this.canTakePart(server));
    return able.length >= this.quorumOf(this.all.length);
  }

  private hasQuorums({ voters, outgoing }: Membership, has: (server: ProcessId) => boolean): boolean {
    return this.hasQuorum(voters, has) && (outgoing.length === 0 || this.hasQuorum(outgoing, has));
  }

  private hasQuorum(voters: readonly number[], has: (server: ProcessId) => boolean): boolean {
    const able = voters.filter((voter) => {
      const server = voter % MEMBER_GENERATION;
      return has(server) && this.memberId(server) === voter && this.canTakePart(server);
    });
    return able.length >= this.quorumOf(voters.length);
  }

  private canTakePart(server: ProcessId): boolean {
    const { hasRefused, isTrusted } = this.all[server] as Participant;
    return this.context.isUp(server) && !hasRefused && isTrusted && !this.isFaulty(server);
  }

  private isFaulty(server: ProcessId): boolean {
    const { context } = this;
    return context.isFaulty !== undefined && context.isFaulty(server);
  }

  private quorumOf(voters: number): number {
    return this.context.quorumOf?.(voters) ?? majorityOf(voters);
  }

  /** The member that this server's disk was formatted for. */
  memberId(server: ProcessId): number {
    return server + MEMBER_GENERATION * this.context.generation(server);
  }
}

function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function isMember({ voters, outgoing, learners }: Membership, member: number): boolean {
  return voters.includes(member) || outgoing.includes(member) || learners.includes(member);
}
