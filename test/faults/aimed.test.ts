// Faults that strike when something happens.

import { describe, expect, it } from 'vitest';
import { minimise } from '../../src/campaign/index.js';
import { Nemesis, type FaultPlan, type RandomFault } from '../../src/faults/index.js';
import { defineScenario, toYaml, loadScenario, type ScenarioInput } from '../../src/scenario/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  encodeTrace,
  parseTrace,
  recordTrace,
  replayStrict,
  simulate,
  Simulation,
} from '../../src/simulator/index.js';
import { recipeOf } from '../simulator/samples.js';
import { RecordingWorld } from './recording-world.js';

const SECOND = 1_000_000;
const LONGEST_DELAY = 4096;

function planOf(fault: Partial<RandomFault>): FaultPlan {
  const random: RandomFault = {
    id: 'random.0',
    aim: { moment: 'commits', least: 3, most: 3 },
    everyMinMicros: 0,
    everyMaxMicros: 0,
    forMinMicros: SECOND,
    forMaxMicros: SECOND,
    action: { do: 'crash', on: { kind: 'there' } },
    ...fault,
  };
  return { schedule: [], random: [random], byzantine: [], damagedDiskBudget: 1 };
}

const AIMED = {
  name: 'test/aimed',
  title: 'Crashes at appends',
  description: 'Whoever has just appended loses its power now and then.',
  protocol: { name: 'raft' },
  cluster: { nodes: 3 },
  workload: { clients: 2 },
  faults: {
    random: [
      { do: 'crash', on: 'there', every: '5..60 appends', for: '50ms..100ms' },
      { do: 'isolate', on: 'there', every: '40 commits', for: '200ms..500ms' },
    ],
  },
  bounds: { 'heal-at': '1500ms', 'stop-clients-at': '2s', end: '3s' },
  expect: { 'progress-within': 'none' },
} satisfies ScenarioInput;

describe('aimed faults', () => {
  it('strike at the moment that they are aimed at, where it comes, and at no other', () => {
    const world = new RecordingWorld({ servers: 3 });
    const nemesis = new Nemesis(planOf({}), world, 10 * SECOND);
    nemesis.start();
    world.time = SECOND;
    for (const process of [0, 1, 0]) nemesis.heard(process, 'appended');
    nemesis.heard(0, 'committed');
    nemesis.heard(1, 'batch-executed');
    world.run(nemesis, 2 * SECOND);
    expect(world.down()).toEqual([]);
    nemesis.heard(2, 'committed');
    world.run(nemesis, 2 * SECOND + LONGEST_DELAY);
    expect(world.down()).toEqual([2]);
    world.run(nemesis, 4 * SECOND);
    expect(world.down()).toEqual([]);
  });

  it('let moments pass while they last, and none is left when everything has healed', () => {
    const world = new RecordingWorld({ servers: 3 });
    const nemesis = new Nemesis(planOf({ aim: { moment: 'commits', least: 1, most: 1 } }), world, 9 * SECOND);
    nemesis.start();
    nemesis.heard(0, 'committed');
    world.run(nemesis, SECOND / 2);
    nemesis.heard(1, 'committed');
    world.run(nemesis, 2 * SECOND);
    expect(world.log.filter((line) => line.includes('crash'))).toHaveLength(1);
    nemesis.heard(1, 'committed');
    nemesis.healAll();
    nemesis.heard(1, 'committed');
    world.run(nemesis, 9 * SECOND);
    expect(world.log.filter((line) => line.includes('crash'))).toHaveLength(1);
    expect(world.residue()).toEqual([]);
  });

  const scenario = defineScenario(AIMED);

  it('are written in a scenario as so many moments, and read back', () => {
    expect(scenario.faults.random[0]).toMatchObject({ aim: { moment: 'appends', least: 5, most: 60 } });
    const text = toYaml(scenario);
    expect(text).toContain('every: 5..60 appends');
    expect(loadScenario(text, { path: 'a.yaml' }).faults).toEqual(scenario.faults);
  });

  it('are refused in one line where they make no sense', () => {
    const refusal = (random: object): string => {
      try {
        defineScenario({ ...AIMED, faults: { random: [random] } } as unknown as ScenarioInput);
      } catch (error) {
        return (error as Error).message;
      }
      return 'none';
    };
    const crash = { do: 'crash', on: 'there', for: '50ms' };
    expect(refusal({ ...crash, every: '1s' })).toContain("such as 9 commits, for 'there'");
    expect(refusal({ ...crash, every: '9 comits' })).toContain('moments such as 5..40 commits (appends, ');
    expect(refusal({ ...crash, every: '9..3 commits' })).toContain('lower end first');
  });

  it('are recorded and replayed bit for bit, and go on in a fork', () => {
    const { trace } = recordTrace(scenario, recipeOf('1'), builtInImplementation(scenario));
    expect(trace.events.some(({ notes }) => notes.some((note) => note.includes('random.0')))).toBe(true);
    const read = parseTrace(encodeTrace(trace), 'x');
    expect(read).toEqual(trace);
    expect(replayStrict(read, builtInImplementation(scenario)).kind).toBe('reproduced');
    const simulation = Simulation.create(scenario, recipeOf('1'));
    for (let i = 0; i < 1200; i++) simulation.step();
    expect(simulation.fork().run()).toEqual(simulation.run());
  });

  it('are made entries of a schedule, each at its time and place, by the minimiser', () => {
    const implementation = buggyImplementation(scenario, 'R29-stale-tail-kept');
    const seeds = Array.from({ length: 100 }, (_, i) => String(i + 1));
    const seed = seeds.find(
      (one) => simulate(scenario, recipeOf(one), { implementation }).status === 'violated',
    );
    const { trace } = recordTrace(scenario, recipeOf(seed ?? 'none'), implementation);
    const { state } = minimise(trace, implementation, 600);
    const { schedule, random } = state.scenario.faults;
    expect(random).toEqual([]);
    expect(schedule.length).toBeGreaterThan(0);
    for (const { action } of schedule) expect(action).toMatchObject({ on: { kind: 'nodes' } });
  });
});
