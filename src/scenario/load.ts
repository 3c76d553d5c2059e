/**
 * The loader: text in, resolved scenario out, or one UsageError that names file, line, column and key.
 * It reads no files itself: whoever calls it finds what `extends` names and where modules lie.
 */

import { checkPlan } from '../faults/failure-model.js';
import { UsageError, deepFreeze } from '../kernel/index.js';
import { applySettings, composeFile, readSettings } from './compose-files.js';
import type { ResolveScenario, Setting } from './compose-files.js';
import { trySwarm } from './try-swarm.js';
import { ProblemFound, chooseProblem, refuseProblem, wordIssue } from './problems.js';
import { fileStem, resolveForm } from './resolve.js';
import type { ResolveContext } from './resolve.js';
import { fixedPart, resolveSwarm } from './resolve-swarm.js';
import { NAME_PATTERN, scenarioSchema } from './schema.js';
import { formatPlace, placeOf, plainValue } from './source-tree.js';
import type { KeyPath, MapNode, SourceNode } from './source-tree.js';
import type { Form } from './swarm-plan.js';
import type { Scenario } from './types.js';

export interface LoadOptions {
  /** How errors name the text, and what relative names in it are relative to. */
  readonly path: string;
  /** Finds what `extends` names. Left out: nothing can be extended. */
  readonly resolve?: ResolveScenario;
  /** `key.path=value`, laid over the file in this order. */
  readonly set?: readonly string[];
  /** Makes `./mine.js#export` absolute, given the path of the file that says so. Left out: as written. */
  readonly locateModule?: (specifier: string, from: string) => string;
  /**
   * Further checks that this room cannot make, e.g. of the protocol's settings. A UsageError that begins
   * with a key path (`protocol.settings.heartbeat: expected …`) is given that key's line and column.
   */
  readonly check?: (scenario: Scenario) => void;
}

/** Loads a scenario from YAML with every default filled in. Throws UsageError, and nothing else, for bad input. */
export function loadScenario(text: string, options: LoadOptions): Scenario {
  const { path, resolve, set = [], locateModule, check } = options;
  const settings = readSettings(set);
  const root = applySettings(composeFile({ path, text }, resolve), settings);
  const context = {
    name: nameOfPath(path),
    locateModule: (specifier: string): string => {
      const from = placeOf(root, ['protocol', 'module'], 'value').source.path;
      return locateModule?.(specifier, from === '' ? path : from) ?? specifier;
    },
  };
  return wholeScenario(root, context, settings, check ?? (() => undefined));
}

/** Validates and resolves a tree, and tries out what a swarm may draw. */
export function wholeScenario(
  root: SourceNode,
  context: ResolveContext,
  settings: readonly Setting[] = [],
  check: (scenario: Scenario) => void = () => undefined,
): Scenario {
  const scenario = scenarioOfTree(root, context, settings);
  withPlaces(root, () => check(scenario));
  if (scenario.swarm === undefined) return scenario;
  const isWithinModel = checkPlan(scenario.faults, scenario.model).length === 0;
  const checkDrawn = (drawn: Scenario): void => {
    check(drawn);
    if (isWithinModel) requireModel(drawn);
  };
  trySwarm(root as MapNode, scenario, settings, {
    check: checkDrawn,
    explain: (tree) => {
      const drawn = scenarioOfTree(tree, context, []);
      withPlaces(tree, () => checkDrawn(drawn));
    },
  });
  return scenario;
}

/** What is within the failure model as it is written must be so whatever is drawn. */
function requireModel({ faults, model }: Scenario): void {
  const [breach] = checkPlan(faults, model);
  if (breach !== undefined) throw new UsageError('beyond-model', `faults.${breach.id}: ${breach.message}`);
}

function scenarioOfTree(root: SourceNode, context: ResolveContext, settings: readonly Setting[]): Scenario {
  const form = plainValue(root) as Form;
  const parsed = scenarioSchema.safeParse(form, { error: wordIssue });
  if (!parsed.success) return refuseProblem(root, chooseProblem(root, parsed.error.issues));
  const { swarm } = parsed.data;
  const assigned = settings
    .filter(({ path }) => fixedPart(path.join('.')) === undefined)
    .map(({ path, value }) => ({ path, value: plainValue(value) }));
  try {
    const scenario = withPlaces(root, () => resolveForm(parsed.data, context));
    if (swarm === undefined) return scenario;
    const { swarm: _, ...written } = form;
    const axes = resolveSwarm(swarm, assigned);
    return deepFreeze({ ...scenario, swarm: { form: { ...written, name: scenario.name }, axes } });
  } catch (error) {
    if (error instanceof ProblemFound) return refuseProblem(root, error.problem);
    throw error;
  }
}

/** `scenarios/raft/bridge.yaml` is `raft/bridge`; a file elsewhere is named by itself. */
export function nameOfPath(path: string): string {
  const parts = path.replace(/\.ya?ml$/, '').split(/[/\\]/);
  const folder = parts.lastIndexOf('scenarios');
  const name = parts.slice(folder + 1).join('/');
  return folder >= 0 && name.length <= 100 && NAME_PATTERN.test(name) ? name : fileStem(path);
}

/** Puts line and column before the message of a UsageError that begins with a key path. */
function withPlaces<T>(root: SourceNode, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const key = keyPathOf(error.message);
    if (key === undefined) throw error;
    const place = formatPlace(placeOf(root, key, 'value'));
    throw new UsageError(error.code, `${place}: ${error.message}`, error.hint);
  }
}

/** The key path with which a message begins, as long as it is one of a scenario. */
function keyPathOf(message: string): KeyPath | undefined {
  const path = /^([a-z][A-Za-z0-9_.-]*): /.exec(message)?.[1]?.split('.');
  return path !== undefined && Object.hasOwn(scenarioSchema.shape, path[0] ?? '') ? path : undefined;
}
