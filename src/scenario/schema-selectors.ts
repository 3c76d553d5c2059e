/**
 * On whom something falls: names of processes (`n1`, `c2`, `n1..n3`), and selectors (`leader`,
 * `random 2`, `{ region: eu }`). What a name stands for depends on the size of the cluster, so schemas
 * give names; they become numbers when the whole scenario is resolved.
 */

import { z } from 'zod';

import type { Selector } from '../faults/plan.js';
import { expectation } from './problems.js';
import { word } from './schema-values.js';

/** `n3` is server 3, `c3` client 3; counted from 1 as they are written. */
export interface ProcessName {
  readonly role: 'server' | 'client';
  readonly number: number;
}

/** A selector before names became numbers. */
export type SelectorForm =
  { readonly kind: 'names'; readonly names: readonly ProcessName[] } | Exclude<Selector, { kind: 'nodes' }>;

/** A fixed set of processes: the ends of links. */
export type GroupForm =
  | { readonly kind: 'names'; readonly names: readonly ProcessName[] }
  | { readonly kind: 'servers' | 'clients' | 'all' }
  | Extract<Selector, { kind: 'domain' }>;

const MAX_NAMES = 320;
const NAME = '[nc][1-9]\\d{0,2}';
const NAMES_PATTERN = new RegExp(`^${NAME}(?:\\.\\.${NAME})?$`);
const NAMES = 'the name of a process such as n1 or c2, or a range such as n1..n3';

const LEVELS = ['region', 'zone', 'rack'] as const;

/** One name or range, as a list. */
const names = z
  .string({ error: NAMES })
  .regex(NAMES_PATTERN, { error: NAMES })
  .transform((text, context): readonly ProcessName[] => {
    const read = readNames(text);
    if (read === undefined) context.issues.push({ code: 'custom', message: NAMES, input: text, path: [] });
    return read ?? [];
  });

function readNames(text: string): readonly ProcessName[] | undefined {
  const [first = '', last = first] = text.split('..');
  const low = Number(first.slice(1));
  const high = Number(last.slice(1));
  if (first.charAt(0) !== last.charAt(0) || low > high || high - low >= MAX_NAMES) return undefined;
  const role = first.startsWith('n') ? 'server' : 'client';
  return Array.from({ length: high - low + 1 }, (_, i) => ({ role, number: low + i }));
}

const nameList = z
  .array(names)
  .max(MAX_NAMES)
  .transform((lists) => lists.flat());

/** One name or range, or several. */
export const namesOrList = z
  .union([names, nameList], { error: `${NAMES}, or a list of them` })
  .meta({ id: 'names' });

const domain = z
  .strictObject({ region: word.optional(), zone: word.optional(), rack: word.optional() })
  .meta({ minProperties: 1, maxProperties: 1 })
  .transform((given, context): Extract<Selector, { kind: 'domain' }> => {
    const written = LEVELS.filter((level) => given[level] !== undefined);
    const [level] = written;
    if (level === undefined || written.length > 1) {
      context.issues.push({
        code: 'custom',
        message: `exactly one of ${LEVELS.join(', ')}`,
        input: given,
        path: [],
      });
      return z.NEVER;
    }
    return { kind: 'domain', level, name: given[level] ?? '' };
  });

const SELECTOR_WORDS = ['leader', 'followers', 'all', 'minority', 'random', 'there'] as const;
const SELECTOR = expectation(
  'leader, followers, all, minority, random, random 2, random follower, random zone, n1, [n1, n2] or { region: NAME }',
  [...SELECTOR_WORDS, 'region', 'zone', 'rack'],
);
const SELECTOR_PATTERN = new RegExp(
  `^(?:${SELECTOR_WORDS.join('|')}|random follower|random [1-9]\\d?|random (?:${LEVELS.join('|')})|${NAME}(?:\\.\\.${NAME})?)$`,
);

const selectorText = z
  .string({ error: SELECTOR })
  .regex(SELECTOR_PATTERN, { error: SELECTOR })
  .transform((text, context): SelectorForm => {
    const read = readSelector(text);
    if (read !== undefined) return read;
    context.issues.push({ code: 'custom', message: NAMES, input: text, path: [] });
    return z.NEVER;
  });

function readSelector(text: string): SelectorForm | undefined {
  switch (text) {
    case 'leader':
    case 'followers':
    case 'all':
    case 'minority':
    case 'there':
      return { kind: text };
    case 'random':
      return { kind: 'random', count: 1 };
    case 'random follower':
      return { kind: 'random-follower' };
    case 'random region':
    case 'random zone':
    case 'random rack':
      return { kind: 'random-domain', level: text.slice('random '.length) as 'region' | 'zone' | 'rack' };
  }
  if (text.startsWith('random ')) return { kind: 'random', count: Number(text.slice('random '.length)) };
  const read = readNames(text);
  return read === undefined ? undefined : { kind: 'names', names: read };
}

const namedProcesses = nameList.transform((list) => ({ kind: 'names' as const, names: list }));

/** On whom a fault falls. */
export const selector = z.union([selectorText, namedProcesses, domain], { error: SELECTOR }).meta({
  id: 'selector',
  description:
    'leader, followers, all, minority, random, random 2, random follower, random zone, n1, [n1, n2], { region: eu }',
});

const GROUP_WORDS = ['servers', 'clients', 'all'] as const;
const GROUP = expectation('servers, clients, all, n1, c1..c3, [n1, c2] or { region: NAME }', GROUP_WORDS);

const groupText = z
  .string({ error: GROUP })
  .regex(new RegExp(`^(?:${GROUP_WORDS.join('|')}|${NAME}(?:\\.\\.${NAME})?)$`), { error: GROUP })
  .transform((text, context): GroupForm => {
    if (text === 'servers' || text === 'clients' || text === 'all') return { kind: text };
    const read = readNames(text);
    if (read !== undefined) return { kind: 'names', names: read };
    context.issues.push({ code: 'custom', message: NAMES, input: text, path: [] });
    return z.NEVER;
  });

/** One end of links: servers and clients. */
export const group = z
  .union([groupText, namedProcesses, domain], { error: GROUP })
  .meta({ id: 'group', description: 'servers, clients, all, n1, c1..c3, [n1, c2], { region: eu }' });
