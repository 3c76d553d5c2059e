/**
 * The code of a worker thread: takes a task, loads what it needs, simulates, answers with plain data.
 * While it makes progress it counts in shared memory, so that the main thread can tell a long run from
 * one that hangs in a user's endless loop.
 */

import { isAbsolute, relative, sep } from 'node:path';
import { UsageError } from '../kernel/index.js';
import { Guide, attempt, type Trial, type Turn } from '../campaign/index.js';
import { auditRecord, processName } from '../checkers/index.js';
import type { Scenario } from '../scenario/index.js';
import { auditLogOf } from '../simulator/audit-log.js';
import { auditTrace } from '../simulator/audit-trace.js';
import { logEvents } from '../simulator/determinism.js';
import type { Implementation } from '../simulator/implementation.js';
import type { Outcome, Recipe } from '../simulator/outcome.js';
import { scenarioOf } from '../simulator/recipe-choices.js';
import { recordMinimised } from '../simulator/record-minimised.js';
import { expandTrace, recordTrace } from '../simulator/record-trace.js';
import { castOf, placeOf, renderTail, type Cast } from '../simulator/render-trace.js';
import { replayAdapted, replayStrict } from '../simulator/replay.js';
import type { SimulateOptions } from '../simulator/simulate-options.js';
import { Simulation } from '../simulator/simulation.js';
import { storyOf } from '../simulator/story.js';
import type { Trace } from '../simulator/trace.js';
import { blame, loadImplementation, type LoadedImplementation } from './module-loader.js';
import {
  Pulse,
  toWire,
  type AttemptTask,
  type AuditLogTask,
  type AuditTask,
  type Dispatched,
  type FinishedRun,
  type LogTask,
  type RecordMinimisedTask,
  type RecordTask,
  type ReplayTask,
  type Reply,
  type RunTask,
  type StoryRequest,
  type StoryTask,
  type Subject,
  type Task,
  type TaskResults,
} from './tasks.js';
import { signatureText } from './real-authentication.js';
import { readTraceFile } from './trace-file.js';
import { saveTrace } from './trace-folder.js';

// What a user's module prints must not get between the results: those are the main thread's alone.
process.stdout.write = process.stderr.write.bind(process.stderr);

/** What code of the user left behind to fail later: a promise, a timer. It is told with the task's result. */
let stray: { readonly error: unknown } | undefined = undefined;
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error: unknown) => (stray ??= { error }));
}

/** Events between two beats of the pulse. */
const EVENTS_PER_BEAT = 4096;

class Heart {
  private readonly cells: Int32Array;

  constructor(pulse: SharedArrayBuffer) {
    this.cells = new Int32Array(pulse);
  }

  /** Seed number `position` of the task begins. */
  begin(position: number): void {
    Atomics.store(this.cells, Pulse.position, position);
    this.beat();
  }

  beat(): void {
    Atomics.add(this.cells, Pulse.beats, 1);
  }
}

/** The entry point that the pool calls. Never throws: errors are part of the reply. */
export async function perform({ task, pulse }: Dispatched): Promise<Reply<TaskResults[Task['kind']]>> {
  const heart = new Heart(pulse);
  // The first beat starts the watchdog: until now the task was waiting for its turn.
  heart.beat();
  try {
    const value = await performTask(task, heart);
    // Failures of stray promises are reported after the microtasks of this turn.
    await new Promise((resolve) => setImmediate(resolve));
    if (stray === undefined) return { value };
    const { error } = stray;
    stray = undefined;
    throw blame('scenario' in task ? task.scenario.protocol.module : undefined, error);
  } catch (error) {
    return { error: toWire(error) };
  }
}

async function performTask(task: Task, heart: Heart): Promise<TaskResults[Task['kind']]> {
  switch (task.kind) {
    case 'run':
      return runSeeds(task, heart);
    case 'record':
      return record(task);
    case 'attempt':
      return attemptTrials(task, heart);
    case 'record-minimised':
      return recordMinimum(task, heart);
    case 'story':
      return tellWholeStory(task);
    case 'log':
      return log(task, heart);
    case 'replay':
      return replay(task);
    case 'audit':
      return audit(task);
    case 'audit-log':
      return auditLog(task);
  }
}

function load({ scenario, bug }: Subject): Promise<LoadedImplementation> {
  return loadImplementation(scenario, bug);
}

/** The task of one run alone: of a swarm, with what its recipe draws. */
function drawn<T extends Subject>(task: T, recipe: Recipe): T {
  return { ...task, scenario: scenarioOf(task.scenario, recipe) };
}

async function runSeeds(task: RunTask, heart: Heart): Promise<readonly FinishedRun[]> {
  const finished: FinishedRun[] = [];
  const guide = new Guide(task.strategy, task.scenario);
  let loaded: LoadedImplementation | undefined = undefined;
  for (const [position, seed] of task.seeds.entries()) {
    heart.begin(position);
    const turn = guide.next(seed);
    const one = drawn(task, turn.recipe);
    // A swarm may draw the service, and the protocol: what runs is then another thing for each seed.
    if (loaded === undefined || one.scenario !== task.scenario) loaded = await load(one);
    const run = runTurn(one, turn, loaded.implementation, heart);
    finished.push(run);
    guide.learn(turn, run.outcome.violation !== undefined);
  }
  return finished;
}

function runTurn(
  task: RunTask,
  { recipe, exploration }: Turn,
  implementation: Implementation,
  heart: Heart,
): FinishedRun {
  const broken: string[] = [];
  const { coverage } = task;
  const options = exploration === undefined ? { coverage } : { coverage, exploration };
  const first = runOne(task, recipe, implementation, broken, heart, options);
  for (let last = first; last.violation !== undefined;) {
    const { invariant } = last.violation;
    if (broken.includes(invariant)) break;
    broken.push(invariant);
    // Code that threw has stopped half-way: what breaks after that says nothing.
    if (!task.findsAll || invariant === 'any/no-crash') break;
    last = runOne(task, recipe, implementation, broken, heart);
  }
  return { outcome: first, broken };
}

function runOne(
  task: Subject,
  recipe: Recipe,
  implementation: Implementation,
  ignoredInvariants: readonly string[],
  heart: Heart,
  options: SimulateOptions = {},
): Outcome {
  const simulation = create(task, recipe, { ...options, implementation, ignoredInvariants });
  for (let events = 1; simulation.step(); events++) if (events % EVENTS_PER_BEAT === 0) heart.beat();
  return simulation.outcome();
}

/** A simulation at its beginning; what a user's module throws there is the user's to mend. */
function create({ scenario }: Subject, recipe: Recipe, options: SimulateOptions): Simulation {
  try {
    return Simulation.create(scenario, recipe, options);
  } catch (error) {
    throw blame(scenario.protocol.module, error);
  }
}

async function record(request: RecordTask): Promise<TaskResults['record']> {
  const { recipe } = request;
  const task = drawn(request, recipe);
  const { implementation, module } = await load(task);
  const { scenario, specifier } = withPortableModule(task.scenario);
  const options = module === undefined ? {} : { module: { specifier: specifier ?? '', hash: module.hash } };
  const { outcome, trace } = recordTrace(scenario, recipe, implementation, options);
  return { outcome, path: saveTrace(task.folder, trace) };
}

async function attemptTrials(
  { target, bug, trials }: AttemptTask,
  heart: Heart,
): Promise<TaskResults['attempt']> {
  const [{ scenario }] = trials as readonly [Trial];
  const { implementation } = await load({ scenario, bug });
  for (const [place, trial] of trials.entries()) {
    heart.begin(place);
    const kept = attempt(trial, target, implementation, () => {
      heart.beat();
    });
    if (kept !== undefined) return { found: { place, kept } };
  }
  return { found: undefined };
}

async function recordMinimum(
  task: RecordMinimisedTask,
  heart: Heart,
): Promise<TaskResults['record-minimised']> {
  const { scenario, recipe, origin, minimised: size, folder } = task;
  const { implementation, module } = await load(task);
  const { outcome, trace, minimised, story } = recordMinimised(scenario, recipe, size, implementation, {
    beat: () => {
      heart.beat();
    },
    ...(module === undefined ? {} : { module: { specifier: module.specifier, hash: module.hash } }),
  });
  return { outcome, path: saveTrace(folder, trace, origin), minimised, story };
}

async function tellWholeStory({ path }: StoryTask): Promise<TaskResults['story']> {
  const trace = readTraceFile(path);
  const { scenario, implementation: recorded } = trace.header;
  const { implementation } = await load({ scenario, bug: recorded.bug });
  const story = storyOf(expandTrace(trace, implementation), implementation.protocol.words);
  return { header: trace.header, story };
}

/** Names the user's module from the current folder, so that the trace replays in another copy of the project. */
function withPortableModule(scenario: Scenario): { scenario: Scenario; specifier: string | undefined } {
  const { module } = scenario.protocol;
  if (module === undefined) return { scenario, specifier: undefined };
  const path = relative(process.cwd(), module);
  const isBelow = !path.startsWith('..') && !isAbsolute(path);
  const specifier = isBelow ? `./${path.split(sep).join('/')}` : module;
  return { scenario: { ...scenario, protocol: { ...scenario.protocol, module: specifier } }, specifier };
}

async function log(task: LogTask, heart: Heart): Promise<TaskResults['log']> {
  await runSeeds({ ...task, kind: 'run', findsAll: false, coverage: false }, heart);
  const one = drawn(task, task.recipe);
  const { implementation } = await load(one);
  return logEvents(one.scenario, task.recipe, implementation);
}

async function replay(task: ReplayTask): Promise<TaskResults['replay']> {
  const trace = readTraceFile(task.path);
  const { header } = trace;
  const { story: request, withoutBug } = task;
  // Told before the long work, so that a wrong name does not wait for it.
  const story = request === undefined ? [] : tellStory(await readable(trace, request), request);
  const bug = withoutBug ? undefined : header.implementation.bug;
  const { implementation, module } = await load({ scenario: header.scenario, bug });
  return {
    header,
    result:
      task.mode === 'adapt'
        ? { mode: 'adapt', adapted: replayAdapted(trace, implementation) }
        : { mode: 'strict', strict: replayStrict(trace, implementation) },
    isModuleChanged: module?.hash !== header.implementation.module?.hash,
    story,
  };
}

function serverOf(name: string, cast: Cast): number {
  const process = placeOf(name, cast);
  if (process < cast.servers) return process;
  throw new UsageError('no-server', `--from: expected servers, n1 to n${cast.servers}, got '${name}'`);
}

async function audit({ path, from }: AuditTask): Promise<TaskResults['audit']> {
  const trace = readTraceFile(path);
  const { header } = trace;
  const cast = castOf(trace);
  const replicas = from?.map((name) => serverOf(name, cast));
  const { implementation } = await load({ scenario: header.scenario, bug: header.implementation.bug });
  const { report, faulty } = auditTrace(trace, implementation, replicas);
  const { nodes } = header.scenario.cluster;
  const names = faulty.map((server) => processName(server, nodes));
  return { header, record: auditRecord(report, nodes, signatureText), faulty: names };
}

async function auditLog({ path }: AuditLogTask): Promise<TaskResults['audit-log']> {
  const trace = readTraceFile(path);
  const { header } = trace;
  const { implementation } = await load({ scenario: header.scenario, bug: header.implementation.bug });
  return { header, log: auditLogOf(expandTrace(trace, implementation), implementation.protocol) };
}

/** A trace that tells its events: a compact one is run again for that, after a look at the name that is asked for. */
async function readable(trace: Trace, { node }: StoryRequest): Promise<Trace> {
  const { form, scenario, implementation: recorded } = trace.header;
  if (form === 'whole') return trace;
  if (node !== undefined) placeOf(node, castOf(trace));
  const { implementation } = await load({ scenario, bug: recorded.bug });
  return expandTrace(trace, implementation);
}

function tellStory(trace: Trace, { until, node, count, width }: StoryRequest): readonly string[] {
  const process = node === undefined ? undefined : placeOf(node, castOf(trace));
  return renderTail(trace, {
    count,
    width,
    ...(until === undefined ? {} : { until }),
    ...(process === undefined ? {} : { process }),
  });
}
