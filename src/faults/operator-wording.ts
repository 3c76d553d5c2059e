/** The operator in plain English, for stories and traces. */

import { MEMBER_GENERATION, formatMicros, type Plain } from '../kernel/index.js';
import type { Order } from './operator-orders.js';
import { processName } from './wording.js';

/** `n3`, or `n3 (disk 2)` when its disk has been formatted anew once. */
function memberName(member: number, servers: number): string {
  const server = member % MEMBER_GENERATION;
  const generation = (member - server) / MEMBER_GENERATION;
  const name = processName(server, servers);
  return generation === 0 ? name : `${name} (disk ${generation + 1})`;
}

/** What an order does, without a full stop; undefined for one that is not worth a line. */
export function orderSentence(order: Order, servers: number): string | undefined {
  switch (order.kind) {
    case 'ask': {
      const whom = order.server < 0 ? 'the leader' : processName(order.server, servers);
      return `the operator asks ${whom}: ${requestText(order.action, servers)}`;
    }
    case 'upgrade':
      return `the operator stops ${processName(order.server, servers)}, to start it with version ${order.version}`;
    case 'format':
      return `the operator formats the blank disk of ${processName(order.server, servers)} for a new identity`;
    case 'watch':
      return `the operator watches ${processName(order.server, servers)} for ${formatMicros(order.canary.watchMicros)}`;
    case 'wait':
    case 'observe':
      return undefined;
  }
}

/** E.g. `add-voter n6`, `replace n1 by n6`. */
function requestText(action: Plain, servers: number): string {
  const request = action as Readonly<Record<string, Plain>>;
  const name = (key: string): string => memberName(request[key] as number, servers);
  const names = (key: string): string =>
    (request[key] as readonly number[]).map((member) => memberName(member, servers)).join(', ') || 'nobody';
  const verb = request['do'] as string;
  switch (verb) {
    case 'transfer':
      return request['to'] === -1 ? 'transfer the leadership' : `transfer the leadership to ${name('to')}`;
    case 'replace':
      return `replace ${name('from')} by ${name('to')}`;
    case 'change':
      return `change to voters ${names('voters')} and learners ${names('learners')}`;
    case 'activate':
      return `activate version ${request['version'] as number}`;
    default:
      return request['member'] === undefined ? verb : `${verb} ${name('member')}`;
  }
}
