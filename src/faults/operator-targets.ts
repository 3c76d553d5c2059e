/** On which server an operator's step falls: targets resolved at the moment at which it begins. */

import { MEMBER_GENERATION, type ProcessId } from '../kernel/index.js';
import type { Machines } from './operator-controls.js';
import type { OperatorTarget } from './operator-plan.js';
import { drawServers, type Draw } from './selectors.js';

/** The member that a server is now: its number and how often its disk was formatted anew. */
export function memberOf(machines: Machines, server: ProcessId): number {
  return server + MEMBER_GENERATION * machines.generation(server);
}

/** The server, or -1 when there is none of that kind. */
export function selectServer(target: OperatorTarget, machines: Machines, draw: Draw): ProcessId {
  switch (target.kind) {
    case 'node':
      return target.node;
    case 'leader':
      return machines.leader();
    default: {
      const candidates = allServers(machines).filter((server) => isOfKind(target.kind, machines, server));
      return drawServers(1, candidates, machines.servers, draw)[0] ?? -1;
    }
  }
}

export function allServers(machines: Machines): ProcessId[] {
  return Array.from({ length: machines.servers }, (_, server) => server);
}

function isOfKind(
  kind: Exclude<OperatorTarget['kind'], 'node' | 'leader'>,
  machines: Machines,
  server: ProcessId,
): boolean {
  const { voters, outgoing, learners } = machines.membership();
  const member = memberOf(machines, server);
  const isMember = voters.includes(member) || outgoing.includes(member) || learners.includes(member);
  switch (kind) {
    case 'random':
      return true;
    case 'random-member':
      return isMember;
    case 'random-spare':
      return !isMember;
    case 'random-learner':
      return learners.includes(member);
    case 'random-blank':
      return machines.isBlank(server);
  }
}
