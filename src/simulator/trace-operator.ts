/** Reads the operator's plan of a trace's header: checked again like all of the scenario; see trace-scenario.ts. */

import type {
  CanaryTrigger,
  OperatorAction,
  OperatorPlan,
  OperatorStep,
  OperatorTarget,
  RandomOperations,
} from '../faults/index.js';
import { flag, integer, list, maybe, object, tagged, text, where, type Fields, type Shape } from './shape.js';
import { micros, positiveMicros, ratio } from './trace-values.js';

const MOST_STEPS = 1000;
export const MOST_VERSIONS = 1_000_000;

const version = integer(1, MOST_VERSIONS);

export function operatorShape(servers: number): Shape<OperatorPlan> {
  const action = actionShape(servers);
  const weighted = object<RandomOperations['actions'][number]>({ weight: integer(1, 1000), action });
  const random = where(
    object<RandomOperations>({
      everyMinMicros: positiveMicros,
      everyMaxMicros: positiveMicros,
      withinMicros: positiveMicros,
      actions: list(weighted, MOST_STEPS),
    }),
    (given) => given.everyMinMicros <= given.everyMaxMicros && given.actions.length > 0,
    'random operations with the lower end of their gap first, and at least one action',
  );
  const step = object<OperatorStep>({
    id: text(200),
    atMicros: micros,
    withinMicros: positiveMicros,
    action,
  });
  return object<OperatorPlan>({ playbook: list(step, MOST_STEPS), random: maybe(random) });
}

function actionShape(servers: number): Shape<OperatorAction> {
  const server = integer(0, servers - 1);
  const target = tagged<OperatorTarget, 'kind'>('kind', {
    node: { node: server },
    leader: {},
    random: {},
    'random-member': {},
    'random-spare': {},
    'random-learner': {},
    'random-blank': {},
  });
  const on = { on: target };
  const times = { forMicros: micros, pauseMicros: micros };
  return tagged<OperatorAction, 'do'>('do', {
    'transfer-leadership': { to: maybe(target) },
    'add-learner': on,
    'add-voter': on,
    promote: on,
    demote: on,
    remove: on,
    replace: { from: target, to: target },
    change: {
      voters: maybe(list(server, servers)),
      learners: list(server, servers),
      joint: flag,
      autoLeave: flag,
    },
    'leave-joint': {},
    snapshot: on,
    'activate-version': { version },
    upgrade: { ...on, to: maybe(version), forMicros: micros },
    'format-disk': on,
    'replace-disk': on,
    'rolling-upgrade': { to: version, ...times },
    canary: {
      ...on,
      to: version,
      ...times,
      watchMicros: positiveMicros,
      trigger: object<CanaryTrigger>({ failures: integer(0, 1_000_000), okBelow: ratio }),
    },
  } satisfies {
    readonly [K in OperatorAction['do']]: Fields<Omit<Extract<OperatorAction, { do: K }>, 'do'>>;
  });
}
