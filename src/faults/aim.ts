/**
 * Aiming a fault: from an action as the plan has it to the groups of processes that it strikes now, and
 * from these to the links that it cuts. Everything a strike does follows from its action and its groups.
 */

import type { ProcessId } from '../kernel/index.js';
import { catalogueEntry } from './catalogue.js';
import {
  hasMajorityRing,
  isolationLinks,
  linksBetween,
  majorityRingLinks,
  splitLinks,
  type CutLink,
} from './partitions.js';
import type { FaultAction, Selector } from './plan.js';
import { drawServers, selectProcesses, serversOf, type Draw, type Electorate } from './selectors.js';

/**
 * The processes that a fault strikes. Verbs with `on`: one group. Partitions: the groups that cannot
 * reach each other. `bridge`: one half, the bridge, the other half. `majority-ring`: the ring in its
 * order. `degrade`: from, to. `heal`: none.
 */
export type Groups = readonly (readonly ProcessId[])[];

/** The action with its victim in the place of the selector `there`. */
export function located(action: FaultAction, there: ProcessId): FaultAction {
  if (!('on' in action) || action.on.kind !== 'there') return action;
  return { ...action, on: { kind: 'nodes', nodes: [there] } };
}

/** The groups that an action strikes now, or, as a text, why it strikes nobody. */
export function takeAim(
  action: FaultAction,
  electorate: Electorate,
  isEligible: (server: ProcessId) => boolean,
  draw: Draw,
): Groups | string {
  const servers = serversOf(electorate);
  switch (action.do) {
    case 'heal':
      return [];
    case 'partition':
      return aimPartition(action, electorate, draw);
    case 'random-partition':
      return servers.length < 2 ? 'there are too few servers' : drawHalves(servers, electorate.servers, draw);
    case 'bridge':
      return aimBridge(action, electorate, draw);
    case 'majority-ring':
      if (!hasMajorityRing(servers.length)) return 'there are too few servers';
      return [drawServers(servers.length, servers, electorate.servers, draw)];
    case 'degrade': {
      const from = selectProcesses(action.from, electorate, () => true, draw);
      const to = selectProcesses(action.to, electorate, () => true, draw);
      return from.length === 0 || to.length === 0
        ? whyNobody(electorate, action.from, action.to)
        : [from, to];
    }
    default: {
      const selected = selectProcesses(action.on, electorate, isEligible, draw);
      const takesClients = catalogueEntry(action.do).targets === 'processes';
      const targets = takesClients ? selected : selected.filter((process) => process < electorate.servers);
      return targets.length === 0 ? whyNobody(electorate, action.on) : [targets];
    }
  }
}

/** The links that an action on these groups cuts; none for verbs that leave links alone or replace them. */
export function linksToCut(action: FaultAction, groups: Groups, processes: number): CutLink[] {
  switch (action.do) {
    case 'partition':
    case 'random-partition':
      return splitLinks(groups);
    case 'bridge':
      return splitLinks([groups[0] ?? [], groups[2] ?? []]);
    case 'majority-ring':
      return majorityRingLinks(groups[0] ?? []);
    case 'isolate':
    case 'flap': {
      const everybody = Array.from({ length: processes }, (_, process) => process);
      return isolationLinks(groups[0] ?? [], everybody, action.do === 'isolate' ? action.direction : 'both');
    }
    default:
      return [];
  }
}

/** The links that `degrade` changes. */
export function linksToDegrade(groups: Groups): CutLink[] {
  return linksBetween(groups[0] ?? [], groups[1] ?? []);
}

/** Each group takes whom its selector finds and no group before it has: `[leader, all]` is leader | rest. */
function aimPartition(
  action: Extract<FaultAction, { do: 'partition' }>,
  electorate: Electorate,
  draw: Draw,
): Groups | string {
  const taken = new Set<ProcessId>();
  const groups: ProcessId[][] = [];
  for (const selector of action.groups) {
    const selected = selectProcesses(selector, electorate, (server) => !taken.has(server), draw);
    const group = selected.filter((process) => !taken.has(process));
    for (const process of group) taken.add(process);
    if (group.length > 0) groups.push(group);
  }
  return groups.length < 2 ? whyNobody(electorate, ...action.groups) : groups;
}

function aimBridge(
  action: Extract<FaultAction, { do: 'bridge' }>,
  electorate: Electorate,
  draw: Draw,
): Groups | string {
  const bridge = selectProcesses(action.bridge, electorate, () => true, draw);
  if (bridge.length === 0) return whyNobody(electorate, action.bridge);
  const rest = serversOf(electorate).filter((server) => !bridge.includes(server));
  if (rest.length < 2) return 'there are too few servers';
  const [one, other] = drawHalves(rest, electorate.servers, draw);
  return [one, bridge, other];
}

/** Two halves drawn by chance; of an odd number the second one is the larger. Both in ascending order. */
function drawHalves(
  members: readonly ProcessId[],
  servers: number,
  draw: Draw,
): readonly [ProcessId[], ProcessId[]] {
  const half = drawServers(Math.floor(members.length / 2), members, servers, draw);
  half.sort((a, b) => a - b);
  return [half, members.filter((server) => !half.includes(server))];
}

function whyNobody(electorate: Electorate, ...selectors: readonly Selector[]): string {
  const asksForLeader = selectors.some(({ kind }) => kind === 'leader' || kind === 'followers');
  return asksForLeader && electorate.leader() < 0 ? 'there is no leader' : 'there is nobody to strike';
}
