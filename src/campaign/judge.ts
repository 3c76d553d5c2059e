/**
 * What an outcome means for its scenario. A control (`expect.outcome: violated`) is there to show that a
 * violation is found: it passes when it is violated as expected, and fails when it is not.
 */

import type { Scenario } from '../scenario/index.js';
import type { Outcome } from '../simulator/index.js';

/** `diverged`: a second execution of the same recipe was another one. */
export type Verdict = 'passed' | 'violated' | 'stalled' | 'bound-reached' | 'diverged';

export type FailedVerdict = Exclude<Verdict, 'passed'>;

export interface Judgement {
  readonly verdict: Verdict;
  /** True for the run of a control that was violated as it should be. */
  readonly isExpectedViolation: boolean;
  /** Why a control failed, in a sentence; undefined for everything else. */
  readonly reason: string | undefined;
}

/** Judges one outcome by what its scenario expects. */
export function judge(scenario: Scenario, outcome: Outcome): Judgement {
  const { expect } = scenario;
  if (expect.outcome === 'passed' || outcome.status === 'bound-reached') {
    return { verdict: outcome.status, isExpectedViolation: false, reason: undefined };
  }
  const wanted = expect.invariant === undefined ? 'a violation' : `a violation of ${expect.invariant}`;
  const found = outcome.violation?.invariant;
  if (found === undefined) return failedControl(`control: expected ${wanted}, but the run passed`);
  if (expect.invariant === undefined || found === expect.invariant) {
    return { verdict: 'passed', isExpectedViolation: true, reason: undefined };
  }
  return failedControl(`control: expected ${wanted}, got one of ${found}`);
}

function failedControl(reason: string): Judgement {
  return { verdict: 'violated', isExpectedViolation: false, reason };
}
