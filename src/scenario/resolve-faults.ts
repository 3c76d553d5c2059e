/** The fault plan: selectors and links resolved, and entries that could never strike refused. */

import { catalogueEntry } from '../faults/catalogue.js';
import type { FaultAction, FaultPlan, FaultVerb, RandomFault, Selector } from '../faults/plan.js';
import { formatDuration } from '../kernel/index.js';
import type { Micros } from '../kernel/index.js';
import type { LinkConfig, Topology } from '../world/config.js';
import { impossible } from './problems.js';
import { resolveByzantine } from './resolve-byzantine.js';
import type { Roster } from './resolve-topology.js';
import { resolveSelector } from './resolve-topology.js';
import type { ActionForm, RandomForm } from './schema-faults.js';
import { MAX_FAULTS } from './schema-faults.js';
import type { SelectorForm } from './schema-selectors.js';
import type { LinkForm } from './schema-world.js';
import type { ScenarioForm } from './schema.js';
import type { KeyPath } from './source-tree.js';

/** What the rest of the scenario says, as far as faults depend on it. */
export interface FaultContext {
  readonly roster: Roster;
  /** How many of the servers take part from the beginning. */
  readonly members: number;
  readonly topology: Topology;
  /** What a degraded link keeps unless its entry says otherwise. */
  readonly link: LinkConfig;
  readonly healAtMicros: Micros;
  /** How many liars the failure model bears. */
  readonly byzantine: number;
}

export function resolveFaults(form: ScenarioForm['faults'], context: FaultContext): FaultPlan {
  const { members, healAtMicros } = context;
  if (form.schedule.length + form.random.length > MAX_FAULTS) {
    impossible(['faults'], `at most ${MAX_FAULTS} faults`, String(form.schedule.length + form.random.length));
  }
  const minority = Math.floor((members - 1) / 2);
  const budget = form['damaged-disks'] ?? Math.min(1, minority);
  if (budget > minority) {
    impossible(
      ['faults', 'damaged-disks'],
      `at most ${minority}, a minority of ${members} ${members === context.roster.servers ? 'nodes' : 'members'}`,
    );
  }
  return {
    schedule: form.schedule.map((entry, i) => {
      const path = ['faults', 'schedule', i];
      if (entry.at >= healAtMicros) {
        const got = `'${formatDuration(entry.at)}'`;
        impossible([...path, 'at'], `a time before bounds.heal-at (${formatDuration(healAtMicros)})`, got);
      }
      const action = resolveAction(entry, context, path);
      return { id: `schedule.${i}`, atMicros: entry.at, forMicros: entry.for, action };
    }),
    random: form.random.map((entry, i) => ({
      id: `random.${i}`,
      ...resolveEvery(entry.every),
      forMinMicros: entry.for?.minMicros ?? 0,
      forMaxMicros: entry.for?.maxMicros ?? 0,
      action: resolveAction(entry, context, ['faults', 'random', i], 'moment' in entry.every),
    })),
    byzantine: resolveByzantine(form.byzantine, context.roster, context.byzantine),
    damagedDiskBudget: budget,
  };
}

/** Shapes that take three servers; on fewer they would never strike. */
const NEEDS_THREE: ReadonlySet<FaultVerb> = new Set(['bridge', 'majority-ring']);

function resolveEvery(
  every: RandomForm['every'],
): Pick<RandomFault, 'aim' | 'everyMinMicros' | 'everyMaxMicros'> {
  if ('moment' in every) return { aim: every, everyMinMicros: 0, everyMaxMicros: 0 };
  return { everyMinMicros: every.minMicros, everyMaxMicros: every.maxMicros };
}

/** `isAimed`: the fault has a moment, and so a server at which that comes. */
function resolveAction(form: ActionForm, context: FaultContext, path: KeyPath, isAimed = false): FaultAction {
  if ('on' in form && form.on.kind === 'there' && !isAimed) {
    impossible(
      [...path, 'on'],
      "a fault that strikes every so many moments, such as 9 commits, for 'there'",
      "'there'",
    );
  }
  if (form.do === 'rollback' && isAimed) {
    // What the disk goes back to is remembered some time before the fault, which nobody knows of a moment.
    impossible([...path, 'every'], 'lengths of time, such as 1s..3s, for a rollback', 'a moment');
  }
  if (NEEDS_THREE.has(form.do) && context.roster.servers < 3) {
    impossible([...path, 'do'], 'a cluster of at least 3 nodes for this fault', `${context.roster.servers}`);
  }
  const mayBeClients = catalogueEntry(form.do).targets === 'processes';
  const select = (selector: SelectorForm, ...key: KeyPath): Selector =>
    resolveSelector(selector, context.roster, context.topology, mayBeClients, [...path, ...key]);
  switch (form.do) {
    case 'random-partition':
    case 'majority-ring':
    case 'heal':
      return { do: form.do };
    case 'slow-cpu':
      return { do: form.do, on: select(form.on, 'on'), serviceMicros: form.service };
    case 'partition':
      return resolvePartition(form, select, path);
    case 'isolate':
      return { do: form.do, on: select(form.on, 'on'), direction: form.direction };
    case 'bridge':
      return resolveBridge(select(form.bridge, 'bridge'), path);
    case 'flap':
      return { do: form.do, on: select(form.on, 'on'), upMicros: form.up, downMicros: form.down };
    case 'degrade':
      return resolveDegrade(form, select, context, path);
    case 'slow-disk':
      return { do: form.do, on: select(form.on, 'on'), factor: form.factor };
    case 'clock-jump':
      return { do: form.do, on: select(form.on, 'on'), byMicros: form.by };
    case 'clock-drift':
      return { do: form.do, on: select(form.on, 'on'), ppm: form.by };
    default:
      return { do: form.do, on: select(form.on, 'on') };
  }
}

type Form<V extends ActionForm['do']> = Extract<ActionForm, { do: V }>;
type Select = (selector: SelectorForm, ...key: KeyPath) => Selector;

function resolvePartition(form: Form<'partition'>, select: Select, path: KeyPath): FaultAction {
  const groups = form.groups.map((group, i) => select(group, 'groups', i));
  const named = groups.flatMap((group) => (group.kind === 'nodes' ? group.nodes : []));
  if (new Set(named).size < named.length) {
    impossible([...path, 'groups'], 'every server in one group', 'one of them in two');
  }
  return { do: 'partition', groups };
}

/** A bridge is one server. */
function resolveBridge(bridge: Selector, path: KeyPath): FaultAction {
  const isOne =
    bridge.kind === 'leader' ||
    (bridge.kind === 'random' && bridge.count === 1) ||
    (bridge.kind === 'nodes' && bridge.nodes.length === 1);
  if (!isOne) impossible([...path, 'bridge'], 'one server: n3, leader or random');
  return { do: 'bridge', bridge };
}

function resolveDegrade(
  form: Form<'degrade'>,
  select: Select,
  context: FaultContext,
  path: KeyPath,
): FaultAction {
  const link = overlayLink(context.link, form);
  if (link === context.link)
    impossible(path, 'at least one of delay, loss, duplicate, corrupt, bandwidth, queue, ordered', 'none');
  return { do: 'degrade', from: select(form.from, 'from'), to: select(form.to, 'to'), link };
}

/** A link's behaviour with some of it replaced; the same object when nothing is. */
export function overlayLink(link: LinkConfig, form: LinkForm): LinkConfig {
  const { delay, loss, duplicate, corrupt, bandwidth, queue, ordered } = form;
  const given = [delay, loss, duplicate, corrupt, bandwidth, queue, ordered];
  if (given.every((value) => value === undefined)) return link;
  return {
    delay: delay ?? link.delay,
    loss: loss ?? link.loss,
    duplicate: duplicate ?? link.duplicate,
    corrupt: corrupt ?? link.corrupt,
    bandwidthBytesPerSecond: bandwidth ?? link.bandwidthBytesPerSecond,
    queueBytes: queue ?? link.queueBytes,
    ordered: ordered ?? link.ordered,
  };
}
