/**
 * Service level objectives: what a scenario promises of its run's telemetry, and how much of the promise the run
 * used up. Judged once, when the run ends.
 */

import { formatMicros, type Micros } from '../kernel/index.js';
import { OBJECTIVE_NAMES, type ObjectiveName, type Objectives } from '../services/index.js';
import type { InvariantInfo, ViolationSink } from './checker.js';

/** Reported by the simulator itself, which knows what was measured. */
export const OBJECTIVES: InvariantInfo = {
  id: 'any/slo',
  title: "The run meets the scenario's service level objectives.",
  statement:
    'For every objective that the scenario sets under expect.slo: if the run, which has lasted to its end, measured anything of the kind, then the 99th percentile of what it measured is at most the target. A recovery that has not come by the end counts with what it has lasted.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'liveness',
  failureModel: "The scenario's own faults: an objective is set for them",
  source: 'Beyer, Jones, Petoff and Murphy (eds.), Site Reliability Engineering (2016), ch. 4',
};

/** What was measured of each kind; -1 for nothing. */
export type Measured = Readonly<Record<ObjectiveName, Micros>>;

/** One objective, judged. */
export interface ObjectiveResult {
  readonly name: ObjectiveName;
  readonly targetMicros: Micros;
  /** -1 when the run measured nothing of the kind. */
  readonly measuredMicros: Micros;
  /** Measured / target, rounded to three decimals: above 1 the objective is missed. 0 when nothing was measured. */
  readonly burn: number;
}

/** Every objective that is set, in order. */
export function judgeObjectives(objectives: Objectives | undefined, measured: Measured): ObjectiveResult[] {
  const results: ObjectiveResult[] = [];
  for (const name of OBJECTIVE_NAMES) {
    const targetMicros = objectives?.[name];
    if (targetMicros === undefined) continue;
    const measuredMicros = measured[name];
    const burn = measuredMicros < 0 ? 0 : Math.round((measuredMicros / targetMicros) * 1000) / 1000;
    results.push({ name, targetMicros, measuredMicros, burn });
  }
  return results;
}

/** Reports the first objective that is missed. */
export function reportMissed(results: readonly ObjectiveResult[], sink: ViolationSink): void {
  for (const { name, targetMicros, measuredMicros, burn } of results) {
    if (measuredMicros <= targetMicros) continue;
    sink.report(
      OBJECTIVES.id,
      `${name} was ${formatMicros(measuredMicros)}, of at most ${formatMicros(targetMicros)} that the scenario promises: a burn of ${burn.toFixed(2)}`,
    );
    return;
  }
}
