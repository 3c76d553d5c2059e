/** The operator's plan: names of servers become numbers, and steps that could never begin are refused. */

import type {
  OperatorAction,
  OperatorPlan,
  OperatorTarget,
  RandomOperations,
} from '../faults/operator-plan.js';
import { MICROS_PER_SECOND, formatDuration } from '../kernel/index.js';
import type { Micros, ProcessId } from '../kernel/index.js';
import { impossible } from './problems.js';
import type { Roster } from './resolve-topology.js';
import { drawnAction } from './schema-operator.js';
import type { OperatorActionForm, ServerName, StepForm, TargetForm } from './schema-operator.js';
import type { ScenarioForm } from './schema.js';
import type { KeyPath } from './source-tree.js';

type OperatorForm = NonNullable<ScenarioForm['operator']>;

/** Time limits of steps that give none: of one request, and of one server after another. */
const SHORT_LIMIT: Micros = 5 * MICROS_PER_SECOND;
const LONG_LIMIT: Micros = 60 * MICROS_PER_SECOND;
const LONG_VERBS: ReadonlySet<OperatorActionForm['do']> = new Set([
  'replace-disk',
  'rolling-upgrade',
  'canary',
]);

export function resolveOperator(form: OperatorForm, roster: Roster, healAtMicros: Micros): OperatorPlan {
  return {
    playbook: form.playbook.map((step, i) => {
      const path = ['operator', 'playbook', i];
      if (step.at >= healAtMicros) {
        const expected = `a time before bounds.heal-at (${formatDuration(healAtMicros)})`;
        impossible([...path, 'at'], expected, `'${formatDuration(step.at)}'`);
      }
      const action = resolveAction(step, roster, path);
      return { id: `playbook.${i}`, atMicros: step.at, withinMicros: limitOf(step), action };
    }),
    random: form.random === undefined ? undefined : resolveRandom(form.random, roster),
  };
}

function limitOf(step: StepForm): Micros {
  return step.within ?? (LONG_VERBS.has(step.do) ? LONG_LIMIT : SHORT_LIMIT);
}

function resolveRandom(form: NonNullable<OperatorForm['random']>, roster: Roster): RandomOperations {
  const verbs = Object.keys(form.actions) as (keyof typeof form.actions)[];
  return {
    everyMinMicros: form.every.minMicros,
    everyMaxMicros: form.every.maxMicros,
    withinMicros: form.within,
    actions: verbs.flatMap((verb) => {
      const weight = form.actions[verb] ?? 0;
      const path = ['operator', 'random', 'actions', verb];
      return weight === 0 ? [] : [{ weight, action: resolveAction(drawnAction(verb), roster, path) }];
    }),
  };
}

function resolveAction(form: OperatorActionForm, roster: Roster, path: KeyPath): OperatorAction {
  const server = (name: ServerName, ...key: KeyPath): ProcessId =>
    roster.processOf({ role: 'server', number: name.number }, [...path, ...key]);
  const target = (given: TargetForm, key: string): OperatorTarget =>
    given.kind === 'server' ? { kind: 'node', node: server(given, key) } : given;
  switch (form.do) {
    case 'transfer-leadership':
      return { do: form.do, to: form.to === undefined ? undefined : target(form.to, 'to') };
    case 'replace':
      return { do: form.do, from: target(form.from, 'from'), to: target(form.to, 'to') };
    case 'change': {
      const voters = form.voters?.map((name, i) => server(name, 'voters', i));
      const learners = form.learners.map((name, i) => server(name, 'learners', i));
      const named = [...(voters ?? []), ...learners];
      if (new Set(named).size < named.length) impossible(path, 'every server once', 'one of them twice');
      return { do: form.do, voters, learners, joint: form.joint, autoLeave: form['auto-leave'] };
    }
    case 'leave-joint':
      return { do: form.do };
    case 'activate-version':
      return { do: form.do, version: form.version };
    case 'upgrade':
      return { do: form.do, on: target(form.on, 'on'), to: form.to, forMicros: form.for };
    case 'rolling-upgrade':
      return { do: form.do, to: form.to, forMicros: form.for, pauseMicros: form.pause };
    case 'canary':
      return {
        do: form.do,
        on: target(form.on, 'on'),
        to: form.to,
        forMicros: form.for,
        pauseMicros: form.pause,
        watchMicros: form.watch,
        trigger: { failures: form.trigger.failures, okBelow: form.trigger['ok-below'] },
      };
    default:
      return { do: form.do, on: target(form.on, 'on') };
  }
}
