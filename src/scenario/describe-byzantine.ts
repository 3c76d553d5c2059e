/** Liars back in YAML form. */

import type { Audience, ByzantineFault, Culprits, Misbehaviour, When } from '../faults/byzantine/plan.js';
import { formatDuration, formatDurationRange, formatRatio } from '../kernel/index.js';
import { oneOrList, type Yaml } from './describe-faults.js';
import type { Roster } from './resolve-topology.js';

type YamlMap = Readonly<Record<string, Yaml>>;

export function byzantineYaml(plan: readonly ByzantineFault[], roster: Roster): YamlMap[] {
  return plan.map(({ on, action, when }) => ({
    on: culpritsYaml(on, roster),
    ...actionYaml(action),
    when: whenYaml(when, roster),
  }));
}

function culpritsYaml(on: Culprits, roster: Roster): Yaml {
  switch (on.kind) {
    case 'nodes':
      return oneOrList(on.nodes.map((process) => roster.nameOf(process)));
    case 'clients':
      return oneOrList(on.clients.map((process) => roster.nameOf(process)));
    case 'random':
      return on.count === 1 ? 'random' : `random ${on.count}`;
    default:
      return on.kind;
  }
}

function audienceYaml(to: Audience, roster: Roster): Yaml {
  switch (to.kind) {
    case 'nodes':
      return oneOrList(to.nodes.map((process) => roster.nameOf(process)));
    case 'random':
      return to.count === 1 ? 'random' : `random ${to.count}`;
    default:
      return to.kind;
  }
}

function actionYaml(action: Misbehaviour): YamlMap {
  switch (action.do) {
    case 'delay':
      return { do: action.do, by: formatDurationRange(action.minMicros, action.maxMicros) };
    case 'throttle':
      return { do: action.do, every: formatDuration(action.everyMicros) };
    case 'mutate':
      return {
        do: action.do,
        ...(action.field === undefined ? {} : { field: action.field }),
        by: action.variation,
      };
    case 'lie':
      return { do: action.do, as: action.lie, also: action.also };
    case 'flood':
      return { do: action.do, copies: action.copies };
    case 'twin':
      return { do: action.do, every: formatDurationRange(action.everyMinMicros, action.everyMaxMicros) };
    default:
      return { do: action.do };
  }
}

function whenYaml(when: When, roster: Roster): YamlMap {
  const { kinds, clients, untilMicros } = when;
  return {
    ...(kinds === undefined ? {} : { kinds: [...kinds] }),
    view: `${when.viewMin}..${when.viewMax}`,
    sequence: `${when.sequenceMin}..${when.sequenceMax}`,
    to: audienceYaml(when.to, roster),
    ...(clients === undefined ? {} : { clients: oneOrList(clients.map((client) => roster.nameOf(client))) }),
    from: formatDuration(when.fromMicros),
    ...(untilMicros === undefined ? {} : { until: formatDuration(untilMicros) }),
    chance: formatRatio(when.chance),
    during: when.during,
    role: when.role,
  };
}
