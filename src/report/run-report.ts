/**
 * The runs of one scenario, for people and for programs: a row of a table, the block of a violation, the
 * record that `--json` prints.
 */

import type { ChalkInstance } from 'chalk';
import type { Verdict } from '../campaign/index.js';
import type { Unjudged } from '../checkers/index.js';
import { formatMicros, type Micros } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import { plainRecipe } from '../simulator/index.js';
import type { Metrics, Outcome, Recipe, RunStatistics } from '../simulator/index.js';
import { drawnLines, drawnRecord } from './drawn.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { compactCount, counted, groupedCount, milliseconds, shortSeconds } from './figures.js';
import { clipped, type Column } from './table.js';
import { wrap } from './wrap.js';

/** One run, judged, with what helps to get back to it. */
export interface ReportedRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly bug: string | undefined;
  readonly beyondModel: boolean;
  /** Undefined when the run was ended from outside. */
  readonly outcome: Outcome | undefined;
  /** Of a run that was ended from outside, where it is known; absent: it is the outcome's. */
  readonly recipe?: Recipe | undefined;
  /** Every invariant that broke; beyond the failure model, also those that break after the first. */
  readonly broken: readonly string[];
  readonly verdict: Verdict;
  readonly isExpectedViolation: boolean;
  /** One sentence more: why a control failed, why a run was ended, where two executions differ. */
  readonly reason: string | undefined;
  /** Path of the saved trace, or of the saved recipe for a run that was ended. */
  readonly savedTo: string | undefined;
  /** The line that replays the trace. */
  readonly replayLine: string | undefined;
  /** The line that runs it again. */
  readonly runLine: string;
}

/** Of a run that was ended from outside, as far as it is known. */
export function recipeOf({ outcome, recipe, seed }: ReportedRun): Recipe {
  return outcome?.recipe ?? recipe ?? plainRecipe(seed);
}

/** Most characters of a scenario's name in this table of 80 columns. */
const WIDEST_NAME = 26;

export const RUN_COLUMNS: readonly Column[] = [
  { head: 'scenario' },
  { head: 'seeds', align: 'right' },
  { head: 'events', align: 'right' },
  { head: 'virtual\ntime', align: 'right' },
  { head: 'leader\nchanges', align: 'right' },
  { head: 'ops\nok/unknown', align: 'right' },
  { head: 'verdict' },
];

/** Sums over the runs of one scenario. */
export class ScenarioTally {
  runs = 0;
  readonly verdicts = new Map<Verdict, number>();
  expectedViolations = 0;
  readonly broken = new Map<string, number>();
  private events = 0;
  private timeMicros = 0;
  private leaderChanges = 0;
  private ok = 0;
  private unknown = 0;
  /** `livenessRuns`: in how many runs liveness was not judged. */
  readonly unjudged = { histories: 0, reads: 0, applications: 0, livenessRuns: 0 };

  constructor(readonly scenario: Scenario) {}

  add(run: ReportedRun): void {
    this.runs++;
    this.verdicts.set(run.verdict, this.count(run.verdict) + 1);
    if (run.isExpectedViolation) this.expectedViolations++;
    const { outcome } = run;
    for (const invariant of run.broken) this.broken.set(invariant, (this.broken.get(invariant) ?? 0) + 1);
    if (outcome === undefined) return;
    const { statistics } = outcome;
    this.events += outcome.events;
    this.timeMicros += outcome.timeMicros;
    this.leaderChanges += statistics.leaderChanges;
    this.ok += statistics.operationsOk;
    this.unknown += statistics.operationsUnknown;
    const { unjudged } = this;
    unjudged.histories += statistics.unjudgedHistories;
    unjudged.reads += statistics.unjudgedReads;
    unjudged.applications += statistics.unjudgedApplications;
    if (statistics.unjudgedLiveness) unjudged.livenessRuns++;
  }

  /** One line on what the checkers could not judge; undefined when they judged all. */
  unjudgedLine(): string | undefined {
    const { histories, reads, applications, livenessRuns } = this.unjudged;
    const parts = unjudgedParts({ histories, reads, applications });
    if (livenessRuns > 0)
      parts.push(`liveness in ${groupedCount(livenessRuns)} of ${counted(this.runs, 'run')}`);
    return parts.length === 0 ? undefined : `${this.scenario.name}: not judged: ${parts.join(', ')}`;
  }

  count(verdict: Verdict): number {
    return this.verdicts.get(verdict) ?? 0;
  }

  /** Cells for {@link RUN_COLUMNS}. */
  row(paint: ChalkInstance): readonly string[] {
    return [
      clipped(this.scenario.name, WIDEST_NAME),
      String(this.runs),
      compactCount(this.events),
      shortSeconds(this.timeMicros),
      compactCount(this.leaderChanges),
      `${compactCount(this.ok)}/${compactCount(this.unknown)}`,
      this.verdictCell(paint),
    ];
  }

  private verdictCell(paint: ChalkInstance): string {
    const parts: string[] = [];
    const bad = (verdict: Verdict, word: string): void => {
      const count = this.count(verdict);
      if (count > 0) parts.push(paint.red(this.runs === 1 ? word : `${count} ${word}`));
    };
    bad('diverged', 'diverged');
    bad('violated', 'violated');
    bad('stalled', 'stalled');
    bad('bound-reached', 'at bound');
    if (parts.length > 0) return parts.join(', ');
    return paint.green(this.expectedViolations > 0 ? 'control ok' : 'passed');
  }
}

/** A run that did not pass: what broke, where, and how to see it again. */
export function problemText(run: ReportedRun, paint: ChalkInstance): string {
  const { outcome, verdict } = run;
  const violation = verdict === 'diverged' ? undefined : outcome?.violation;
  const bug = run.bug === undefined ? '' : `, bug ${run.bug}`;
  const lines = [
    `${paint.red.bold(HEADLINES[verdict])}${violation === undefined ? '' : ` ${paint.bold(violation.invariant)}`}`,
  ];
  lines.push(`  in ${run.scenario.name}, seed ${run.seed}${bug}, faultline ${FAULTLINE_VERSION}`);
  if (run.reason !== undefined) lines.push(...indented(run.reason));
  if (violation !== undefined) {
    const { message, timeMicros, event } = violation;
    lines.push(...indented(message), `  at ${formatMicros(timeMicros)}, event ${groupedCount(event)}`);
  } else if (outcome !== undefined && verdict !== 'diverged') {
    lines.push(`  after ${formatMicros(outcome.timeMicros)}, event ${groupedCount(outcome.events)}`);
  }
  lines.push(...drawnLines(run.scenario, recipeOf(run), paint));
  if (run.savedTo !== undefined) {
    lines.push(`  ${paint.dim(run.replayLine === undefined ? 'recipe' : 'trace ')} ${run.savedTo}`);
  }
  if (run.replayLine !== undefined) lines.push(`  ${paint.dim('replay')} ${paint.cyan(run.replayLine)}`);
  lines.push(`  ${paint.dim('again ')} ${paint.cyan(run.runLine)}`);
  return lines.join('\n');
}

const HEADLINES: Readonly<Record<Verdict, string>> = {
  passed: 'PASSED',
  violated: 'VIOLATED',
  stalled: 'STALLED',
  'bound-reached': 'BOUND REACHED',
  diverged: 'NOT DETERMINISTIC',
};

/** A run that is the only one: everything worth knowing of it. */
export function singleRunText(run: ReportedRun, paint: ChalkInstance): string {
  const { outcome } = run;
  if (outcome === undefined) return '';
  const { statistics: s } = outcome;
  const fact = (label: string, text: string): string => `  ${paint.dim(label.padEnd(8))} ${text}`;
  const lines = [
    fact('events', `${groupedCount(outcome.events)} in ${formatMicros(outcome.timeMicros)} of virtual time`),
    fact(
      'messages',
      `${groupedCount(s.sent)} sent, ${s.lost} lost, ${s.duplicated} doubled, ${s.blocked} cut off`,
    ),
    fact(
      'faults',
      `${counted(s.faults, 'strike')}, ${counted(s.crashes, 'crash', 'crashes')}, ${counted(s.restarts, 'restart')}`,
    ),
    fact('leaders', counted(s.leaderChanges, 'change')),
    fact(
      'clients',
      `${s.operationsOk} ok, ${s.operationsFailed} failed, ${s.operationsUnknown} unknown, ${counted(s.retries, 'retry', 'retries')}`,
    ),
    fact(
      'latency',
      `half within ${milliseconds(s.latencyP50Micros)}, 99 % within ${milliseconds(s.latencyP99Micros)}`,
    ),
    ...metricFacts(s.metrics, fact),
    ...attackFacts(s, fact),
    ...cohortFacts(s, fact),
    ...s.objectives.map(({ name, targetMicros, measuredMicros, burn }) =>
      fact(
        'slo',
        `${name} ${milliseconds(measuredMicros)} of ${milliseconds(targetMicros)}, burn ${burn.toFixed(2)}`,
      ),
    ),
    fact('digest', outcome.digest),
    ...(run.verdict === 'passed' ? drawnLines(run.scenario, recipeOf(run), paint) : []),
  ];
  const unjudged = unjudgedParts({
    histories: s.unjudgedHistories,
    reads: s.unjudgedReads,
    applications: s.unjudgedApplications,
  });
  if (s.unjudgedLiveness) unjudged.push('liveness');
  if (unjudged.length > 0) lines.push(fact('unjudged', unjudged.join(', ')));
  return lines.join('\n');
}

/** What the checkers counted instead of judging it, but for liveness, which a run has once. */
function unjudgedParts(sums: Omit<Unjudged, 'liveness'>): string[] {
  const { histories, reads, applications } = sums;
  const parts: string[] = [];
  if (histories > 0) parts.push(counted(histories, 'history', 'histories'));
  if (reads > 0) parts.push(counted(reads, 'read'));
  if (applications > 0) parts.push(`${counted(applications, 'application')} of forgotten entries`);
  return parts;
}

/** What was measured of the cluster; nothing of what did not happen. */
function metricFacts(metrics: Metrics, fact: (label: string, text: string) => string): string[] {
  const lines: string[] = [];
  const quantiles = (label: string, half: Micros, most: Micros): void => {
    if (most >= 0)
      lines.push(fact(label, `half within ${milliseconds(half)}, 99 % within ${milliseconds(most)}`));
  };
  quantiles('quorum', metrics.quorum_acks_latency_p50, metrics.quorum_acks_latency_p99);
  quantiles('recovery', metrics.recovery_time_p50, metrics.recovery_time_p99);
  quantiles('snapshot', metrics.snapshot_install_time_p50, metrics.snapshot_install_time_p99);
  const { rejected_requests_due_to_admission_control: rejected } = metrics;
  if (rejected > 0) lines.push(fact('rejected', `${counted(rejected, 'request')} by admission control`));
  const denials = Object.entries(metrics.policy_denials ?? {});
  if (denials.length > 0)
    lines.push(
      fact('denied', denials.map(([reason, count]) => `${groupedCount(count)} ${reason}`).join(', ')),
    );
  return lines;
}

/** Operations in a second, of correct clients, by when somebody lied. */
function attackFacts(
  { throughputUnderAttack }: RunStatistics,
  fact: (label: string, text: string) => string,
): string[] {
  if (throughputUnderAttack === undefined) return [];
  const { before, during, after } = throughputUnderAttack;
  const parts = [`${during} ops/s under attack`];
  if (before >= 0) parts.push(`${before} before`);
  if (after >= 0) parts.push(`${after} after`);
  return [fact('attack', parts.join(', '))];
}

/** How each group of clients fared, and how much more it asked than it had to. */
function cohortFacts({ cohorts }: RunStatistics, fact: (label: string, text: string) => string): string[] {
  return (cohorts ?? []).map((cohort) => {
    const { name, ok, failed, unknown, rejected, amplification, latencyP99Micros } = cohort;
    const parts = [`${name}: ${ok} ok, ${failed} failed, ${unknown} unknown`];
    if (rejected > 0) parts.push(`${rejected} turned away`);
    if (amplification >= 0) parts.push(`${amplification.toFixed(2)} requests per operation`);
    if (latencyP99Micros >= 0) parts.push(`99 % within ${milliseconds(latencyP99Micros)}`);
    return fact('cohort', parts.join(', '));
  });
}

/** The fields of a JSON line of type `run`. */
export function runRecord(run: ReportedRun): Readonly<Record<string, unknown>> {
  const { outcome } = run;
  return {
    scenario: run.scenario.name,
    seed: run.seed,
    bug: run.bug ?? null,
    beyondModel: run.beyondModel,
    expect: run.scenario.expect.outcome,
    verdict: run.verdict,
    reason: run.reason ?? null,
    status: outcome?.status ?? null,
    violation: outcome?.violation ?? null,
    broken: run.broken,
    digest: outcome?.digest ?? null,
    ...(run.scenario.swarm === undefined ? {} : { drawn: drawnRecord(run.scenario, recipeOf(run)) }),
    events: outcome?.events ?? null,
    timeMicros: outcome?.timeMicros ?? null,
    statistics: outcome?.statistics ?? null,
    savedTo: run.savedTo ?? null,
    replay: run.replayLine ?? null,
    again: run.runLine,
  };
}

/** A message under an indentation, within 80 columns. */
function indented(text: string): string[] {
  return wrap(text, 76).map((line) => `  ${line}`);
}
