/**
 * The configuration of one run of a swarm: a pure function of the scenario and the run's seed. What comes out is a
 * scenario like any other, without a swarm: it is what is simulated, and what traces keep.
 */

import { UsageError } from '../kernel/index.js';
import { ProblemFound, wordIssue } from './problems.js';
import { axesForProtocol } from './resolve-swarm.js';
import { resolveForm } from './resolve.js';
import { scenarioSchema } from './schema.js';
import { draw, drawingOf, type DrawnAxis, type Form } from './swarm-plan.js';
import type { Scenario } from './types.js';

/** Axes that are drawn from another seed than the run's, by name. */
export type OtherSeeds = ReadonlyMap<string, string>;

const NO_OTHERS: OtherSeeds = new Map();

/** The scenario that the run of this seed has; the same one, where it draws nothing. */
export function drawScenario(scenario: Scenario, seed: string, others = NO_OTHERS): Scenario {
  if (scenario.swarm === undefined) return scenario;
  const drawn: DrawnAxis[] = [];
  return resolveDrawn(scenario, draw(scenario.swarm, drawingOf(seed, others), drawn), drawn);
}

/** Names of the axes that a scenario's runs draw, in their order. */
export function axisNames({ swarm }: Scenario): readonly string[] {
  return swarm?.axes.map(({ name }) => name) ?? [];
}

/** What the run of this seed drew, for people: axes that had a choice, by name, each with what it came to. */
export function drawnTexts(
  scenario: Scenario,
  seed: string,
  others = NO_OTHERS,
): readonly (readonly [string, string])[] {
  if (scenario.swarm === undefined) return [];
  const drawn: DrawnAxis[] = [];
  draw(scenario.swarm, drawingOf(seed, others), drawn);
  return drawn.filter(({ axis }) => hasChoice(axis)).map(({ axis, text }) => [axis.name, text]);
}

function hasChoice(axis: DrawnAxis['axis']): boolean {
  return axis.kind !== 'choose' || axis.alternatives.length > 1;
}

/** The scenario with those alternatives alone that run the given protocol: for a bug, which is one protocol's. */
export function forProtocol(scenario: Scenario, protocol: string): Scenario {
  const { swarm } = scenario;
  if (swarm === undefined) return scenario;
  return { ...scenario, swarm: { ...swarm, axes: axesForProtocol(swarm.axes, protocol) } };
}

/** From a form that was drawn to its scenario. Throws UsageError where it makes no sense: the loader tries for that. */
export function resolveDrawn(swarm: Scenario, form: Form, drawn: readonly DrawnAxis[]): Scenario {
  const { name, protocol } = swarm;
  const parsed = scenarioSchema.safeParse(form, { error: wordIssue });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(name, drawn, `${(issue?.path ?? []).join('.')}: expected ${issue?.message ?? ''}`);
  }
  try {
    return resolveForm(parsed.data, { name, locateModule: (specifier) => protocol.module ?? specifier });
  } catch (error) {
    if (!(error instanceof ProblemFound)) throw error;
    const { path, expected } = error.problem;
    throw refused(name, drawn, `${path.join('.')}: expected ${expected}`);
  }
}

function refused(name: string, drawn: readonly DrawnAxis[], problem: string): UsageError {
  const what = drawn.map(({ axis, text }) => `${axis.name}: ${text}`).join('; ');
  return new UsageError('impossible-draw', `${name}: ${problem.split('\n')[0] ?? ''}`, `drawn were ${what}`);
}
