/**
 * `faultline`: simulations as function calls. Everything here is synchronous and runs in the calling
 * thread, in Node and in browsers; only what reads files is asynchronous and needs Node.
 */

import {
  checkSeeds,
  listSeeds,
  minimise as minimiseInThread,
  requireWithinModel,
  type CheckReport,
  type CheckedRun,
  type Seeds,
} from './campaign/index.js';
import type { CheckerFactory } from './checkers/index.js';
import { UsageError, type AuthenticationFactory, type Protocol } from './kernel/index.js';
import { failureText } from './report/failure-text.js';
import { drawScenario, forProtocol, type Scenario } from './scenario/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  recordMinimised,
  simulate as simulateRecipe,
  type Implementation,
  type Outcome,
  type SimulateOptions,
  type Story,
} from './simulator/index.js';
import { replayAdapted, replayStrict, type AdaptedResult, type StrictResult } from './simulator/replay.js';
import type { Trace } from './simulator/trace.js';
import { checkProtocol, userImplementation } from './simulator/user-protocol.js';
import { findBug } from './zoo/index.js';

export { UsageError } from './kernel/index.js';
export type { AuthenticationFactory, Micros, Protocol } from './kernel/index.js';
export type { CheckReport, CheckedRun, Seeds, Verdict } from './campaign/index.js';
export { defineScenario, drawScenario, jsonSchema, toYaml } from './scenario/index.js';
export type { Scenario, ScenarioInput } from './scenario/index.js';
export type { FoundViolation, Outcome, RunStatistics, Status } from './simulator/index.js';
export type { AdaptedResult, StrictResult } from './simulator/replay.js';
export type { Beat, Story } from './simulator/story.js';
export type { Trace } from './simulator/trace.js';

/** What runs in a scenario; by default the correct built-in code that it names. */
export interface SubjectOptions {
  /** A protocol of your own, in place of the scenario's. */
  readonly protocol?: Protocol;
  /** Id of a bug of the zoo, e.g. `R23-old-term-commit`. */
  readonly bug?: string;
  /** Real cryptography, from {@link loadAuthentication}; taken by scenarios that say `authentication: real`. */
  readonly authentication?: AuthenticationFactory;
}

export interface RunOptions extends SubjectOptions {
  /** Runs faults that the scenario's failure model excludes, instead of refusing them. */
  readonly beyondModel?: boolean;
  /** Checkers of your own, beside the built-in ones: see `faultline/checkers`. */
  readonly checkers?: readonly CheckerFactory[];
  /** Count the rare situations that a run reaches, in its outcome's `coverage`. Default false. */
  readonly coverage?: boolean;
}

export interface CheckOptions extends RunOptions {
  /** How many (seeds 1 … n), a range (`'1..100'`), or a list. Default 20. */
  readonly seeds?: Seeds;
}

const DEFAULT_SEEDS = 20;

/**
 * One run: the same scenario, seed and code give the same outcome, to the last bit of its digest. A found
 * violation is part of the outcome; only bad input throws (UsageError).
 */
export function simulate(scenario: Scenario, seed: string | number, options: RunOptions = {}): Outcome {
  const drawn = drawScenario(fitting(scenario, options.bug), String(seed));
  return simulateRecipe(drawn, { seed: String(seed), strategy: 'random' }, simulateOptions(drawn, options));
}

/** Many runs, each judged by what the scenario expects. */
export function check(scenario: Scenario, options: CheckOptions = {}): CheckReport {
  return checkUntil(scenario, options, () => false);
}

/** Thrown by {@link assertHolds}. */
export class DoesNotHold extends Error {
  override readonly name = 'DoesNotHold';
  /** The run that failed. */
  readonly run: CheckedRun;

  constructor(message: string, run: CheckedRun) {
    super(message);
    this.run = run;
  }
}

/**
 * Throws {@link DoesNotHold} at the first seed that does not pass, with seed, digest, invariant and the
 * line that repeats it. For tests.
 */
export function assertHolds(scenario: Scenario, options: CheckOptions = {}): void {
  const { failures } = checkUntil(scenario, options, ({ verdict }) => verdict !== 'passed');
  const [run] = failures;
  if (run === undefined) return;
  throw new DoesNotHold(
    failureText(scenario, run, {
      bug: options.bug,
      hasOwnProtocol: options.protocol !== undefined,
      beyondModel: options.beyondModel === true,
    }),
    run,
  );
}

/**
 * Reads a scenario from a path that ends in `.yaml`, or by its name from `./scenarios` and the bundled
 * ones. `set` lays `key.path=value` over it. Needs Node.
 */
export async function loadScenario(
  nameOrPath: string,
  options: { readonly set?: readonly string[] } = {},
): Promise<Scenario> {
  const { findScenarios, loadScenarioFile } = await import('./node/scenario-files.js');
  const [found, ...more] = findScenarios(nameOrPath);
  if (found === undefined || more.length > 0) {
    throw new UsageError('ambiguous-scenario', `expected one scenario, got the pattern '${nameOrPath}'`);
  }
  return loadScenarioFile(found, options.set);
}

/** Imports the protocol that a scenario names as `module: ./mine.js#export`. Needs Node. */
export async function loadProtocol(specifier: string): Promise<Protocol> {
  const { loadModule } = await import('./node/module-loader.js');
  return (await loadModule(specifier)).protocol;
}

/** Signatures by Ed25519 and MACs by HMAC-SHA-256, in place of ideal proofs. Needs Node. */
export async function loadAuthentication(): Promise<AuthenticationFactory> {
  const { realAuthentication } = await import('./node/real-authentication.js');
  return realAuthentication;
}

/** Reads a saved trace. Needs Node. */
export async function loadTrace(path: string): Promise<Trace> {
  const { readTraceFile } = await import('./node/trace-file.js');
  return readTraceFile(path);
}

/** Executes a trace again: strictly, every event must be the recorded one. */
export function replay(trace: Trace, options?: SubjectOptions & { readonly adapt?: false }): StrictResult;
/** Executes the decisions of a trace against today's code. */
export function replay(trace: Trace, options: SubjectOptions & { readonly adapt: true }): AdaptedResult;
export function replay(
  trace: Trace,
  options: SubjectOptions & { readonly adapt?: boolean } = {},
): StrictResult | AdaptedResult {
  const { scenario, implementation } = trace.header;
  const { protocol, bug = implementation.bug, authentication } = options;
  const code = implementationOf(scenario, {
    protocol,
    bug: protocol === undefined ? bug : undefined,
    authentication,
  });
  return options.adapt === true ? replayAdapted(trace, code) : replayStrict(trace, code);
}

export interface MinimiseOptions extends SubjectOptions {
  /** Most runs that are tried. Default 1000. */
  readonly runs?: number;
}

const DEFAULT_MINIMISE_RUNS = 1000;

/**
 * A small trace that fails as the given one does, and its story. Throws UsageError for a trace of a run that did not
 * fail, or that today's code does not fail on.
 */
export function minimise(
  trace: Trace,
  options: MinimiseOptions = {},
): { readonly trace: Trace; readonly story: Story } {
  const { scenario, implementation, recipe } = trace.header;
  const { protocol, bug = implementation.bug, authentication, runs = DEFAULT_MINIMISE_RUNS } = options;
  const code = implementationOf(scenario, {
    protocol,
    bug: protocol === undefined ? bug : undefined,
    authentication,
  });
  const { state, minimised } = minimiseInThread(trace, code, runs);
  const { edits } = state;
  const small = { seed: recipe.seed, strategy: 'edited', rest: 'benign', edits } as const;
  const { module } = implementation;
  const recorded = recordMinimised(
    state.scenario,
    small,
    minimised,
    code,
    module === undefined ? {} : { module },
  );
  return { trace: recorded.trace, story: recorded.story };
}

function checkUntil(
  scenario: Scenario,
  options: CheckOptions,
  isOver: (run: CheckedRun) => boolean,
): CheckReport {
  const seeds = listSeeds(options.seeds ?? DEFAULT_SEEDS, 'seeds');
  const optionsFor = (drawn: Scenario): SimulateOptions => simulateOptions(drawn, options);
  return checkSeeds(fitting(scenario, options.bug), seeds, optionsFor, isOver);
}

/** A swarm, of which a bug knows only what its own protocol runs. */
function fitting(scenario: Scenario, bug: string | undefined): Scenario {
  return bug === undefined ? scenario : forProtocol(scenario, findBug(bug).protocol);
}

function simulateOptions(scenario: Scenario, options: RunOptions): SimulateOptions {
  const implementation = implementationOf(scenario, options);
  if (options.beyondModel !== true) requireWithinModel(scenario);
  return {
    implementation,
    extraCheckers: options.checkers ?? [],
    coverage: options.coverage === true,
  };
}

/** As the user gave them, or not. */
type Subject = { readonly [K in keyof SubjectOptions]: SubjectOptions[K] | undefined };

function implementationOf(scenario: Scenario, options: Subject): Implementation {
  return { ...codeOf(scenario, options), authentication: options.authentication };
}

function codeOf(scenario: Scenario, { protocol, bug }: Subject): Implementation {
  if (protocol !== undefined) {
    if (bug !== undefined) throw new UsageError('bad-usage', 'expected a protocol or a bug, got both');
    return userImplementation(scenario, checkProtocol(protocol, 'protocol'));
  }
  const { module } = scenario.protocol;
  if (module !== undefined) {
    throw new UsageError(
      'module-not-loaded',
      `${scenario.name}: expected the protocol of ${module} to be passed in`,
      'import it, or await loadProtocol(scenario.protocol.module), and pass { protocol }',
    );
  }
  return bug === undefined ? builtInImplementation(scenario) : buggyImplementation(scenario, bug);
}
