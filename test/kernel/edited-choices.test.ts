import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BenignChoices,
  DecisionIndex,
  Digest,
  EditedChoices,
  Sampler,
  benignTimer,
} from '../../src/kernel/index.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import type { EditedRecipe } from '../../src/simulator/outcome.js';
import { choicesOf } from '../../src/simulator/recipe-choices.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { replayStrict } from '../../src/simulator/replay.js';
import { simulate } from '../../src/simulator/simulate.js';
import { Simulation } from '../../src/simulator/simulation.js';
import { decisionsOf } from '../../src/simulator/trace.js';
import { encodeTrace, parseTrace } from '../../src/simulator/trace-text.js';
import { SMALL, passingTrace, recipeOf } from '../simulator/samples.js';

const implementation = builtInImplementation(SMALL);

function edited(
  seed: string,
  edits: EditedRecipe['edits'],
  rest: EditedRecipe['rest'] = 'benign',
): EditedRecipe {
  return { seed, strategy: 'edited', rest, edits };
}

/** Runs a recipe, and gives what it deviated in. */
function deviationsOf(recipe: EditedRecipe): { digest: string; deviations: EditedRecipe['edits'] } {
  let choices = undefined as EditedChoices | undefined;
  const simulation = Simulation.create(SMALL, recipe, {
    choices: (digest) => (choices = choicesOf(recipe, digest) as EditedChoices),
  });
  return { digest: simulation.run().digest, deviations: choices?.deviations ?? [] };
}

const seeds = fc.nat(200).map(String);

describe('the edited door', () => {
  it('without an edit over a seed, it is the plain run of that seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(simulate(SMALL, edited(seed, [], 'seed')).digest).toBe(simulate(SMALL, recipeOf(seed)).digest);
      }),
      { numRuns: 10 },
    );
  });

  it('with every decision of a run listed, it is that run; and so with only those that are not benign', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const trace = passingTrace(seed);
        const whole = deviationsOf(edited(seed, decisionsOf(trace)));
        expect(whole.digest).toBe(trace.header.digest);
        expect(whole.deviations.length).toBeLessThan(decisionsOf(trace).length);
        const lean = deviationsOf(edited(seed, whole.deviations));
        expect(lean).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('what a run with any part of the edits deviated in makes that run again, bit by bit', () => {
    fc.assert(
      fc.property(seeds, fc.nat(), fc.integer({ min: 2, max: 50 }), (seed, offset, of) => {
        const edits = decisionsOf(passingTrace(seed)).filter((_, i) => (i + offset) % of !== 0);
        const first = deviationsOf(edited(seed, edits));
        const again = deviationsOf(edited(seed, first.deviations));
        expect(again).toEqual(first);
        expect(first.deviations.length).toBeLessThanOrEqual(edits.length);
      }),
      { numRuns: 15 },
    );
  });

  it('an edit over a seed changes its own question and shifts no draw behind it', () => {
    const trace = passingTrace('7');
    const all = decisionsOf(trace);
    const place = all.findIndex(({ group }) => group.startsWith('m:0>3:'));
    const loss = { ...(all[place] as (typeof all)[number]), values: [-1] };
    const recipe = edited('7', [loss], 'seed');
    const changed = recordTrace(SMALL, recipe, implementation).trace;
    const decisions = decisionsOf(changed);
    expect(decisions.slice(0, place)).toEqual(all.slice(0, place));
    expect(decisions[place]).toEqual(loss);
    expect(changed.header.digest).not.toBe(trace.header.digest);
  });

  it('an edited run is recorded, written, read and replayed like any other', () => {
    const edits = decisionsOf(passingTrace('3')).filter((_, i) => i % 3 !== 0);
    for (const rest of ['benign', 'seed'] as const) {
      const recipe = edited('3', edits, rest);
      const { trace } = recordTrace(SMALL, recipe, implementation);
      const read = parseTrace(encodeTrace(trace), 'x');
      expect(read).toEqual(trace);
      expect(replayStrict(read, implementation)).toMatchObject({
        kind: 'reproduced',
        digest: trace.header.digest,
      });
      expect(simulate(SMALL, read.header.recipe).digest).toBe(trace.header.digest);
    }
  });

  it('a fork goes on as the original does', () => {
    const edits = decisionsOf(passingTrace('5')).filter((_, i) => i % 2 === 0);
    for (const rest of ['benign', 'seed'] as const) {
      const simulation = Simulation.create(SMALL, edited('5', edits, rest));
      for (let i = 0; i < 400; i++) simulation.step();
      const fork = simulation.fork();
      expect(fork.run().digest).toBe(simulation.run().digest);
    }
  });

  it('an edit beyond what the question allows is brought within', () => {
    const ask = (value: number): number => {
      const decision = { group: 't:0.1:election', detail: ':0', nth: 0, values: [value] };
      return new EditedChoices(new DecisionIndex([decision]), new Digest()).timer(0, 1, 'election', 100, 200);
    };
    expect([ask(-5), ask(150), ask(1e9)]).toEqual([100, 150, 200]);
  });
});

describe('benign answers', () => {
  it('are within what is asked, and differ between the servers of a cluster', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 700, max: 1_000_000 }), (min, spread) => {
        const timers = [0, 1, 2, 3, 4, 5, 6].map((process) => benignTimer(process, min, min + spread));
        for (const timer of timers) expect(timer >= min && timer <= min + spread).toBe(true);
        const sorted = [...timers].sort((a, b) => a - b);
        sorted.slice(1).forEach((timer, i) => {
          expect(timer - (sorted[i] ?? 0)).toBeGreaterThan(spread / 16);
        });
      }),
    );
  });

  it('a message arrives whole, once, after the typical delay', () => {
    const delay = new Sampler({ kind: 'long-tail', minMicros: 1, medianMicros: 500, maxMicros: 9000 });
    const profile = { delay, lossThreshold: 4e9, corruptThreshold: 0, duplicateThreshold: 0 };
    const choices = new BenignChoices(new Digest());
    choices.message(profile, 0, 1, 'Ping', 7);
    expect([choices.firstDelay, choices.secondDelay]).toEqual([500, -1]);
    expect(new Sampler({ kind: 'uniform', minMicros: 100, maxMicros: 300 }).typical).toBe(200);
  });
});
