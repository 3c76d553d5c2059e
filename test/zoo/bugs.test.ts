/** Every bug of the zoo is caught, by an invariant that is meant to, and the correct code passes the same run. */

import { describe, expect, it } from 'vitest';
import { findInvariant } from '../../src/checkers/index.js';
import { buggyImplementation, simulate, type Outcome } from '../../src/simulator/index.js';
import type { Scenario } from '../../src/scenario/index.js';
import { BUGS } from '../../src/zoo/index.js';
import { bundled } from '../simulator/scenarios.js';

/** The rarest needs about sixty seeds of its scenario. */
const SEEDS = 100;

const recipe = (seed: number) => ({ seed: String(seed), strategy: 'random' as const });

/** The first run in which one of these invariants reports the bug. */
function firstCatch(
  scenario: Scenario,
  id: string,
  invariants: readonly string[],
): { seed: number; outcome: Outcome } | undefined {
  const implementation = buggyImplementation(scenario, id);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = simulate(scenario, recipe(seed), { implementation });
    if (invariants.includes(outcome.violation?.invariant ?? '')) return { seed, outcome };
  }
  return undefined;
}

describe('the zoo', () => {
  it('has no two bugs of one number', () => {
    const numbers = BUGS.map(({ id }) => id.slice(0, id.indexOf('-')));
    expect(new Set(numbers).size).toBe(BUGS.length);
  });

  it.each(BUGS)('$id names invariants that there are, and a source', ({ invariants, source, title }) => {
    for (const id of invariants) expect(findInvariant(id)?.id).toBe(id);
    expect(invariants.length).toBeGreaterThan(0);
    expect(source).not.toBe('');
    expect(title).toMatch(/\.$/);
  });

  it.each(BUGS)(
    '$id is caught where it says, and the correct code passes',
    ({ id, scenario, invariants }) => {
      const loaded = bundled(scenario);
      const caught = firstCatch(loaded, id, invariants);
      expect(caught).toBeDefined();
      const correct = simulate(loaded, recipe(caught?.seed ?? 1), {});
      expect(correct.violation).toBeUndefined();
    },
  );
});
