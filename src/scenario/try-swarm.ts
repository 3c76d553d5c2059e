/**
 * Tries a swarm out when it is loaded, so that what makes no sense is refused by file and line, and no run
 * fails at its draw: each alternative of each axis by itself, then draws in which all alternatives are alike
 * likely, enough of them that about every two meet.
 */

import { RandomStream } from '../kernel/index.js';
import { applySettings, type Setting } from './compose-files.js';
import { resolveDrawn } from './draw.js';
import { SETTINGS_AXIS } from './resolve-swarm.js';
import { mapNode, nodeAt, placeOf, plainValue, type KeyPath, type MapNode } from './source-tree.js';
import {
  draw,
  type Assignment,
  type Axis,
  type ChooseAxis,
  type Dice,
  type Drawing,
  type DrawnAxis,
  type SwarmPlan,
} from './swarm-plan.js';
import { treeOfValue } from './tree-of-value.js';
import type { Scenario } from './types.js';

/** Draws of everything at once. */
const MIXED_DRAWS = 32;

export interface Trial {
  /** Checks of a drawn scenario beyond its form. */
  check(scenario: Scenario): void;
  /** Does the same to a tree, so that what is wrong is told with its line. */
  explain(tree: MapNode): void;
}

/** Throws UsageError, with the line of what cannot be. */
export function trySwarm(
  root: MapNode,
  scenario: Scenario,
  settings: readonly Setting[],
  trial: Trial,
): void {
  const plan = scenario.swarm as SwarmPlan;
  for (const drawing of drawingsOf(plan)) {
    const drawn: DrawnAxis[] = [];
    try {
      trial.check(resolveDrawn(scenario, draw(plan, drawing, drawn), drawn));
    } catch (error) {
      trial.explain(laidOver(root, drawn, settings));
      throw error;
    }
  }
}

/** The tree with what was drawn laid over it, each value where it was written. */
function laidOver(root: MapNode, drawn: readonly DrawnAxis[], settings: readonly Setting[]): MapNode {
  const laid = drawn
    .filter(({ axis }) => settings.length === 0 || axis.name !== SETTINGS_AXIS)
    .flatMap((one) => one.set.map((assignment) => settingOf(root, one, assignment)));
  const written = mapNode(root.place, new Map([...root.entries].filter(([key]) => key !== 'swarm')));
  return applySettings(written, [...laid, ...settings]);
}

function settingOf(root: MapNode, drawn: DrawnAxis, { path, value }: Assignment): Setting {
  const at = whereWritten(root, drawn, path, value);
  const node = drawn.axis.kind === 'choose' && value !== null ? nodeAt(root, at) : undefined;
  // A bare list has no better key than its axis.
  const keyed = at.length > 0 && typeof at.at(-1) === 'number' ? ['swarm', drawn.axis.name] : at;
  const place = placeOf(root, keyed, 'key');
  return { path, value: node ?? treeOfValue(value, place), place };
}

function whereWritten(
  root: MapNode,
  { axis, text }: DrawnAxis,
  path: readonly string[],
  value: unknown,
): KeyPath {
  const at = ['swarm', axis.name];
  if (axis.kind !== 'choose') return at;
  const choose = nodeAt(root, [...at, 'choose']);
  if (choose !== undefined) {
    const index = axis.alternatives.findIndex(({ name }) => name === text);
    return [...at, 'choose', index, ...(value === null ? ['unset'] : ['set', path.join('.')])];
  }
  const list = nodeAt(root, at)?.kind === 'list' ? at : [...at, 'values'];
  const values = nodeAt(root, list);
  if (values?.kind !== 'list') return at;
  const wanted = JSON.stringify(value);
  return [...list, values.items.findIndex((item) => JSON.stringify(plainValue(item)) === wanted)];
}

function* drawingsOf({ axes }: SwarmPlan): Generator<Drawing> {
  for (const axis of axes) {
    if (axis.kind === 'choose') {
      for (let i = 0; i < axis.alternatives.length; i++) yield alone(axes, axis, i, LOWEST);
    } else {
      yield alone(axes, axis, 0, LOWEST);
      yield alone(axes, axis, 0, HIGHEST);
    }
  }
  for (let i = 0; i < MIXED_DRAWS; i++) yield mixed(i);
}

const LOWEST: Dice = { integer: (min) => min };
const HIGHEST: Dice = { integer: (_, max) => max };

/** One alternative of one axis, with what it must come with, and nothing else. */
function alone(axes: readonly Axis[], wanted: Axis, index: number, dice: Dice): Drawing {
  const chosen = new Map<Axis, number>();
  const need = (axis: Axis, alternative: number): void => {
    chosen.set(axis, alternative);
    for (const { axis: name, is } of axis.when) {
      const before = axes.find((one) => one.name === name) as ChooseAxis;
      need(
        before,
        before.alternatives.findIndex((one) => one.name === is[0]),
      );
    }
  };
  need(wanted, index);
  return {
    dice: () => dice,
    choose: (axis) => chosen.get(axis) ?? 0,
    isDrawn: (axis) => chosen.has(axis) || axis.name === SETTINGS_AXIS,
  };
}

function mixed(number: number): Drawing {
  return {
    dice: ({ name }) => RandomStream.derive(`try ${number}`, `swarm:${name}`),
    choose: ({ alternatives }, dice) => dice.integer(0, alternatives.length - 1),
    isDrawn: () => true,
  };
}
