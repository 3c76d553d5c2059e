// What a starting server believes of its disk. "§" is of Ongaro and Ousterhout, extended version; telling torn
// from rotten is after Alagappan et al., FAST 2018.

import { describe, expect, it } from 'vitest';
import type { DiskSlot, Plain } from '../../../src/kernel/index.js';
import { canonical, hashString } from '../../../src/kernel/index.js';
import { recover } from '../../../src/protocols/raft/index.js';
import { RaftStorage } from '../../../src/protocols/raft/storage.js';
import { createService } from '../../../src/services/index.js';
import { FakeHost, image, intact, rotten, torn } from './fake-host.js';
import {
  LONG,
  MEMBERS,
  acknowledgeAll,
  append,
  configuration,
  configurationEntry,
  configurationOf,
  diskOf,
  elect,
  eventsOf,
  fresh,
  header,
  leaderOn,
  logOf,
  meta,
  metas,
  put,
  replicaOn,
  request,
  requestVote,
  segmentOf,
  segmentStart,
  state,
  success,
  terms,
  wal,
  CLIENT,
} from './fixtures.js';

/** A state of the service, with something in it. */
const STATE: Plain = createService('kv').snapshot();

/** A snapshot file that the server has made itself. */
const ownSnapshot = (index: number, term: number): DiskSlot[] => [
  intact({ header: header(index, term), size: -1, checksum: 0 }),
  intact({ offset: 0, state: STATE }),
];

/** The pieces of a snapshot as they come from a leader. */
const pieces = (index: number, term: number, length: number): DiskSlot[] => {
  const text = canonical(STATE);
  const slots = [intact({ header: header(index, term), size: text.length, checksum: hashString(text) })];
  for (let offset = 0; offset < text.length; offset += length) {
    slots.push(intact({ offset, text: text.slice(offset, offset + length) }));
  }
  return slots;
};

describe('raft recovery: identity, term and vote (§5.1, Figure 2)', () => {
  it.each([
    ['blank', diskOf([])],
    ['one without a readable copy of its identity', diskOf([rotten, rotten], segmentOf([put(1, 1)]))],
  ])('a disk that is %s belongs to nobody: the server refuses to run on it', (_, disk) => {
    const subject = replicaOn(disk);
    const { host, replica } = subject;
    replica.receive(1, append(9, 0, 0, [put(1, 9)]));
    replica.receive(1, requestVote(10, 5, 9));
    replica.receive(CLIENT, request(1));
    replica.timerFired('election');
    host.completeAll(replica);
    expect(host.take()).toEqual([]);
    expect(host.timers.size).toBe(0);
    expect(eventsOf(subject, 'refused-to-run')).toHaveLength(1);
    expect(eventsOf(subject, 'recovered')).toMatchObject([{ trusted: false }]);
    expect(state(subject).isNobody).toBe(true);
  });

  it('one rotten copy costs nothing', () => {
    for (const copies of [
      [rotten, meta(7, 5, 2)],
      [meta(7, 5, 2), rotten],
    ]) {
      const subject = replicaOn(diskOf(copies));
      expect(state(subject)).toMatchObject({ currentTerm: 5, votedFor: 2, suspectTerm: 0 });
    }
  });

  it('copies that differ are made equal before anything rests on them', () => {
    // A crash in the middle of a write leaves one new and one old copy. Believing the new one alone would let
    // its rot bring back the old vote, and a second vote in the same term.
    const { host, replica } = replicaOn(diskOf([meta(2, 2, 1), meta(1, 1)]));
    replica.receive(1, requestVote(2));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ term: 2, granted: true });
    expect(host.records('meta')).toMatchObject([{ votedFor: 1 }, { votedFor: 1 }]);
  });

  it('a term that only the log shows is written down before anything is acknowledged in it', () => {
    const { host, replica } = replicaOn(diskOf(metas(1), segmentOf([put(1, 3)])));
    replica.receive(1, append(3, 1, 3));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take()).toHaveLength(1);
    expect(host.records('meta')[0]).toMatchObject({ term: 3, votedFor: -1 });
  });

  it('stops when a sync fails, and does not try again', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, append(1, 0, 0, [put(1, 1)]));
    host.completeNth(replica, 1, 'failed');
    expect(host.haltReason).toBe('a sync failed');
    expect(host.take()).toEqual([]);
  });

  it('stops when the disk is full', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, append(1, 0, 0, [put(1, 1)]));
    host.completeNth(replica, 0, 'full');
    expect(host.haltReason).toBe('the disk is full');
  });
});

describe('raft recovery: the log', () => {
  it('reads back what it wrote, and what a crash left of it', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, append(2, 0, 0, [put(1, 1), put(2, 1)]));
    host.completeAll(replica);
    replica.receive(1, append(2, 1, 1, [put(2, 2), put(3, 2)]));
    const beforeSync = replicaOn(host.crashImage());
    expect(terms(beforeSync)).toEqual([1, 1]);
    host.completeAll(replica);
    const after = replicaOn(host.crashImage());
    expect(state(after)).toMatchObject({ currentTerm: 2, votedFor: -1, durableIndex: 3 });
    expect(terms(after)).toEqual([1, 2, 2]);
  });

  it('knows the configuration of its last entry again, and that of the entry before after a truncation', () => {
    const larger = configuration([...MEMBERS, 5]);
    const subject = replicaOn(diskOf(metas(1), segmentOf([put(1, 1), configurationEntry(2, 1, larger)])));
    expect(configurationOf(subject)).toEqual(larger);
    subject.replica.receive(1, append(2, 1, 1, [put(2, 2)]));
    expect(configurationOf(subject)).toEqual(configuration(MEMBERS));
    expect(eventsOf(subject, 'configuration-changed').map(({ index }) => index)).toEqual([2, 0]);
  });

  it('cuts a torn tail and goes on voting', () => {
    const slots = [segmentStart(1), wal(2, put(1, 1)), torn, wal(4, put(3, 1), 1)];
    const { host, replica } = replicaOn(diskOf(metas(1), slots));
    expect(host.records('wal-1')).toHaveLength(2);
    host.completeAll(replica);
    replica.receive(1, requestVote(2, 1, 1));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ granted: true });
  });

  it('cuts the log at a gap, where a full disk refused a record', () => {
    const slots = [segmentStart(1), wal(2, put(1, 1)), wal(3, put(3, 1))];
    const subject = replicaOn(diskOf(metas(1), slots));
    expect(terms(subject)).toEqual([1]);
    expect(state(subject).suspectTerm).toBe(0);
  });

  it('reads several segments as one log', () => {
    const subject = replicaOn(
      diskOf(metas(2), segmentOf([put(1, 1), put(2, 1)]), {
        'wal-2': [segmentStart(4, 2, 1), wal(5, put(2, 2)), wal(6, put(3, 2))],
      }),
    );
    expect(terms(subject)).toEqual([1, 2, 2]);
  });

  it('a record is durable when every one before it is, in whichever segment', () => {
    const host = new FakeHost(0);
    const storage = new RaftStorage(host);
    storage.appendEntry(put(1, 1), 0, 0);
    storage.startSegment(1, 1, false); // syncs the first segment
    const last = storage.appendEntry(put(2, 1), 1, 1);
    storage.syncWal();
    const completions = { diskCompleted: storage.completed.bind(storage) };
    host.completeNth(completions, 1); // the second segment
    expect(storage.walSynced).toBe(0);
    host.completeNth(completions, 0);
    expect(storage.walSynced).toBe(last);
  });

  it('drops segments after damage', () => {
    const subject = replicaOn(
      diskOf(metas(2), [...segmentOf([put(1, 1)]), torn], {
        'wal-2': [segmentStart(4, 2, 1), wal(5, put(3, 2))],
      }),
    );
    expect(terms(subject)).toEqual([1]);
    subject.host.completeAll(subject.replica); // first the doubt: wal-2 says that the torn record was synced
    expect(state(subject).suspectTerm).toBe(2);
    expect(subject.host.files()).not.toContain('wal-2');
  });
});

describe('raft recovery: a log that began anew', () => {
  const anew = { 'wal-2': [segmentStart(4, 7, 2, true), wal(5, put(8, 2), 4)], snapshot: ownSnapshot(7, 2) };

  it.each([
    ['whole', segmentOf([put(1, 1), put(2, 1)])],
    ['torn', [segmentStart(1), torn, wal(3, put(2, 1))]],
    ['rotten', [segmentStart(1), rotten, wal(3, put(2, 1))]],
    ['gone', []],
  ])('what was before and is still there does not count: %s', (_, before) => {
    const subject = replicaOn(diskOf(metas(2), before, anew));
    expect(state(subject)).toMatchObject({ baseIndex: 7, baseTerm: 2, suspectTerm: 0, durableIndex: 8 });
    expect(terms(subject)).toEqual([2]);
    expect(subject.host.files()).toEqual(['meta', 'snapshot', 'wal-2']);
  });

  it('a beginning that was never synced leaves the log before, and another one takes its place', () => {
    const subject = replicaOn(
      diskOf(metas(2), segmentOf([put(1, 1)]), { 'wal-2': [torn], snapshot: ownSnapshot(7, 2) }),
    );
    expect(state(subject)).toMatchObject({ baseIndex: 7, suspectTerm: 0, durableIndex: 0 });
    expect(subject.host.files()).toEqual(['meta', 'snapshot', 'wal-1', 'wal-3']);
    subject.host.completeAll(subject.replica);
    expect(state(subject).durableIndex).toBe(7);
    expect(subject.host.files()).toEqual(['meta', 'snapshot', 'wal-3']);
  });
});

describe('raft recovery: rot', () => {
  const rot = diskOf(metas(1), [segmentStart(1), wal(2, put(1, 1)), rotten, wal(4, put(3, 1), 3)]);

  it('does not vote, nor stand, until a leader has given back what may be lost', () => {
    const subject = replicaOn(rot);
    const { host, replica } = subject;
    host.completeAll(replica);
    // Two records are lost, of which each may have added an index after the one that is seen.
    expect(state(subject)).toMatchObject({ suspectTerm: 1, suspectIndex: 5 });
    replica.receive(1, requestVote(2, 5, 1));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ kind: 'RequestVoteResponse', granted: false });
    replica.timerFired('election');
    expect(state(subject).role).toBe('follower');
    replica.receive(2, append(3, 1, 1, [put(2, 1), put(3, 1)]));
    host.completeAll(replica);
    expect(state(subject).suspectTerm).toBe(1);
    replica.receive(2, append(3, 3, 1, [put(4, 3)]));
    host.completeNth(replica, 0); // the log is durable; that it is trusted is being written
    expect(state(subject).suspectTerm).toBe(1);
    host.completeAll(replica);
    expect(state(subject).suspectTerm).toBe(0);
    expect(eventsOf(subject, 'trust-regained')).toHaveLength(1);
    host.now += LONG;
    replica.receive(1, requestVote(4, 9, 3));
    host.completeAll(replica);
    expect(host.take().at(-1)?.message).toMatchObject({ granted: true });
  });

  it('says in refusals that its earlier acknowledgements no longer hold', () => {
    const { host, replica } = replicaOn(rot);
    host.completeAll(replica);
    replica.receive(1, append(1, 3, 1));
    expect(host.take()).toMatchObject([{ message: { success: false, hasLost: true, matchIndex: 1 } }]);
    const leader = leaderOn(logOf(1, [1, 1]));
    leader.replica.receive(1, success(2, 1, { success: false, prevLogIndex: 3, hasLost: true }));
    expect(state(leader).peers[0]).toMatchObject({ match: 1, state: 'probe' });
  });

  it('a blank record that a later one says was synced is rot, no torn tail', () => {
    const slots = [segmentStart(1), wal(2, put(1, 1)), torn, wal(4, put(3, 1), 3)];
    const subject = replicaOn(diskOf(metas(1), slots));
    subject.host.completeAll(subject.replica);
    expect(state(subject).suspectTerm).toBe(1);
  });

  it('makes its doubt durable before it cuts the log', () => {
    const { host, replica } = replicaOn(diskOf(metas(1), [segmentStart(1), wal(2, put(1, 1)), rotten]));
    expect(host.records('meta')[0]).toMatchObject({ suspectTerm: 1, suspectIndex: 2 });
    expect(host.records('wal-1')).toHaveLength(3);
    host.completeNth(replica, 0);
    expect(host.records('wal-1')).toHaveLength(2);
  });

  it('removes what follows damage from its end', () => {
    const found = recover(
      diskOf(metas(2), [torn, wal(2, put(1, 1))], {
        'wal-2': [segmentStart(3, 1, 1)],
        'wal-3': [segmentStart(4, 1, 1)],
      }),
    );
    expect(found?.repair.remove).toEqual(['wal-3', 'wal-2', 'wal-1']);
  });

  it('bounds what it may have lost by the snapshot, after which the log began at the latest', () => {
    const subject = replicaOn(diskOf(metas(2), [rotten, rotten], { snapshot: ownSnapshot(7, 2) }));
    expect(state(subject)).toMatchObject({ suspectTerm: 2, suspectIndex: 9 });
  });

  it('when nothing bounds it, regains trust in a later term only', () => {
    const subject = replicaOn(diskOf(metas(2), [rotten], { snapshot: [rotten, rotten] }));
    const { host, replica } = subject;
    host.completeAll(replica);
    replica.receive(1, append(2, 0, 0, [put(1, 2), put(2, 2)]));
    host.completeAll(replica);
    expect(state(subject)).toMatchObject({ suspectTerm: 2, durableIndex: 2 });
    replica.receive(1, append(3, 2, 2, [put(3, 3)]));
    host.completeAll(replica);
    expect(state(subject)).toMatchObject({ suspectTerm: 0, suspectIndex: 0 });
  });

  it('its doubt survives the next start', () => {
    const first = replicaOn(rot);
    first.host.completeAll(first.replica);
    const again = replicaOn(first.host.crashImage());
    expect(state(again)).toMatchObject({ suspectTerm: 1, suspectIndex: 5 });
  });
});

describe('raft recovery: snapshot and log together (§7)', () => {
  it('starts from the snapshot, and keeps the tail that continues it', () => {
    const subject = replicaOn(
      diskOf(metas(2), segmentOf([1, 1, 2, 2].map((term, i) => put(i + 1, term))), {
        snapshot: ownSnapshot(2, 1),
      }),
    );
    expect(state(subject)).toMatchObject({ commitIndex: 2, lastApplied: 2, baseIndex: 0, durableIndex: 4 });
    expect(terms(subject)).toEqual([1, 1, 2, 2]);
    expect(eventsOf(subject, 'snapshot-installed')).toMatchObject([{ index: 2, received: false }]);
  });

  it("keeps a tail whose segment begins at or before the snapshot's end", () => {
    const subject = replicaOn(
      diskOf(metas(2), [], {
        'wal-2': [segmentStart(4, 2, 1), wal(5, put(3, 2)), wal(6, put(4, 2))],
        snapshot: ownSnapshot(2, 1),
      }),
    );
    expect(state(subject)).toMatchObject({ baseIndex: 2, baseTerm: 1, commitIndex: 2, durableIndex: 4 });
    expect(terms(subject)).toEqual([2, 2]);
  });

  it("a log that does not have the snapshot's last entry is void", () => {
    const subject = replicaOn(
      diskOf(metas(3), segmentOf([put(1, 1), put(2, 1), put(3, 1)]), { snapshot: ownSnapshot(2, 3) }),
    );
    expect(state(subject)).toMatchObject({ baseIndex: 2, baseTerm: 3, log: [] });
    subject.host.completeAll(subject.replica);
    expect(subject.host.files()).toEqual(['meta', 'snapshot', 'wal-2']);
    const again = replicaOn(subject.host.crashImage());
    expect(state(again)).toMatchObject({ baseIndex: 2, baseTerm: 3, log: [], suspectTerm: 0 });
  });

  it('without a log the snapshot is everything', () => {
    const subject = replicaOn(diskOf(metas(1), [], { snapshot: ownSnapshot(5, 4) }));
    expect(state(subject)).toMatchObject({ baseIndex: 5, baseTerm: 4, currentTerm: 4, commitIndex: 5 });
    // Nothing rests on it before the log says where it begins.
    expect(state(subject).durableIndex).toBe(0);
    subject.host.completeAll(subject.replica);
    expect(state(subject).durableIndex).toBe(5);
  });

  it('a rotten snapshot whose log is whole from the beginning costs nothing', () => {
    const subject = replicaOn(
      diskOf(metas(1), segmentOf([put(1, 1), put(2, 1)]), { snapshot: [rotten, rotten] }),
    );
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ commitIndex: 0, suspectTerm: 0 });
    expect(terms(subject)).toEqual([1, 1]);
    expect(subject.host.files()).not.toContain('snapshot');
  });

  it('a rotten snapshot that the log needs: the server has lost what it promised', () => {
    const [head] = ownSnapshot(2, 1) as [DiskSlot, DiskSlot];
    const subject = replicaOn(
      diskOf(metas(2), [], {
        'wal-2': [segmentStart(4, 2, 1), wal(5, put(3, 2)), wal(6, put(4, 2))],
        snapshot: [head, rotten],
      }),
    );
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ log: [], baseIndex: 0, suspectTerm: 2 });
    expect(state(subject).suspectIndex).toBeGreaterThanOrEqual(4);
    subject.replica.receive(1, requestVote(3, 9, 2));
    subject.host.completeAll(subject.replica);
    expect(subject.host.take().at(-1)?.message).toMatchObject({ granted: false });
  });

  it('a rotten snapshot and no log: whatever was acknowledged may have given way to that snapshot', () => {
    const settings = { 'snapshot-entries': 4, 'retained-entries': 0 };
    const subject = replicaOn(logOf(2, [1, 2, 2, 2]), { settings });
    const { host, replica } = subject;
    replica.receive(1, append(2, 4, 2, [], 4));
    host.completeNth(replica, 0); // content
    host.completeNth(replica, 0); // name
    expect(host.files()).toEqual(['meta', 'snapshot', 'wal-2']);
    const left = host.image();
    // The power goes before the segment that goes on has a durable beginning; the snapshot rots before the next one has.
    const without = new Map(left.files().map((file) => [file, left.read(file)]));
    without.delete('wal-2');
    expect(state(replicaOn(image(without)))).toMatchObject({ baseIndex: 4, suspectTerm: 0 });
    without.set('snapshot', [rotten, rotten]);
    const again = replicaOn(image(without));
    again.host.completeAll(again.replica);
    expect(state(again)).toMatchObject({ log: [], baseIndex: 0, suspectTerm: 2 });
  });

  it.each([
    ['all but the head of its own', ownSnapshot(4, 2).slice(0, 1)],
    ['all but the head of a received one', pieces(4, 2, 7).slice(0, 1)],
    ['the end of a received one', pieces(4, 2, 7).slice(0, -1)],
  ])(
    'a snapshot that the log needs and that lost its end is a loss, and no reason to fail: %s',
    (_, left) => {
      const log = [segmentStart(4, 4, 2), wal(5, put(5, 2))];
      const subject = replicaOn(diskOf(metas(2), [], { 'wal-2': log, snapshot: left }));
      subject.host.completeAll(subject.replica);
      expect(state(subject)).toMatchObject({ log: [], baseIndex: 0, suspectTerm: 2 });
    },
  );

  it('a snapshot that was received is read back from its pieces', () => {
    const subject = replicaOn(diskOf(metas(4), [], { snapshot: pieces(5, 4, 7) }));
    expect(state(subject)).toMatchObject({ baseIndex: 5, commitIndex: 5, service: STATE });
  });

  it('what was being received goes on behind the last whole piece', () => {
    const all = pieces(5, 4, 7);
    const [first, second] = all as [DiskSlot, DiskSlot];
    const { replica } = replicaOn(diskOf(metas(4), [], { 'snapshot.incoming': [first, second, torn] }));
    expect(replica.encode()).toMatchObject({ snapshots: { incoming: [5, 7] } });
  });

  it('a snapshot that was being saved is dropped', () => {
    const { host } = replicaOn(
      diskOf(metas(1), segmentOf([put(1, 1)]), { 'snapshot.saving': ownSnapshot(1, 1) }),
    );
    expect(host.files()).not.toContain('snapshot.saving');
  });

  it('survives a crash at every completion while snapshots are made and the log is compacted', () => {
    const setup = { members: [0, 1, 2], settings: { 'snapshot-entries': 3, 'retained-entries': 1 } };
    const subject = replicaOn(fresh(), setup);
    elect(subject);
    acknowledgeAll(subject, [1, 2]);
    let acknowledged = 0;
    for (let sequence = 1; sequence <= 12; sequence++) {
      subject.replica.receive(CLIENT, request(sequence, `v${sequence}`));
      while (subject.host.syncsUnderWay > 0) {
        subject.host.completeNth(subject.replica, 0);
        const { durableIndex, currentTerm } = state(subject);
        acknowledged = Math.max(acknowledged, durableIndex);
        const after = replicaOn(subject.host.crashImage(), setup);
        const found = state(after);
        expect(found.suspectTerm).toBe(0);
        expect(found.currentTerm).toBe(currentTerm);
        expect(found.baseIndex + found.log.length).toBeGreaterThanOrEqual(acknowledged);
        expect(found.commitIndex).toBeGreaterThanOrEqual(found.baseIndex);
      }
      subject.replica.receive(1, success(1, 1 + sequence));
    }
    expect(eventsOf(subject, 'compacted').length).toBeGreaterThan(2);
  });
});
