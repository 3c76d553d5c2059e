import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PBFT_INVARIANTS } from '../../src/checkers/pbft/index.js';
import { PbftReplica } from '../../src/protocols/pbft/index.js';
import {
  Choices,
  TwinsCluster,
  TwinsExplorer,
  TwinsTerms,
  pbftClassOf,
  playScenario,
  type Round,
  type TwinsOptions,
  type TwinsShape,
} from '../../src/simulator/twins/index.js';

const SHAPE: TwinsShape = { replicas: 4, twins: 1, mostParts: 2 };

/** All but agreement. */
const ONLY_AGREEMENT: ReadonlySet<string> = new Set(
  PBFT_INVARIANTS.map(({ id }) => id).filter((id) => id !== 'pbft/agreement'),
);

/** To its end; or, where that takes long, until something is found. */
function explored(changes: Partial<TwinsOptions> = {}, untilFound = false): TwinsExplorer {
  const explorer = new TwinsExplorer({
    shape: SHAPE,
    depth: 2,
    Class: PbftReplica,
    shard: 0,
    of: 1,
    ...changes,
  });
  for (const { violations } of explorer.explore()) if (untilFound && violations > 0) break;
  return explorer;
}

function covered({ progress: { played, known, behind } }: TwinsExplorer): number {
  return played + known + behind;
}

function scenarioOf(choices: Choices, index: number, depth: number): Round[] {
  return choices.scenario(index, depth).map((choice) => choices.rounds[choice] as Round);
}

describe('twins: scenarios', () => {
  it('are all partitions of the copies, and all leaders', () => {
    // Bell numbers: 52 partitions of five, 203 of six.
    expect(new Choices({ replicas: 4, twins: 1, mostParts: 5 }).rounds).toHaveLength(52 * 4);
    expect(new Choices({ replicas: 4, twins: 2, mostParts: 6 }).rounds).toHaveLength(203 * 4);
    expect(new Choices(SHAPE).rounds).toHaveLength(16 * 4);
  });

  /** By renaming, in every way, the copies that are alike. */
  function orbitOf(rounds: readonly Round[]): string[] {
    const orders = [
      [1, 2, 3],
      [1, 3, 2],
      [2, 1, 3],
      [2, 3, 1],
      [3, 1, 2],
      [3, 2, 1],
    ];
    return orders.flatMap((order) =>
      [false, true].map((isSwapped) => {
        const nodes = isSwapped ? [4, ...order, 0] : [0, ...order, 4];
        return rounds
          .map(({ parts, leader }) => {
            const groups: number[][] = [];
            parts.forEach((part, node) => (groups[part] ??= []).push(nodes[node] as number));
            const sorted = groups.map((group) => group.sort((a, b) => a - b).join('')).sort();
            return `${sorted.join('/')} ${leader === 0 ? 0 : (order[leader - 1] ?? 0)}`;
          })
          .join(', ');
      }),
    );
  }

  it('are each there once, up to renaming what is alike', () => {
    const choices = new Choices(SHAPE);
    const all = new Set(
      choices.rounds.flatMap((a) => choices.rounds.map((b) => orbitOf([a, b]).sort()[0] ?? '')),
    );
    const listed = Array.from({ length: choices.count(2) }, (_, i) => scenarioOf(choices, i, 2));
    const canonical = listed.map((rounds) => orbitOf(rounds).sort()[0] ?? '');
    expect(new Set(canonical)).toEqual(all);
    expect(canonical).toHaveLength(all.size);
  });

  it('have the counts that the documents give', () => {
    const choices = new Choices({ replicas: 4, twins: 1, mostParts: 5 });
    expect([1, 2, 3, 4].map((depth) => choices.count(depth))).toEqual([42, 4695, 812_110, 160_117_923]);
  });
});

describe('twins: a cluster', () => {
  const terms = new TwinsTerms(SHAPE, PbftReplica);
  const choices = new Choices(SHAPE);
  const round = fc.nat({ max: choices.rounds.length - 1 }).map((i) => choices.rounds[i] as Round);

  it('executes what its leader is given when all are together', () => {
    const together = choices.rounds[1] as Round;
    expect(together).toEqual({ parts: [0, 0, 0, 0, 0], leader: 1 });
    const cluster = playScenario(terms, [together, together]);
    expect(cluster.executed()).toEqual([2, 2, 2, 2, 2]);
  });

  it('goes on after a fork as if it had never been one', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 4 }), fc.array(round, { maxLength: 3 }), (first, then) => {
        const original = TwinsCluster.create(terms);
        for (const next of first) original.play(next);
        const before = original.hash(1);
        const copy = original.fork();
        expect(copy.hash(1)).toBe(before);
        for (const next of then) copy.play(next);
        expect(original.hash(1)).toBe(before);
        const fresh = TwinsCluster.create(terms);
        for (const next of [...first, ...then]) fresh.play(next);
        expect(copy.hash(1)).toBe(fresh.hash(1));
      }),
      { numRuns: 60 },
    );
  });
});

describe('twins: an exploration', () => {
  it('finds nothing wrong with correct code, in every scenario of two rounds', () => {
    const explorer = explored({ shape: { replicas: 4, twins: 1, mostParts: 5 } });
    expect(explorer.found).toEqual([]);
    expect(covered(explorer)).toBe(4695);
  });

  it.each([
    ['P07-repeated-view-change-counted', 4, 2],
    ['P35-executes-on-prepared', 4, 1],
    ['P15-votes-of-another-view', 4, 3],
    ['P02-quorum-by-integer-division', 5, 1],
  ])('finds %s', (bug, replicas, depth) => {
    const shape = { replicas, twins: 1, mostParts: 2 };
    const explorer = explored({ shape, depth, Class: pbftClassOf(bug) }, true);
    expect(explorer.found.length).toBeGreaterThan(0);
    const terms = new TwinsTerms(shape, pbftClassOf(bug));
    for (const { rounds, invariant, message, scenario } of explorer.found) {
      // A number names the first scenario that begins so.
      const whole = scenarioOf(explorer.choices, scenario, depth);
      expect(whole.slice(0, rounds.length)).toEqual(rounds);
      expect(playScenario(terms, whole).violation).toEqual({ invariant, message });
    }
  });

  it('finds a fork when quorums are too small, and only agreement is judged', () => {
    const Class = pbftClassOf('P02');
    const shape = { replicas: 5, twins: 1, mostParts: 2 };
    const terms = new TwinsTerms(shape, Class, ONLY_AGREEMENT);
    const choices = new Choices(shape);
    const forks = Array.from({ length: choices.count(1) }, (_, i) =>
      playScenario(terms, scenarioOf(choices, i, 1)),
    );
    expect(forks.map(({ violation }) => violation?.invariant)).toContain('pbft/agreement');
  });

  it('finds a fork when more replicas are twins than are borne', () => {
    const { found } = explored({ shape: { replicas: 4, twins: 2, mostParts: 2 } });
    expect(found.length).toBeGreaterThan(0);
  });

  it('skips only what it has explored: played one by one, all scenarios come to the same', () => {
    const shape = { replicas: 4, twins: 1, mostParts: 5 };
    const Class = pbftClassOf('P07');
    const terms = new TwinsTerms(shape, Class);
    const explorer = explored({ shape, Class });
    expect(explorer.progress.known).toBeGreaterThan(0);
    let broken = 0;
    for (let i = 0; i < explorer.total; i++) {
      if (playScenario(terms, scenarioOf(explorer.choices, i, 2)).violation !== undefined) broken++;
    }
    // Those that were skipped may be broken as well: then some that were played are.
    expect(broken).toBeGreaterThanOrEqual(explorer.progress.behind);
    expect(broken).toBeLessThanOrEqual(explorer.progress.behind + explorer.progress.known);
    expect(explorer.progress.behind).toBeGreaterThan(0);
  });

  it('is the same in shards as in one piece', () => {
    const shards = [0, 1, 2].map((shard) => explored({ shard, of: 3, Class: pbftClassOf('P35') }));
    const whole = explored({ Class: pbftClassOf('P35') });
    const sum = (pick: (explorer: TwinsExplorer) => number): number =>
      shards.reduce((total, explorer) => total + pick(explorer), 0);
    expect(sum(covered)).toBe(whole.total);
    expect(sum(({ progress }) => progress.violations)).toBeGreaterThanOrEqual(whole.progress.violations);
  });
});
