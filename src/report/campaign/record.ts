/**
 * A campaign as other programs are told of it: what ran, and what failed. Bounded however long it goes on: of each
 * kind of failure a few are kept, and the rest is counted.
 */

import { fingerprintOf, type FailedVerdict } from '../../campaign/index.js';
import type { Micros } from '../../kernel/index.js';
import type { ReportedRun } from '../run-report.js';

/** The runs of one scenario. */
export interface ScenarioRecord {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly passed: number;
  readonly events: number;
  readonly firstSeed: string;
  readonly lastSeed: string;
}

/** A run that did not pass, with all that is needed to get back to it. */
export interface FailureRecord {
  readonly scenario: string;
  readonly seed: string;
  readonly bug: string | undefined;
  readonly verdict: FailedVerdict;
  readonly invariant: string | undefined;
  readonly message: string;
  /** Virtual time, where it is known, and number of the event at which it failed. */
  readonly timeMicros: Micros | undefined;
  readonly event: number;
  readonly savedTo: string | undefined;
  /** The lines that replay its trace, and that run its seed again. */
  readonly replay: string | undefined;
  readonly again: string;
  /** Eight hexadecimal digits: the same for what seems to be the same mistake. */
  readonly kind: string;
}

/** Failures of one kind. */
export interface KindRecord {
  readonly kind: string;
  readonly count: number;
  /** The first ones of it. */
  readonly failures: readonly FailureRecord[];
}

export interface CampaignRecord {
  /** What was asked for: `run`, `fuzz`. */
  readonly verb: string;
  /** Of Faultline. */
  readonly version: string;
  readonly node: string;
  /** Real time that it took. */
  readonly seconds: number;
  readonly exitCode: number;
  readonly scenarios: readonly ScenarioRecord[];
  /** The frequent ones first. */
  readonly kinds: readonly KindRecord[];
}

/** Failures kept of one kind, and kinds kept at all. */
const MOST_OF_A_KIND = 10;
const MOST_KINDS = 200;

/** What earlier processes of the campaign have done with one scenario. */
export interface EarlierRuns {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly events: number;
  readonly firstSeed: string;
  readonly lastSeed: string;
  readonly failures: readonly Omit<FailureRecord, 'kind' | 'timeMicros'>[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class CampaignRecorder {
  private readonly scenarios = new Map<string, Mutable<ScenarioRecord>>();
  private readonly kinds = new Map<string, { count: number; readonly failures: FailureRecord[] }>();
  /** Failures of earlier processes, by scenario and seed. After a kill some are found again. */
  private readonly earlier = new Map<string, FailureRecord>();

  add(run: ReportedRun): void {
    const { scenario, seed, outcome, verdict } = run;
    const { name, title } = scenario;
    let record = this.scenarios.get(name);
    if (record === undefined) {
      record = { name, title, runs: 0, passed: 0, events: 0, firstSeed: seed, lastSeed: seed };
      this.scenarios.set(name, record);
    }
    this.earlier.delete(keyOf(name, seed));
    record.runs++;
    record.events += outcome?.events ?? 0;
    record.lastSeed = seed;
    if (verdict === 'passed') record.passed++;
    else this.addFailure(failureOf(run, verdict));
  }

  /** Before the first run of this process. */
  addEarlier({ name, title, runs, events, firstSeed, lastSeed, failures }: EarlierRuns): void {
    if (runs > 0) this.scenarios.set(name, { name, title, runs, passed: runs, events, firstSeed, lastSeed });
    for (const failure of failures) {
      const kind = fingerprintOf({ ...failure, events: failure.event });
      this.earlier.set(keyOf(name, failure.seed), { ...failure, timeMicros: undefined, kind });
    }
  }

  finish(facts: Omit<CampaignRecord, 'scenarios' | 'kinds'>): CampaignRecord {
    for (const failure of this.earlier.values()) this.countEarlier(failure);
    this.earlier.clear();
    const kinds = [...this.kinds].map(([kind, { count, failures }]) => ({ kind, count, failures }));
    kinds.sort((a, b) => b.count - a.count);
    return { ...facts, scenarios: [...this.scenarios.values()], kinds };
  }

  private countEarlier(failure: FailureRecord): void {
    const scenario = this.scenarios.get(failure.scenario);
    // The portion that it was found in may not have come to its end.
    if (scenario !== undefined && scenario.passed > 0) scenario.passed--;
    this.addFailure(failure);
  }

  private addFailure(failure: FailureRecord): void {
    const kind = this.kinds.get(failure.kind);
    if (kind === undefined) {
      if (this.kinds.size < MOST_KINDS) this.kinds.set(failure.kind, { count: 1, failures: [failure] });
      return;
    }
    kind.count++;
    if (kind.failures.length < MOST_OF_A_KIND) kind.failures.push(failure);
  }
}

function keyOf(scenario: string, seed: string): string {
  return `${scenario} ${seed}`;
}

function failureOf(run: ReportedRun, verdict: FailedVerdict): FailureRecord {
  const { scenario, seed, bug, outcome, reason, savedTo, replayLine, runLine } = run;
  const violation = verdict === 'diverged' ? undefined : outcome?.violation;
  const event = violation?.event ?? outcome?.events ?? 0;
  const message = [reason, violation?.message].filter((text) => text !== undefined).join('\n');
  const told = {
    scenario: scenario.name,
    seed,
    verdict,
    invariant: violation?.invariant,
    message: message === '' ? NO_MESSAGE[verdict] : message,
  };
  return {
    ...told,
    bug,
    timeMicros: violation?.timeMicros ?? outcome?.timeMicros ?? 0,
    event,
    savedTo,
    replay: replayLine,
    again: runLine,
    kind: fingerprintOf({ ...told, events: event }),
  };
}

const NO_MESSAGE: Readonly<Record<FailedVerdict, string>> = {
  violated: 'a property broke',
  stalled: 'progress was promised and did not come',
  'bound-reached': 'the run used up its budget of events',
  diverged: 'a second execution was another one',
};

/** Runs in all, and those that passed. */
export function totals({ scenarios }: CampaignRecord): { readonly runs: number; readonly passed: number } {
  let runs = 0;
  let passed = 0;
  for (const scenario of scenarios) {
    runs += scenario.runs;
    passed += scenario.passed;
  }
  return { runs, passed };
}

/** `violated state-machine-safety`; the verdict alone where no property broke. */
export function failureTitle({ verdict, invariant }: FailureRecord): string {
  return invariant === undefined ? verdict : `${verdict} ${invariant}`;
}

/** What a failure needs to be told whole, line by line: what broke, which version, how to see it again. */
export function failureLines(failure: FailureRecord, version: string): string[] {
  const { scenario, seed, bug, message, event, savedTo, replay, again } = failure;
  const lines = [
    message,
    `in ${scenario}, seed ${seed}${bug === undefined ? '' : `, bug ${bug}`}, event ${event}`,
  ];
  if (savedTo !== undefined) lines.push(`saved to: ${savedTo}`);
  if (replay !== undefined) lines.push(`replay: ${replay}`);
  lines.push(`again: ${again}`, `faultline ${version}`);
  return lines;
}
