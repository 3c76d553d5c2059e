/**
 * What the run itself goes by, learned from what replicas report: who leads, who takes part, whose disk is
 * whole, and what is counted. What checkers make of the same reports does not live here.
 */

import { Participants, type ParticipantContext, type Telemetry } from '../checkers/index.js';
import type { Membership, ProcessId, ProtocolEvent } from '../kernel/index.js';
import { Configurations } from './configurations.js';
import type { Server } from './server.js';
import { Counters } from './statistics.js';

export class RunFacts {
  private leader: ProcessId = -1;
  private leaderTerm = -1;
  /** To whom leadership is being handed over, and by the leader of which term; -1: to nobody. */
  private heir: ProcessId = -1;
  private heirAfter = -1;

  private constructor(
    private readonly servers: readonly Server[],
    private readonly telemetry: Telemetry,
    readonly counters: Counters,
    readonly participants: Participants,
    private readonly configurations: Configurations,
  ) {}

  /** `members`: those of the cluster's beginning. */
  static create(
    servers: readonly Server[],
    telemetry: Telemetry,
    context: ParticipantContext,
    members: readonly ProcessId[],
  ): RunFacts {
    const configurations = new Configurations(members, servers.length);
    return new RunFacts(servers, telemetry, new Counters(), new Participants(context), configurations);
  }

  clone(servers: readonly Server[], telemetry: Telemetry, context: ParticipantContext): RunFacts {
    const { counters, participants, configurations } = this;
    const copy = new RunFacts(
      servers,
      telemetry,
      counters.clone(),
      participants.clone(context),
      configurations.clone(),
    );
    copy.leader = this.leader;
    copy.leaderTerm = this.leaderTerm;
    copy.heir = this.heir;
    copy.heirAfter = this.heirAfter;
    return copy;
  }

  /** The server that last became leader, or -1 when it is down. */
  currentLeader(): ProcessId {
    return this.leader >= 0 && this.servers[this.leader]?.isUp === true ? this.leader : -1;
  }

  /** The configuration in force, as the leader sees it. */
  membership(): Membership {
    return this.configurations.of(this.currentLeader());
  }

  learn(process: ProcessId, event: ProtocolEvent): void {
    const server = this.servers[process] as Server;
    switch (event.kind) {
      // The frequent ones first: this is a chain of comparisons.
      case 'applied':
        this.participants.applied(process, event.index);
        break;
      case 'appended':
        this.telemetry.appended(process, event.index);
        break;
      case 'committed':
        this.telemetry.committed(process, event.index);
        break;
      case 'became-leader':
        this.noteLeader(process, event.term);
        this.telemetry.onElection(process, event);
        break;
      case 'became-pre-candidate':
      case 'became-candidate':
      case 'became-follower':
        this.telemetry.onElection(process, event);
        break;
      case 'transfer-started':
        this.heir = event.to;
        this.heirAfter = event.term;
        break;
      case 'trust-regained':
        this.participants.reported(process, event);
        if (!server.isReplacement) server.disk.markRepaired();
        break;
      case 'recovered':
        this.participants.reported(process, event);
        if (event.trusted && !server.isReplacement) server.disk.markRepaired();
        break;
      case 'configuration-changed':
        this.configurations.report(process, event.configuration);
        this.participants.reported(process, event);
        this.noteReplacements(event.configuration);
        this.counters.protocolEvent(event);
        break;
      case 'refused-to-run':
        this.participants.reported(process, event);
        server.noteFailure();
        break;
      case 'snapshot-installed':
        this.participants.installed(process, event.index);
        this.telemetry.snapshotInstalled(process, event.index, event.received);
        this.counters.protocolEvent(event);
        break;
      case 'rejected':
      case 'denied':
      case 'snapshot-failed':
      case 'version-activated':
        this.counters.protocolEvent(event);
        break;
      default:
        break;
    }
  }

  private noteLeader(process: ProcessId, term: number): void {
    this.counters.leaderChanges++;
    if (term < this.leaderTerm) return;
    // The old leader cannot always tell: he may hear of the new term from somebody else.
    if (process === this.heir && term > this.heirAfter) this.counters.leaderTransfers++;
    this.heir = -1;
    this.leader = process;
    this.leaderTerm = term;
  }

  /** A disk counts as missing until its successor votes in its stead. */
  private noteReplacements(configuration: Membership): void {
    for (const server of this.servers) {
      if (!server.isReplacement || !server.hasReplaced(configuration)) continue;
      server.isReplacement = false;
      server.disk.markRepaired();
    }
  }
}
