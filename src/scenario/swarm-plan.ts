/**
 * What a scenario leaves to chance before a run begins. Each run of a swarm draws, axis by axis, what is laid
 * over the scenario as it is written. Plain data, so that it crosses threads and is hashed with its scenario.
 *
 * Each axis draws from a stream of its own, named after it: another axis, added or taken away, changes no
 * draw of the others. Source of the idea: Groce et al., "Swarm Testing" (ISSTA 2012).
 */

import {
  RandomStream,
  formatDuration,
  formatDurationRange,
  readDurationRange,
  type Ratio,
} from '../kernel/index.js';
import { impossible } from './problems.js';

/** A map of the YAML form. */
export type Form = Readonly<Record<string, unknown>>;

/** A value laid over the form at a path. Null takes away what stands there. */
export interface Assignment {
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface Alternative {
  /** What it is called where a draw is told; no other one of its axis has this name. */
  readonly name: string;
  /** From 1. */
  readonly weight: number;
  readonly set: readonly Assignment[];
}

interface AxisBase {
  readonly name: string;
  /** The axis is drawn only where an earlier one took one of these alternatives. */
  readonly when: readonly { readonly axis: string; readonly is: readonly string[] }[];
}

export interface ChooseAxis extends AxisBase {
  readonly kind: 'choose';
  readonly alternatives: readonly Alternative[];
}

/** A quantity between two ends, every doubling as likely as the next. */
export interface BetweenAxis extends AxisBase {
  readonly kind: 'between';
  readonly path: readonly string[];
  readonly low: number;
  readonly high: number;
  /** What follows the number: `/s`, `%`, `ppm`; `us` for durations; undefined for a bare number. */
  readonly unit: string | undefined;
}

/** Each item of a list, or key of a map, is kept with the same probability, which is drawn first. */
export interface KeepAxis extends AxisBase {
  readonly kind: 'keep';
  readonly path: readonly string[];
  readonly shares: readonly Ratio[];
  /** Weights, and the times between strikes, are multiplied or divided by a power of two up to this one. */
  readonly spread: number;
}

export type Axis = ChooseAxis | BetweenAxis | KeepAxis;

export interface SwarmPlan {
  /** The scenario as it is written, without its swarm. */
  readonly form: Form;
  /** In the order in which they are drawn. */
  readonly axes: readonly Axis[];
}

/** What one axis came to. */
export interface DrawnAxis {
  readonly axis: Axis;
  /** For people: `7`, `tiny snapshots`, `2 of 20: crash leader, bit-rot random`. */
  readonly text: string;
  readonly set: readonly Assignment[];
}

/** An integer from `min` to `max`, both included. */
export interface Dice {
  integer(min: number, max: number): number;
}

/** How a draw is made; a run's own, or one that tries a plan out. */
export interface Drawing {
  dice(axis: Axis): Dice;
  /** Place of an alternative. */
  choose(axis: ChooseAxis, dice: Dice): number;
  /** False: the axis is left as it is written. */
  isDrawn(axis: Axis): boolean;
}

/** The draw of a run. `others`: seeds of axes that are drawn from another one. */
export function drawingOf(seed: string, others: ReadonlyMap<string, string> = new Map()): Drawing {
  return {
    dice: ({ name }) => RandomStream.derive(others.get(name) ?? seed, `swarm:${name}`),
    choose: chooseByWeight,
    isDrawn: () => true,
  };
}

/** Draws every axis into `drawn`, and gives the form with all that laid over it. */
export function draw({ form, axes }: SwarmPlan, drawing: Drawing, drawn: DrawnAxis[] = []): Form {
  let result = form;
  for (const axis of axes) {
    if (!drawing.isDrawn(axis) || !appliesAfter(axis, drawn)) continue;
    const one = drawAxis(axis, result, drawing);
    drawn.push(one);
    for (const { path, value } of one.set) result = assign(result, path, value) as Form;
  }
  return result;
}

function appliesAfter({ when }: Axis, drawn: readonly DrawnAxis[]): boolean {
  return when.every(({ axis: name, is }) => {
    const before = drawn.find(({ axis }) => axis.name === name);
    return before !== undefined && is.includes(before.text);
  });
}

function drawAxis(axis: Axis, form: Form, drawing: Drawing): DrawnAxis {
  const dice = drawing.dice(axis);
  switch (axis.kind) {
    case 'choose': {
      const { name, set } = axis.alternatives[drawing.choose(axis, dice)] as Alternative;
      return { axis, text: name, set };
    }
    case 'between': {
      const value = withUnit(drawBetween(axis.low, axis.high, dice), axis.unit);
      return { axis, text: String(value), set: [{ path: axis.path, value }] };
    }
    case 'keep':
      return drawKept(axis, form, dice);
  }
}

function chooseByWeight({ alternatives }: ChooseAxis, dice: Dice): number {
  const total = alternatives.reduce((sum, { weight }) => sum + weight, 0);
  let left = dice.integer(1, total);
  return alternatives.findIndex(({ weight }) => (left -= weight) <= 0);
}

/** First the doubling, then the place in it: integers only, so that no last bit depends on an engine. */
function drawBetween(low: number, high: number, dice: Dice): number {
  const starts = [low];
  for (let start = Math.max(1, low) * 2; start <= high; start *= 2) starts.push(start);
  const doubling = dice.integer(0, starts.length - 1);
  return dice.integer(starts[doubling] as number, (starts[doubling + 1] ?? high + 1) - 1);
}

function withUnit(value: number, unit: string | undefined): number | string {
  if (unit === undefined) return value;
  return unit === 'us' ? formatDuration(value) : `${value}${unit}`;
}

function drawKept(axis: KeepAxis, form: Form, dice: Dice): DrawnAxis {
  const { path, shares, spread } = axis;
  const { numerator, denominator } = shares[dice.integer(0, shares.length - 1)] as Ratio;
  const isKept = (): boolean => dice.integer(1, denominator) <= numerator;
  const found = valueAt(form, path);
  if (Array.isArray(found)) {
    const kept = found.filter(isKept).map((item) => vary(item, spread, dice));
    return { axis, text: keptText(found.length, kept.map(itemText)), set: [{ path, value: kept }] };
  }
  if (typeof found !== 'object' || found === null) return { axis, text: 'none', set: [] };
  const entries = Object.entries(found);
  const kept = entries.filter(isKept);
  // A map of weights without any is none: one is kept.
  const only = entries[dice.integer(0, entries.length - 1)];
  if (kept.length === 0 && only !== undefined) kept.push(only);
  const varied = kept.map(([key, item]) => [key, vary(item, spread, dice)] as const);
  const texts = varied.map(([key, item]) => `${key} ${itemText(item)}`);
  return {
    axis,
    text: keptText(entries.length, texts),
    set: [{ path, value: Object.fromEntries(varied) }],
  };
}

const LARGEST_WEIGHT = 1000;
const SHORTEST_PERIOD = 1000;
const LONGEST_PERIOD = 86_400_000_000;

/** A weight, or the time between two strikes, times or divided by a power of two. */
function vary(item: unknown, spread: number, dice: Dice): unknown {
  if (spread === 1) return item;
  const scale = drawScale(spread, dice);
  if (typeof item === 'number') return clamp(scale(item), 1, LARGEST_WEIGHT);
  if (typeof item !== 'object' || item === null || !('every' in item)) return item;
  const range = readDurationRange(item.every);
  if (range === undefined) return item;
  const [min, max] = [range.minMicros, range.maxMicros].map((micros) =>
    clamp(scale(micros), SHORTEST_PERIOD, LONGEST_PERIOD),
  ) as [number, number];
  return { ...item, every: formatDurationRange(min, max) };
}

function drawScale(spread: number, dice: Dice): (value: number) => number {
  const factors = [1];
  for (let factor = 2; factor <= spread; factor *= 2) factors.push(factor);
  const power = dice.integer(1 - factors.length, factors.length - 1);
  const factor = factors[power < 0 ? -power : power] as number;
  return power < 0 ? (value) => Math.floor(value / factor) : (value) => value * factor;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function keptText(all: number, kept: readonly string[]): string {
  return kept.length === 0 ? `none of ${all}` : `${kept.length} of ${all}: ${kept.join(', ')}`;
}

/** A fault by its verb, whom it falls on, and how often; a weight by its number. */
export function itemText(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item);
  const { do: verb, on, as, every } = item as Form;
  if (typeof verb !== 'string') return JSON.stringify(item);
  const words = [verb, as, on].filter((word) => word !== undefined);
  const what = words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' ');
  return typeof every === 'string' ? `${what} every ${every}` : what;
}

function valueAt(form: unknown, path: readonly string[]): unknown {
  let value = form;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/** The form with a value at a path, as `--set` puts it there. */
function assign(form: unknown, path: readonly string[], value: unknown, at = 0): unknown {
  const step = path[at];
  if (step === undefined) return value;
  if (Array.isArray(form)) {
    const index = Number(step);
    if (!(index < form.length)) impossible(path.slice(0, at + 1), `a position from 0 to ${form.length - 1}`);
    return form.map((item, i) => (i === index ? assign(item, path, value, at + 1) : (item as unknown)));
  }
  const isMap = typeof form === 'object' && form !== null;
  if (form !== undefined && !isMap) impossible(path.slice(0, at), 'a map', undefined);
  const map = (form ?? {}) as Form;
  const below = assign(Object.hasOwn(map, step) ? map[step] : undefined, path, value, at + 1);
  if (below !== null) return { ...map, [step]: below };
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== step));
}
