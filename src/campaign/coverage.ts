/** What many runs reached together: for every situation how often, in how many runs, and where most. */

import { byCodeUnits } from '../kernel/index.js';
import { SITUATIONS, type Coverage, type Situation } from '../checkers/index.js';
import type { Scenario } from '../scenario/index.js';

/** One situation over all runs. */
export interface CoveredSituation {
  readonly id: string;
  /** Undefined for one that a user's protocol reported and no catalogue lists. */
  readonly situation: Situation | undefined;
  /** Runs that could reach it: those of its protocol. */
  readonly runs: number;
  readonly runsReaching: number;
  /** Over all runs. */
  readonly count: number;
  /** Name of the scenario with the greatest share of its runs reaching it; undefined when none does. */
  readonly scenario: string | undefined;
}

/** Runs of one scenario. */
class ScenarioCoverage {
  runs = 0;
  readonly runsReaching = new Map<string, number>();
  readonly counts = new Map<string, number>();

  constructor(readonly scenario: Scenario) {}

  add(coverage: Coverage): void {
    this.runs++;
    for (const [id, count] of Object.entries(coverage)) {
      this.runsReaching.set(id, (this.runsReaching.get(id) ?? 0) + 1);
      this.counts.set(id, (this.counts.get(id) ?? 0) + count);
    }
  }
}

export class CoverageTally {
  private readonly scenarios = new Map<Scenario, ScenarioCoverage>();

  add(scenario: Scenario, coverage: Coverage): void {
    let own = this.scenarios.get(scenario);
    if (own === undefined) this.scenarios.set(scenario, (own = new ScenarioCoverage(scenario)));
    own.add(coverage);
  }

  /** Those that were reached, in the order of the catalogue, what it does not list last; then the others. */
  situations(): readonly CoveredSituation[] {
    const all = [...this.scenarios.values()];
    const protocols = new Set(all.map(({ scenario }) => scenario.protocol.name));
    const listed = SITUATIONS.filter(({ protocol }) => protocol === 'any' || protocols.has(protocol));
    const ids = listed.map(({ id }) => id);
    const reported = new Set(all.flatMap(({ counts }) => [...counts.keys()]));
    const others = [...reported].filter((id) => !ids.includes(id)).sort(byCodeUnits);
    const covered = [
      ...listed.map((situation) => this.cover(situation.id, situation)),
      ...others.map((id) => this.cover(id, undefined)),
    ];
    return [...covered.filter(({ count }) => count > 0), ...covered.filter(({ count }) => count === 0)];
  }

  private cover(id: string, situation: Situation | undefined): CoveredSituation {
    let runs = 0;
    let runsReaching = 0;
    let count = 0;
    let scenario: string | undefined;
    let share = 0;
    for (const own of this.scenarios.values()) {
      const { name, protocol } = own.scenario;
      const wanted = situation?.protocol ?? 'any';
      if (wanted !== 'any' && wanted !== protocol.name) continue;
      const reaching = own.runsReaching.get(id) ?? 0;
      runs += own.runs;
      runsReaching += reaching;
      count += own.counts.get(id) ?? 0;
      if (reaching / own.runs > share) {
        share = reaching / own.runs;
        scenario = name;
      }
    }
    return { id, situation, runs, runsReaching, count, scenario };
  }
}
