/** PBFT bugs where proofs are MACs: what a view change must tell, and which of them a new view may rest on. */

import {
  PbftMacReplica,
  decideView,
  quorumOf,
  type Begin,
  type MacViewChange,
} from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftMacBug } from './pbft-bug.js';

/** 2f + 1, whatever n is: with five replicas two quorums may share a faulty one alone. */
class PaperSizesForAnyN extends PbftMacReplica {
  protected override readonly quorum = paperSizes(this.members.length, this.settings.faulty);
}

function paperSizes(n: number, f: number | undefined): ReturnType<typeof quorumOf> {
  const quorum = quorumOf(n, f);
  return { ...quorum, strong: 2 * quorum.f + 1 };
}

/** A new view also rests on what others have said when they left earlier views. */
class AncientViewChangesCounted extends PbftMacReplica {
  protected override acknowledged(): MacViewChange[] {
    const present = super.acknowledged();
    if (present.length < this.quorum.strong) return present;
    return this.said.filter((message): message is MacViewChange => message !== undefined);
  }

  protected override areQuorumFor(viewChanges: readonly MacViewChange[]): boolean {
    return viewChanges.length >= this.quorum.strong;
  }
}

/** A checkpoint takes a quorum that has it, not f + 1: those who are behind, or ahead, keep the view from beginning. */
class CheckpointNeedsQuorum extends PbftMacReplica {
  protected override decide(viewChanges: readonly MacViewChange[]): Begin | undefined {
    const { quorum, settings } = this;
    return decideView(viewChanges, { ...quorum, weak: quorum.strong }, settings.window);
  }
}

/** What was pre-prepared in earlier views is not read back at a start. */
class PrePreparedForgotten extends PbftMacReplica {
  protected override takePromise(...[promise]: Parameters<PbftMacReplica['takePromise']>): void {
    if (promise.kind !== 'held') super.takePromise(promise);
  }
}

export const MAC_BUGS: readonly Bug[] = [
  pbftMacBug(PaperSizesForAnyN, {
    id: 'P03b-paper-sizes-for-any-n',
    title: 'Quorums are 2f + 1 although there are more than 3f + 1 replicas.',
    source: 'arXiv 1901.07160, section 5.2.1 (IBFT); celo-blockchain issue 117',
    invariants: ['pbft/certificates', 'pbft/committed-prepared'],
    scenario: 'pbft/mac-five',
  }),
  pbftMacBug(AncientViewChangesCounted, {
    id: 'P16b-ancient-view-changes',
    title: 'A new view rests on view changes to earlier views as well.',
    source: 'BFT-SMaRt pull request 121',
    invariants: ['pbft/certificates', 'pbft/view-change-preservation'],
    scenario: 'pbft/mac-view-change-storm',
  }),
  pbftMacBug(CheckpointNeedsQuorum, {
    id: 'P21b-checkpoint-needs-quorum',
    title: 'A new view begins only at a checkpoint that a quorum has.',
    source: 'indy-plenum issues 1506 and 1359',
    invariants: ['pbft/view-change-preservation', 'any/progress', 'pbft/view-synchronisation'],
    scenario: 'pbft/mac-restart-storm',
  }),
  pbftMacBug(PrePreparedForgotten, {
    id: 'P37b-pre-prepared-forgotten',
    title: 'A restart forgets what was pre-prepared in earlier views: others may need that word.',
    source: 'The rule is in the thesis (MIT-LCS-TR-817), chapter 3; concord-bft commit 637e197a1 is its kin',
    invariants: ['pbft/view-change-complete'],
    scenario: 'pbft/proactive-recovery',
  }),
];
