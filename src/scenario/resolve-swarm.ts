/** From the YAML form of a swarm to its plan: paths become steps, ways to draw become one of three. */

import { excerpt, readDuration, received, suggestion } from '../kernel/index.js';
import { impossible } from './problems.js';
import type { AxisForm } from './schema-swarm.js';
import { isKey, type KeyPath } from './source-tree.js';
import {
  itemText,
  type Alternative,
  type Assignment,
  type Axis,
  type ChooseAxis,
  type Form,
} from './swarm-plan.js';

/** Ways to draw, as keys of an axis. */
const WAYS = ['values', 'choose', 'between', 'keep'] as const;
/** What a run's verdict rests on, or what names it, is the same for all runs. */
const FIXED: readonly string[] = [
  'name',
  'title',
  'description',
  'extends',
  'swarm',
  'protocol.module',
  'expect.outcome',
  'expect.invariant',
];
/** The axis that `--set` becomes: it comes last, so that it holds whatever is drawn. */
export const SETTINGS_AXIS = 'set';
const LONGEST_NAME = 80;

/** Throws ProblemFound. */
export function resolveSwarm(
  forms: Readonly<Record<string, AxisForm>>,
  settings: readonly Assignment[],
): Axis[] {
  const axes: Axis[] = [];
  for (const [name, form] of Object.entries(forms)) axes.push(resolveAxis(name, form, axes));
  if (settings.length === 0) return axes;
  const only = { name: '1', weight: 1, set: settings };
  return [
    ...axes.filter(({ name }) => name !== SETTINGS_AXIS),
    { name: SETTINGS_AXIS, when: [], kind: 'choose', alternatives: [only] },
  ];
}

function resolveAxis(name: string, form: AxisForm, before: readonly Axis[]): Axis {
  const at = ['swarm', name];
  const ways = WAYS.filter((way) => form[way] !== undefined);
  if (ways.length !== 1) {
    impossible(at, `exactly one of ${WAYS.join(', ')}`, ways.length === 0 ? 'none' : ways.join(' and '));
  }
  if (form.spread !== undefined && form.keep === undefined) impossible([...at, 'spread'], "'keep' beside it");
  const { values, choose, between, keep, spread = 1 } = form;
  const base = { name, when: resolveWhen(form, at, before) };
  if (choose !== undefined) {
    if (form.path !== undefined) impossible([...at, 'path'], 'no path beside choose, which has its own');
    return { ...base, kind: 'choose', alternatives: alternativesOf(choose, [...at, 'choose']) };
  }
  const path = stepsOf(form.path ?? name, form.path === undefined ? at : [...at, 'path']);
  if (values !== undefined) return { ...base, kind: 'choose', alternatives: valuesOf(values, path, at) };
  if (keep !== undefined) return { ...base, kind: 'keep', path, shares: keep, spread };
  return { ...base, kind: 'between', path, ...rangeOf(between ?? [0, 0], [...at, 'between']) };
}

function resolveWhen({ when }: AxisForm, at: KeyPath, before: readonly Axis[]): Axis['when'] {
  return Object.entries(when).map(([name, is]) => {
    const axis = before.find((one) => one.name === name);
    if (axis?.kind !== 'choose') {
      const known = before.filter(({ kind }) => kind === 'choose').map((one) => one.name);
      return impossible(
        [...at, 'when', name],
        'an axis above that chooses',
        received(name),
        suggestion(name, known),
      );
    }
    const names = axis.alternatives.map((one) => one.name);
    for (const [i, word] of is.entries()) {
      const place = is.length === 1 ? [...at, 'when', name] : [...at, 'when', name, i];
      if (!names.includes(word))
        impossible(place, `one of ${names.join(', ')}`, received(word), suggestion(word, names));
    }
    return { axis: name, is };
  });
}

function alternativesOf(choose: NonNullable<AxisForm['choose']>, at: KeyPath): readonly Alternative[] {
  const alternatives = choose.map(({ name, weight, set, unset }, i): Alternative => {
    const assigned = Object.entries(set).map(([path, value]) => ({
      path: stepsOf(path, [...at, i, 'set', path]),
      value,
    }));
    const taken = unset.map((path, j) => ({ path: stepsOf(path, [...at, i, 'unset', j]), value: null }));
    return { name: name ?? String(i + 1), weight, set: [...taken, ...assigned] };
  });
  for (const [i, { name }] of alternatives.entries()) {
    const isRepeated = alternatives.slice(0, i).some((other) => other.name === name);
    if (isRepeated) impossible([...at, i, 'name'], 'a name that no other alternative has', received(name));
  }
  return alternatives;
}

/** A value that is written several times is as many times as likely. */
function valuesOf(values: readonly unknown[], path: readonly string[], at: KeyPath): readonly Alternative[] {
  const byName = new Map<string, Alternative>();
  for (const [i, value] of values.entries()) {
    if (value === null) impossible([...at, i], 'a value; to take one away, choose with unset', 'nothing');
    const text = Array.isArray(value) ? JSON.stringify(value) : itemText(value);
    const short = excerpt(text, LONGEST_NAME - 1);
    const { name, weight } = byName.get(text) ?? { name: short, weight: 0 };
    byName.set(text, { name, weight: weight + 1, set: [{ path, value }] });
  }
  return uniquelyNamed([...byName.values()]);
}

function uniquelyNamed(alternatives: readonly Alternative[]): readonly Alternative[] {
  return alternatives.map((one, i) => {
    const isTaken = alternatives.slice(0, i).some(({ name }) => name === one.name);
    return isTaken ? { ...one, name: `${i + 1}: ${one.name}`.slice(0, LONGEST_NAME) } : one;
  });
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly unit: string | undefined;
}

function rangeOf(ends: readonly [string | number, string | number], at: KeyPath): Range {
  const [from, to] = ends.map((end, i) => endOf(end, [...at, i])) as [
    Omit<Range, 'high'>,
    Omit<Range, 'high'>,
  ];
  if (from.unit !== to.unit) impossible(at, 'two ends of one unit', ends.map(received).join(' and '));
  if (from.low > to.low) impossible(at, 'the lower end first', ends.map(received).join(' and '));
  return { low: from.low, high: to.low, unit: from.unit };
}

function endOf(end: string | number, at: KeyPath): Omit<Range, 'high'> {
  if (typeof end === 'number' && Number.isSafeInteger(end) && end >= 0) return { low: end, unit: undefined };
  const micros = typeof end === 'string' ? readDuration(end) : undefined;
  if (micros !== undefined) return { low: micros, unit: 'us' };
  const [, digits, unit] = /^(\d{1,9})([A-Za-z%/]{1,8})$/.exec(String(end)) ?? [];
  if (digits !== undefined) return { low: Number(digits), unit };
  return impossible(
    at,
    'a whole number, a duration, or a whole number with its unit, such as 20/s',
    received(end),
  );
}

/** The steps of a path; throws ProblemFound for one that no draw may change. */
function stepsOf(path: string, at: KeyPath): readonly string[] {
  const steps = path.split('.');
  const isPath = steps.every((step, i) => isKey(step) || (i > 0 && /^\d{1,6}$/.test(step)));
  if (!isPath) impossible(at, 'a key path such as cluster.nodes', received(path));
  const fixed = fixedPart(path);
  if (fixed !== undefined)
    impossible(at, `a path other than ${fixed}, which is the same in every run`, received(path));
  return steps;
}

/** The part of a path that is the same in every run; undefined for one that may be drawn. */
export function fixedPart(path: string): string | undefined {
  return FIXED.find((one) => path === one || path.startsWith(`${one}.`));
}

/** The plan in which only those alternatives are left that run the given protocol. */
export function axesForProtocol(axes: readonly Axis[], protocol: string): readonly Axis[] {
  return axes.map((axis): Axis => {
    if (axis.kind !== 'choose') return axis;
    const left = axis.alternatives.filter(({ set }) => set.every((one) => namesNoOther(one, protocol)));
    return left.length === 0 ? axis : ({ ...axis, alternatives: left } satisfies ChooseAxis);
  });
}

function namesNoOther({ path, value }: Assignment, protocol: string): boolean {
  const at = path.join('.');
  const named = at === 'protocol.name' ? value : at === 'protocol' ? (value as Form)['name'] : undefined;
  return named === undefined || named === protocol;
}
