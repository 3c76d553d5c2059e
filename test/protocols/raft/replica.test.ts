import { describe, expect, it } from 'vitest';
import {
  makeEntry,
  type AppendEntries,
  type AppendEntriesResponse,
  type Entry,
  type RequestVote,
} from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import type { FakeHost } from './fake-host.js';
import { diskOf, intact, replicaOn, rotten, torn } from './fake-host.js';
import type { RaftReplica } from '../../../src/protocols/raft/index.js';

const EMPTY = diskOf([], []);
const meta = (version: number, term: number, votedFor = -1) =>
  intact({ version, term, votedFor, suspectIndex: 0, suspectTerm: 0 });
const entry = (index: number, term: number): Entry =>
  makeEntry(index, term, makeCommand(7, index, { op: 'put', key: 'k', value: `v${index}` }));
const wal = (e: Entry, syncedRecords = 0) => intact({ entry: e, syncedRecords });
const requestVote = (term: number, lastLogIndex = 0, lastLogTerm = 0): RequestVote => ({
  kind: 'RequestVote',
  term,
  lastLogIndex,
  lastLogTerm,
});
const append = (
  term: number,
  prevLogIndex: number,
  prevLogTerm: number,
  entries: Entry[] = [],
  leaderCommit = 0,
): AppendEntries => ({
  kind: 'AppendEntries',
  term,
  prevLogIndex,
  prevLogTerm,
  entries,
  leaderCommit,
});

interface State {
  role: string;
  currentTerm: number;
  votedFor: number;
  commitIndex: number;
  lastApplied: number;
  log: number[][];
  suspectTerm: number;
  suspectIndex: number;
}
const state = (replica: RaftReplica): State => replica.encode() as unknown as State;

/** Makes the replica leader of the next term. */
function elect(host: FakeHost, replica: RaftReplica): void {
  replica.timerFired('election');
  host.completeAll(replica);
  const term = state(replica).currentTerm;
  replica.receive(1, { kind: 'RequestVoteResponse', term, granted: true } as never);
  replica.receive(2, { kind: 'RequestVoteResponse', term, granted: true } as never);
  host.completeAll(replica);
  host.take();
}

describe('raft election (§5.2)', () => {
  it('a candidate asks for votes only when its term and own vote are durable', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.timerFired('election');
    expect(state(replica).role).toBe('candidate');
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take().map(({ to, message }) => [to, message.kind])).toEqual(
      [1, 2, 3, 4].map((to) => [to, 'RequestVote']),
    );
  });

  it('a majority of votes makes a leader, which appends a no-op of its term (§8)', () => {
    const { host, replica } = replicaOn(EMPTY);
    elect(host, replica);
    expect(state(replica).role).toBe('leader');
    expect(state(replica).log.map(([index, term]) => [index, term])).toEqual([[1, 1]]);
  });

  it('a repeated grant of one voter counts once', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.timerFired('election');
    host.completeAll(replica);
    for (let i = 0; i < 3; i++)
      replica.receive(1, { kind: 'RequestVoteResponse', term: 1, granted: true } as never);
    expect(state(replica).role).toBe('candidate');
  });

  it('a stale grant of an earlier election is not counted', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.timerFired('election');
    replica.timerFired('election');
    host.completeAll(replica);
    for (const voter of [1, 2, 3])
      replica.receive(voter, { kind: 'RequestVoteResponse', term: 1, granted: true } as never);
    expect(state(replica).role).toBe('candidate');
  });

  it('a vote is granted once a term, and sent when it is durable', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, requestVote(3));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take()).toEqual([
      { to: 1, message: { kind: 'RequestVoteResponse', term: 3, granted: true } },
    ]);
    replica.receive(2, requestVote(3));
    replica.receive(1, requestVote(3));
    expect(host.take().map(({ to, message }) => [to, (message as { granted?: boolean }).granted])).toEqual([
      [2, false],
      [1, true],
    ]);
  });

  it('the vote survives a restart', () => {
    const { replica } = replicaOn(diskOf([meta(4, 3, 1), meta(4, 3, 1)], []));
    replica.receive(2, requestVote(3));
    expect(state(replica).votedFor).toBe(1);
  });

  it('a vote is refused to a candidate whose log is less up-to-date (§5.4.1)', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(2, 2), meta(2, 2)], [wal(entry(1, 1)), wal(entry(2, 2))]),
    );
    for (const [candidate, index, term] of [
      [1, 9, 1],
      [2, 1, 2],
      [3, 2, 2],
    ] as const) {
      replica.receive(candidate, requestVote(3, index, term));
      host.completeAll(replica);
    }
    expect(host.take().map(({ to, message }) => [to, (message as { granted?: boolean }).granted])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  it('no vote in a term whose leader is already known', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, append(2, 0, 0));
    replica.receive(2, requestVote(2, 5, 2));
    host.completeAll(replica);
    expect(host.take().at(-1)).toEqual({
      to: 2,
      message: { kind: 'RequestVoteResponse', term: 2, granted: false },
    });
  });
});

describe('raft replication (§5.3)', () => {
  it('a follower acknowledges when the entries are durable, not before', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, append(1, 0, 0, [entry(1, 1), entry(2, 1)]));
    expect(host.take()).toEqual([]);
    host.completeNth(replica, 0); // term and vote
    expect(host.take()).toEqual([]);
    host.completeNth(replica, 0); // the log
    expect(host.take()).toMatchObject([
      { to: 1, message: { kind: 'AppendEntriesResponse', success: true, matchIndex: 2 } },
    ]);
  });

  it('a late, shorter message removes nothing', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, append(1, 0, 0, [entry(1, 1), entry(2, 1)]));
    replica.receive(1, append(1, 0, 0, [entry(1, 1)]));
    replica.receive(1, append(1, 0, 0));
    host.completeAll(replica);
    expect(state(replica).log).toHaveLength(2);
  });

  it('a conflict of terms removes the tail', () => {
    const { replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), wal(entry(2, 1)), wal(entry(3, 1))]),
    );
    replica.receive(1, append(2, 1, 1, [entry(2, 2)]));
    expect(state(replica).log.map(([index, term]) => [index, term])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('an acknowledgement held back for the disk is not sent in a later term (A-C-A)', () => {
    const { host, replica } = replicaOn(diskOf([meta(1, 1), meta(1, 1)], []));
    replica.receive(1, append(1, 0, 0, [entry(1, 1)]));
    replica.receive(2, append(2, 0, 0, [entry(1, 2)]));
    host.completeAll(replica);
    const acks = host
      .take()
      .map(({ to, message }) => [to, message.kind, (message as AppendEntriesResponse).term]);
    expect(acks).toEqual([[2, 'AppendEntriesResponse', 2]]);
  });

  it('a completion for a replaced entry does not make its successor durable', () => {
    const { host, replica } = replicaOn(diskOf([meta(1, 2), meta(1, 2)], []));
    replica.receive(1, append(2, 0, 0, [entry(1, 1)]));
    replica.receive(1, append(2, 0, 0, [entry(1, 2)]));
    host.completeNth(replica, 0);
    expect(host.take().map(({ message }) => (message as AppendEntriesResponse).matchIndex)).toEqual([1]);
    expect(host.syncsUnderWay).toBe(1);
    host.completeAll(replica);
    expect(host.take()).toHaveLength(1);
  });

  it('a follower commits no further than what the message has shown to match', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), wal(entry(2, 1)), wal(entry(3, 1))]),
    );
    replica.receive(1, append(2, 1, 1, [], 3));
    host.completeAll(replica);
    expect(state(replica).commitIndex).toBe(1);
  });

  it('a leader commits an entry of its own term that a majority holds durably, itself included', () => {
    const { host, replica } = replicaOn(EMPTY);
    elect(host, replica);
    replica.receive(6, {
      kind: 'ClientRequest',
      command: makeCommand(6, 1, { op: 'put', key: 'a', value: 'b' }),
    } as never);
    const ack = (matchIndex: number): AppendEntriesResponse => ({
      kind: 'AppendEntriesResponse',
      term: 1,
      success: true,
      matchIndex,
      conflictTerm: 0,
      prevLogIndex: 0,
      hasLost: false,
    });
    replica.receive(1, ack(2));
    replica.receive(2, ack(2));
    expect(state(replica).commitIndex).toBe(1); // two followers and the no-op that is durable here
    host.completeAll(replica);
    expect(state(replica).commitIndex).toBe(2);
    expect(host.take().filter(({ message }) => message.kind === 'ClientReply')).toMatchObject([
      { to: 6, message: { status: 'ok', sequence: 1 } },
    ]);
  });

  it('entries of earlier terms are not committed by counting replicas (§5.4.2, Figure 8)', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), wal(entry(2, 1))]),
    );
    elect(host, replica);
    const ack = (matchIndex: number): AppendEntriesResponse => ({
      kind: 'AppendEntriesResponse',
      term: 2,
      success: true,
      matchIndex,
      conflictTerm: 0,
      prevLogIndex: 0,
      hasLost: false,
    });
    replica.receive(1, ack(2));
    replica.receive(2, ack(2));
    expect(state(replica).commitIndex).toBe(0);
    replica.receive(1, ack(3));
    replica.receive(2, ack(3));
    expect(state(replica).commitIndex).toBe(3);
  });

  it('a follower that lags is brought up as fast as it acknowledges', () => {
    const log = Array.from({ length: 300 }, (_, i) => wal(entry(i + 1, 1)));
    const { host, replica } = replicaOn(diskOf([meta(1, 1), meta(1, 1)], log));
    const lagging = replicaOn(EMPTY, 3);
    elect(host, replica);
    replica.timerFired('heartbeat');
    let message = host.take().find(({ to }) => to === 3)?.message;
    let steps = 0;
    for (; message !== undefined; steps++) {
      lagging.replica.receive(0, message);
      lagging.host.completeAll(lagging.replica);
      replica.receive(3, lagging.host.take().at(-1)?.message as AppendEntriesResponse);
      message = host.take().find(({ to }) => to === 3)?.message;
    }
    expect(state(lagging.replica).log).toHaveLength(301);
    expect(steps).toBeLessThan(10);
  });

  it('after a refusal the leader skips back over whole terms, then catches the follower up', () => {
    const log = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6].map((term, i) => wal(entry(i + 1, term))); // Figure 7, leader
    const { host, replica } = replicaOn(diskOf([meta(1, 7), meta(1, 7)], log));
    elect(host, replica);
    const lagging = replicaOn(
      diskOf(
        [meta(1, 7), meta(1, 7)],
        [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3].map((term, i) => wal(entry(i + 1, term))),
      ),
      3,
    ); // (f)
    replica.timerFired('heartbeat');
    let refusals = 0;
    let message = host.take().find(({ to }) => to === 3)?.message;
    for (let step = 0; step < 10 && message !== undefined; step++) {
      lagging.replica.receive(0, message);
      lagging.host.completeAll(lagging.replica);
      const reply = lagging.host.take().at(-1)?.message as AppendEntriesResponse;
      if (!reply.success) refusals++;
      replica.receive(3, reply);
      message = host.take().find(({ to }) => to === 3)?.message;
    }
    expect(refusals).toBeLessThanOrEqual(2);
    const terms = (r: RaftReplica): (number | undefined)[] => state(r).log.map(([, term]) => term);
    expect(terms(lagging.replica)).toEqual(terms(replica));
  });
});

describe('raft recovery', () => {
  it('cuts a torn tail and goes on voting', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), torn, wal(entry(3, 1), 1)]),
    );
    expect(state(replica).log).toHaveLength(1);
    replica.receive(1, requestVote(2, 1, 1));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ granted: true });
  });

  it('after rot it does not vote until a leader has given back what may be lost', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), rotten, wal(entry(3, 1), 2)]),
    );
    host.completeAll(replica);
    expect(state(replica)).toMatchObject({ suspectTerm: 1, suspectIndex: 3 });
    replica.receive(1, requestVote(2, 5, 1));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ kind: 'RequestVoteResponse', granted: false });
    replica.timerFired('election');
    expect(state(replica).role).toBe('follower');
    replica.receive(2, append(3, 1, 1, [entry(2, 1), entry(3, 1), entry(4, 3)]));
    host.completeAll(replica);
    expect(state(replica).suspectTerm).toBe(0);
    replica.receive(1, requestVote(4, 9, 3));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ granted: true });
  });

  it('a blank record that a later one says was synced is rot, not a torn tail', () => {
    const { host, replica } = replicaOn(
      diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), torn, wal(entry(3, 1), 2)]),
    );
    host.completeAll(replica);
    expect(state(replica).suspectTerm).toBe(1);
  });

  it('makes its doubt durable before it cuts the log', () => {
    const { host, replica } = replicaOn(diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), rotten]));
    expect(host.files.get('meta')?.[0]).toMatchObject({ suspectTerm: 1, suspectIndex: 2 });
    expect(host.files.has('wal')).toBe(false);
    host.completeNth(replica, 0);
    expect(host.files.get('wal')).toHaveLength(1);
  });

  it('one rotten copy of term and vote costs nothing', () => {
    const { replica } = replicaOn(diskOf([rotten, meta(7, 5, 2)], []));
    expect(state(replica)).toMatchObject({ currentTerm: 5, votedFor: 2, suspectTerm: 0 });
  });

  it('two rotten copies of term and vote: never votes again', () => {
    const { host, replica } = replicaOn(diskOf([rotten, rotten], []));
    replica.receive(1, append(9, 0, 0, [entry(1, 9)]));
    replica.receive(1, requestVote(10, 5, 9));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ kind: 'RequestVoteResponse', granted: false });
  });

  it('stops when a sync fails, and does not try again', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, append(1, 0, 0, [entry(1, 1)]));
    host.completeAll(replica, 'failed');
    expect(host.haltReason).toBe('a sync failed');
    expect(host.take()).toEqual([]);
  });

  it('copies of term and vote that differ are made equal before anything rests on them', () => {
    // A crash in the middle of a write leaves one new and one old copy. Believing the new one alone would let
    // its rot bring back the old vote, and a second vote in the same term.
    const { host, replica } = replicaOn(diskOf([meta(2, 2, 1), meta(1, 1)], []));
    replica.receive(1, requestVote(2));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ term: 2, granted: true });
    const copies = host.files.get('meta') as { version: number; votedFor: number }[];
    expect(copies.map(({ votedFor }) => votedFor)).toEqual([1, 1]);
  });

  it('a term that only the log shows is written down before anything is acknowledged in it', () => {
    const { host, replica } = replicaOn(diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 3))]));
    replica.receive(1, append(3, 1, 3));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take()).toHaveLength(1);
    expect(host.files.get('meta')?.[0]).toMatchObject({ term: 3 });
  });

  it('a replica that forgot its term acknowledges, but says that this must not count', () => {
    const { host, replica } = replicaOn(diskOf([rotten, rotten], []));
    replica.receive(1, append(1, 0, 0, [entry(1, 1)]));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ success: true, hasLost: true });
    const leader = replicaOn(EMPTY);
    elect(leader.host, leader.replica);
    const worthless = {
      kind: 'AppendEntriesResponse',
      term: 1,
      success: true,
      matchIndex: 1,
      conflictTerm: 0,
      prevLogIndex: 0,
      hasLost: true,
    };
    for (const follower of [1, 2, 3]) leader.replica.receive(follower, worthless);
    expect(state(leader.replica).commitIndex).toBe(0);
  });

  it('cuts the log at a gap, where a full disk refused a record', () => {
    const { replica } = replicaOn(diskOf([meta(1, 1), meta(1, 1)], [wal(entry(1, 1)), wal(entry(3, 1))]));
    expect(state(replica).log.map(([index]) => index)).toEqual([1]);
    expect(state(replica).suspectTerm).toBe(0);
  });

  it('reads back what it wrote', () => {
    const { host, replica } = replicaOn(EMPTY);
    replica.receive(1, append(2, 0, 0, [entry(1, 1), entry(2, 1)]));
    replica.receive(1, append(2, 1, 1, [entry(2, 2), entry(3, 2)]));
    host.completeAll(replica);
    const again = replicaOn(host.image());
    expect(state(again.replica)).toMatchObject({ currentTerm: 2, votedFor: -1 });
    expect(state(again.replica).log.map(([index, term]) => [index, term])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
  });
});
