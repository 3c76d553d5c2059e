/** The plan of a swarm back in YAML form; a list of values is told as the choice that it is. */

import { formatDuration, formatRatio } from '../kernel/index.js';
import type { Alternative, Axis } from './swarm-plan.js';

export function swarmYaml(axes: readonly Axis[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(axes.map((axis) => [axis.name, axisYaml(axis)]));
}

function axisYaml(axis: Axis): Readonly<Record<string, unknown>> {
  const when =
    axis.when.length === 0
      ? {}
      : { when: Object.fromEntries(axis.when.map(({ axis: name, is }) => [name, is])) };
  switch (axis.kind) {
    case 'choose':
      return { ...when, choose: axis.alternatives.map(alternativeYaml) };
    case 'between': {
      const { low, high, unit = '' } = axis;
      const ends = [low, high].map((end) => endYaml(end, unit));
      return { ...when, path: axis.path.join('.'), between: ends };
    }
    case 'keep':
      return {
        ...when,
        path: axis.path.join('.'),
        keep: axis.shares.map(formatRatio),
        spread: axis.spread,
      };
  }
}

function endYaml(end: number, unit: string): number | string {
  if (unit === '') return end;
  return unit === 'us' ? formatDuration(end) : `${end}${unit}`;
}

function alternativeYaml({ name, weight, set }: Alternative): Readonly<Record<string, unknown>> {
  const assigned = set.filter(({ value }) => value !== null);
  const unset = set.filter(({ value }) => value === null).map(({ path }) => path.join('.'));
  return {
    name,
    weight,
    set: Object.fromEntries(assigned.map(({ path, value }) => [path.join('.'), value])),
    ...(unset.length === 0 ? {} : { unset }),
  };
}
