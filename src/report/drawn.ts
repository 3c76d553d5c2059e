/** What a run of a swarm drew, for people: one line for each axis. */

import type { ChalkInstance } from 'chalk';
import type { Scenario } from '../scenario/index.js';
import { drawnBy, type Recipe } from '../simulator/index.js';
import { wrap } from './wrap.js';

const WIDTH = 80;

/** Under a heading, within 80 columns; nothing for a scenario that draws nothing. */
export function drawnLines(scenario: Scenario, recipe: Recipe, paint: ChalkInstance): readonly string[] {
  const texts = drawnBy(scenario, recipe);
  if (texts.length === 0) return [];
  return [
    `  ${paint.dim('drawn ')}`,
    ...texts.flatMap(([name, text]) =>
      wrap(`${name}: ${text}`, WIDTH - 6).map((line, i) => `${i === 0 ? '    ' : '      '}${line}`),
    ),
  ];
}

/** The same as data: texts by the names of axes; null for a scenario that draws nothing. */
export function drawnRecord(scenario: Scenario, recipe: Recipe): Readonly<Record<string, string>> | null {
  return scenario.swarm === undefined ? null : Object.fromEntries(drawnBy(scenario, recipe));
}
