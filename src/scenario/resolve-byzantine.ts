/** Liars: names to numbers, and entries that could never mean anything refused. */

import type { Audience, ByzantineFault, Culprits, Misbehaviour, When } from '../faults/byzantine/plan.js';
import { formatDuration } from '../kernel/index.js';
import { impossible } from './problems.js';
import type { Roster } from './resolve-topology.js';
import type { AudienceForm, ByzantineForm, CulpritsForm } from './schema-byzantine.js';
import type { KeyPath } from './source-tree.js';

/** `borne`: how many liars the failure model bears. */
export function resolveByzantine(
  form: readonly ByzantineForm[],
  roster: Roster,
  borne: number,
): ByzantineFault[] {
  return form.map((entry, i) => {
    const path = ['faults', 'byzantine', i];
    const on = resolveCulprits(entry, roster, borne, [...path, 'on']);
    return { id: `byzantine.${i}`, on, action: resolveAction(entry), when: resolveWhen(entry, roster, path) };
  });
}

function resolveCulprits(entry: ByzantineForm, roster: Roster, borne: number, path: KeyPath): Culprits {
  const { on } = entry;
  if (entry.do === 'twin' && (on.kind === 'primary' || on.kind === 'next-primary')) {
    impossible(path, 'servers that have a twin from the beginning: n1, random', `'${on.kind}'`);
  }
  switch (on.kind) {
    case 'names':
      return namedCulprits(on, entry.do === 'twin', roster, path);
    case 'random': {
      const count = on.count === 'f' ? borne : on.count;
      if (count === 0) impossible(path, 'model.byzantine of at least 1 for random f', '0');
      if (count > roster.servers) {
        impossible(path, `at most ${roster.servers} servers, as many as there are`, String(count));
      }
      return { kind: 'random', count };
    }
    default:
      return on;
  }
}

function namedCulprits(
  { names }: Extract<CulpritsForm, { kind: 'names' }>,
  isTwin: boolean,
  roster: Roster,
  path: KeyPath,
): Culprits {
  const nodes = roster.processesOf(names, path);
  if (nodes.length === 0) impossible(path, 'at least one process');
  if (new Set(nodes).size < nodes.length) impossible(path, 'every process once', 'one of them twice');
  const clients = nodes.filter((process) => process >= roster.servers);
  if (clients.length === 0) return { kind: 'nodes', nodes };
  if (isTwin) impossible(path, 'servers only', roster.nameOf(clients[0] ?? 0));
  if (clients.length < nodes.length) impossible(path, 'servers, or clients, in one entry', 'both');
  return { kind: 'clients', clients };
}

function resolveAction(entry: ByzantineForm): Misbehaviour {
  switch (entry.do) {
    case 'delay':
      return { do: entry.do, minMicros: entry.by.minMicros, maxMicros: entry.by.maxMicros };
    case 'throttle':
      return { do: entry.do, everyMicros: entry.every };
    case 'mutate':
      return { do: entry.do, field: entry.field, variation: entry.by };
    case 'lie':
      return { do: entry.do, lie: entry.as, also: entry.also };
    case 'flood':
      return { do: entry.do, copies: entry.copies };
    case 'twin':
      return { do: entry.do, everyMinMicros: entry.every.minMicros, everyMaxMicros: entry.every.maxMicros };
    default:
      return { do: entry.do };
  }
}

function resolveWhen({ do: verb, when }: ByzantineForm, roster: Roster, path: KeyPath): When {
  const { view, sequence, from, until } = when;
  if (until !== undefined && until <= from) {
    impossible(
      [...path, 'when', 'until'],
      `a time after when.from (${formatDuration(from)})`,
      `'${formatDuration(until)}'`,
    );
  }
  const clients =
    when.clients === undefined ? undefined : roster.processesOf(when.clients, [...path, 'when', 'clients']);
  const server = clients?.find((process) => process < roster.servers);
  if (server !== undefined) impossible([...path, 'when', 'clients'], 'clients only', roster.nameOf(server));
  const byDefault: Audience = { kind: verb === 'equivocate' ? 'half' : 'everybody' };
  return {
    kinds: when.kinds,
    viewMin: view.min,
    viewMax: view.max,
    sequenceMin: sequence.min,
    sequenceMax: sequence.max,
    to: when.to === undefined ? byDefault : resolveAudience(when.to, roster, [...path, 'when', 'to']),
    clients,
    fromMicros: from,
    untilMicros: until,
    chance: when.chance,
    during: when.during,
    role: when.role,
  };
}

function resolveAudience(to: AudienceForm, roster: Roster, path: KeyPath): Audience {
  return to.kind === 'names' ? { kind: 'nodes', nodes: roster.processesOf(to.names, path) } : to;
}
