/**
 * Ghost: who takes part in the cluster, as servers report it, and who of them can: what liveness may be expected
 * of. A protocol that reports no configuration is taken to consist of all servers, for good.
 *
 * A server *can* take part while it is up, runs as a member of the configuration in question, has not refused
 * to run, and trusts its disk. One that does not trust its disk must still catch up, but has no vote to count on.
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
  isTrusted = true;
  hasRefused = false;
  /** When it last refused to run; -1: never. */
  refusedAt: Micros = -1;
}

export class Participants {
  private readonly all: Participant[];

  constructor(private readonly context: CheckerContext) {
    this.all = Array.from({ length: context.servers }, () => new Participant());
  }

  started(server: ProcessId): void {
    const participant = this.all[server] as Participant;
    participant.hasRefused = false;
    participant.isTrusted = true;
    participant.configuration = undefined;
  }

  reported(server: ProcessId, event: ProtocolEvent): void {
    const participant = this.all[server] as Participant;
    switch (event.kind) {
      case 'configuration-changed':
        participant.configuration = event.configuration;
        participant.configurationIndex = event.index;
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
  isExpected(server: ProcessId, applied: readonly number[], since: Micros): boolean {
    const participant = this.all[server] as Participant;
    if (participant.hasRefused || participant.refusedAt >= since) return false;
    const membership = this.agreed(applied);
    return membership === undefined || isMember(membership, this.memberId(server));
  }

  /**
   * True when progress can be expected at all: for the last agreed configuration, and for every one that a server
   * able to take part acts by now, enough servers can take part to be a quorum.
   */
  isLegitimate(applied: readonly number[]): boolean {
    const agreed = this.agreed(applied);
    if (agreed === undefined) return true;
    if (!this.hasQuorum(agreed)) return false;
    return this.all.every(({ configuration }, server) => {
      return configuration === undefined || !this.canTakePart(server) || this.hasQuorum(configuration);
    });
  }

  clone(context: CheckerContext): Participants {
    const copy = new Participants(context);
    this.all.forEach((participant, server) => Object.assign(copy.all[server] as Participant, participant));
    return copy;
  }

  /**
   * The configuration of the highest index that the server which reports it has itself applied, hence agreed on;
   * undefined when there is none. A server that is behind may report one that has been replaced elsewhere.
   */
  private agreed(applied: readonly number[]): Membership | undefined {
    let latest: Participant | undefined;
    for (let server = 0; server < this.all.length; server++) {
      const participant = this.all[server] as Participant;
      const { configuration, configurationIndex } = participant;
      if (configuration === undefined || configurationIndex > (applied[server] as number)) continue;
      if (latest === undefined || configurationIndex > latest.configurationIndex) latest = participant;
    }
    return latest?.configuration;
  }

  private hasQuorum({ voters, outgoing }: Membership): boolean {
    return this.hasMajority(voters) && (outgoing.length === 0 || this.hasMajority(outgoing));
  }

  private hasMajority(voters: readonly number[]): boolean {
    const able = voters.filter((voter) => {
      const server = voter % MEMBER_GENERATION;
      return this.memberId(server) === voter && this.canTakePart(server);
    });
    return able.length * 2 > voters.length;
  }

  private canTakePart(server: ProcessId): boolean {
    const { hasRefused, isTrusted } = this.all[server] as Participant;
    return this.context.isUp(server) && !hasRefused && isTrusted;
  }

  private memberId(server: ProcessId): number {
    return server + MEMBER_GENERATION * this.context.generation(server);
  }
}

function isMember({ voters, outgoing, learners }: Membership, member: number): boolean {
  return voters.includes(member) || outgoing.includes(member) || learners.includes(member);
}
