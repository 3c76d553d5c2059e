/** PBFT bugs in changes of who takes part: whose word counts where one configuration gives way to the next. */

import { PbftReplica } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftBug } from './pbft-bug.js';

/** The old configuration goes on deciding beyond its last batch, and is believed. */
class OldMembersBelieved extends PbftReplica {
  protected override isInForce(): boolean {
    return true;
  }
}

/** Whoever is a member takes part, with or without the state that the configuration began with. */
class JoinsWithoutState extends PbftReplica {
  protected override takesPart(): boolean {
    return this.me >= 0;
  }
}

export const CONFIGURATION_BUGS: readonly Bug[] = [
  pbftBug(OldMembersBelieved, {
    id: 'P40-old-members-believed',
    title: 'What the old members decide after the new ones took over is executed.',
    source: 'sawtooth-pbft commit e7da88d; concord-bft #912 and #927',
    invariants: ['pbft/configuration-in-force', 'pbft/members-speak', 'pbft/certificates', 'pbft/agreement'],
    scenario: 'pbft/reconfiguration-in-incident',
  }),
  pbftBug(JoinsWithoutState, {
    id: 'P40b-joins-without-state',
    title: 'A new member votes before it has the state.',
    source: 'BFT-SMaRt commit 1c6538e8; concord-bft #912',
    invariants: ['pbft/members-speak', 'pbft/certificates', 'any/no-crash'],
    scenario: 'pbft/reconfiguration',
  }),
];
