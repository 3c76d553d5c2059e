// Watching a real run: what it counts, and that the run does not notice.

import { describe, expect, it } from 'vitest';
import { Simulation, simulate } from '../../src/simulator/index.js';
import { SMALL, recipeOf } from './samples.js';
import { bundled } from './scenarios.js';

describe('coverage of a run', () => {
  it('is there when it is asked for, with the checkers and without, and changes nothing', () => {
    const bare = simulate(SMALL, recipeOf('1'));
    const watched = simulate(SMALL, recipeOf('1'), { coverage: true });
    const alone = simulate(SMALL, recipeOf('1'), { coverage: true, checkers: false });
    expect(bare).not.toHaveProperty('coverage');
    expect(watched).toEqual({ ...bare, coverage: watched.coverage });
    expect(alone.coverage).toEqual(watched.coverage);
  });

  it('finds what isolated, crashed and paused leaders bring about', () => {
    expect(simulate(bundled('raft/long-pauses'), recipeOf('1'), { coverage: true }).coverage).toMatchObject({
      'raft/two-leaders-at-once': expect.any(Number) as number,
      'raft/leader-paused-and-deposed': expect.any(Number) as number,
      'raft/deposed-leaders-entries-overwritten': expect.any(Number) as number,
    });
    expect(simulate(bundled('raft/clock-jumps'), recipeOf('1'), { coverage: true }).coverage).toHaveProperty([
      'raft/clock-jump-on-leader',
    ]);
  });

  it('a quiet run reaches nothing that only a fault brings about', () => {
    const { coverage = {} } = simulate(bundled('raft/baseline-quiet'), recipeOf('1'), { coverage: true });
    // What every cluster does: it makes its versions known, compacts, and at the start two may ask for votes.
    const daily = [
      'pre-vote-refused',
      'version-announced',
      'version-activated',
      'compacted-with-retained-tail',
    ];
    const reached = Object.keys(coverage).filter((id) => id.startsWith('raft/'));
    expect(reached.filter((id) => !daily.includes(id.slice('raft/'.length)))).toEqual([]);
  });

  it('goes on in a fork, and the original does not notice', () => {
    const scenario = bundled('raft/all-of-it');
    const whole = simulate(scenario, recipeOf('3'), { coverage: true }).coverage;
    const simulation = Simulation.create(scenario, recipeOf('3'), { coverage: true });
    while (simulation.eventNumber < 5000) simulation.step();
    const soFar = simulation.outcome().coverage;
    expect(soFar).not.toEqual(whole);
    expect(simulation.fork().run().coverage).toEqual(whole);
    expect(simulation.outcome().coverage).toEqual(soFar);
    expect(simulation.run().coverage).toEqual(whole);
  });
});
