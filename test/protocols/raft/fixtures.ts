/** Small words for tests of one replica: disks, entries, messages, state; and a replica that leads. */

import type {
  ClientReply,
  DiskImage,
  DiskSlot,
  Plain,
  ProtocolEvent,
  ReadMode,
} from '../../../src/kernel/index.js';
import { clientRequest } from '../../../src/kernel/index.js';
import {
  META_FILE,
  RaftReplica,
  initialConfiguration,
  makeEntry,
  memberOf,
  parseRaftSettings,
  walFile,
  type AppendEntries,
  type AppendEntriesResponse,
  type Configuration,
  type Entry,
  type PreVote,
  type PreVoteResponse,
  type RaftMessage,
  type RequestVote,
  type RequestVoteResponse,
  type SnapshotHeader,
  type SystemCommand,
} from '../../../src/protocols/raft/index.js';
import { createService, makeCommand } from '../../../src/services/index.js';
import { FakeHost, image, intact } from './fake-host.js';

export const MEMBERS = [0, 1, 2, 3, 4];
/** Processes of a client and of an operator. */
export const CLIENT = 10;
export const OPERATOR = 11;
/** Longer than any election time-out: whoever has heard nothing for so long believes in no leader. */
export const LONG = 1_000_000;

export interface Setup {
  readonly self?: number;
  readonly members?: readonly number[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly version?: number;
  readonly incarnation?: number;
}

export interface Subject {
  readonly host: FakeHost;
  readonly replica: RaftReplica;
}

/** A replica started on this disk, long ago. */
export function replicaOn(disk: DiskImage, setup: Setup = {}): Subject {
  const { self = 0, members = MEMBERS, settings = {}, version = 3, incarnation = 1 } = setup;
  const host = new FakeHost(self);
  host.version = version;
  host.incarnation = incarnation;
  for (const file of disk.files()) {
    host.format(
      file,
      disk.read(file).map((slot) => slot.record),
    );
  }
  const replica = new RaftReplica(host, members, createService('kv'), parseRaftSettings(settings));
  replica.start(disk);
  host.now += LONG;
  return { host, replica };
}

// ---- disks ----

export const meta = (version: number, term: number, votedFor = -1, member = 0): DiskSlot =>
  intact({ version, member, term, votedFor, suspectIndex: 0, suspectTerm: 0 });

/** Two copies of the same term and vote. */
export const metas = (term: number, votedFor = -1, member = 0): DiskSlot[] => [
  meta(1, term, votedFor, member),
  meta(1, term, votedFor, member),
];

/** The first record of a segment. */
export const segmentStart = (position: number, lastIndex = 0, lastTerm = 0, isReset = false): DiskSlot =>
  intact({ position, syncedRecords: position - 1, entry: undefined, lastIndex, lastTerm, isReset });

export const wal = (position: number, entry: Entry, syncedRecords = 0): DiskSlot =>
  intact({ position, entry, syncedRecords });

/** A segment that begins the log and holds these entries in order. */
export const segmentOf = (entries: readonly Entry[], synced = 0): DiskSlot[] => [
  segmentStart(1),
  ...entries.map((entry, i) => wal(i + 2, entry, synced)),
];

/** A disk with these copies of term and vote and these slots of the first segment. */
export function diskOf(
  metaSlots: readonly DiskSlot[],
  walSlots: readonly DiskSlot[] = [],
  more: Readonly<Record<string, readonly DiskSlot[]>> = {},
): DiskImage {
  const files = new Map<string, readonly DiskSlot[]>([[META_FILE, metaSlots], ...Object.entries(more)]);
  if (walSlots.length > 0) files.set(walFile(1), walSlots);
  return image(files);
}

/** A formatted disk of this process. */
export const fresh = (self = 0, generation = 0): DiskImage =>
  diskOf(metas(0, -1, memberOf(self, generation)));

/** A disk in `term` whose log has entries of these terms. */
export const logOf = (term: number, terms: readonly number[], self = 0): DiskImage =>
  diskOf(metas(term, -1, self), terms.length === 0 ? [] : segmentOf(terms.map((t, i) => put(i + 1, t))));

// ---- entries ----

export const put = (index: number, term: number): Entry =>
  makeEntry(index, term, 0, makeCommand(7, index, { op: 'put', key: 'k', value: `v${index}` }));

export const systemEntry = (index: number, term: number, system: SystemCommand, version = 1): Entry =>
  makeEntry(index, term, 0, undefined, system, version);

/** The first entry of a log from which on everything that version 3 brings may be used. */
export const GATE = systemEntry(1, 1, { kind: 'activate', version: 3 }, 3);

export const configurationEntry = (index: number, term: number, configuration: Configuration): Entry =>
  systemEntry(index, term, { kind: 'configuration', configuration });

/** A configuration with these voters; the rest as given. */
export const configuration = (
  voters: readonly number[],
  rest: Partial<Configuration> = {},
): Configuration => ({
  ...initialConfiguration(voters),
  ...rest,
});

// ---- messages ----

export const requestVote = (
  term: number,
  lastLogIndex = 0,
  lastLogTerm = 0,
  isTransfer = false,
): RequestVote => ({ kind: 'RequestVote', term, lastLogIndex, lastLogTerm, isTransfer, generation: 0 });

export const preVote = (term: number, lastLogIndex = 0, lastLogTerm = 0): PreVote => ({
  kind: 'PreVote',
  term,
  lastLogIndex,
  lastLogTerm,
  generation: 0,
});

export const preVoteResponse = (term: number, granted = true): PreVoteResponse => ({
  kind: 'PreVoteResponse',
  term,
  granted,
  generation: 0,
});

export const voteResponse = (term: number, granted = true, generation = 0): RequestVoteResponse => ({
  kind: 'RequestVoteResponse',
  term,
  granted,
  generation,
});

export const append = (
  term: number,
  prevLogIndex: number,
  prevLogTerm: number,
  entries: readonly Entry[] = [],
  leaderCommit = 0,
  round = 1,
): AppendEntries => ({
  kind: 'AppendEntries',
  term,
  prevLogIndex,
  prevLogTerm,
  entries,
  leaderCommit,
  round,
  generation: 0,
});

export const success = (
  term: number,
  matchIndex: number,
  rest: Partial<AppendEntriesResponse> = {},
): AppendEntriesResponse => ({
  kind: 'AppendEntriesResponse',
  term,
  success: true,
  matchIndex,
  conflictTerm: 0,
  prevLogIndex: 0,
  hasLost: false,
  round: 1,
  version: 3,
  generation: 0,
  ...rest,
});

/** The request of a client to put something. */
export const request = (sequence: number, value = 'x'): RaftMessage =>
  clientRequest(makeCommand(CLIENT, sequence, { op: 'put', key: 'k', value }));

/** The request of a client to read what was put. */
export const read = (sequence: number, mode: ReadMode, minIndex = 0): RaftMessage =>
  clientRequest(makeCommand(CLIENT, sequence, { op: 'get', key: 'k' }, mode), minIndex);

export const admin = (id: number, action: Plain): RaftMessage => ({ kind: 'AdminRequest', id, action });

export const header = (index: number, term: number, rest: Partial<SnapshotHeader> = {}): SnapshotHeader => ({
  index,
  term,
  timeMicros: 0,
  configuration: configuration(MEMBERS),
  configurationIndex: 0,
  history: [],
  activeVersion: 1,
  announced: [],
  digest: 0,
  systemDigest: 0,
  ...rest,
});

// ---- state ----

export interface State {
  readonly role: string;
  readonly currentTerm: number;
  readonly votedFor: number;
  readonly leader: number;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly durableIndex: number;
  readonly baseIndex: number;
  readonly baseTerm: number;
  readonly log: readonly (readonly [index: number, term: number, hash: number, position: number])[];
  readonly suspectTerm: number;
  readonly suspectIndex: number;
  readonly peers: readonly Peer[];
  readonly waitingReads: readonly unknown[];
  readonly activeVersion: number;
  readonly announced: readonly (readonly [number, number])[];
  readonly transferTo: number;
  readonly uncommittedBytes: number;
  readonly isNobody: boolean;
  readonly configurations: { readonly items: readonly { index: number; configuration: Configuration }[] };
  readonly service: Plain;
}

export interface Peer {
  readonly member: number;
  readonly match: number;
  readonly next: number;
  readonly state: string;
  readonly isWaiting: boolean;
  readonly offset: number;
  readonly inflight: number;
  readonly inflightBytes: number;
}

export const state = ({ replica }: Subject): State => replica.encode() as unknown as State;

/** Terms of the entries in the log, in order. */
export const terms = (subject: Subject): readonly number[] => state(subject).log.map(([, term]) => term);

/** What the leader knows of a member. */
export function peer(subject: Subject, member: number): Peer {
  const found = state(subject).peers.find((other) => other.member === member);
  if (found === undefined) throw new Error(`${member} is not served`);
  return found;
}

/** The configuration in force. */
export function configurationOf(subject: Subject): Configuration {
  const found = state(subject).configurations.items.at(-1);
  if (found === undefined) throw new Error('a server always has a configuration');
  return found.configuration;
}

/** Events of this kind, in order. */
export const eventsOf = <K extends ProtocolEvent['kind']>(
  { host }: Subject,
  kind: K,
): Extract<ProtocolEvent, { kind: K }>[] =>
  host.events.filter((event): event is Extract<ProtocolEvent, { kind: K }> => event.kind === kind);

/** Messages of this kind, of those given. */
export const ofKind = <K extends RaftMessage['kind']>(
  sent: readonly { to: number; message: RaftMessage }[],
  kind: K,
): { to: number; message: Extract<RaftMessage, { kind: K }> }[] =>
  sent.filter(
    (item): item is { to: number; message: Extract<RaftMessage, { kind: K }> } => item.message.kind === kind,
  );

/** What the client was answered since the last look. */
export const replies = ({ host }: Subject): ClientReply[] =>
  ofKind(host.take(), 'ClientReply')
    .filter(({ to }) => to === CLIENT)
    .map(({ message }) => message);

/** Asks as an operator, and returns the answer: status and reason. What is sent can still be taken afterwards. */
export function ask({ host, replica }: Subject, action: Plain): string {
  host.take();
  const before = host.acts.length;
  replica.receive(OPERATOR, admin(1, action));
  const reply = host.acts
    .slice(before)
    .flatMap((act) => (act.kind === 'sent' && act.message.kind === 'AdminReply' ? [act.message] : []))
    .at(-1);
  return `${reply?.status}: ${reply?.reason}`;
}

// ---- a leader ----

/** Makes the replica leader of the next term, by way of a pre-vote where it asks for one. */
export function elect(subject: Subject): void {
  const { host, replica } = subject;
  replica.timerFired('election');
  if (state(subject).role === 'pre-candidate') {
    const term = state(subject).currentTerm + 1;
    for (const voter of [1, 2]) replica.receive(voter, preVoteResponse(term));
  }
  host.completeAll(replica);
  const { currentTerm } = state(subject);
  for (const voter of [1, 2]) replica.receive(voter, voteResponse(currentTerm));
  host.completeAll(replica);
}

/** Followers acknowledge everything that the leader has. */
export function acknowledgeAll(subject: Subject, followers: readonly number[] = [1, 2, 3, 4]): void {
  const { host, replica } = subject;
  host.completeAll(replica);
  for (const follower of followers) {
    const { currentTerm, baseIndex, log, round } = replica.encode() as unknown as State & { round: number };
    replica.receive(follower, success(currentTerm, baseIndex + log.length, { round }));
  }
  host.completeAll(replica);
}

/** A leader of five (or as set up) that has committed the first entry of its term. */
export function leaderOn(disk: DiskImage, setup: Setup = {}): Subject {
  const subject = replicaOn(disk, setup);
  elect(subject);
  acknowledgeAll(subject, (setup.members ?? MEMBERS).slice(1));
  subject.host.take();
  return subject;
}

/** Hands over a message that is written out in the test, so that its shape is checked. */
export function receive({ replica }: Pick<Subject, 'replica'>, from: number, message: RaftMessage): void {
  replica.receive(from, message);
}
