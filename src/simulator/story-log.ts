/**
 * Who has which entries, as the servers report it: what a story tells of the log whenever something happens to it.
 * Of a protocol that does not report its log, only how far each server has committed is known.
 */

import type { ProcessId, ProtocolEvent, Words } from '../kernel/index.js';
import { namesOf, type NameOf } from './story-words.js';

/** Runs of entries with the same term and the same holders, told one by one; more are counted. */
const MOST_RUNS = 4;

/** How far below what is committed logs are compared. */
const WINDOW = 100;

export interface StoryNews {
  readonly text: string;
  readonly weight: 'main' | 'side';
}

export class StoryLog {
  /** By server: the term of each entry, by index. */
  private readonly terms: (number | undefined)[][];
  private readonly last: number[];
  private readonly committed: number[];
  private told = '';

  constructor(private readonly servers: number) {
    this.terms = Array.from({ length: servers }, () => []);
    this.last = this.terms.map(() => 0);
    this.committed = this.terms.map(() => 0);
  }

  learn(server: ProcessId, event: ProtocolEvent): void {
    switch (event.kind) {
      case 'appended':
        (this.terms[server] as number[])[event.index] = event.term;
        this.last[server] = event.index;
        break;
      case 'truncated':
        this.last[server] = Math.min(this.last[server] ?? 0, Math.max(0, event.index - 1));
        break;
      case 'recovered':
        this.last[server] = event.lastIndex;
        break;
      case 'snapshot-installed':
        this.last[server] = Math.max(this.last[server] ?? 0, event.index);
        this.commit(server, event.index);
        break;
      case 'committed':
        this.commit(server, event.index);
        break;
      default:
        break;
    }
  }

  /** Entries that a server had and does not have after a start; undefined: none. */
  lost(server: ProcessId, event: ProtocolEvent, { entry }: Words): string | undefined {
    const before = this.last[server] ?? 0;
    if (event.kind !== 'recovered' || event.lastIndex >= before) return undefined;
    return `it has lost ${range(entry, event.lastIndex + 1, before)}`;
  }

  /** How the logs stand, where that has changed since it was asked last. */
  news(words: Words, nameOf: NameOf): StoryNews | undefined {
    const most = Math.max(0, ...this.committed);
    const open = this.openRuns(most, words, nameOf);
    const committed = most === 0 ? [] : [`${words.entry} ${most} is committed`];
    const text = [...committed, ...open].join('; ');
    if (text === this.told || text === '') return undefined;
    this.told = text;
    return { text, weight: open.length === 0 ? 'side' : 'main' };
  }

  /** Entries that not everybody has and that are not committed, or not what is: who holds them. */
  private openRuns(committed: number, { entry, term }: Words, nameOf: NameOf): string[] {
    const runs: { from: number; to: number; term: number; holders: string }[] = [];
    const end = Math.max(0, ...this.last);
    for (let index = Math.max(1, committed - WINDOW); index <= end; index++) {
      const byTerm = this.holdersOf(index);
      for (const [own, servers] of byTerm) {
        if (byTerm.size === 1 && (index <= committed || servers.length === this.servers)) continue;
        const holders = namesOf(servers, nameOf);
        const before = runs.find(
          (run) => run.to === index - 1 && run.term === own && run.holders === holders,
        );
        if (before !== undefined) before.to = index;
        else runs.push({ from: index, to: index, term: own, holders });
      }
    }
    const texts = runs.slice(0, MOST_RUNS).map(({ from, to, term: own, holders }) => {
      return `${range(entry, from, to)} of ${term} ${own} ${from === to ? 'is' : 'are'} on ${holders} only`;
    });
    return runs.length > MOST_RUNS ? [...texts, `and ${runs.length - MOST_RUNS} more`] : texts;
  }

  /** Servers that hold an entry at this index, by its term. */
  private holdersOf(index: number): ReadonlyMap<number, ProcessId[]> {
    const holders = new Map<number, ProcessId[]>();
    this.terms.forEach((terms, server) => {
      const term = terms[index];
      if (term === undefined || index > (this.last[server] ?? 0)) return;
      holders.set(term, [...(holders.get(term) ?? []), server]);
    });
    return holders;
  }

  private commit(server: ProcessId, index: number): void {
    this.committed[server] = Math.max(this.committed[server] ?? 0, index);
  }
}

function range(entry: string, from: number, to: number): string {
  if (from === to) return `${entry} ${from}`;
  const entries = entry.endsWith('y') ? `${entry.slice(0, -1)}ies` : `${entry}s`;
  return `${entries} ${from} to ${to}`;
}
