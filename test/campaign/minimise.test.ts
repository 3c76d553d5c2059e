import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Minimiser,
  attempt,
  decisionsIn,
  drive,
  type Kept,
  type Proposal,
  type Search,
  type State,
  type Target,
  type Trial,
} from '../../src/campaign/index.js';
import { concretise } from '../../src/campaign/minimise/concretise.js';
import { withoutProcesses } from '../../src/campaign/minimise/fewer-processes.js';
import { renumbered } from '../../src/campaign/minimise/keys.js';
import { defineScenario, type Scenario } from '../../src/scenario/index.js';
import type { Implementation } from '../../src/simulator/implementation.js';
import { buggyImplementation } from '../../src/simulator/implementation.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { replayStrict } from '../../src/simulator/replay.js';
import { simulate } from '../../src/simulator/simulate.js';
import { decisionsOf, type Trace } from '../../src/simulator/trace.js';
import { SMALL, recipeOf, violatingRun } from '../simulator/samples.js';

const FOREVER = 1e9;

interface Shrunk {
  readonly best: State;
  readonly runs: number;
  /** Every trial that was kept, in order. */
  readonly accepted: readonly { readonly trial: Trial; readonly kept: Kept }[];
}

function targetOf({ header }: Trace): Target {
  return { status: header.verdict.status, invariant: header.verdict.invariant };
}

function shrink(trace: Trace, implementation: Implementation, mostRuns = FOREVER): Shrunk {
  const { header } = trace;
  const target = targetOf(trace);
  const accepted: Shrunk['accepted'][number][] = [];
  const start = { scenario: header.scenario, edits: decisionsOf(trace) };
  const minimiser = new Minimiser(start, header.recipe.seed, header.verdict.timeMicros);
  const run = (trial: Trial): Kept | undefined => {
    const kept = attempt(trial, target, implementation);
    if (kept !== undefined) accepted.push({ trial, kept });
    return kept;
  };
  const { runs } = drive(minimiser.search(), run, mostRuns, () => false);
  return { best: minimiser.best as State, runs, accepted };
}

/** The plain way: the recipe, run from its beginning by the function that everything else calls. */
function outcomeOf(scenario: Scenario, edits: State['edits'], implementation: Implementation): string[] {
  const recipe = { seed: 'any', strategy: 'edited', rest: 'benign', edits } as const;
  const { status, violation, digest } = simulate(scenario, recipe, { implementation });
  return [status, violation?.invariant ?? '', digest];
}

/** Bugs of three sorts: an election, a commit, a disk; and a stall. */
const BUGS = ['R02-vote-sent-before-sync', 'R25-commit-to-own-last-index', 'R44-ack-before-sync'];

describe('minimise', () => {
  it.each(BUGS)('%s: every step that is kept fails in the same way, by the naive check', (bug) => {
    const { implementation, trace } = violatingRun(bug);
    const { best, accepted } = shrink(trace, implementation);
    const { status, invariant } = targetOf(trace);
    expect(accepted.length).toBeGreaterThan(1);
    for (const { trial, kept } of accepted) {
      expect(outcomeOf(trial.scenario, kept.deviations, implementation)).toEqual([
        status,
        invariant,
        kept.digest,
      ]);
    }
    expect(best.edits).toEqual(best.kept.deviations);
    expect(decisionsIn(best)).toBeLessThanOrEqual(25);
    expect(best.scenario.cluster.nodes).toBeLessThanOrEqual(3);
  });

  it.each(BUGS)('%s: nothing that is left can be taken away', (bug) => {
    const { implementation, trace } = violatingRun(bug);
    const { best } = shrink(trace, implementation);
    const { status, invariant } = targetOf(trace);
    const same = (edits: State['edits'], scenario: Scenario): boolean => {
      const [found, broken] = outcomeOf(scenario, edits, implementation);
      return found === status && broken === invariant;
    };
    expect(same(best.edits, best.scenario)).toBe(true);
    best.edits.forEach((_, i) => {
      expect(
        same(
          best.edits.filter((__, j) => j !== i),
          best.scenario,
        ),
      ).toBe(false);
    });
    const { faults } = best.scenario;
    faults.schedule.forEach((_, i) => {
      const schedule = faults.schedule.filter((__, j) => j !== i);
      expect(same(best.edits, { ...best.scenario, faults: { ...faults, schedule } })).toBe(false);
    });
  });

  it('the result is a recipe: recorded it replays bit for bit', () => {
    const { implementation, trace } = violatingRun('R25-commit-to-own-last-index');
    const { best } = shrink(trace, implementation);
    const recipe = {
      seed: trace.header.recipe.seed,
      strategy: 'edited',
      rest: 'benign',
      edits: best.edits,
    } as const;
    const small = recordTrace(best.scenario, recipe, implementation).trace;
    expect(small.header.digest).toBe(best.kept.digest);
    expect(replayStrict(small, implementation).kind).toBe('reproduced');
  });

  it('a budget of runs cuts the search where it stands, and what was found until then holds', () => {
    const { implementation, trace } = violatingRun('R44-ack-before-sync');
    const { status, invariant } = targetOf(trace);
    let last = Infinity;
    for (const mostRuns of [1, 5, 20, 80]) {
      const { best, runs } = shrink(trace, implementation, mostRuns);
      expect(runs).toBeLessThanOrEqual(mostRuns);
      expect(outcomeOf(best.scenario, best.edits, implementation).slice(0, 2)).toEqual([status, invariant]);
      expect(decisionsIn(best)).toBeLessThanOrEqual(last);
      last = decisionsIn(best);
    }
  });

  it('a stall stays a stall', () => {
    const scenario = defineScenario({
      name: 'test/stall',
      title: 'A probe that is lost',
      description: 'A network that loses messages.',
      protocol: { name: 'raft' },
      cluster: { nodes: 3 },
      workload: { clients: 2 },
      network: { loss: '1/10' },
      bounds: { 'heal-at': '2s', 'stop-clients-at': '8s', end: '10s' },
      expect: { 'progress-within': '6s' },
    });
    const bug = 'R43-lost-probe-never-repeated';
    const implementation = buggyImplementation(scenario, bug);
    const seeds = Array.from({ length: 60 }, (_, i) => String(i + 1));
    const stalled = seeds.find(
      (seed) => simulate(scenario, recipeOf(seed), { implementation }).status === 'stalled',
    );
    const { trace } = recordTrace(scenario, recipeOf(stalled ?? '1'), implementation);
    expect(trace.header.verdict.status).toBe('stalled');
    const { best } = shrink(trace, implementation, 200);
    expect(outcomeOf(best.scenario, best.edits, implementation).slice(0, 2)).toEqual([
      'stalled',
      'any/progress',
    ]);
    expect(decisionsIn(best)).toBeLessThanOrEqual(25);
  });
});

describe('minimise: parts', () => {
  it('the driver answers with the first trial that is kept, and counts no others', () => {
    const trialOf = (place: number): Trial => ({ ...({} as Trial), mostEvents: place });
    function* search(): Search<string> {
      const proposal: Proposal = { count: 5, trial: trialOf };
      const first = yield proposal;
      const second = yield { count: 2, trial: trialOf };
      return `${first?.place ?? -1} ${second?.place ?? -1}`;
    }
    const tried: number[] = [];
    const driven = drive(
      search(),
      ({ mostEvents }) => {
        tried.push(mostEvents);
        return mostEvents === 3 ? ({} as Kept) : undefined;
      },
      FOREVER,
      () => false,
    );
    expect(tried).toEqual([0, 1, 2, 3, 0, 1]);
    expect(driven).toEqual({ runs: 6, isCut: false });
  });

  it('random faults become a schedule that does the same', () => {
    fc.assert(
      fc.property(fc.nat(60), (seed) => {
        const target: Target = { status: 'passed', invariant: undefined };
        const { trace, implementation } = passing(String(seed));
        const trial = {
          scenario: SMALL,
          seed: '1',
          edits: decisionsOf(trace),
          chance: undefined,
          untilMicros: FOREVER,
          mostEvents: FOREVER,
        };
        const whole = attempt(trial, target, implementation) as Kept;
        const concrete = concretise(SMALL, whole.deviations, whole.times);
        expect(concrete.scenario.faults.random).toEqual([]);
        const again = recordTrace(
          concrete.scenario,
          { seed: '1', strategy: 'edited', rest: 'benign', edits: concrete.edits },
          implementation,
        ).trace;
        expect(struckIn(again)).toEqual(struckIn(trace));
      }),
      { numRuns: 8 },
    );
  });

  it('keys follow the processes that are left', () => {
    const decision = (group: string, value = 1): State['edits'][number] => ({
      group,
      detail: '',
      nth: 0,
      values: [value],
    });
    const all = [
      decision('m:0>4:ClientReply'),
      decision('m:1>2:AppendEntries'),
      decision('t:2.1:election'),
      decision('c:4:3:op'),
      decision('f:0:schedule.0/0:victim', 2),
      decision('f:0:schedule.0/0:size', 2),
      decision('f:0:schedule.1/0:victim', 1),
    ];
    const renumber = (process: number): number => (process === 1 ? -1 : process > 1 ? process - 1 : process);
    expect(renumbered(all, renumber).map(({ group, values }) => `${group}=${String(values[0])}`)).toEqual([
      'm:0>3:ClientReply=1',
      't:1.1:election=1',
      'c:3:3:op=1',
      'f:0:schedule.0/0:victim=1',
      'f:0:schedule.0/0:size=2',
    ]);
  });

  it('no cluster is made smaller than the liars that it is to bear allow, and none is left empty', () => {
    const liars = { ...SMALL, model: { ...SMALL.model, byzantine: 1 } };
    expect(withoutProcesses(liars, [], new Set([0]))).toBeUndefined();
    expect(withoutProcesses(SMALL, [], new Set([0, 1, 2]))).toBeUndefined();
    expect(withoutProcesses(SMALL, [], new Set([3, 4]))).toBeUndefined();
    const smaller = withoutProcesses(SMALL, [], new Set([0, 3]))?.scenario;
    expect(smaller?.cluster).toMatchObject({ nodes: 2, members: 2 });
    expect(smaller?.workload.clients).toBe(1);
  });
});

function passing(seed: string): { trace: Trace; implementation: Implementation } {
  const implementation = buggyImplementation(SMALL, 'R100-batch-bytes-unbounded');
  return { trace: recordTrace(SMALL, recipeOf(seed), implementation).trace, implementation };
}

/** When which fault begins and ends, and on whom; ids apart. */
function struckIn(trace: Trace): string[] {
  return trace.events.flatMap(({ timeMicros, notes }) =>
    notes.map((note) => `${timeMicros} ${note.replace(/ \([^()]*\)$/, '')}`),
  );
}
