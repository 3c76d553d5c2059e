/** What happened, in plain English: a protocol's own words for its events, and single decisions. */

import {
  COMMON_WORDS,
  CORRUPTED,
  FAMILY_NAMES,
  Family,
  LOST,
  MEMBER_GENERATION,
  excerpt,
  formatMicros,
  type Decision,
  type HistoryEvent,
  type Plain,
  type ProcessId,
  type ProtocolEvent,
  type Words,
} from '../kernel/index.js';

export type NameOf = (process: ProcessId) => string;

const LONGEST = 120;

/** `n1, n2 and n4`. */
export function namesOf(processes: readonly ProcessId[], nameOf: NameOf): string {
  const names = processes.map(nameOf);
  const last = names.pop() ?? 'nobody';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

export function wordsOf(words: Partial<Words> | undefined): Words {
  return { ...COMMON_WORDS, ...words };
}

/** `main`: a story needs it; `side`: told when there is room. */
export interface Wording {
  readonly text: string;
  readonly weight: 'main' | 'side';
}

/** What a replica reports of itself, with its name before it; undefined: not worth a line. */
export function wordingOf(
  process: ProcessId,
  event: ProtocolEvent,
  words: Words,
  nameOf: NameOf,
): Wording | undefined {
  const tell = predicateOf(event, words, nameOf);
  if (tell === undefined) return undefined;
  return { text: `${nameOf(process)} ${tell.text}`, weight: tell.weight };
}

function main(text: string): Wording {
  return { text, weight: 'main' };
}

function side(text: string): Wording {
  return { text, weight: 'side' };
}

function predicateOf(event: ProtocolEvent, words: Words, nameOf: NameOf): Wording | undefined {
  const { term, leader, entry } = words;
  switch (event.kind) {
    case 'became-leader':
      return main(`becomes ${leader} of ${term} ${event.term}`);
    case 'became-candidate':
      return side(`stands for election in ${term} ${event.term}`);
    case 'became-pre-candidate':
      return side(`asks whether it could win ${term} ${event.term}`);
    case 'truncated':
      return main(`drops ${entry} ${event.index} and what follows`);
    case 'recovered':
      if (event.trusted && event.lastIndex === 0) return undefined;
      return event.trusted
        ? side(`is back with its log up to ${entry} ${event.lastIndex}`)
        : main(`is back, and does not trust what its disk holds`);
    case 'trust-regained':
      return main('trusts what it has again');
    case 'configuration-changed':
      return event.index === 0 ? undefined : main(`acts by ${membersText(event.configuration, nameOf)}`);
    case 'snapshot-saved':
      return side(`${event.received ? 'keeps the received' : 'takes a'} snapshot up to ${event.index}`);
    case 'snapshot-installed':
      return event.received
        ? main(`installs a snapshot up to ${event.index}`)
        : side(`starts from its snapshot up to ${event.index}`);
    case 'snapshot-failed':
      return side(`gives up a snapshot: ${shortened(event.reason)}`);
    case 'transfer-started':
      return main(`hands leadership of ${term} ${event.term} to ${nameOf(event.to)}`);
    case 'transfer-ended':
      return side(`ends its transfer of leadership: ${event.outcome}`);
    case 'version-activated':
      return side(`speaks version ${event.version} from ${entry} ${event.index} on`);
    case 'refused-to-run':
      return main(`refuses to run: ${shortened(event.reason)}`);
    case 'rolled-back':
      return main(`takes back batch ${event.sequence}`);
    case 'tentatively-executed':
      return side(`executes batch ${event.sequence} of ${term} ${event.term} tentatively`);
    case 'batch-executed':
      return side(`executes batch ${event.sequence} of ${term} ${event.term}`);
    case 'shadow-diverged':
      return main(`and its shadow differ at ${entry} ${event.index}`);
    case 'denied':
      return main(`denies ${nameOf(event.process)} '${shortened(event.purpose)}': ${event.reason}`);
    case 'rejected':
      return side(`turns a request away: ${shortened(event.reason)}`);
    case 'note':
      return side(`notes: ${shortened(event.text)}`);
    default:
      return undefined;
  }
}

function membersText(
  { voters, outgoing, learners }: Extract<ProtocolEvent, { kind: 'configuration-changed' }>['configuration'],
  nameOf: NameOf,
): string {
  const those = (members: readonly number[]): string =>
    namesOf(
      members.map((member) => member % MEMBER_GENERATION),
      nameOf,
    );
  const joint = outgoing.length === 0 ? '' : ` together with ${those(outgoing)}`;
  const learning = learners.length === 0 ? '' : `, ${those(learners)} learning`;
  return `the configuration ${those(voters)}${joint}${learning}`;
}

// ---- decisions ----

/** A decision that is not benign; undefined for one that the event itself tells. */
export function decisionWording({ group, values }: Decision, nameOf: NameOf): string | undefined {
  const [value = 0] = values;
  const parts = group.split(':');
  const family = FAMILY_NAMES.indexOf(parts[0] as (typeof FAMILY_NAMES)[number]);
  switch (family as Family) {
    case Family.network:
      return messageWording(parts, values, nameOf);
    case Family.timer: {
      const process = Number.parseInt(parts[1] ?? '', 10);
      return `${nameOf(process)} sets its timer ${shortened(parts.slice(2).join(':'))} to ${formatMicros(value)}`;
    }
    case Family.disk: {
      const what = parts.at(-1) ?? '';
      const file = parts.slice(2, -1).join(':');
      const name = nameOf(Number(parts[1]));
      if (what === 'sync') return `${name} takes ${formatMicros(value)} to sync ${file}`;
      return `on the disk of ${name}, ${what.replaceAll('-', ' ')} of ${file} is ${value}`;
    }
    case Family.client:
      return clientWording(parts, value, nameOf);
    case Family.process:
      return `the ${parts[2] ?? ''} of ${nameOf(Number(parts[1]))} has ${parts[3] ?? ''} ${value}`;
    case Family.fault:
    case Family.operator:
      return `chance: ${parts.slice(2).join(' ')} is ${value}`;
    default:
      return `${nameOf(Number(parts[1]))} draws ${parts.slice(2).join(' ')}: ${value}`;
  }
}

function messageWording(parts: readonly string[], values: readonly number[], nameOf: NameOf): string {
  const [first = 0, second] = values;
  const [from = 0, to = 0] = (parts[1] ?? '').split('>').map(Number);
  const message = `${shortened(parts.slice(2).join(':'))} from ${nameOf(from)} to ${nameOf(to)}`;
  if (first === LOST) return `${message} is lost`;
  if (first === CORRUPTED) return `${message} is corrupted on the way`;
  if (second === undefined) return `${message} takes ${formatMicros(first)}`;
  return `${message} arrives twice, after ${formatMicros(first)} and ${formatMicros(second)}`;
}

const WAITS: ReadonlySet<string> = new Set(['think', 'gap', 'backoff', 'rest', 'stall-time']);

/** What a client chose shows in what it asks for; how long it waits does not. */
function clientWording(parts: readonly string[], value: number, nameOf: NameOf): string | undefined {
  const what = parts.at(-1) ?? '';
  if (!WAITS.has(what)) return undefined;
  return `${nameOf(Number(parts[1]))} waits ${formatMicros(value)}`;
}

// ---- clients ----

export function factWording({ kind, client, sequence, input, output }: HistoryEvent, nameOf: NameOf): string {
  const operation = `${nameOf(client)}'s operation ${sequence}`;
  switch (kind) {
    case 'invoke':
      return `${nameOf(client)} asks, as operation ${sequence}: ${plainText(input)}`;
    case 'ok':
      return `${operation} is answered: ${plainText(output)}`;
    case 'fail':
      return `${operation} fails: ${plainText(output)}`;
    case 'unknown':
      return `${operation} gets no answer`;
  }
}

/** `{op: put, key: k0}` reads as `put, key k0`. */
function plainText(value: Plain): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return shortened(JSON.stringify(value));
  const { op, ...rest } = value as Readonly<Record<string, Plain>>;
  const fields = Object.entries(rest).map(
    ([key, field]) => `${key} ${typeof field === 'string' ? field : JSON.stringify(field)}`,
  );
  return shortened([...(typeof op === 'string' ? [op] : []), ...fields].join(', '));
}

export function shortened(text: string): string {
  return excerpt(text, LONGEST);
}
