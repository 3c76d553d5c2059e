/**
 * Decisions and stable checkpoints of others, where their certificates would prove nothing to a third party: a replica
 * believes what f + 1 others say alike, of whom one is correct and has the certificate (Castro's thesis, MIT-LCS-TR-817,
 * chapter 3). So whoever asks is answered by f + 1 replicas at a time, others each time.
 *
 * Decisions count as alike with the same digest: correct replicas can have decided the same in different views, and
 * whoever has left alone for a later one hears no votes of theirs. The least view that they name stands for all.
 *
 * Bounded: the latest claim of each replica for each open place, and its {@link STABLE_CLAIMS} latest of checkpoints.
 */

import type { Plain, ProcessId, Proof } from '../../../kernel/index.js';
import {
  StatementType,
  type Decision,
  type Request,
  type Sequence,
  type StableCertificate,
  type StateData,
  type StatePart,
} from '../messages.js';
import type { Status, View } from '../messages.js';
import { withoutProofs } from '../transfer.js';
import { decisionDigest } from '../wire.js';
import type { Checkpointed } from './messages.js';
import { MacRequests } from './requests.js';

/** Checkpoints that each replica may claim at a time. */
const STABLE_CLAIMS = 4;

interface DecisionClaim {
  readonly view: View;
  readonly digest: number;
  readonly requests: readonly Request[];
}

export abstract class MacClaims extends MacRequests {
  /** By place, then by replica. */
  private decided = new Map<Sequence, (DecisionClaim | undefined)[]>();
  /** By replica: the latest last. */
  private stabilised: Checkpointed[][] = this.members.map(() => []);

  // ---- answering ----

  /** f + 1 replicas from the one that is named on, but for the one that asks. */
  protected override isAsked(rank: number, { helper }: Status): boolean {
    const { n, weak } = this.quorum;
    let place = (this.me - helper + n) % n;
    if ((rank - helper + n) % n < place) place--;
    return place < weak;
  }

  /** The certificate would prove nothing. */
  protected override sendPart(
    to: ProcessId,
    certificate: StableCertificate,
    path: readonly number[],
    part: StatePart | undefined,
  ): void {
    super.sendPart(to, withoutProofs(certificate), path, part);
  }

  protected override shownCommits(): readonly Proof[] {
    return [];
  }

  /** Also of the stable one: its certificate would prove nothing, and the word of each may be what others lack. */
  protected override sendCheckpointsAgain(rank: number, status: Status): void {
    super.sendCheckpointsAgain(rank, status);
    const { sequence, digest } = this.stable;
    if (sequence <= status.stable || sequence <= this.begunAfter) return;
    if (this.stableState === undefined || !this.takesPart()) return;
    this.answer(rank, this.makeCheckpointMessage(sequence, digest));
  }

  // ---- what comes in answer ----

  protected override get hasProofs(): boolean {
    return false;
  }

  /** Parts of a state prove nothing but themselves: it may be the beginning of a view, and not stable (view-start.ts). */
  protected override isStableElsewhere(from: ProcessId, { certificate, part }: StateData): boolean {
    if (part !== undefined && part.shape !== 'gone') return false;
    const { sequence, digest } = certificate;
    const rank = this.rankOf(from);
    const own = (this.stabilised[rank] as Checkpointed[]).filter((claim) => claim.sequence !== sequence);
    own.push({ sequence, digest });
    this.stabilised[rank] = own.slice(-STABLE_CLAIMS);
    let alike = 0;
    for (const claims of this.stabilised) {
      if (claims.some((claim) => claim.sequence === sequence && claim.digest === digest)) alike++;
    }
    return alike >= this.quorum.weak;
  }

  protected override onDecision(from: ProcessId, message: Decision): void {
    const { view, sequence, digest, requests, proof } = message;
    if (!this.window.has(sequence) || sequence <= this.lastExecuted) return;
    const slot = this.window.at(sequence);
    if (slot.decision !== undefined && slot.batch(slot.decision.digest) !== undefined) return;
    if (!this.verify(from, StatementType.decision, view, sequence, decisionDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    if (!this.isBatchOf(digest, requests)) {
      this.reject('bad decision');
      return;
    }
    const decidedIn = this.decidedIn(this.rankOf(from), sequence, { view, digest, requests });
    if (decidedIn === undefined) return;
    this.decided.delete(sequence);
    this.promiseDecided(slot);
    if (slot.decision === undefined) slot.decide({ view: decidedIn, digest, commits: [] });
    slot.fill(digest, requests);
    this.executeReady();
  }

  /** Takes the claim of this replica; undefined until f + 1 say the same. */
  private decidedIn(rank: number, sequence: Sequence, claim: DecisionClaim): View | undefined {
    let claims = this.decided.get(sequence);
    if (claims === undefined) {
      this.forgetDecided();
      claims = this.members.map(() => undefined);
      this.decided.set(sequence, claims);
    }
    claims[rank] = claim;
    let alike = 0;
    let { view } = claim;
    for (const other of claims) {
      if (other?.digest !== claim.digest) continue;
      alike++;
      view = Math.min(view, other.view);
    }
    return alike >= this.quorum.weak ? view : undefined;
  }

  /** Claims of places that are executed, or behind the window. */
  private forgetDecided(): void {
    for (const sequence of [...this.decided.keys()]) {
      if (sequence <= this.lastExecuted || !this.window.has(sequence)) this.decided.delete(sequence);
    }
  }

  /** What others have said counts no more. */
  protected forgetClaims(): void {
    this.decided.clear();
    this.stabilised = this.members.map(() => []);
  }

  // ---- state as a value ----

  protected override copyFrom(other: MacClaims): void {
    super.copyFrom(other);
    this.decided = new Map([...other.decided].map(([sequence, claims]) => [sequence, claims.slice()]));
    this.stabilised = other.stabilised.map((claims) => claims.slice());
  }

  protected encodeClaims(): Plain {
    const decided = [...this.decided].sort(([a], [b]) => a - b);
    return {
      decided: decided.map(([sequence, claims]) => [
        sequence,
        ...claims.map((claim) => (claim === undefined ? null : [claim.view, claim.digest])),
      ]),
      stabilised: this.stabilised.map((claims) => claims.map(({ sequence, digest }) => [sequence, digest])),
    };
  }
}
