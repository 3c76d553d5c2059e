/** What an operator may ask of a Raft server, and how it is read from a request. */

import type { Plain, ProcessId } from '../../kernel/index.js';
import type { MemberId } from './configuration.js';

/** What an operator may ask for; see {@link readAction}. */
export type Action =
  | { readonly do: 'transfer'; readonly to: ProcessId }
  | { readonly do: 'add-learner' | 'add-voter' | 'promote' | 'demote' | 'remove'; readonly member: MemberId }
  | { readonly do: 'replace'; readonly from: MemberId; readonly to: MemberId }
  | {
      readonly do: 'change';
      readonly voters: readonly MemberId[];
      readonly learners: readonly MemberId[];
      readonly joint: boolean;
      readonly autoLeave: boolean;
    }
  | { readonly do: 'leave-joint' }
  | { readonly do: 'snapshot' }
  | { readonly do: 'activate'; readonly version: number };

/** Reads an operator's action; undefined when it is none. */
export function readAction(action: Plain): Action | undefined {
  if (action === null || typeof action !== 'object' || Array.isArray(action)) return undefined;
  const raw = action as { readonly [key: string]: Plain | undefined };
  switch (raw['do']) {
    case 'add-learner':
    case 'add-voter':
    case 'promote':
    case 'demote':
    case 'remove':
      return isNumber(raw['member']) ? { do: raw['do'], member: raw['member'] } : undefined;
    case 'replace': {
      const { from, to } = raw;
      return isNumber(from) && isNumber(to) ? { do: 'replace', from, to } : undefined;
    }
    case 'transfer':
      return isNumber(raw['to']) ? { do: 'transfer', to: raw['to'] } : undefined;
    case 'change': {
      const { voters, learners, joint, autoLeave } = raw;
      if (!isList(voters) || !isList(learners)) return undefined;
      return { do: 'change', voters, learners, joint: joint === true, autoLeave: autoLeave === true };
    }
    case 'leave-joint':
    case 'snapshot':
      return { do: raw['do'] };
    case 'activate':
      return isNumber(raw['version']) ? { do: 'activate', version: raw['version'] } : undefined;
    default:
      return undefined;
  }
}

function isNumber(value: Plain | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

function isList(value: Plain | undefined): value is readonly number[] {
  return Array.isArray(value) && value.every(isNumber);
}
