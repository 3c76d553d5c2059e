/**
 * Membership change and leadership transfer: what operators ask of a leader, and what a leader does by itself
 * to get there.
 *
 * Source: Ongaro's dissertation §4 (one server at a time, §4.1; catching up in rounds, §4.2.1; removal of the
 * leader, §4.2.2; joint consensus, §4.3), §3.10 (transfer); Ongaro, "bug in single-server membership changes",
 * raft-dev (2015): no change before the leader has committed an entry of its own term.
 *
 * Requests are declarative. A leader answers ok when what is asked for is so, and committed; else it starts
 * what is needed, if it may, and says busy: the operator asks again.
 */

import { adminReply, type AdminRequest, type ProcessId, type TransferOutcome } from '../../kernel/index.js';
import {
  enterJoint,
  illegalStep,
  isJoint,
  isMember,
  isVoter,
  leaveJoint,
  processOf,
  sameMembers,
  withDemoted,
  withLearner,
  withVoter,
  withoutMember,
  type Configuration,
  type MemberId,
} from './configuration.js';
import type { PeerMessage, Term, TimeoutNow } from './messages.js';
import { readAction, type Action } from './operator-actions.js';
import type { Progress } from './progress.js';
import { RaftVersions, versionOfConfiguration } from './versions.js';

export const TRANSFER_TIMER = 'transfer';

/** What a leader makes of a request. */
type Answer = { readonly status: 'ok' | 'busy' | 'refused'; readonly reason: string };

const DONE: Answer = { status: 'ok', reason: '' };

const busy = (reason: string): Answer => ({ status: 'busy', reason });
const refused = (reason: string): Answer => ({ status: 'refused', reason });

export abstract class RaftMembership extends RaftVersions {
  /** Leader: whom it wants to take over, or -1; and whether it has told him already. */
  protected transferTo: MemberId = -1;
  protected hasToldTarget = false;
  protected transferTerm: Term = 0;

  // ---- operators ----

  protected onAdminRequest(from: ProcessId, request: AdminRequest): void {
    const action = readAction(request.action);
    if (action === undefined) {
      this.host.send(from, adminReply(request.id, 'refused', 'no action that is known'));
      return;
    }
    if (this.role !== 'leader' && action.do !== 'snapshot') {
      this.host.send(from, adminReply(request.id, 'not-leader', 'not the leader', this.leader));
      return;
    }
    const { status, reason } = this.perform(action);
    this.host.send(from, adminReply(request.id, status, reason));
  }

  private perform(action: Action): Answer {
    switch (action.do) {
      case 'snapshot':
        return this.saveSnapshot() || !this.snapshots.isBusy ? DONE : busy('a snapshot is being written');
      case 'transfer':
        return this.transfer(action.to);
      case 'activate':
        return this.performActivate(action.version);
      case 'leave-joint':
        if (!isJoint(this.configuration)) return this.committedOr(DONE);
        return this.change(leaveJoint(this.configuration));
      case 'change':
        return this.performChange(action);
      case 'replace':
        return this.performReplace(action.from, action.to);
      default:
        return this.performOnMember(action.do, action.member);
    }
  }

  private performOnMember(
    verb: 'add-learner' | 'add-voter' | 'promote' | 'demote' | 'remove',
    member: MemberId,
  ): Answer {
    const { configuration } = this;
    const votes = configuration.voters.includes(member);
    const learns = configuration.learners.includes(member);
    // What it is to be is settled, and it is not that yet.
    if (!votes && configuration.outgoing.includes(member)) return busy('a joint configuration is being left');
    switch (verb) {
      case 'add-learner':
        if (isMember(configuration, member)) return this.committedOr(DONE);
        return this.change(withLearner(configuration, member, false));
      case 'add-voter':
        if (votes) return this.committedOr(DONE);
        if (configuration.joining.includes(member)) return busy('it is catching up');
        if (learns) return this.change(joined(configuration, member));
        return this.change(withLearner(configuration, member, true));
      case 'promote':
        if (votes) return this.committedOr(DONE);
        if (!learns) return refused('it is not a learner');
        if (!this.isCaughtUp(member)) return busy('it has not caught up');
        return this.change(withVoter(configuration, member));
      case 'demote':
        if (learns) return this.committedOr(DONE);
        if (!votes) return refused('it is not a voter');
        if (configuration.voters.length === 1) return refused('it is the last voter');
        return this.change(withDemoted(configuration, member));
      case 'remove':
        if (!isMember(configuration, member)) return this.committedOr(DONE);
        if (votes && configuration.voters.length === 1) return refused('it is the last voter');
        return this.change(withoutMember(configuration, member));
    }
  }

  /** One voter for another in one joint step; the new one learns first, so that it never holds commits up. */
  private performReplace(from: MemberId, to: MemberId): Answer {
    const { configuration } = this;
    // It could never be answered ok, and each request would lead through a joint configuration to the same one.
    if (from === to) return refused('it would replace itself');
    const isDone = configuration.voters.includes(to) && !isMember(configuration, from);
    if (isDone && !isJoint(configuration)) return this.committedOr(DONE);
    if (isJoint(configuration)) return busy('a joint configuration is being left');
    if (!isMember(configuration, to)) return this.change(withLearner(configuration, to, false));
    if (configuration.learners.includes(to) && !this.isCaughtUp(to)) return busy('it has not caught up');
    const voters = [...configuration.voters.filter((member) => member !== from && member !== to), to];
    const learners = configuration.learners.filter((member) => member !== to && member !== from);
    return this.change(enterJoint(configuration, voters, learners, true));
  }

  private performChange(action: Extract<Action, { do: 'change' }>): Answer {
    const { configuration } = this;
    const { voters, learners, joint, autoLeave } = action;
    const isThere =
      sameMembers(configuration.voters, voters) && sameMembers(configuration.learners, learners);
    if (isThere && !isJoint(configuration)) return this.committedOr(DONE);
    if (isJoint(configuration)) {
      const isUnderWay = sameMembers(configuration.voters, voters);
      if (!isUnderWay) return busy('another change is under way');
      // Without autoLeave the operator leaves it himself: being joint is what was asked for.
      return autoLeave ? busy('a joint configuration is being left') : this.committedOr(DONE);
    }
    const next = joint
      ? enterJoint(configuration, voters, learners, autoLeave)
      : {
          ...configuration,
          voters: [...voters].sort((a, b) => a - b),
          learners: [...learners].sort((a, b) => a - b),
          joining: configuration.joining.filter((member) => learners.includes(member)),
        };
    const illegal = illegalStep(configuration, next);
    if (illegal !== undefined) return refused(illegal);
    if (joint && !this.speaksJoint()) return this.change(next);
    // Whoever is new learns first, and says what his program understands.
    const stranger = voters.find((member) => !isMember(configuration, member));
    return this.change(stranger === undefined ? next : withLearner(configuration, stranger, false));
  }

  private performActivate(version: number): Answer {
    if (version <= this.activeVersion) {
      return version === this.activeVersion
        ? DONE
        : refused('the cluster never goes back to an older version');
    }
    if (version > this.host.version)
      return refused(`the leader's program understands only ${this.host.version}`);
    if (this.commonVersion() < version) return busy('not every member has announced it');
    if (!this.isConfigurationCommitted()) return busy('the change is not committed');
    if (!this.hasCommittedInTerm()) return busy('nothing is committed in this term yet');
    if (this.isProposingVersion()) return busy('the gate is being opened');
    this.proposeAboutVersions({ kind: 'activate', version }, version);
    return busy('the gate is being opened');
  }

  /** The answer, once the configuration in force is committed. */
  private committedOr(answer: Answer): Answer {
    return this.isConfigurationCommitted() ? answer : busy('the change is not committed');
  }

  // ---- changes ----

  /** Starts a change if it may be started now. */
  private change(next: Configuration): Answer {
    if (this.transferTo >= 0) return busy('leadership is being transferred');
    if (!this.mayChangeConfiguration()) {
      return busy('another change, or the first entry of this term, is not committed yet');
    }
    if (isJoint(this.configuration) && isJoint(next)) return busy('a joint configuration is being left');
    const illegal = illegalStep(this.configuration, next);
    if (illegal !== undefined) return refused(illegal);
    if (isJoint(next) && !this.speaksJoint())
      return busy('not every member understands joint configurations');
    if (this.hasSilentNewcomer(next)) return busy('a new voter has not announced the version in use');
    this.proposeConfiguration(next);
    return busy('the change is under way');
  }

  /**
   * True when somebody is to vote of whom it is not known that his program understands what the cluster speaks:
   * he would stop, and a quorum may need him.
   */
  protected hasSilentNewcomer(next: Configuration): boolean {
    const { voters } = this.configuration;
    return next.voters.some(
      (member) => !voters.includes(member) && (this.announced.get(member) ?? 0) < this.activeVersion,
    );
  }

  /** One change at a time (§4.1), and none before the leader knows what is committed (raft-dev, 2015). */
  protected mayChangeConfiguration(): boolean {
    return this.hasCommittedInTerm() && this.isConfigurationCommitted();
  }

  protected proposeConfiguration(configuration: Configuration): void {
    this.propose(undefined, { kind: 'configuration', configuration }, versionOfConfiguration(configuration));
  }

  /** What a leader does by itself after something was committed: leave a joint configuration, or office. */
  protected settleConfiguration(): void {
    if (this.role !== 'leader' || !this.isConfigurationCommitted()) return;
    this.dropFormerMembers();
    const { configuration } = this;
    if (isJoint(configuration)) {
      if (configuration.autoLeave && this.mayChangeConfiguration()) {
        this.proposeConfiguration(this.afterJoint(configuration));
      }
    } else if (!isVoter(configuration, this.me)) this.leaveOffice();
  }

  /** C_new, from the joint configuration itself: never computed anew from the request. */
  protected afterJoint(configuration: Configuration): Configuration {
    return leaveJoint(configuration);
  }

  /** Its removal is committed: it tells the others so, and leads no more (§4.2.2). */
  protected leaveOffice(): void {
    this.sendHeartbeats();
    this.becomeFollower(this.currentTerm, -1);
  }

  /** Those whose removal is committed are told so once more, then nothing. */
  private dropFormerMembers(): void {
    const { configuration } = this;
    if (this.peers.every(({ member }) => isMember(configuration, member))) return;
    for (const peer of this.peers) if (!isMember(configuration, peer.member)) this.sendEntries(peer);
    this.peers = this.peers.filter(({ member }) => isMember(configuration, member));
  }

  // ---- learners ----

  /**
   * Lets learners that are to join catch up in rounds, and promotes one that has: a round that took less than
   * an election time-out means that it will not hold up commits (§4.2.1).
   */
  protected watchLearners(): void {
    const now = this.host.monotonicNow();
    for (const peer of this.peers) {
      if (!this.configuration.learners.includes(peer.member)) continue;
      if (peer.catchUpRounds > 0 && peer.match < peer.catchUpTo) continue;
      const tookMicros = now - peer.catchUpSince;
      const isCaughtUp = peer.catchUpRounds > 0 && tookMicros < this.settings.electionTimeoutMicrosMax;
      if (isCaughtUp && this.promote(peer)) return;
      peer.catchUpRounds++;
      peer.catchUpSince = now;
      peer.catchUpTo = this.log.lastIndex;
    }
  }

  private promote({ member }: Progress): boolean {
    const { configuration } = this;
    if (!configuration.joining.includes(member) || isJoint(configuration)) return false;
    if (this.transferTo >= 0 || !this.mayChangeConfiguration()) return false;
    this.proposeConfiguration(withVoter(configuration, member));
    return true;
  }

  private isCaughtUp(member: MemberId): boolean {
    const peer = this.peers.find((other) => other.member === member);
    return peer !== undefined && peer.catchUpRounds > 1 && peer.match >= peer.catchUpTo;
  }

  // ---- transfer ----

  /** `to` -1: to whoever is furthest. */
  private transfer(to: ProcessId): Answer {
    if (to === this.host.self) return DONE;
    if (this.transferTo >= 0) return busy('a transfer is under way');
    const target = this.transferTarget(to);
    if (target === undefined)
      return to >= 0 ? refused('it is not a voter') : busy('nobody is there to take over');
    this.startTransfer(target);
    return to < 0 ? DONE : busy('the transfer is under way');
  }

  private transferTarget(to: ProcessId): Progress | undefined {
    const patience = this.host.monotonicNow() - this.settings.electionTimeoutMicrosMax;
    let best: Progress | undefined;
    for (const peer of this.peers) {
      if (!this.configuration.voters.includes(peer.member)) continue;
      if (to >= 0) {
        if (peer.process === to) return peer;
      } else if (peer.lastAnswer >= patience && (best === undefined || peer.match > best.match)) best = peer;
    }
    return best;
  }

  private startTransfer(target: Progress): void {
    const { electionTimeoutMicrosMax } = this.settings;
    this.transferTo = target.member;
    this.transferTerm = this.currentTerm;
    this.hasToldTarget = false;
    this.emit({ kind: 'transfer-started', term: this.currentTerm, to: target.process });
    this.host.setTimer(TRANSFER_TIMER, electionTimeoutMicrosMax, electionTimeoutMicrosMax);
    this.continueTransfer();
  }

  /** Once the target has everything, it is told to stand at once; from then on the lease is gone. */
  protected continueTransfer(): void {
    if (this.transferTo < 0 || this.hasToldTarget) return;
    const target = this.peers.find((peer) => peer.member === this.transferTo);
    if (target === undefined || !this.isReadyToTakeOver(target)) return;
    this.hasToldTarget = true;
    this.forfeitLease();
    const { currentTerm: term } = this;
    this.sendTo(target.member, { kind: 'TimeoutNow', term, generation: target.generation });
  }

  protected isReadyToTakeOver(target: Progress): boolean {
    return target.match >= this.log.lastIndex;
  }

  protected forfeitLease(): void {
    this.hasForfeitedLease = true;
  }

  /** It did not happen in time: this leader goes on. */
  protected transferTimedOut(): void {
    this.endTransfer('timed-out');
  }

  /** Call before stepping down because of a message of a later term: it tells whether that is the transfer's end. */
  protected noteLaterTerm(from: ProcessId, message: PeerMessage): void {
    if (this.transferTo < 0 || processOf(this.transferTo) !== from) return;
    switch (message.kind) {
      case 'RequestVote':
      case 'AppendEntries':
      case 'InstallSnapshot':
      case 'TimeoutNow':
        this.endTransfer('done');
        return;
      default:
        // The target has heard of a later term, which may be somebody else's.
        return;
    }
  }

  protected endTransfer(outcome: TransferOutcome): void {
    if (this.transferTo < 0) return;
    this.transferTo = -1;
    this.host.cancelTimer(TRANSFER_TIMER);
    this.emit({ kind: 'transfer-ended', term: this.transferTerm, outcome });
  }

  /** The leader asks this server to take over: no time-out, no pre-vote. */
  protected onTimeoutNow(message: TimeoutNow): void {
    if (message.term !== this.currentTerm || this.role !== 'follower' || !this.mayCampaign()) return;
    this.resetElectionTimer();
    this.becomeCandidate(true);
  }

  protected override copyFrom(other: RaftMembership): void {
    super.copyFrom(other);
    this.transferTo = other.transferTo;
    this.hasToldTarget = other.hasToldTarget;
    this.transferTerm = other.transferTerm;
  }
}

/** A learner that from now on joins as soon as it has caught up. */
function joined(configuration: Configuration, member: MemberId): Configuration {
  return { ...configuration, joining: [...configuration.joining, member].sort((a, b) => a - b) };
}
