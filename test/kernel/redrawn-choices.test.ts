import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Family, NO_END, type Redraw } from '../../src/kernel/index.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import type { MutatedRecipe } from '../../src/simulator/outcome.js';
import { replayStrict } from '../../src/simulator/replay.js';
import { simulate } from '../../src/simulator/simulate.js';
import { Simulation } from '../../src/simulator/simulation.js';
import { decisionsOf } from '../../src/simulator/trace.js';
import { encodeTrace, parseTrace } from '../../src/simulator/trace-text.js';
import { SMALL, passingTrace, recipeOf } from '../simulator/samples.js';

const implementation = builtInImplementation(SMALL);

function redrawn(seed: string, ...redraws: readonly Omit<Redraw, 'seed'>[]): MutatedRecipe {
  const mutations = redraws.map((redraw, i) => ({ kind: 'redraw' as const, ...redraw, seed: `other ${i}` }));
  return { seed, strategy: 'guided', mutations };
}

const traceOf = (recipe: MutatedRecipe) => recordTrace(SMALL, recipe, implementation).trace;
const redraw = fc.record({
  from: fc.nat(3000),
  length: fc.integer({ min: 1, max: 500 }),
  isEndless: fc.boolean(),
  families: fc.subarray(Object.values(Family)),
});
const redraws = fc.array(redraw, { maxLength: 4 }).map((all) =>
  all.map(({ from, length, isEndless, families }) => ({
    from,
    until: isEndless ? NO_END : from + length,
    families,
  })),
);

describe('redrawn choices', () => {
  it('without a stretch, it is the plain run of the seed', () => {
    for (const seed of ['1', '2', 'x'])
      expect(simulate(SMALL, redrawn(seed)).digest).toBe(simulate(SMALL, recipeOf(seed)).digest);
  });

  it('until the first stretch begins, it is that run too, decision for decision', () => {
    const all = decisionsOf(passingTrace('5'));
    const changed = decisionsOf(traceOf(redrawn('5', { from: 1000, until: NO_END, families: [] })));
    expect(changed.slice(0, 1000)).toEqual(all.slice(0, 1000));
    expect(changed.slice(1000, 1100)).not.toEqual(all.slice(1000, 1100));
  });

  it('a stretch of one question changes no other answer until the run itself goes another way', () => {
    const all = decisionsOf(passingTrace('5'));
    const place = all.findIndex(({ group }, i) => i > 500 && group.startsWith('m:'));
    const one = { from: place, until: place + 1, families: [] };
    const changed = decisionsOf(traceOf(redrawn('5', one)));
    expect(changed[place]?.values).not.toEqual(all[place]?.values);
    // Later messages of the sender are told apart by content: those that both runs sent took as long.
    const { group } = all[place] as (typeof all)[number];
    const next = (list: typeof all) => list.slice(place + 1).find((decision) => decision.group === group);
    expect(next(changed)).toEqual(next(all));
  });

  it('of one family, leaves the others as they were', () => {
    const all = decisionsOf(passingTrace('5'));
    const changed = decisionsOf(traceOf(redrawn('5', { from: 0, until: NO_END, families: [Family.fault] })));
    const clocks = (list: typeof all) => list.filter(({ group }) => group.startsWith('p:'));
    expect(clocks(changed)).toEqual(clocks(all));
    const gap = ({ group }: (typeof all)[number]) => /^f:.*:gap$/.test(group);
    expect(changed.find(gap)).not.toEqual(all.find(gap));
  });

  it('is recorded, written, read and replayed like any other run, and is the same again from its recipe', () => {
    fc.assert(
      fc.property(fc.nat(50).map(String), redraws, (seed, all) => {
        const recipe = redrawn(seed, ...all);
        const trace = traceOf(recipe);
        const read = parseTrace(encodeTrace(trace), 'x');
        expect(read).toEqual(trace);
        expect(replayStrict(read, implementation).kind).toBe('reproduced');
        expect(simulate(read.header.scenario, read.header.recipe).digest).toBe(trace.header.digest);
      }),
      { numRuns: 8 },
    );
  });

  it('a fork goes on as the original does', () => {
    const recipe = redrawn(
      '3',
      { from: 800, until: 900, families: [] },
      { from: 1500, until: NO_END, families: [] },
    );
    const simulation = Simulation.create(SMALL, recipe);
    for (let i = 0; i < 700; i++) simulation.step();
    const fork = simulation.fork();
    expect(fork.run()).toEqual(simulation.run());
  });
});
