/** PBFT bugs in proactive recovery: whose words still count, who may speak, and how a recovery comes to its end. */

import { PbftMacReplica } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftMacBug } from './pbft-bug.js';

/** New keys are chosen, but what had come under the old ones is kept and counted. */
class OldWordsKept extends PbftMacReplica {
  protected override forgetOldWords(): void {
    // Nothing is forgotten.
  }
}

/** A replica that has lost its promises votes at once. */
class VotesWithoutMemory extends PbftMacReplica {
  protected override get hasForgotten(): boolean {
    return false;
  }
}

/** All watchdogs strike at the same time. */
class AllAtOnce extends PbftMacReplica {
  protected override watchdogPhase(): number {
    return Math.floor(this.settings.recoveryMicros / 2);
  }
}

/** A recovery ends when enough has been ordered; nobody sees to that when clients are silent. */
class RecoveryWaitsForLoad extends PbftMacReplica {
  protected override isFilling(): boolean {
    return false;
  }
}

const SOURCE = 'Castro and Liskov, TOCS 2002, section 4: what the protocol there must not leave out';

export const RECOVERY_BUGS: readonly Bug[] = [
  pbftMacBug(OldWordsKept, {
    id: 'P50-old-words-kept',
    title: 'What was said under old keys still counts after they were changed.',
    source: SOURCE,
    invariants: ['pbft/new-keys'],
    scenario: 'pbft/proactive-recovery',
  }),
  pbftMacBug(VotesWithoutMemory, {
    id: 'P51-votes-without-memory',
    title: 'A replica whose disk has lost its promises votes before it has recovered.',
    source: SOURCE,
    invariants: [
      'pbft/view-monotonic',
      'pbft/no-equivocation',
      'pbft/left-views',
      'pbft/view-change-complete',
    ],
    scenario: 'pbft/recovery-during-view-change',
  }),
  pbftMacBug(AllAtOnce, {
    id: 'P52-all-at-once',
    title: 'All replicas recover at the same time.',
    source: SOURCE,
    invariants: ['pbft/recovery-in-turn'],
    scenario: 'pbft/proactive-recovery',
  }),
  pbftMacBug(RecoveryWaitsForLoad, {
    id: 'P53-recovery-waits-for-load',
    title: 'A recovery does not end while clients are silent.',
    source: SOURCE,
    invariants: ['pbft/recovery-ends', 'pbft/recovery-in-turn'],
    scenario: 'pbft/proactive-recovery',
  }),
];
