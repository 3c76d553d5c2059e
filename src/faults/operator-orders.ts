/**
 * Orders: the single things that an operator does, one at a time, and how a step of a plan becomes a list of
 * them. Orders are immutable.
 */

import { MEMBER_GENERATION, type Micros, type Plain, type ProcessId } from '../kernel/index.js';
import type { Machines } from './operator-controls.js';
import type { OperatorAction } from './operator-plan.js';
import { allServers, memberOf, selectServer } from './operator-targets.js';
import { drawServers, type Draw } from './selectors.js';

type Canary = Extract<OperatorAction, { do: 'canary' }>;

export type Order =
  /** Asks for something until it is done or refused: the leader, or that server when it is not -1. */
  | { readonly kind: 'ask'; readonly server: ProcessId; readonly action: Plain }
  /** Stops a process, and starts it after a while with that version. */
  | {
      readonly kind: 'upgrade';
      readonly server: ProcessId;
      readonly version: number;
      readonly forMicros: Micros;
    }
  | { readonly kind: 'format'; readonly server: ProcessId }
  | { readonly kind: 'wait'; readonly micros: Micros }
  /** Counts what ends ok while nothing is changed. */
  | { readonly kind: 'observe'; readonly micros: Micros }
  /** Watches an upgraded server, then goes back to the version before or on with the others. */
  | {
      readonly kind: 'watch';
      readonly server: ProcessId;
      readonly before: number;
      readonly canary: Canary;
    };

/** The orders of an action now, or, as a text, why it has none. */
export function ordersOf(action: OperatorAction, machines: Machines, draw: Draw): readonly Order[] | string {
  switch (action.do) {
    case 'transfer-leadership': {
      if (action.to === undefined) return [askLeader({ do: 'transfer', to: -1 })];
      const to = selectServer(action.to, machines, draw);
      return to < 0 ? NOBODY : [askLeader({ do: 'transfer', to })];
    }
    case 'add-learner':
    case 'add-voter':
    case 'promote':
    case 'demote':
    case 'remove': {
      const server = selectServer(action.on, machines, draw);
      return server < 0 ? NOBODY : [askLeader({ do: action.do, member: memberOf(machines, server) })];
    }
    case 'replace': {
      const [from, to] = [selectServer(action.from, machines, draw), selectServer(action.to, machines, draw)];
      if (from < 0 || to < 0) return NOBODY;
      return [askLeader({ do: 'replace', from: memberOf(machines, from), to: memberOf(machines, to) })];
    }
    case 'change':
      return [askLeader(changeRequest(action, machines, draw))];
    case 'leave-joint':
      return [askLeader({ do: 'leave-joint' })];
    case 'activate-version':
      return [askLeader({ do: 'activate', version: action.version })];
    case 'snapshot': {
      const server = selectServer(action.on, machines, draw);
      return server < 0 ? NOBODY : [{ kind: 'ask', server, action: { do: 'snapshot' } }];
    }
    case 'format-disk':
    case 'replace-disk': {
      const server = selectServer(action.on, machines, draw);
      return server < 0 ? NOBODY : diskOrders(action.do, machines, server);
    }
    case 'upgrade':
      return upgradeOrders(action, machines, draw);
    case 'rolling-upgrade':
      return rollingOrders(action, allServers(machines));
    case 'canary': {
      const server = selectServer(action.on, machines, draw);
      return server < 0 ? NOBODY : canaryOrders(action, machines, server);
    }
  }
}

const NOBODY = 'there is no such server';

function askLeader(action: Plain): Order {
  return { kind: 'ask', server: -1, action };
}

function changeRequest(
  action: Extract<OperatorAction, { do: 'change' }>,
  machines: Machines,
  draw: Draw,
): Plain {
  const members = (servers: readonly ProcessId[]): number[] =>
    servers.map((server) => memberOf(machines, server)).sort((a, b) => a - b);
  const voters = action.voters ?? drawVoters(machines, draw);
  const { joint, autoLeave } = action;
  return { do: 'change', voters: members(voters), learners: members(action.learners), joint, autoLeave };
}

/** At least three where there are as many: below, every fault of one server stops the cluster. */
function drawVoters({ servers }: Machines, draw: Draw): ProcessId[] {
  const all = Array.from({ length: servers }, (_, server) => server);
  const count = draw('size', Math.min(3, servers), servers, servers);
  return drawServers(count, all, servers, draw);
}

/** An old identity is removed before the new one is added: then no quorum counts both. */
function diskOrders(
  verb: 'format-disk' | 'replace-disk',
  machines: Machines,
  server: ProcessId,
): readonly Order[] | string {
  if (!machines.isBlank(server)) return 'its disk is not blank';
  const format: Order = { kind: 'format', server };
  if (verb === 'format-disk') return [format];
  const old = memberOf(machines, server);
  return [
    format,
    askLeader({ do: 'remove', member: old }),
    askLeader({ do: 'add-voter', member: old + MEMBER_GENERATION }),
  ];
}

function upgradeOrders(
  action: Extract<OperatorAction, { do: 'upgrade' }>,
  machines: Machines,
  draw: Draw,
): readonly Order[] | string {
  const server = selectServer(action.on, machines, draw);
  if (server < 0) return NOBODY;
  const now = machines.version(server);
  const version = action.to ?? draw('version', now, Math.max(now, machines.versions.highest), now);
  return [{ kind: 'upgrade', server, version, forMicros: action.forMicros }];
}

type Rolling = Pick<Extract<OperatorAction, { do: 'rolling-upgrade' }>, 'to' | 'forMicros' | 'pauseMicros'>;

/** Upgrades one server after another, with a pause before each but the first. */
function rollingOrders({ to, forMicros, pauseMicros }: Rolling, servers: readonly ProcessId[]): Order[] {
  return servers.flatMap((server, i): Order[] => {
    const upgrade: Order = { kind: 'upgrade', server, version: to, forMicros };
    return i === 0 ? [upgrade] : [{ kind: 'wait', micros: pauseMicros }, upgrade];
  });
}

function canaryOrders(canary: Canary, machines: Machines, server: ProcessId): Order[] {
  const { to, forMicros, watchMicros } = canary;
  return [
    { kind: 'observe', micros: watchMicros },
    { kind: 'upgrade', server, version: to, forMicros },
    { kind: 'watch', server, before: machines.version(server), canary },
  ];
}

/** What follows a canary that showed nothing bad. */
export function ordersAfterCanary(canary: Canary, server: ProcessId, machines: Machines): Order[] {
  const others = allServers(machines).filter((other) => other !== server);
  return [{ kind: 'wait', micros: canary.pauseMicros }, ...rollingOrders(canary, others)];
}
