/**
 * Calm after healing: what a cluster must come to that is left in peace. Changes of membership and transfers end,
 * leaders stay in office where that is promised, and servers that have nothing to do say little.
 */

import {
  formatMicros,
  type Membership,
  type Micros,
  type ProcessId,
  type ProtocolEvent,
} from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { RunGhost } from './ghost.js';
import { LivenessChecker, livenessInfo, type LivenessTerms } from './liveness-checker.js';
import { TransferSucceeds } from './transfer-succeeds.js';

const CALM = 'All faults have ended, nobody asks for a change any more';

export const MEMBERSHIP_SETTLES = livenessInfo(
  'membership-settles',
  'After healing, a change of membership that ends by itself ends within the bound.',
  'Let H be the time of healing, P the bound and E >= H + P the end. At E the last agreed configuration is not a joint one that is to be left by itself, and every learner in it that is to become a voter, and is expected to have caught up (any/convergence), is one. Not judged when any/progress would not be.',
  CALM,
  'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §4.2.1 and §4.3',
);

export const TRANSFER_ENDS = livenessInfo(
  'transfer-ends',
  'A transfer of leadership succeeds or is given up.',
  'No server that is up at the end has started a transfer of leadership longer than the bound P before, without that it ended, or that the server followed or restarted since.',
  CALM,
  'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §3.10',
);

export const STABLE_LEADER = livenessInfo(
  'stable-leader',
  'Where a scenario promises it, no leader is replaced once the cluster is healed.',
  'Let H be the time of healing and P the bound. If the scenario promises a stable leader, no server becomes leader after H + P.',
  CALM,
  'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §4.2.3 and §9.6',
);

export const QUIET_WHEN_IDLE = livenessInfo(
  'quiet-when-idle',
  'Servers that nobody asks for anything send each other a bounded number of messages.',
  "If no operation was open during the last second of a run of at least H + P, the correct servers that are not left broken sent each other at most 200 messages for each ordered pair of them in that second. What goes to or from a liar is not counted: it may say anything as often as it likes, and asks for all that a server in need may ask for; what it is answered is the protocol's to bound. One that is left broken may speak and not hear: it asks for ever.",
  CALM,
  'Faultline',
);

const SECOND: Micros = 1_000_000;
const MESSAGES_PER_PAIR = 200;

export class Calm {
  private readonly membership: MembershipSettles;
  private readonly transfers: TransferEnds;
  private readonly stable: StableLeader | undefined;
  private readonly handovers: TransferSucceeds | undefined;
  private readonly quiet: QuietWhenIdle;

  constructor(
    private readonly ghost: RunGhost,
    sink: ViolationSink,
    private readonly terms: LivenessTerms,
  ) {
    this.membership = new MembershipSettles(ghost, sink, terms);
    this.transfers = new TransferEnds(ghost, sink, terms);
    this.stable = terms.stableLeader === true ? new StableLeader(ghost, sink, terms) : undefined;
    this.handovers = terms.transfersSucceed === true ? new TransferSucceeds(ghost, sink, terms) : undefined;
    this.quiet = new QuietWhenIdle(ghost, sink);
  }

  onSend(from: ProcessId, to: ProcessId): void {
    const { calm, context } = this.ghost;
    if (!counts(this.ghost, from) || !counts(this.ghost, to)) return;
    const now = context.now();
    if (now >= calm.second + SECOND) this.nextSecond(now);
    calm.sent++;
  }

  private nextSecond(now: Micros): void {
    const { calm } = this.ghost;
    const isNext = now < calm.second + 2 * SECOND;
    calm.sentBefore = isNext ? calm.sent : 0;
    calm.sent = 0;
    calm.second = isNext ? calm.second + SECOND : now;
  }

  onProtocolEvent(server: ProcessId, event: ProtocolEvent): void {
    const { calm, context } = this.ghost;
    switch (event.kind) {
      case 'transfer-started':
        calm.transferSince[server] = context.now();
        this.handovers?.onStarted(server, event.term, event.to);
        return;
      case 'transfer-ended':
        calm.transferSince[server] = -1;
        this.handovers?.onEnded(server, event.outcome);
        return;
      case 'became-follower':
        calm.transferSince[server] = -1;
        return;
      case 'became-leader': {
        this.handovers?.onLeader(server, event.term);
        const since = this.terms.healAtMicros + this.terms.progressWithinMicros;
        if (context.now() <= since || calm.lateLeader >= 0) return;
        calm.lateLeader = server;
        calm.lateLeaderAt = context.now();
        return;
      }
      default:
    }
  }

  onStart(server: ProcessId): void {
    this.ghost.calm.transferSince[server] = -1;
    this.handovers?.onStart(server);
  }

  onHistory(isInvocation: boolean): void {
    const { calm, context } = this.ghost;
    calm.open += isInvocation ? 1 : -1;
    calm.lastBusy = context.now();
  }

  onEnd(): void {
    const { healAtMicros, progressWithinMicros } = this.terms;
    if (this.ghost.context.now() < healAtMicros + progressWithinMicros) return;
    this.membership.onEnd();
    this.transfers.onEnd();
    this.stable?.onEnd();
    this.handovers?.onEnd();
    this.quiet.onEnd();
  }
}

export class MembershipSettles extends LivenessChecker {
  override readonly info = MEMBERSHIP_SETTLES;

  onEnd(): void {
    const { participants, servers } = this.ghost;
    const agreed = participants.agreed();
    if (agreed === undefined || !participants.isLegitimate()) return;
    if (agreed.outgoing.length > 0 && agreed.autoLeave) {
      this.violate('the joint configuration, which is to be left by itself, is still in force at the end');
    }
    const waiting = this.waiting(agreed);
    if (waiting < 0) return;
    this.violate(
      `${processName(waiting, servers)} is still a learner at the end, although it is to become a voter`,
    );
  }

  private waiting({ joining }: Membership): ProcessId {
    const { participants, context, servers } = this.ghost;
    for (let server = 0; server < servers; server++) {
      if (!joining.includes(participants.memberId(server)) || !context.isUp(server)) continue;
      if (participants.isExpected(server, this.terms.healAtMicros)) return server;
    }
    return -1;
  }
}

export class TransferEnds extends LivenessChecker {
  override readonly info = TRANSFER_ENDS;

  onEnd(): void {
    const { calm, context, servers } = this.ghost;
    const due = context.now() - this.terms.progressWithinMicros;
    const server = calm.transferSince.findIndex((since, i) => since >= 0 && since <= due && context.isUp(i));
    if (server < 0) return;
    this.violate(
      `${processName(server, servers)} has been handing over its leadership since ${formatMicros(calm.transferSince[server] ?? 0)}`,
    );
  }
}

export class StableLeader extends LivenessChecker {
  override readonly info = STABLE_LEADER;

  onEnd(): void {
    const { calm, servers } = this.ghost;
    if (calm.lateLeader < 0) return;
    const { healAtMicros, progressWithinMicros } = this.terms;
    this.violate(
      `${processName(calm.lateLeader, servers)} became leader at ${formatMicros(calm.lateLeaderAt)}, although nothing ` +
        `has failed since ${formatMicros(healAtMicros)} and a leader had ${formatMicros(progressWithinMicros)} to settle`,
    );
  }
}

export class QuietWhenIdle extends GhostChecker<RunGhost> {
  override readonly info = QUIET_WHEN_IDLE;

  onEnd(): void {
    const { calm, context, servers } = this.ghost;
    const now = context.now();
    if (calm.open > 0 || now - calm.lastBusy < 2 * SECOND || now >= calm.second + 2 * SECOND) return;
    let correct = 0;
    for (let server = 0; server < servers; server++) if (counts(this.ghost, server)) correct++;
    // The last whole second that was counted.
    const most = correct * (correct - 1) * MESSAGES_PER_PAIR;
    if (calm.sentBefore <= most) return;
    this.violate(
      `${calm.sentBefore} messages went between idle servers within a second; at most ${most} may`,
    );
  }
}

/** True for a server whose messages to others count: it is correct, and not left broken. */
function counts(ghost: RunGhost, process: ProcessId): boolean {
  return process < ghost.servers && !ghost.isFaulty(process) && !ghost.participants.isOutside(process);
}
