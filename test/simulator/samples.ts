/** Small recorded runs that the tests of traces and replay share. */

import { defineScenario, type Scenario } from '../../src/scenario/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  type Implementation,
} from '../../src/simulator/implementation.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { simulate } from '../../src/simulator/simulate.js';
import type { Recipe } from '../../src/simulator/outcome.js';
import type { Trace } from '../../src/simulator/trace.js';

/** Three servers and two clients for three seconds, with crashes and isolated leaders. */
export const SMALL: Scenario = defineScenario({
  name: 'test/small',
  title: 'Three servers, two clients, a few faults',
  description: 'Short enough for tests; every kind of event occurs.',
  protocol: { name: 'raft' },
  cluster: { nodes: 3 },
  workload: { clients: 2 },
  faults: {
    schedule: [{ at: '20ms', do: 'clock-jump', on: 'n1', by: '-3ms' }],
    random: [
      { do: 'crash', on: 'random', every: '100ms..300ms', for: '50ms..100ms' },
      { do: 'isolate', on: 'leader', every: '200ms..400ms', for: '100ms..300ms' },
    ],
  },
  bounds: { 'heal-at': '1500ms', 'stop-clients-at': '2s', end: '3s' },
  expect: { 'progress-within': 'none' },
});

export function recipeOf(seed: string): Recipe {
  return { seed, strategy: 'random' };
}

/** A run of correct code, recorded. */
export function passingTrace(seed = 'é 1/2', scenario: Scenario = SMALL): Trace {
  return recordTrace(scenario, recipeOf(seed), builtInImplementation(scenario)).trace;
}

export interface FoundRun {
  readonly implementation: Implementation;
  readonly trace: Trace;
}

/** The first of many seeds for which a bug of the zoo shows, recorded. */
export function violatingRun(bug: string, scenario: Scenario = SMALL): FoundRun {
  for (let seed = 1; seed <= 200; seed++) {
    const implementation = buggyImplementation(scenario, bug);
    const recipe = recipeOf(String(seed));
    if (simulate(scenario, recipe, { implementation }).status !== 'violated') continue;
    return { implementation, trace: recordTrace(scenario, recipe, implementation).trace };
  }
  throw new Error(`${bug} does not show within 200 seeds`);
}

/** A copy of a trace in which one event is changed. */
export function withEvent(trace: Trace, number: number, change: object): Trace {
  const events = trace.events.map((event) => (event.number === number ? { ...event, ...change } : event));
  return { ...trace, events };
}

/** A copy of a trace in which the header is changed. */
export function withHeader(trace: Trace, change: object): Trace {
  return { ...trace, header: { ...trace.header, ...change } };
}

export type Path = readonly (string | number)[];

/** Paths of all values within a value. */
export function pathsOf(value: unknown): Path[] {
  if (value === null || typeof value !== 'object') return [[]];
  const within = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return within.flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

/** A copy of a value with another one at that path. */
export function replaceAt(value: unknown, path: Path, by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, i) => (i === key ? replaceAt(item, rest, by) : item) as unknown);
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaceAt(record[key], rest, by) };
}
