/** The operator's plan back in YAML form. */

import type { OperatorAction, OperatorPlan, OperatorTarget } from '../faults/operator-plan.js';
import { formatDuration, formatDurationRange, formatRatio } from '../kernel/index.js';
import type { Yaml } from './describe-faults.js';
import type { Roster } from './resolve-topology.js';

type YamlMap = Readonly<Record<string, Yaml>>;

export function operatorYaml({ playbook, random }: OperatorPlan, roster: Roster): YamlMap {
  const steps = playbook.map(({ atMicros, withinMicros, action }) => ({
    at: formatDuration(atMicros),
    within: formatDuration(withinMicros),
    ...actionYaml(action, roster),
  }));
  if (random === undefined) return { playbook: steps };
  const { everyMinMicros, everyMaxMicros, withinMicros, actions } = random;
  return {
    playbook: steps,
    random: {
      every: formatDurationRange(everyMinMicros, everyMaxMicros),
      within: formatDuration(withinMicros),
      actions: Object.fromEntries(actions.map(({ weight, action }) => [action.do, weight])),
    },
  };
}

function actionYaml(action: OperatorAction, roster: Roster): YamlMap {
  const target = (given: OperatorTarget): string =>
    given.kind === 'node' ? roster.nameOf(given.node) : given.kind;
  const names = (servers: readonly number[]): Yaml => servers.map((server) => roster.nameOf(server));
  switch (action.do) {
    case 'transfer-leadership':
      return { do: action.do, ...(action.to === undefined ? {} : { to: target(action.to) }) };
    case 'replace':
      return { do: action.do, from: target(action.from), to: target(action.to) };
    case 'change':
      return {
        do: action.do,
        ...(action.voters === undefined ? {} : { voters: names(action.voters) }),
        learners: names(action.learners),
        joint: action.joint,
        'auto-leave': action.autoLeave,
      };
    case 'leave-joint':
      return { do: action.do };
    case 'activate-version':
      return { do: action.do, version: action.version };
    case 'upgrade': {
      const { to, forMicros } = action;
      const version = to === undefined ? {} : { to };
      return { do: action.do, on: target(action.on), ...version, for: formatDuration(forMicros) };
    }
    case 'rolling-upgrade': {
      const { to, forMicros, pauseMicros } = action;
      return { do: action.do, to, for: formatDuration(forMicros), pause: formatDuration(pauseMicros) };
    }
    case 'canary':
      return {
        do: action.do,
        on: target(action.on),
        to: action.to,
        for: formatDuration(action.forMicros),
        pause: formatDuration(action.pauseMicros),
        watch: formatDuration(action.watchMicros),
        trigger: {
          failures: action.trigger.failures,
          'ok-below': formatRatio(action.trigger.okBelow),
        },
      };
    default:
      return { do: action.do, on: target(action.on) };
  }
}
