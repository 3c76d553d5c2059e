/** Decisions whose keys, and values that name a process, are rewritten for a scenario with other processes or ids. */

import type { Decision } from '../../kernel/index.js';

/** The new number of a process, or -1 when it is gone. */
export type Renumbering = (process: number) => number;

/** What a fault or an operation draws a server for: its value is the server's number. */
const NAMES_SERVER: ReadonlySet<string> = new Set(['victim', 'first', 'liar', 'listener']);

/** The decisions of processes that are still there, under their new numbers. */
export function renumbered(edits: readonly Decision[], renumber: Renumbering): Decision[] {
  const kept: Decision[] = [];
  for (const decision of edits) {
    const edited = renumberedDecision(decision, renumber);
    if (edited !== undefined) kept.push(edited);
  }
  return kept;
}

function renumberedDecision(decision: Decision, renumber: Renumbering): Decision | undefined {
  const { group } = decision;
  if (group.startsWith('m:')) return renumberedMessage(decision, renumber);
  if (group.startsWith('f:') || group.startsWith('o:')) {
    const what = group.slice(group.lastIndexOf(':') + 1);
    if (!NAMES_SERVER.has(what)) return decision;
    const server = renumber(decision.values[0] ?? 0);
    return server < 0 ? undefined : { ...decision, values: [server] };
  }
  const owner = /^[a-z]:(\d+)/.exec(group)?.[1];
  if (owner === undefined) return decision;
  const process = renumber(Number(owner));
  if (process < 0) return undefined;
  return { ...decision, group: `${group.slice(0, 2)}${process}${group.slice(2 + owner.length)}` };
}

function renumberedMessage(decision: Decision, renumber: Renumbering): Decision | undefined {
  const [, from = '', to = '', kind = ''] = /^m:(\d+)>(\d+):(.*)$/s.exec(decision.group) ?? [];
  const [sender, receiver] = [renumber(Number(from)), renumber(Number(to))];
  return sender < 0 || receiver < 0 ? undefined : { ...decision, group: `m:${sender}>${receiver}:${kind}` };
}

/** A decision of a fault or an operation under another id: `f:STREAM:ID/0:what`, `o:STREAM:ID:what`. */
export interface DrawnKey {
  readonly family: 'f' | 'o';
  readonly subject: string;
  readonly what: string;
}

export function drawnKey({ group }: Decision): DrawnKey | undefined {
  const match = /^([fo]):\d+:(.*):([^:]*)$/s.exec(group);
  if (match === null) return undefined;
  const [, family, subject = '', what = ''] = match;
  return { family: family === 'o' ? 'o' : 'f', subject, what };
}
