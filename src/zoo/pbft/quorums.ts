/** PBFT bugs in agreement: how many votes are enough, which of them count, and what is done with them. */

import type { ProcessId } from '../../kernel/index.js';
import { PbftReplica, quorumOf, type PhaseMessage, type Slot } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftBug } from './pbft-bug.js';

/** (n + f + 1) / 2 in whole numbers: rounded down. */
class QuorumByIntegerDivision extends PbftReplica {
  protected override readonly quorum = roundedDown(this.members.length, this.settings.faulty);
}

function roundedDown(n: number, f: number | undefined): ReturnType<typeof quorumOf> {
  const quorum = quorumOf(n, f);
  return { ...quorum, strong: (n + quorum.f + 1) >> 1 };
}

/** Prepares and commits of an earlier view count in the present one. */
class VotesOfAnotherViewCounted extends PbftReplica {
  protected override onPhaseMessage(from: ProcessId, message: PhaseMessage): void {
    const { kind, view, sequence, digest, proof } = message;
    const isEarlier = view < this.view && this.isActive && this.window.has(sequence);
    if (kind === 'PrePrepare' || !isEarlier) {
      super.onPhaseMessage(from, message);
      return;
    }
    const slot = this.window.at(sequence);
    const rank = this.rankOf(from);
    const votes = kind === 'Prepare' ? slot.prepares : slot.commits;
    if (rank === this.primaryOf(this.view) || votes.has(rank)) return;
    votes.add(rank, digest, proof, this.isVoteFor(slot, digest));
    this.checkPrepared(slot);
    this.checkCommitted(slot);
  }
}

/** What is above the high watermark is dropped, instead of kept until the window has moved. */
class AboveWindowDropped extends PbftReplica {
  protected override onPhaseMessage(from: ProcessId, message: PhaseMessage): void {
    if (message.sequence <= this.window.high) super.onPhaseMessage(from, message);
  }
}

/** There is no commit phase: what is prepared is executed. */
class ExecutesOnPrepared extends PbftReplica {
  protected override checkCommitted(slot: Slot): void {
    if (slot.decision !== undefined || !slot.isPrepared) return;
    const { view, digest, commits } = slot;
    slot.decide({ view, digest, commits: commits.certificate(commits.count) });
    slot.tick = this.tick;
    this.executeReady();
  }
}

/** The primary sends no prepare, but one is waited for. */
class OnePrepareTooMany extends PbftReplica {
  protected override isPrepared(slot: Slot): boolean {
    return slot.view >= 0 && slot.prepares.count >= this.quorum.strong;
  }
}

export const QUORUM_BUGS: readonly Bug[] = [
  pbftBug(QuorumByIntegerDivision, {
    id: 'P02-quorum-by-integer-division',
    title: 'The size of a quorum is computed by a division that rounds down.',
    source: 'BFT-SMaRt commit 47549bbd',
    invariants: ['pbft/certificates', 'pbft/committed-prepared'],
    scenario: 'pbft/partition-primary',
  }),
  pbftBug(VotesOfAnotherViewCounted, {
    id: 'P15-votes-of-another-view',
    title: 'Votes are matched by sequence and digest, but not by view.',
    source: 'sawtooth-pbft commit 6d2fdac',
    invariants: ['pbft/certificates', 'pbft/committed-prepared'],
    scenario: 'pbft/view-change-storm',
  }),
  pbftBug(AboveWindowDropped, {
    id: 'P22-above-window-dropped',
    title: 'A backup whose window has not moved yet drops what the primary already sends for the next one.',
    source: 'Hyperledger fabric issue 1119; mirbft commit 0739367',
    invariants: ['pbft/calm-views', 'any/stable-leader'],
    scenario: 'pbft/narrow-window',
  }),
  pbftBug(ExecutesOnPrepared, {
    id: 'P35-executes-on-prepared',
    title: 'Batches are executed when they are prepared; there is no commit phase.',
    source: 'NEO pull request 320 (dBFT 1.0); arXiv 2105.07459',
    invariants: ['pbft/committed-prepared', 'pbft/certificates', 'any/agreement'],
    scenario: 'pbft/crash-primary',
  }),
  pbftBug(OnePrepareTooMany, {
    id: 'P46-one-prepare-too-many',
    title: 'A replica waits for one prepare more than the backups of a quorum can send.',
    source:
      'sawtooth-pbft, src/node.rs: more than 2f prepares are waited for, of which the primary sends none',
    invariants: ['any/progress'],
    scenario: 'pbft/silent-backup',
  }),
];
