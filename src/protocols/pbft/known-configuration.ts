/** The latest configuration that somebody outside the cluster knows of: a client, or the operator. */

import { MEMBER_GENERATION, type Authenticator, type ProcessId } from '../../kernel/index.js';
import { Configuration } from './configuration.js';
import { followLink, type Handover } from './handover.js';
import type { PbftSettings } from './settings.js';

export class KnownConfiguration {
  private known: Configuration | undefined = undefined;

  constructor(private readonly settings: PbftSettings) {}

  /** Everybody knows the first: the first servers. */
  latest(servers: readonly ProcessId[]): Configuration {
    const { members, faulty } = this.settings;
    this.known ??= new Configuration(0, members > 0 ? servers.slice(0, members) : servers, faulty);
    return this.known;
  }

  /** Goes along the links that are proved; true when they lead further than was known. */
  learn({ links }: Handover, servers: readonly ProcessId[], authenticator: Authenticator): boolean {
    const before = this.latest(servers);
    let latest = before;
    for (const link of links) {
      if (link.request.command.sequence <= latest.number) continue;
      const next = followLink(link, latest, this.settings.operator, authenticator);
      if (next === undefined) break;
      latest = next;
    }
    this.known = latest;
    return latest !== before;
  }

  clone(): KnownConfiguration {
    const copy = new KnownConfiguration(this.settings);
    copy.known = this.known;
    return copy;
  }

  get number(): number {
    return this.known?.number ?? 0;
  }
}

/** The members after an operator's action, in the order of their processes; a text: why there are none. */
export function membersAfter(action: unknown, members: readonly number[]): readonly number[] | string {
  const after = unsorted(action, members);
  if (typeof after === 'string') return after;
  return after.slice().sort((a, b) => (a % MEMBER_GENERATION) - (b % MEMBER_GENERATION));
}

function unsorted(action: unknown, members: readonly number[]): readonly number[] | string {
  const asked = action as { readonly [key: string]: unknown };
  const { member, from, to, voters, learners } = asked;
  switch (asked['do']) {
    case 'add-voter':
      return members.includes(member as number) ? members : [...members, member as number];
    case 'remove':
      return members.filter((other) => other !== member);
    case 'replace': {
      if (members.includes(to as number)) return members.filter((other) => other !== from);
      if (!members.includes(from as number)) return 'who is to be replaced is no member';
      return members.map((other) => (other === from ? (to as number) : other));
    }
    case 'change': {
      if ((learners as readonly number[]).length > 0) return 'pbft has no learners';
      const wanted = voters as readonly number[];
      const kept = members.filter((other) => wanted.includes(other));
      return [...kept, ...wanted.filter((other) => !members.includes(other))];
    }
    default:
      return `pbft knows no ${String(asked['do'])}`;
  }
}

/** True when no two of the members are one process. */
export function areDistinct(members: readonly number[]): boolean {
  return new Set(members.map((member) => member % MEMBER_GENERATION)).size === members.length;
}
