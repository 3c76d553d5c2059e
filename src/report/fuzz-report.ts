/** A campaign without an end, for people and for programs: how it goes, what it found, how it ended. */

import type { ChalkInstance } from 'chalk';
import type { Failure, FailureGroup, Strategy } from '../campaign/index.js';
import type { Scenario } from '../scenario/index.js';
import { isMutated, type MutatedRecipe, type Recipe } from '../simulator/index.js';
import { drawnLines } from './drawn.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { compactCount, counted, groupedCount } from './figures.js';
import type { MinimisedTrace } from './minimise-report.js';
import { numberedStory } from './story.js';
import type { Column } from './table.js';
import { wrap } from './wrap.js';

/** A failure, with what helps to get back to it. */
export interface FuzzFailure extends Failure {
  /** What determines the run. */
  readonly recipe: Recipe;
  /** Path of the saved trace or recipe; undefined when a shorter one of its group was known. */
  readonly savedTo: string | undefined;
  /** The line that runs it again. */
  readonly again: string;
}

/** Where a campaign stands. */
export interface FuzzFigures {
  readonly strategy: Strategy;
  readonly runs: number;
  readonly events: number;
  readonly failures: number;
  /** Of which so many seem to be different mistakes. */
  readonly groups: number;
  /** Real time since it began. */
  readonly seconds: number;
  /** Real time that is left; undefined where time is no bound. */
  readonly secondsLeft: number | undefined;
  /** Runs that are left; undefined where their number is no bound. */
  readonly runsLeft: number | undefined;
}

/** Plain runs are what everybody expects. */
function strategyText(strategy: Strategy): string {
  return strategy === 'swarm' ? '' : `${strategy} `;
}

/** One line, within 80 columns: `1,234 runs, 61.2/s, 1.31M events/s, no failures, 38 s left`. */
export function fuzzProgress(figures: FuzzFigures): string {
  const { strategy, runs, events, failures, groups, seconds, secondsLeft, runsLeft } = figures;
  const perSecond = (count: number): number => count / Math.max(seconds, 0.001);
  const parts = [
    counted(runs, `${strategyText(strategy)}run`),
    `${perSecond(runs).toFixed(1)}/s`,
    `${compactCount(Math.round(perSecond(events)))} events/s`,
    failures === 0 ? 'no failures' : `${counted(failures, 'failure')} of ${counted(groups, 'kind')}`,
  ];
  if (secondsLeft !== undefined) parts.push(`${timeText(secondsLeft)} left`);
  if (runsLeft !== undefined) parts.push(`${counted(runsLeft, 'run')} left`);
  return parts.join(', ');
}

/** The last line: what was run in all. */
export function fuzzLastLine(figures: FuzzFigures, before: number): string {
  const { strategy, runs, failures, groups, seconds } = figures;
  const rate = (runs / Math.max(seconds, 0.001)).toFixed(1);
  const found =
    failures === 0 ? 'no failures' : `${counted(failures, 'failure')} of ${counted(groups, 'kind')}`;
  const earlier = before === 0 ? '' : `, after ${groupedCount(before)} before`;
  return `${counted(runs, `${strategyText(strategy)}run`)} in ${timeText(seconds)} (${rate}/s)${earlier}: ${found}`;
}

/** A failure that is news, the moment it is found. */
export function foundLine({ verdict, invariant, scenario, seed, savedTo }: FuzzFailure): string {
  const what = invariant === undefined ? verdict : `${verdict} ${invariant}`;
  return `${what}: ${scenario}, seed ${seed}${savedTo === undefined ? '' : `, saved to ${savedTo}`}`;
}

/** One kind of failure, by its shortest run; of a swarm, with what that drew. */
export function groupText(
  group: FailureGroup<FuzzFailure>,
  scenario: Scenario | undefined,
  minimum: MinimisedTrace | undefined,
  paint: ChalkInstance,
): string {
  const { shortest, count, scenarios, fingerprint } = group;
  const word = shortest.verdict === 'bound-reached' ? 'BOUND REACHED' : shortest.verdict.toUpperCase();
  const what = shortest.invariant === undefined ? '' : ` ${paint.bold(shortest.invariant)}`;
  const where = scenarios.length === 1 ? '' : `, in ${counted(scenarios.length, 'scenario')}`;
  const lines = [
    `${paint.red.bold(word)}${what} ${paint.dim(`(${fingerprint}: ${counted(count, 'time')}${where})`)}`,
    `  in ${shortest.scenario}, seed ${shortest.seed}, after ${counted(shortest.events, 'event')}, faultline ${FAULTLINE_VERSION}`,
    ...wrap(shortest.message, 76).map((line) => `  ${line}`),
  ];
  lines.push(...ancestryLines(shortest.recipe, paint));
  if (scenario !== undefined) lines.push(...drawnLines(scenario, shortest.recipe, paint));
  if (shortest.savedTo !== undefined) lines.push(`  ${paint.dim('saved ')} ${shortest.savedTo}`);
  lines.push(`  ${paint.dim('again ')} ${paint.cyan(shortest.again)}`);
  if (minimum !== undefined) {
    const { decisions } = minimum.minimised.after;
    lines.push(`  ${paint.dim('small ')} ${minimum.savedTo} (${counted(decisions, 'decision')})`);
    lines.push('', numberedStory(minimum.story, 80, paint));
  }
  return lines.join('\n');
}

/** `made    from seed 17: redraw, splice`. */
function ancestryLines(recipe: Recipe, paint: ChalkInstance): readonly string[] {
  if (!isMutated(recipe) || recipe.mutations.length === 0) return [];
  const text = `from seed ${recipe.seed}: ${recipe.mutations.map(({ kind }) => kind).join(', ')}`;
  return [`  ${paint.dim('made  ')} ${wrap(text, 70).join('\n         ')}`];
}

/** The whole recipe of a run that is not simply the plain one of its seed. */
export function recipeRecord(recipe: Recipe): { readonly recipe?: MutatedRecipe } {
  return isMutated(recipe) ? { recipe } : {};
}

/** The same as data. */
export function groupRecord(
  group: FailureGroup<FuzzFailure>,
  minimum: MinimisedTrace | undefined,
): Readonly<Record<string, unknown>> {
  const { fingerprint, count, scenarios, shortest } = group;
  return {
    fingerprint,
    count,
    scenarios,
    scenario: shortest.scenario,
    seed: shortest.seed,
    verdict: shortest.verdict,
    invariant: shortest.invariant ?? null,
    message: shortest.message,
    events: shortest.events,
    savedTo: shortest.savedTo ?? null,
    ...recipeRecord(shortest.recipe),
    again: shortest.again,
    minimised:
      minimum === undefined
        ? null
        : { savedTo: minimum.savedTo, ...minimum.minimised.after, story: minimum.story.fingerprint },
  };
}

export const FUZZ_COLUMNS: readonly Column[] = [
  { head: 'scenario' },
  { head: 'seeds', align: 'right' },
  { head: 'runs', align: 'right' },
  { head: 'events', align: 'right' },
  { head: 'failures', align: 'right' },
  { head: 'hash of digests' },
];

/** `38 s`, `4 min 10 s`, `7 h 30 min`. */
function timeText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
