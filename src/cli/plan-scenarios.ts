/** From the words of a command line to scenarios that are found, loaded and fit to run. */

import { isWithinModel, requireWithinModel } from '../campaign/index.js';
import { UsageError } from '../kernel/index.js';
import {
  findScenarios,
  listScenarios,
  loadScenarioFile,
  type FoundScenario,
} from '../node/scenario-files.js';
import { drawScenario, forProtocol } from '../scenario/index.js';
import { buggyImplementation } from '../simulator/index.js';
import { findBug } from '../zoo/index.js';
import type { PlannedScenario } from './run-reporter.js';
import type { Terminal } from './terminal.js';

export interface PlanOptions {
  readonly set: readonly string[];
  readonly bug: string | undefined;
  /** Whether scenarios are wanted whose faults their failure model excludes. */
  readonly beyondModel: boolean;
}

/** All bundled scenarios that are there to pass. */
export function bundledScenarios(options: PlanOptions): PlannedScenario[] {
  return listScenarios()
    .filter(({ isBundled }) => isBundled)
    .map((found) => planOne(found.name, found, options))
    .filter(({ scenario }) => scenario.expect.outcome === 'passed' && isWithinModel(scenario));
}

/** Finds, loads and checks every scenario before the first one runs. */
export function planScenarios(
  terminal: Terminal,
  words: readonly string[],
  options: PlanOptions,
): PlannedScenario[] {
  const bug = options.bug === undefined ? undefined : findBug(options.bug);
  const names = words.length === 0 && bug !== undefined ? [bug.scenario] : words;
  if (names.length === 0) {
    throw new UsageError(
      'missing-argument',
      "missing argument 'NAME'",
      "'faultline list' shows the scenarios",
    );
  }
  const planned = new Map<string, PlannedScenario>();
  for (const word of names) {
    const all = findScenarios(word).map((found) => planOne(word, found, options));
    const within = options.beyondModel ? all : all.filter(({ scenario }) => isWithinModel(scenario));
    // Named by itself, a scenario beyond its model is refused; a pattern leaves it out.
    if (within.length === 0) for (const { scenario } of all) requireWithinModel(scenario);
    for (const { scenario } of all) {
      if (options.beyondModel || isWithinModel(scenario)) continue;
      terminal.note(
        `leaving out ${scenario.name}: its faults are beyond its failure model (--beyond-model runs it)`,
      );
    }
    for (const plan of within) if (!planned.has(plan.path)) planned.set(plan.path, plan);
  }
  return [...planned.values()];
}

function planOne(word: string, found: FoundScenario, options: PlanOptions): PlannedScenario {
  const loaded = loadScenarioFile(found, options.set);
  const { bug } = options;
  const scenario = bug === undefined ? loaded : forProtocol(loaded, findBug(bug).protocol);
  if (bug !== undefined)
    checkBug(scenario.protocol.module, () => buggyImplementation(drawScenario(scenario, '1'), bug));
  // A pattern is no name: the line that runs it again says which scenario it was.
  return { word: /\.ya?ml$/.test(word) ? word : found.name, path: found.path, scenario };
}

function checkBug(module: string | undefined, build: () => unknown): void {
  if (module === undefined) build();
  else
    throw new UsageError(
      'bug-of-other-protocol',
      `--bug: the scenario runs a protocol of its own (${module})`,
    );
}
