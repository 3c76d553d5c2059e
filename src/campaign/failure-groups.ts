/**
 * Failures of a campaign, grouped by what seems to be one mistake: the same verdict, the same property and the
 * same sentence but for its numbers and names. Of each group the run that failed after the fewest events is kept:
 * its story is the shortest. Where some can be shown and others not, it is one that can.
 */

import { hashString, hex32 } from '../kernel/index.js';
import { skeletonOf } from '../simulator/index.js';
import type { FailedVerdict } from './judge.js';

/** A run that did not pass, as far as groups care. */
export interface Failure {
  readonly scenario: string;
  readonly seed: string;
  readonly verdict: FailedVerdict;
  /** Undefined where no property broke. */
  readonly invariant: string | undefined;
  /** What was told of it. */
  readonly message: string;
  /** Events until it failed. */
  readonly events: number;
}

export interface FailureGroup<F extends Failure> {
  /** Eight hexadecimal digits: the same for the same mistake in any campaign. */
  readonly fingerprint: string;
  /** The fewest events until it fails, of those that can be shown if there are any; the earlier one of equals. */
  readonly shortest: F;
  readonly count: number;
  /** Names of the scenarios in which it was found, in the order of the first time. */
  readonly scenarios: readonly string[];
}

export class FailureGroups<F extends Failure> {
  private readonly groups = new Map<string, FailureGroup<F>>();

  constructor(private readonly canBeShown: (failure: F) => boolean = () => true) {}

  /** Takes a failure in; true when it begins a group, or is told in place of the one before. */
  add(failure: F): boolean {
    const fingerprint = fingerprintOf(failure);
    const group = this.groups.get(fingerprint);
    if (group === undefined) {
      this.groups.set(fingerprint, {
        fingerprint,
        shortest: failure,
        count: 1,
        scenarios: [failure.scenario],
      });
      return true;
    }
    const isShorter = this.isBetter(failure, group.shortest);
    const isElsewhere = !group.scenarios.includes(failure.scenario);
    this.groups.set(fingerprint, {
      fingerprint,
      shortest: isShorter ? failure : group.shortest,
      count: group.count + 1,
      scenarios: isElsewhere ? [...group.scenarios, failure.scenario] : group.scenarios,
    });
    return isShorter;
  }

  private isBetter(failure: F, other: F): boolean {
    const canBeShown = this.canBeShown(failure);
    return canBeShown === this.canBeShown(other) ? failure.events < other.events : canBeShown;
  }

  /** The frequent ones first; of equals the one found first. */
  all(): readonly FailureGroup<F>[] {
    return [...this.groups.values()].sort((a, b) => b.count - a.count);
  }

  get size(): number {
    return this.groups.size;
  }
}

/**
 * Groups whose shortest runs, made small, tell the same story, as one: the same verdict, property and fingerprint of
 * the story. Those without a story stay as they are. In the order of {@link FailureGroups.all}.
 */
export function mergeByStory<F extends Failure>(
  groups: readonly FailureGroup<F>[],
  storyOf: (group: FailureGroup<F>) => string | undefined,
): readonly FailureGroup<F>[] {
  const merged = new Map<string, FailureGroup<F>>();
  for (const group of groups) {
    const { verdict, invariant } = group.shortest;
    const story = storyOf(group);
    const key = story === undefined ? group.fingerprint : `${verdict} ${invariant ?? ''} ${story}`;
    const before = merged.get(key);
    merged.set(key, before === undefined ? group : together(before, group));
  }
  return [...merged.values()].sort((a, b) => b.count - a.count);
}

/** The fingerprint is that of the shorter run, whose trace is told. */
function together<F extends Failure>(a: FailureGroup<F>, b: FailureGroup<F>): FailureGroup<F> {
  const shorter = b.shortest.events < a.shortest.events ? b : a;
  return {
    fingerprint: shorter.fingerprint,
    shortest: shorter.shortest,
    count: a.count + b.count,
    scenarios: [...new Set([...a.scenarios, ...b.scenarios])],
  };
}

/** What is told of a failure without what differs from run to run: processes, numbers, quoted texts. */
export function fingerprintOf({ verdict, invariant, message }: Failure): string {
  return hex32(hashString(`${verdict}\n${invariant ?? ''}\n${skeletonOf(message)}`));
}
