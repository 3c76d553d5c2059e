/** Bugs at the servers' doors: what is let in, and who may ask for what. */

import { Admission, Authority, type Capability } from '../../services/index.js';
import type { Bug } from '../bug.js';
import { serviceBug } from './service-bug.js';

/** What is let in and never answered is in flight for ever. */
class CountsLeak extends Admission {
  protected override dropHeld(): void {
    // Nothing: whoever is not answered is still counted.
  }

  override answered(): void {
    // Part of the mistake: only the handler that has been lost would have counted down.
  }
}

/** A capability that was given once is good for ever. */
class ExpiryNotChecked extends Authority {
  protected override hasExpired(): boolean {
    return false;
  }
}

/** Whoever may ask for something may ask for anything. */
class PurposeNotChecked extends Authority {
  protected override covers(capability: Capability, process: number): boolean {
    return capability.holders.includes(process);
  }
}

export const DOOR_BUGS: readonly Bug[] = [
  serviceBug({
    id: 'K50-admission-counts-leak',
    title:
      'Requests that end in an error are never taken off the count of those in flight, and the door closes.',
    source: 'alloy pull request 3069; the same in review of gluwa/creditcoin3 pull request 1354',
    invariants: ['any/progress'],
    scenario: 'overload/admission-on',
    door: { Admission: CountsLeak },
  }),
  serviceBug({
    id: 'K51-expiry-not-checked',
    title: 'A capability that has expired is still accepted.',
    source: 'auth0-go issue 8; oxAuth issue 1184; overture-stack/song issue 585',
    invariants: ['any/authority'],
    scenario: 'overload/capabilities',
    door: { Authority: ExpiryNotChecked },
  }),
  serviceBug({
    id: 'K52-purpose-not-checked',
    title: 'Who may read may write.',
    source: 'Basekick-Labs/arc issue 280; etcd pull request 21677 is its kin',
    invariants: ['any/authority'],
    scenario: 'overload/capabilities',
    door: { Authority: PurposeNotChecked },
  }),
];
