import { describe, expect, it } from 'vitest';
import { Guide } from '../../src/campaign/index.js';
import { Lineage } from '../../src/campaign/guided/lineage.js';
import { axisNames, type Scenario } from '../../src/scenario/index.js';
import {
  StateMap,
  isMutated,
  mutationsOf,
  plainRecipe,
  recordTrace,
  builtInImplementation,
  scenarioOf,
  simulate,
  encodeTrace,
  parseTrace,
  replayStrict,
  type Exploration,
  type MutatedRecipe,
  type Outcome,
} from '../../src/simulator/index.js';
import { SMALL } from '../simulator/samples.js';
import { bundled } from '../simulator/scenarios.js';

const SEEDS = Array.from({ length: 24 }, (_, i) => String(i + 1));

/** The runs of a lineage, and how much was reached after each. */
function grow(scenario: Scenario, seeds: readonly string[]): { outcomes: Outcome[]; reached: number[] } {
  const lineage = new Lineage(axisNames(scenario));
  const reached: number[] = [];
  const outcomes = seeds.map((seed) => {
    const recipe = lineage.next(seed);
    const exploration = lineage.explore();
    const outcome = simulate(scenario, recipe, { exploration });
    lineage.learn(recipe, exploration.finds);
    reached.push(lineage.reached);
    return outcome;
  });
  return { outcomes, reached };
}

describe('coverage of abstract states', () => {
  it('changes nothing in a run that is looked at', () => {
    for (const scenario of [SMALL, bundled('pbft/swarm'), bundled('raft/swarm')]) {
      const recipe: MutatedRecipe = { seed: '4', strategy: 'guided', mutations: [] };
      const exploration = { map: new StateMap(), finds: [] };
      expect(simulate(scenario, recipe, { exploration }).digest).toBe(
        simulate(scenario, plainRecipe('4')).digest,
      );
      expect(exploration.map.size).toBeGreaterThan(20);
    }
  });

  it('a second run of the same recipe finds nothing new; another one does', () => {
    const map = new StateMap();
    const findsOf = (seed: string): number[] => {
      const finds: number[] = [];
      simulate(SMALL, { seed, strategy: 'guided', mutations: [] }, { exploration: { map, finds } });
      return finds;
    };
    const first = findsOf('1');
    expect(first.length).toBeGreaterThan(10);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
    expect(findsOf('1')).toEqual([]);
    expect(findsOf('2').length).toBeGreaterThan(0);
  });
});

describe('a lineage', () => {
  const grown = grow(SMALL, SEEDS);

  it('is a function of its seeds, in their order', () => {
    expect(grow(SMALL, SEEDS)).toEqual(grown);
    expect(grow(SMALL, SEEDS.slice(0, 9)).outcomes).toEqual(grown.outcomes.slice(0, 9));
    expect(grow(SMALL, SEEDS.toReversed())).not.toEqual(grown);
  });

  it('goes on finding states that its runs had not been in', () => {
    const { reached } = grown;
    expect(reached).toEqual(reached.toSorted((a, b) => a - b));
    expect(reached.at(-1)).toBeGreaterThan(1.5 * (reached[5] as number));
  });

  it('makes runs from runs that were made from others, and each is what its recipe says', () => {
    const recipes = grown.outcomes.map(({ recipe }) => recipe);
    const longest = recipes.toSorted((a, b) => mutationsOf(b).length - mutationsOf(a).length)[0];
    expect(mutationsOf(longest as MutatedRecipe).length).toBeGreaterThan(1);
    expect(recipes.every(isMutated)).toBe(true);
    for (const { recipe, digest } of grown.outcomes) expect(simulate(SMALL, recipe).digest).toBe(digest);
  });

  it('of a swarm, splices what another seed draws into a run, and its trace keeps that', () => {
    const swarm = bundled('raft/swarm');
    const recipe: MutatedRecipe = {
      seed: '3',
      strategy: 'guided',
      mutations: [{ kind: 'splice', axes: ['cluster', 'faults.random'], seed: '9' }],
    };
    const drawn = scenarioOf(swarm, recipe);
    const [own, other] = ['3', '9'].map((seed) => scenarioOf(swarm, plainRecipe(seed)));
    expect(drawn.faults.random).toEqual(other?.faults.random);
    expect(drawn.cluster.members).toBe(other?.cluster.members);
    expect(other?.cluster.members).not.toBe(own?.cluster.members);
    expect(drawn.protocol.settings).toEqual(own?.protocol.settings);
    const { trace, outcome } = recordTrace(swarm, recipe, builtInImplementation(drawn));
    expect(trace.header.scenario).toEqual(drawn);
    expect(simulate(trace.header.scenario, trace.header.recipe).digest).toBe(outcome.digest);
  });
});

describe('tactics', () => {
  const mutated = (...kinds: readonly ('aim' | 'priorities')[]): MutatedRecipe => ({
    seed: '5',
    strategy: 'guided',
    mutations: kinds.map((kind, i) => ({ kind, seed: `t${i}` })),
  });

  it('aim faults at moments and give links priorities, in any fault plan, and the trace keeps them', () => {
    for (const scenario of [SMALL, bundled('pbft/swarm')]) {
      for (const recipe of [mutated('aim'), mutated('priorities'), mutated('aim', 'priorities', 'aim')]) {
        const drawn = scenarioOf(scenario, recipe);
        const plain = scenarioOf(scenario, plainRecipe('5')).faults;
        expect(drawn.faults).not.toEqual(plain);
        expect(drawn.faults).toMatchObject({ byzantine: plain.byzantine });
        const implementation = builtInImplementation(drawn);
        const { trace, outcome } = recordTrace(scenario, recipe, implementation);
        expect(trace.header.scenario).toEqual(drawn);
        expect(scenarioOf(drawn, recipe)).toEqual(drawn);
        expect(simulate(scenario, recipe).digest).toBe(outcome.digest);
        const read = parseTrace(encodeTrace(trace), 'x');
        expect(read).toEqual(trace);
        expect(replayStrict(read, implementation).kind).toBe('reproduced');
      }
    }
  });

  it('keep to the failure model', () => {
    const model = { ...SMALL.model, crash: false };
    const seeds = Array.from({ length: 30 }, (_, i) => `s${i}`);
    const verbs = (scenario: Scenario): ReadonlySet<string> =>
      new Set(
        seeds.flatMap((seed) => {
          const recipe: MutatedRecipe = { seed, strategy: 'guided', mutations: [{ kind: 'aim', seed }] };
          const { random } = scenarioOf(scenario, recipe).faults;
          return random.filter(({ aim }) => aim !== undefined).map(({ action }) => action.do);
        }),
      );
    expect(verbs(SMALL)).toEqual(new Set(['crash', 'pause', 'isolate']));
    expect(verbs({ ...SMALL, model })).toEqual(new Set(['isolate']));
    expect(verbs({ ...SMALL, model: { ...model, network: false } })).toEqual(new Set());
  });
});

describe('a guide', () => {
  it('makes no run from one that failed', () => {
    const guide = new Guide('guided', SMALL);
    const failed = new Set<string>();
    for (let seed = 1; seed <= 24; seed++) {
      const turn = guide.next(String(seed));
      const { recipe } = turn;
      const made = mutationsOf(recipe).map(({ seed: of }) => of);
      for (const of of [recipe.seed, ...made]) expect(failed).not.toContain(of);
      simulate(SMALL, recipe, { exploration: turn.exploration as Exploration });
      const hasFailed = seed % 3 === 0;
      if (hasFailed) failed.add(String(seed));
      guide.learn(turn, hasFailed);
    }
  });

  it('of priorities, makes a run of its seed alone; of all, each in its turn', () => {
    const pct = { seed: '7', strategy: 'pct', mutations: [{ kind: 'priorities', seed: '7' }] };
    expect(new Guide('pct', SMALL).next('7')).toEqual({ recipe: pct, exploration: undefined });
    const mixed = new Guide('mixed', SMALL);
    const strategies = ['5', '6', '7', '8', '9'].map((seed) => {
      const turn = mixed.next(seed);
      simulate(SMALL, turn.recipe, { exploration: turn.exploration as Exploration });
      mixed.learn(turn, false);
      return turn.recipe.strategy;
    });
    expect(strategies).toEqual(['guided', 'pct', 'guided', 'guided', 'pct']);
  });

  it('of plain runs, asks for the plain run of each seed', () => {
    const guide = new Guide('swarm', SMALL);
    expect(guide.next('7')).toEqual({ recipe: plainRecipe('7'), exploration: undefined });
  });
});
