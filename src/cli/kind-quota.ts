/**
 * How many kinds of failure of a scenario are worth a trace and the time to make it small: where nearly every run
 * words its failure in its own way, each would be a kind, and a night of them would fill a disk.
 */

import type { Failure } from '../campaign/index.js';

/** Far more than there are mistakes in a protocol. */
const MOST_KINDS = 100;

/** What of a failure tells whose kind it is. */
type Kind = Pick<Failure, 'scenario' | 'verdict' | 'invariant'>;

export class KindQuota {
  private readonly kinds = new Map<string, number>();
  /** Verdicts and invariants that had a kind. */
  private readonly properties = new Set<string>();

  /** Whether there is room for one more kind: always for the first of an invariant. */
  hasRoomFor(kind: Kind): boolean {
    return (this.kinds.get(kind.scenario) ?? 0) < MOST_KINDS || !this.properties.has(propertyOf(kind));
  }

  /** There is one more. */
  spend(kind: Kind): void {
    this.kinds.set(kind.scenario, (this.kinds.get(kind.scenario) ?? 0) + 1);
    this.properties.add(propertyOf(kind));
  }
}

function propertyOf({ verdict, invariant }: Kind): string {
  return `${verdict} ${invariant ?? ''}`;
}
