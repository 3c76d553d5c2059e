/**
 * The audit log of a recorded run: its critical actions in their order, each chained to the one before by SHA-256, so
 * that nobody can leave one out, add one or change one without every later link telling. The log is a function of the
 * run: a trace that replays gives it again, and the trace's header holds its length and its last link.
 *
 * Critical are votes, elections, changes of configuration, snapshots, versions, transfers of leadership, refusals to
 * run and to serve, and everything that operators and faults did.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Micros, Plain, Protocol, ProtocolEvent } from '../kernel/index.js';
import { castOf, placeName } from './render-trace.js';
import { wordingOf, wordsOf } from './story-words.js';
import type { AuditSummary, Trace } from './trace.js';

export interface AuditEntry {
  /** From 1. */
  readonly number: number;
  /** Of the run's event, from 1. */
  readonly event: number;
  readonly timeMicros: Micros;
  /** Who did it; `world` for operators and faults. */
  readonly who: string;
  /** `vote`, `note`, or the kind of what a replica reported. */
  readonly action: string;
  readonly text: string;
  /** What a vote said, or what was reported, field by field. */
  readonly detail: Plain;
}

/** An entry and its link: SHA-256, in hexadecimal digits, over the link before and the entry's JSON text. */
export interface ChainedEntry extends AuditEntry {
  readonly link: string;
}

const CRITICAL: ReadonlySet<ProtocolEvent['kind']> = new Set<ProtocolEvent['kind']>([
  'became-candidate',
  'became-leader',
  'configuration-changed',
  'snapshot-installed',
  'snapshot-failed',
  'transfer-started',
  'transfer-ended',
  'version-activated',
  'refused-to-run',
  'denied',
  'trust-regained',
  'rolled-back',
  'shadow-diverged',
]);

/** What the first entry is chained to. */
export const FIRST_LINK = '0'.repeat(64);

/** The log of a whole trace. A compact one has to be expanded before. */
export function auditLogOf(trace: Trace, protocol: Protocol): readonly ChainedEntry[] {
  const log: ChainedEntry[] = [];
  for (const entry of entriesOf(trace, protocol)) {
    const before = log.at(-1)?.link ?? FIRST_LINK;
    log.push({ ...entry, link: linkOf(before, entry) });
  }
  return log;
}

/** The link of an entry behind the link `before`. */
export function linkOf(before: string, entry: AuditEntry): string {
  const { number, event, timeMicros, who, action, text, detail } = entry;
  // An array, so that the text does not depend on the order of somebody's keys.
  const content = JSON.stringify([number, event, timeMicros, who, action, text, detail]);
  return bytesToHex(sha256(utf8ToBytes(`${before}\n${content}`)));
}

/** What a header says of its log. */
export function auditSummary(log: readonly ChainedEntry[]): AuditSummary {
  return { entries: log.length, head: log.at(-1)?.link ?? FIRST_LINK };
}

/** Number of the first entry that does not follow from the one before; undefined: the chain is whole. */
export function brokenLink(log: readonly ChainedEntry[]): number | undefined {
  let before = FIRST_LINK;
  for (const [i, entry] of log.entries()) {
    if (entry.number !== i + 1 || entry.link !== linkOf(before, entry)) return i + 1;
    before = entry.link;
  }
  return undefined;
}

function* entriesOf(trace: Trace, protocol: Protocol): Generator<AuditEntry> {
  const cast = castOf(trace);
  const nameOf = (process: number): string => placeName(process, cast);
  const words = wordsOf(protocol.words);
  const votes = new Set(protocol.votes ?? []);
  let number = 0;
  for (const { number: event, timeMicros, process, kind, label, message, changes, notes } of trace.events) {
    const place = { event, timeMicros };
    const vote = kind === 'message' ? voteOf(label, votes) : undefined;
    if (vote !== undefined) {
      const text = `${vote.kind} of ${nameOf(vote.from)} reaches ${nameOf(process)}`;
      yield {
        number: ++number,
        ...place,
        who: nameOf(vote.from),
        action: 'vote',
        text,
        detail: message ?? null,
      };
    }
    for (const { process: reporter, event: reported } of changes) {
      const text = CRITICAL.has(reported.kind)
        ? wordingOf(reporter, reported, words, nameOf)?.text
        : undefined;
      // The configuration that everybody begins with is nobody's action.
      if (text === undefined) continue;
      const detail = reported as unknown as Plain;
      yield { number: ++number, ...place, who: nameOf(reporter), action: reported.kind, text, detail };
    }
    for (const text of notes)
      yield { number: ++number, ...place, who: 'world', action: 'note', text, detail: null };
  }
}

/** The sender and kind of a vote, from a label such as `0>2:RequestVoteResponse`. */
function voteOf(
  label: string,
  votes: ReadonlySet<string>,
): { readonly from: number; readonly kind: string } | undefined {
  const [, from, kind = ''] = /^(\d+)>\d+:(\w+)/.exec(label) ?? [];
  return from !== undefined && votes.has(kind) ? { from: Number(from), kind } : undefined;
}
