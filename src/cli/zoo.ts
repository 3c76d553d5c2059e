/** `faultline zoo`: the published bugs, and how long the generic swarms take to find them. */

import { isIndependent, learns, together } from '../campaign/index.js';
import { UsageError, suggestion } from '../kernel/index.js';
import { contentHash } from '../node/fuzz-ledger.js';
import { codeHash } from '../node/code-hash.js';
import { HuntLedger, type HuntKey, type LedgeredHunt } from '../node/hunt-ledger.js';
import type { HuntState, HuntTask } from '../node/hunt-process.js';
import { HuntProcessDied, Hunter, type HuntOutcome } from '../node/hunter.js';
import { findScenarios, loadScenarioFile } from '../node/scenario-files.js';
import {
  DETECTION_COLUMNS,
  detectionPage,
  detectionRecord,
  detectionRow,
  secondsText,
  summariseDetections,
  summaryLines,
  type Detection,
  type Figure,
} from '../report/detection.js';
import { table } from '../report/table.js';
import { forProtocol, type Scenario } from '../scenario/index.js';
import { BUGS, findBug, swarmOf, type Bug } from '../zoo/index.js';
import { ExitCode } from './exit-codes.js';
import { list } from './list.js';
import type { ZooOptions } from './zoo-options.js';
import { withSession } from './session.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function zoo(
  terminal: Terminal,
  words: readonly string[],
  options: ZooOptions,
): Promise<ExitCode> {
  const [what, ...ids] = words;
  if (what === undefined) return list(terminal, ['bugs'], { names: false, json: options.json });
  if (what !== 'hunt') {
    const hint = suggestion(what, ['hunt']);
    throw new UsageError(
      'bad-usage',
      `WHAT: expected hunt, or nothing to list the bugs, got '${what}'`,
      hint,
    );
  }
  const bugs = ids.length === 0 ? sharedBugs(options) : ids.map((id) => findBug(id));
  const ledger = HuntLedger.open(options.ledger);
  try {
    return await withSession(
      terminal,
      { workers: options.workers, tasks: bugs.length, timeout: 0 },
      async (session) => {
        const hunt = new Hunt(terminal, options, ledger, session.signal);
        const detections = await hunt.all(bugs, session.pool.workers);
        report(terminal, options, detections);
        return session.isInterrupted() ? ExitCode.interrupted : ExitCode.passed;
      },
    );
  } finally {
    ledger.close();
  }
}

/** Every so many bugs, from one's own on: those of a share differ from each other, as neighbours do not. */
function sharedBugs({ share }: ZooOptions): readonly Bug[] {
  return BUGS.filter((_, i) => i % share.of === share.shard);
}

class Hunt {
  private readonly code = codeHash();
  private readonly scenarios = new Map<string, Scenario>();
  private readonly underWay = new Map<string, string>();
  private done = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly options: ZooOptions,
    private readonly ledger: HuntLedger,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * In the order of the bugs, whichever hunt is over first; those that a signal ended, or whose process died, are left
   * out. An error of one hunter ends all of them.
   */
  async all(bugs: readonly Bug[], workers: number): Promise<readonly Detection[]> {
    const detections: (Detection | undefined)[] = [];
    const failed = new AbortController();
    const signal = AbortSignal.any([this.signal, failed.signal]);
    let next = 0;
    const work = async (): Promise<void> => {
      const hunter = new Hunter(signal);
      try {
        for (let i = next++; i < bugs.length && !signal.aborted; i = next++) {
          detections[i] = await this.one(bugs[i] as Bug, hunter);
          this.done++;
          this.progress(bugs.length);
        }
      } catch (error) {
        failed.abort();
        throw error;
      } finally {
        hunter.close();
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: workers }, work));
    const problem = ends.find((end) => end.status === 'rejected');
    if (problem !== undefined) throw problem.reason;
    return detections.filter((one) => one !== undefined);
  }

  private async one(bug: Bug, hunter: Hunter): Promise<Detection | undefined> {
    const scenario = this.scenarioOf(bug);
    const all = await this.figure({ bug, scenario, figure: 'all' }, undefined, hunter);
    if (all === undefined) return undefined;
    const { finding } = all;
    // Nothing local broke before it, or nothing broke at all: the other figure is the same.
    const isSame = finding === null || isIndependent(finding.invariant);
    const independent = isSame
      ? all
      : await this.figure({ bug, scenario, figure: 'independent' }, all, hunter);
    if (independent === undefined) return undefined;
    const detection = {
      bug,
      scenario: scenario.name,
      all: figureOf(all),
      independent: figureOf(independent),
    };
    if (this.terminal.json) this.terminal.emit('detection', detectionRecord(detection, this.options.cpu));
    return detection;
  }

  /** From the ledger as far as that goes. `after`: the hunt that has tried all seeds but its last one before. */
  private async figure(
    { bug, scenario, figure }: { bug: Bug; scenario: Scenario; figure: LedgeredHunt['figure'] },
    after: LedgeredHunt | undefined,
    hunter: Hunter,
  ): Promise<LedgeredHunt | undefined> {
    const { first, cpu, strategy } = this.options;
    const content = contentHash(scenario);
    const key: HuntKey = { bug: bug.id, figure, code: this.code, content, first, strategy };
    const known = this.ledger.find(key);
    const isOver = known !== undefined && (known.finding !== null || known.isStuck || known.cpuMicros >= cpu);
    if (isOver) return known;
    const start = known ?? (after === undefined ? NOTHING : { ...after, seeds: after.seeds - 1 });
    const { useless, cpuMicros } = start;
    // What a seed stands for may rest on those before it that belong to it.
    const seeds = start.seeds - (learns(strategy) ? start.seeds % together(strategy) : 0);
    this.underWay.set(bug.id, figure);
    const ended = await this.hunt(
      hunter,
      {
        scenario,
        bug: bug.id,
        figure,
        strategy,
        first: first + seeds,
        cpuMicros: Math.max(0, cpu - cpuMicros),
      },
      (state) => this.tell(bug, figure, seeds + state.seeds, cpuMicros + state.cpuMicros),
    );
    this.underWay.delete(bug.id);
    if (ended === undefined) return undefined;
    const hunt: LedgeredHunt = {
      ...key,
      scenario: scenario.name,
      seeds: seeds + ended.seeds,
      useless: useless + ended.useless,
      cpuMicros: cpuMicros + ended.cpuMicros,
      isStuck: ended.isStuck,
      finding: ended.finding ?? null,
    };
    this.ledger.note(hunt);
    return hunt;
  }

  /** One bug that nobody can hunt does not end the hunt for the others: it is told, and stays unfound. */
  private async hunt(
    hunter: Hunter,
    task: HuntTask,
    onState: (state: HuntState) => void,
  ): Promise<HuntOutcome | undefined> {
    let last: HuntState = NOTHING;
    try {
      return await hunter.hunt(task, (state) => {
        last = state;
        onState(state);
      });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      if (error instanceof HuntProcessDied) {
        // Nothing is known of the bug: a hunt in the ledger would never be repeated.
        this.terminal.note(`${task.bug}: ${error.message}: left out, to be hunted another time`);
        return undefined;
      }
      this.terminal.note(
        `${task.bug}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      return { ...last, finding: undefined, isStuck: true };
    }
  }

  private scenarioOf(bug: Bug): Scenario {
    const name = swarmOf(bug);
    let loaded = this.scenarios.get(name);
    if (loaded === undefined) {
      const [found] = findScenarios(name);
      if (found === undefined) throw new UsageError('unknown-scenario', `unknown scenario '${name}'`);
      this.scenarios.set(name, (loaded = loadScenarioFile(found)));
    }
    return forProtocol(loaded, bug.protocol);
  }

  private tell(bug: Bug, figure: string, seeds: number, cpuMicros: number): void {
    this.terminal.progress(`${bug.id} (${figure}): ${seeds} seeds, ${secondsText(cpuMicros)} of CPU time`);
  }

  private progress(total: number): void {
    this.terminal.progress(`${this.done} of ${total} bugs`);
  }
}

const NOTHING = { seeds: 0, useless: 0, cpuMicros: 0 };

function figureOf({ seeds, cpuMicros, useless, isStuck, finding }: LedgeredHunt): Figure {
  return { seeds, cpuMicros, useless, isStuck, finding: finding ?? undefined };
}

function report(terminal: Terminal, options: ZooOptions, detections: readonly Detection[]): void {
  const { strategy, cpu } = options;
  const summary = summariseDetections(detections, cpu);
  terminal.summarize({ ...summary, strategy, cpuMicrosEach: cpu });
  if (terminal.json) return;
  if (options.markdown) {
    terminal.print(detectionPage(detections, cpu).trimEnd());
    return;
  }
  const rows = detections.map((one) => detectionRow(one, cpu));
  terminal.print(`${table(DETECTION_COLUMNS, rows, terminal.paint)}\n`);
  if (strategy !== 'swarm') terminal.print(`with the strategy ${strategy}:`);
  for (const line of summaryLines(summary, cpu)) terminal.print(line);
}
