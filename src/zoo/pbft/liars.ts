/** PBFT bugs that show only where somebody lies: what is not verified, or is counted for another than its sender. */

import type { Message, ProcessId, Proof } from '../../kernel/index.js';
import {
  PbftReplica,
  StatementType,
  obligationsOf,
  quorumOf,
  type NewView,
  type PbftMessage,
  type PeerMessage,
  type PreparedCertificate,
  type StableCertificate,
  type View,
  type ViewChange,
} from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftBug } from './pbft-bug.js';

/** 2f + 1 whatever n is. */
class QuorumOfTwoFPlusOne extends PbftReplica {
  protected override readonly quorum = twoFPlusOne(this.members.length, this.settings.faulty);
}

function twoFPlusOne(n: number, f: number | undefined): ReturnType<typeof quorumOf> {
  const quorum = quorumOf(n, f);
  return { ...quorum, strong: 2 * quorum.f + 1 };
}

/** What a view change says to be prepared is believed. */
class CertificatesBelieved extends PbftReplica {
  protected override isPreparedCertificate(_certificate: PreparedCertificate): boolean {
    return true;
  }
}

/** The choices of a new view are not compared with its view changes. */
class ChoicesBelieved extends PbftReplica {
  protected override verifiedObligations(message: NewView): ReturnType<PbftReplica['verifiedObligations']> {
    const obligations = super.verifiedObligations(message);
    return obligations ?? (message.viewChanges.length === 0 ? undefined : obligationsOf(message.viewChanges));
  }
}

/** The proof of a commit is not verified. */
class CommitsUnverified extends PbftReplica {
  protected override verify(
    signer: ProcessId,
    type: number,
    view: View,
    sequence: number,
    digest: number,
    proof: Proof,
  ): boolean {
    return type === StatementType.commit || super.verify(signer, type, view, sequence, digest, proof);
  }
}

/** A new view is entered whatever the present one is. */
class ViewsGoBack extends PbftReplica {
  protected override onNewView(message: NewView): void {
    const isEarlier = message.view < this.view;
    const obligations = isEarlier ? this.verifiedObligations(message) : undefined;
    if (obligations === undefined) super.onNewView(message);
    else this.enterView(message, obligations);
  }
}

/** A vote counts for whoever delivers it, and is verified for whoever has signed it. */
class VoteOfWhoeverDelivers extends PbftReplica {
  protected override receiveFromPeer(from: ProcessId, message: PeerMessage): void {
    const isVote = message.kind === 'Prepare' || message.kind === 'Commit';
    if (isVote && this.rankOf(from) >= 0 && from !== this.host.self) this.onPhaseMessage(from, message);
    else super.receiveFromPeer(from, message);
  }

  protected override verify(
    signer: ProcessId,
    type: number,
    view: View,
    sequence: number,
    digest: number,
    proof: Proof,
  ): boolean {
    const isVote = type === StatementType.prepare || type === StatementType.commit;
    return super.verify(isVote ? proof.signer : signer, type, view, sequence, digest, proof);
  }
}

/** Anybody's messages count, as those of some replica. */
class OutsidersCounted extends PbftReplica {
  protected override rankOf(process: ProcessId): number {
    const rank = super.rankOf(process);
    return rank >= 0 ? rank : process % this.members.length;
  }

  protected override isReplica(process: ProcessId): boolean {
    return super.rankOf(process) >= 0;
  }
}

/** Votes of a place are counted whatever digest they name. */
class DigestOfVotesIgnored extends PbftReplica {
  protected override isVoteFor(): boolean {
    return true;
  }
}

/** View changes of other views count in a new view. */
class StaleViewChangesCounted extends PbftReplica {
  protected override areQuorum(viewChanges: readonly ViewChange[], _view: View): boolean {
    const senders = new Set(viewChanges.map(({ proof }) => proof.signer));
    const isEnough = senders.size === viewChanges.length && senders.size >= this.quorum.strong;
    return isEnough && viewChanges.every((message) => this.isValidViewChange(message));
  }
}

/** The proofs of a stable checkpoint are not verified. */
class StableCheckpointBelieved extends PbftReplica {
  protected override isStable(_certificate: StableCertificate): boolean {
    return true;
  }
}

/** One replica that leaves for a later view takes all others with it. */
class JoinsAnybody extends PbftReplica {
  protected override joinViewChange(): void {
    for (let rank = 0; rank < this.viewChanges.length; rank++) {
      const view = this.viewChanges[rank]?.view ?? 0;
      if (view > this.view && rank !== this.me) this.startViewChange(view);
    }
  }
}

/** The form of view changes, new views and statuses is taken for granted. */
class FormTakenForGranted extends PbftReplica {
  override receive(from: ProcessId, message: Message): void {
    const pbft = message as PbftMessage;
    if (pbft.kind !== 'ViewChange' && pbft.kind !== 'NewView' && pbft.kind !== 'Status') {
      super.receive(from, message);
      return;
    }
    this.receiveFromPeer(from, pbft);
    this.settle();
  }
}

export const LIAR_BUGS: readonly Bug[] = [
  pbftBug(QuorumOfTwoFPlusOne, {
    id: 'P03-quorum-of-2f-plus-1',
    title: 'A quorum is 2f + 1 replicas also where n is more than 3f + 1: two of them share too few.',
    source: 'arXiv 1901.07160 §5.2.1 (IBFT); celo-blockchain issue 117',
    invariants: ['pbft/certificates', 'pbft/committed-prepared', 'pbft/prepared-unique'],
    scenario: 'pbft/double-voting',
  }),
  pbftBug(CertificatesBelieved, {
    id: 'P04-certificates-believed',
    title: 'A prepared certificate in a view change is believed without its proofs.',
    source: 'concord-bft commit 11d4c91b7, pull request 50',
    invariants: ['pbft/certificates', 'pbft/view-change-preservation'],
    scenario: 'pbft/forged-view-changes',
  }),
  pbftBug(ChoicesBelieved, {
    id: 'P06-choices-believed',
    title: 'What a new view proposes is not compared with the view changes that it rests on.',
    source: 'raijin issue 7; FISCO-BCOS audit FIB-124',
    invariants: ['pbft/view-change-preservation', 'pbft/certificates'],
    scenario: 'pbft/bad-new-views',
  }),
  pbftBug(CommitsUnverified, {
    id: 'P08-commits-unverified',
    title: 'The signature of a commit is not verified.',
    source: 'raijin issues 5 and 6; CCF issue 690',
    invariants: ['pbft/certificates', 'pbft/committed-prepared', 'pbft/agreement'],
    scenario: 'pbft/lying-state-transfer',
  }),
  pbftBug(ViewsGoBack, {
    id: 'P10-views-go-back',
    title: 'An old new view takes a replica back to its view.',
    source: 'raijin issue 18',
    invariants: ['pbft/view-monotonic', 'pbft/left-views'],
    scenario: 'pbft/replayed-messages',
  }),
  pbftBug(VoteOfWhoeverDelivers, {
    id: 'P11-vote-of-whoever-delivers',
    title: 'Who signed a vote is not compared with who sends it: a vote passed on counts again.',
    source: 'sawtooth-pbft commit e7b4ba2',
    invariants: ['pbft/certificates', 'pbft/committed-prepared'],
    scenario: 'pbft/replayed-messages',
  }),
  pbftBug(OutsidersCounted, {
    id: 'P12-outsiders-counted',
    title: 'Messages of processes that are no replicas count.',
    source: 'sawtooth-pbft commit eabb82b',
    invariants: ['pbft/certificates', 'pbft/committed-prepared'],
    scenario: 'pbft/faulty-clients',
  }),
  pbftBug(DigestOfVotesIgnored, {
    id: 'P14-digest-of-votes-ignored',
    title: 'Votes are matched by view and sequence, but not by digest.',
    source: 'sawtooth-pbft commit beb1bc2; BFT-SMaRt commit b63112bf',
    invariants: ['pbft/certificates', 'pbft/committed-prepared', 'pbft/prepared-unique'],
    scenario: 'pbft/equivocating-primary',
  }),
  pbftBug(StaleViewChangesCounted, {
    id: 'P16-stale-view-changes-counted',
    title: 'A new view may rest on view changes of other views.',
    source: 'BFT-SMaRt pull request 121',
    invariants: ['pbft/certificates', 'pbft/view-change-preservation'],
    scenario: 'pbft/equivocating-new-view',
  }),
  pbftBug(StableCheckpointBelieved, {
    id: 'P19-stable-checkpoint-believed',
    title: 'The certificate of a stable checkpoint is not verified.',
    source: 'mir issues 117 and 158',
    invariants: ['pbft/certificates', 'pbft/checkpoint-agreement', 'pbft/view-change-preservation'],
    scenario: 'pbft/forged-view-changes',
  }),
  pbftBug(JoinsAnybody, {
    id: 'P26-joins-anybody',
    title: 'A single replica that leaves for a later view takes all others along.',
    source: 'sawtooth-pbft commits 91b1507 and e576ac7; FISCO-BCOS issue 2211',
    invariants: ['pbft/patience', 'any/progress', 'pbft/view-synchronisation'],
    scenario: 'pbft/needless-view-changes',
  }),
  pbftBug(FormTakenForGranted, {
    id: 'P45-form-taken-for-granted',
    title: 'A message of the wrong form stops whoever receives it.',
    source: 'sawtooth-pbft commit d7e7fca; pactus issue 465',
    invariants: ['any/no-crash'],
    scenario: 'pbft/malformed-messages',
  }),
];
