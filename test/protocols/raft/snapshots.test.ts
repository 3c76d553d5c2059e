// Snapshots and compaction: §7 of Ongaro and Ousterhout, extended version; "diss." is Ongaro's dissertation.

import { describe, expect, it } from 'vitest';
import { canonical, hashString, type Plain } from '../../../src/kernel/index.js';
import type { InstallSnapshot, InstallSnapshotResponse } from '../../../src/protocols/raft/index.js';
import {
  CLIENT,
  OPERATOR,
  acknowledgeAll,
  admin,
  append,
  configuration,
  configurationOf,
  elect,
  eventsOf,
  fresh,
  header,
  leaderOn,
  logOf,
  ofKind,
  peer,
  put,
  replicaOn,
  request,
  state,
  success,
  terms,
  type Subject,
  receive,
} from './fixtures.js';
import { image, rotten } from './fake-host.js';

const SMALL = { settings: { 'snapshot-entries': 4, 'retained-entries': 1, 'snapshot-chunk': 16 } };

/** A leader that has saved a snapshot and forgotten the log before it; follower 4 has answered nothing. */
function compactedLeader(): Subject {
  const subject = replicaOn(fresh(), SMALL);
  elect(subject);
  acknowledgeAll(subject, [1, 2, 3]);
  for (let sequence = 1; sequence <= 3; sequence++) {
    subject.replica.receive(CLIENT, request(sequence, `value ${sequence}`));
    acknowledgeAll(subject, [1, 2, 3]);
  }
  subject.host.take();
  return subject;
}

/** The pieces of the snapshot of a service that has applied one put of this value. */
function piecesOf(index: number, term: number, chunk = 16, value = 'some value'): InstallSnapshot[] {
  const source = leaderOn(fresh(), { settings: { 'snapshot-entries': 2 } });
  source.replica.receive(CLIENT, request(1, value));
  acknowledgeAll(source);
  const text = canonical(state(source).service);
  const found: InstallSnapshot[] = [];
  for (let offset = 0; offset < text.length; offset += chunk) {
    found.push({
      kind: 'InstallSnapshot',
      term,
      header: header(index, term),
      offset,
      text: text.slice(offset, offset + chunk),
      size: text.length,
      checksum: hashString(text),
      round: 3,
      generation: 0,
    });
  }
  return found;
}

const last = <T>(items: readonly T[]): T => items[items.length - 1] as T;

/** Hands over messages and returns the answers to them. */
function give(
  subject: Subject,
  from: number,
  messages: readonly InstallSnapshot[],
): InstallSnapshotResponse[] {
  subject.host.take();
  for (const message of messages) subject.replica.receive(from, message);
  return ofKind(subject.host.take(), 'InstallSnapshotResponse').map(({ message }) => message);
}

describe('raft snapshots: saving and compaction (§7)', () => {
  it('saves when so many entries are applied, and compacts when the snapshot is durable', () => {
    const subject = leaderOn(fresh(), SMALL);
    for (let sequence = 1; sequence <= 3; sequence++) subject.replica.receive(CLIENT, request(sequence));
    subject.host.completeAll(subject.replica);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(1, 4));
    expect(state(subject)).toMatchObject({ lastApplied: 4, baseIndex: 0 });
    subject.host.completeNth(subject.replica, 0); // content
    expect(eventsOf(subject, 'snapshot-saved')).toEqual([]);
    expect(state(subject).baseIndex).toBe(0);
    subject.host.completeNth(subject.replica, 0); // name
    expect(eventsOf(subject, 'snapshot-saved')).toMatchObject([{ index: 4, received: false }]);
    expect(state(subject)).toMatchObject({ baseIndex: 3, baseTerm: 1 });
    expect(terms(subject)).toEqual([1]);
    expect(subject.host.files()).toContain('snapshot');
  });

  it('never compacts beyond what is applied, however far the log goes', () => {
    const subject = replicaOn(fresh(), SMALL);
    const entries = [1, 2, 3, 4, 5, 6, 7, 8].map((index) => put(index, 1));
    subject.replica.receive(1, append(1, 0, 0, entries, 5));
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ lastApplied: 5, baseIndex: 4 });
    expect(terms(subject)).toHaveLength(4);
  });

  it('what its disk lacks is not acknowledged because a snapshot of its own covers it', () => {
    const subject = replicaOn(logOf(1, []), SMALL);
    const { host, replica } = subject;
    replica.receive(
      1,
      append(
        1,
        0,
        0,
        [1, 2, 3, 4, 5].map((index) => put(index, 1)),
        4,
      ),
    );
    host.completeNth(replica, 1); // the snapshot's content
    host.completeNth(replica, 1); // its name
    expect(state(subject)).toMatchObject({ baseIndex: 3, durableIndex: 0 });
    replica.receive(1, append(1, 2, 1, [put(3, 1)], 4));
    expect(ofKind(host.take(), 'AppendEntriesResponse')).toEqual([]);
    host.completeNth(replica, 0); // the log up to where it was compacted
    expect(ofKind(host.take(), 'AppendEntriesResponse')).toMatchObject([
      { message: { success: true, matchIndex: 5 } },
      { message: { success: true, matchIndex: 3 } },
    ]);
  });

  it('saves when so many bytes are applied', () => {
    const { bytes } = put(1, 1);
    const subject = replicaOn(fresh(), { settings: { 'snapshot-entries': 0, 'snapshot-bytes': 2 * bytes } });
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1)], 1));
    subject.host.completeAll(subject.replica);
    expect(eventsOf(subject, 'snapshot-saved')).toEqual([]);
    subject.replica.receive(1, append(1, 1, 1, [put(2, 1)], 2));
    subject.host.completeAll(subject.replica);
    expect(eventsOf(subject, 'snapshot-saved')).toMatchObject([{ index: 2 }]);
  });

  it('saves after so much time, if there is anything new', () => {
    const subject = replicaOn(fresh(), { settings: { 'snapshot-entries': 0, 'snapshot-interval': '1s' } });
    expect(subject.host.timers.get('snapshot')).toEqual([1_000_000, 1_000_000]);
    subject.replica.timerFired('snapshot');
    subject.host.completeAll(subject.replica);
    expect(eventsOf(subject, 'snapshot-saved')).toEqual([]);
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1)], 1));
    subject.replica.timerFired('snapshot');
    subject.host.completeAll(subject.replica);
    expect(eventsOf(subject, 'snapshot-saved')).toMatchObject([{ index: 1 }]);
  });

  it('saves when an operator asks, on any server', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1)], 1));
    subject.replica.receive(OPERATOR, admin(1, { do: 'snapshot' }));
    expect(subject.host.take()).toMatchObject([{ to: OPERATOR, message: { status: 'ok' } }]);
    subject.host.completeAll(subject.replica);
    expect(eventsOf(subject, 'snapshot-saved')).toMatchObject([{ index: 1 }]);
  });

  it('goes on in a new segment, and removes those that the snapshot covers', () => {
    const { host } = compactedLeader();
    expect(host.files()).toEqual(['meta', 'snapshot', 'wal-1', 'wal-2']); // wal-1 holds the entry that is kept
    const dense = leaderOn(fresh(), { settings: { 'snapshot-entries': 2, 'retained-entries': 0 } });
    for (let sequence = 1; sequence <= 6; sequence++) {
      dense.replica.receive(CLIENT, request(sequence));
      acknowledgeAll(dense);
    }
    expect(dense.host.files().filter((file) => file.startsWith('wal-'))).toHaveLength(1);
    expect(state(dense).log).toHaveLength(state(dense).lastApplied % 2);
  });
});

describe('raft snapshots: a leader sends one (§7, Figure 13)', () => {
  it('to a follower that lacks what has been compacted, one piece at a time', () => {
    const subject = compactedLeader();
    subject.replica.timerFired('heartbeat');
    const [first] = ofKind(subject.host.take(), 'InstallSnapshot');
    expect(first).toMatchObject({ to: 4, message: { offset: 0, header: { index: 4, term: 1 } } });
    expect(first?.message.text).toHaveLength(16);
    expect(peer(subject, 4).state).toBe('snapshot');
    const answer: InstallSnapshotResponse = {
      kind: 'InstallSnapshotResponse',
      term: 1,
      index: 4,
      nextOffset: 16,
      installed: false,
      round: 2,
      generation: 0,
    };
    subject.replica.receive(4, answer);
    expect(ofKind(subject.host.take(), 'InstallSnapshot')).toMatchObject([{ message: { offset: 16 } }]);
    subject.replica.receive(4, answer); // twice: the piece is on the way
    expect(subject.host.take()).toEqual([]);
    receive(subject, 4, { ...answer, nextOffset: 0, installed: true });
    expect(peer(subject, 4)).toMatchObject({ match: 4, state: 'probe', next: 5 });
  });

  it('what was installed for the leader before is not sent again', () => {
    const subject = compactedLeader();
    receive(subject, 4, {
      kind: 'InstallSnapshotResponse',
      term: 1,
      index: 6,
      nextOffset: 0,
      installed: true,
      round: 2,
      generation: 0,
    });
    const { match, next } = peer(subject, 4);
    expect({ match, next }).toEqual({ match: 6, next: 7 });
  });

  it('repeats a piece that is not answered, after three heartbeats', () => {
    const subject = compactedLeader();
    let ticks = 0;
    const sent: number[] = [];
    while (sent.length < 2 && ticks < 20) {
      ticks++;
      subject.replica.timerFired('heartbeat');
      if (ofKind(subject.host.take(), 'InstallSnapshot').length > 0) sent.push(ticks);
    }
    expect(last(sent) - (sent[0] as number)).toBe(4);
  });

  it('goes on with heartbeats beside the snapshot, and with what was acknowledged meanwhile', () => {
    const subject = compactedLeader();
    subject.replica.timerFired('heartbeat');
    subject.host.take();
    subject.replica.timerFired('heartbeat');
    const beats = ofKind(subject.host.take(), 'AppendEntries').filter(({ to }) => to === 4);
    // At the snapshot's end: should it be installed there and the answer lost, this finds out.
    expect(beats).toMatchObject([{ message: { prevLogIndex: 4, entries: [] } }]);
    subject.replica.receive(4, success(1, 3)); // it has the log up to the base: no snapshot is needed
    expect(peer(subject, 4).state).not.toBe('snapshot');
  });

  it('learns from a heartbeat that the snapshot was installed', () => {
    const subject = compactedLeader();
    subject.replica.timerFired('heartbeat');
    subject.replica.receive(4, success(1, 4));
    expect(peer(subject, 4)).toMatchObject({ state: 'probe', match: 4 });
  });

  it('sends a piece again at once to a follower that answers after a long silence', () => {
    const subject = compactedLeader();
    /** Pieces to the silent one during so many heartbeats; the others answer. */
    const pieces = (heartbeats: number): number => {
      subject.host.take();
      for (let i = 0; i < heartbeats; i++) {
        subject.host.now += 50_000;
        subject.replica.timerFired('heartbeat');
        acknowledgeAll(subject, [1, 2, 3]);
      }
      return ofKind(subject.host.take(), 'InstallSnapshot').filter(({ to }) => to === 4).length;
    };
    expect(pieces(40)).toBeLessThan(5);
    expect(pieces(3)).toBe(0);
    subject.replica.receive(4, success(1, 0));
    expect(pieces(1)).toBe(1);
  });

  it('waits no longer each time for a follower that answers what came after the piece, and so has missed it', () => {
    const subject = compactedLeader();
    subject.host.take();
    for (let i = 0; i < 40; i++) {
      subject.host.now += 50_000;
      subject.replica.timerFired('heartbeat');
      acknowledgeAll(subject, [1, 2, 3]);
      const { round } = state(subject) as unknown as { round: number };
      subject.replica.receive(4, success(1, 0, { round }));
    }
    const sent = ofKind(subject.host.take(), 'InstallSnapshot').filter(({ to }) => to === 4);
    expect(sent.length).toBeGreaterThanOrEqual(9);
  });
});

describe('raft snapshots: a follower installs one (§7, Figure 13)', () => {
  it('takes the pieces in order, installs the whole when it is durable, and says so', () => {
    const subject = replicaOn(fresh());
    const all = piecesOf(6, 2);
    expect(give(subject, 1, [all[0] as InstallSnapshot])).toEqual([]); // the new term is not durable yet
    subject.host.completeAll(subject.replica);
    expect(ofKind(subject.host.take(), 'InstallSnapshotResponse')).toMatchObject([
      { to: 1, message: { nextOffset: 16, installed: false, round: 3 } },
    ]);
    const answers = give(subject, 1, all.slice(1));
    expect(last(answers)).toMatchObject({ nextOffset: all[0]?.size, installed: false });
    expect(state(subject).commitIndex).toBe(0);
    subject.host.completeAll(subject.replica);
    expect(ofKind(subject.host.take(), 'InstallSnapshotResponse')).toMatchObject([
      { to: 1, message: { index: 6, installed: true } },
    ]);
    expect(state(subject)).toMatchObject({
      commitIndex: 6,
      lastApplied: 6,
      baseIndex: 6,
      baseTerm: 2,
      log: [],
    });
    expect(eventsOf(subject, 'snapshot-installed')).toMatchObject([{ index: 6, received: true }]);
    expect(JSON.stringify(state(subject).service)).toContain('some value');
  });

  it('a piece out of order or twice changes nothing, and is answered with what is wanted', () => {
    const subject = replicaOn(logOf(2, []));
    const all = piecesOf(6, 2);
    const [first, second, third] = all as [InstallSnapshot, InstallSnapshot, InstallSnapshot];
    const wanted = give(subject, 1, [third, first, first, third, second]).map(({ nextOffset }) => nextOffset);
    expect(wanted).toEqual([0, 16, 16, 16, 32]);
  });

  it('keeps the entries that follow a snapshot of a log that matches', () => {
    const subject = replicaOn(logOf(2, [1, 2, 2, 2]));
    give(subject, 1, piecesOf(2, 2));
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ commitIndex: 2, baseIndex: 0, durableIndex: 4 });
    expect(terms(subject)).toEqual([1, 2, 2, 2]);
  });

  it('drops a log that conflicts with it, for good', () => {
    const subject = replicaOn(logOf(2, [1, 1, 1, 1]));
    give(subject, 1, piecesOf(2, 2));
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ commitIndex: 2, baseIndex: 2, baseTerm: 2, log: [] });
    expect(state(replicaOn(subject.host.crashImage()))).toMatchObject({
      commitIndex: 2,
      baseIndex: 2,
      log: [],
    });
    subject.replica.receive(1, append(2, 2, 2, [put(3, 2)], 3));
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(3);
    expect(terms(replicaOn(subject.host.crashImage()))).toEqual([2]);
  });

  it('says so, and drops the log before, only when the beginning of the log behind it is durable', () => {
    const subject = replicaOn(logOf(2, [1, 1, 1, 1]));
    const { host, replica } = subject;
    give(subject, 1, piecesOf(6, 2));
    host.completeNth(replica, 0); // content
    host.completeNth(replica, 0); // name
    expect(state(subject)).toMatchObject({ baseIndex: 6, durableIndex: 0 });
    replica.receive(1, append(2, 6, 2, [], 6));
    replica.receive(1, append(2, 4, 2, [], 6));
    const answers = host.take();
    expect(ofKind(answers, 'InstallSnapshotResponse')).toEqual([]);
    expect(ofKind(answers, 'AppendEntriesResponse')).toMatchObject([
      { message: { success: true, matchIndex: 0 } },
      { message: { success: true, matchIndex: 0 } },
    ]);
    expect(host.files()).toContain('wal-1');
    host.completeAll(replica);
    expect(ofKind(host.take(), 'InstallSnapshotResponse')).toMatchObject([{ message: { installed: true } }]);
    expect(host.files()).not.toContain('wal-1');
    expect(state(subject).durableIndex).toBe(6);
  });

  it('never looks like a server that has promised nothing, whatever a crash and rot take of it', () => {
    // The full disk refuses the record that begins the log anew; then the snapshot rots.
    const subject = replicaOn(logOf(2, [1, 2, 2, 2]));
    const { host, replica } = subject;
    give(subject, 1, piecesOf(6, 2));
    host.completeNth(replica, 0); // content
    host.completeNth(replica, 0); // name
    const left = host.image();
    const without = new Map(left.files().map((file) => [file, left.read(file)]));
    without.delete('wal-2');
    without.set('snapshot', [rotten]);
    const again = replicaOn(image(without));
    expect(terms(again)).toEqual([1, 2, 2, 2]);
  });

  it('a piece of one that the log has overtaken is not asked for again while the disk is slow', () => {
    const subject = replicaOn(logOf(2, []));
    const [first] = piecesOf(2, 2) as [InstallSnapshot];
    subject.replica.receive(1, append(2, 0, 0, [put(1, 2), put(2, 2)], 2));
    expect(give(subject, 1, [first])).toMatchObject([{ installed: false, nextOffset: first.size }]);
    subject.host.completeAll(subject.replica);
    expect(give(subject, 1, [first])).toMatchObject([{ installed: true }]);
  });

  it('one that is older than what is committed is ignored, and answered as installed', () => {
    const subject = replicaOn(logOf(2, [1, 2, 2]));
    subject.replica.receive(1, append(2, 3, 2, [], 3));
    expect(give(subject, 1, piecesOf(2, 2).slice(0, 1))).toMatchObject([{ index: 2, installed: true }]);
    expect(eventsOf(subject, 'snapshot-installed')).toEqual([]);
  });

  it('one of an earlier term is refused', () => {
    const subject = replicaOn(logOf(5, []));
    expect(give(subject, 1, piecesOf(6, 2).slice(0, 1))).toMatchObject([{ term: 5, installed: false }]);
    expect(state(subject).leader).toBe(-1);
  });

  it('one whose checksum is wrong is not installed, and begins anew', () => {
    const subject = replicaOn(logOf(2, []));
    const wrong = piecesOf(6, 2).map((piece) => ({ ...piece, checksum: piece.checksum ^ 1 }));
    expect(last(give(subject, 1, wrong))).toMatchObject({ nextOffset: 0, installed: false });
    expect(eventsOf(subject, 'snapshot-failed')).toMatchObject([{ index: 6 }]);
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(0);
    give(subject, 1, piecesOf(6, 2));
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(6);
  });

  it('goes on after a restart behind the pieces that it has', () => {
    const all = piecesOf(6, 2);
    const subject = replicaOn(logOf(2, []));
    give(subject, 1, all.slice(0, 2));
    const again = replicaOn(subject.host.image(), { incarnation: 2 });
    expect(give(again, 1, [all[0] as InstallSnapshot])).toMatchObject([{ nextOffset: 32 }]);
    give(again, 1, all.slice(2));
    again.host.completeAll(again.replica);
    expect(state(again)).toMatchObject({ commitIndex: 6, baseIndex: 6 });
  });

  it('goes on when another leader sends the same snapshot', () => {
    const subject = replicaOn(logOf(2, []));
    const all = piecesOf(6, 2);
    give(subject, 1, all.slice(0, 2));
    const byOther = all.map((piece) => ({ ...piece, term: 3 }));
    give(subject, 2, byOther.slice(2));
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ commitIndex: 6, currentTerm: 3, leader: 2 });
  });

  it('begins anew when another leader sends another one', () => {
    const subject = replicaOn(logOf(2, []));
    give(subject, 1, piecesOf(6, 2).slice(0, 2));
    const other = piecesOf(7, 3, 16, 'something else');
    subject.replica.receive(2, other[0] as InstallSnapshot);
    expect(eventsOf(subject, 'snapshot-failed')).toMatchObject([{ index: 6 }]);
    give(subject, 2, other.slice(1));
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(7);
    expect(JSON.stringify(state(subject).service)).toContain('something else');
  });

  it('an equal text of another place is another snapshot', () => {
    const subject = replicaOn(logOf(2, []));
    give(subject, 1, piecesOf(6, 2).slice(0, 2));
    const [first, ...rest] = piecesOf(7, 2);
    expect(give(subject, 1, [first as InstallSnapshot])).toMatchObject([{ index: 7, nextOffset: 16 }]);
    give(subject, 1, rest);
    subject.host.completeAll(subject.replica);
    expect(state(subject)).toMatchObject({ commitIndex: 7, baseIndex: 7 });
  });

  it('a crash before it has its name leaves the log as it was', () => {
    const subject = replicaOn(logOf(2, [1, 1, 1, 1]));
    give(subject, 1, piecesOf(2, 2));
    subject.host.completeNth(subject.replica, 0); // the content is durable, the name is not
    const again = replicaOn(subject.host.crashImage());
    expect(terms(again)).toEqual([1, 1, 1, 1]);
    expect(state(again)).toMatchObject({ commitIndex: 0, baseIndex: 0 });
  });

  it('acts by the configuration of the snapshot (diss. §4.1)', () => {
    const subject = replicaOn(logOf(2, [1]));
    const inForce = configuration([0, 1, 2], { learners: [3] });
    const all = piecesOf(6, 2).map((piece) => ({
      ...piece,
      header: header(6, 2, { configuration: inForce, configurationIndex: 4 }),
    }));
    give(subject, 1, all);
    subject.host.completeAll(subject.replica);
    expect(configurationOf(subject)).toEqual(inForce);
    expect(last(eventsOf(subject, 'configuration-changed'))).toMatchObject({ index: 4 });
  });

  it("leader and follower together: the follower ends with the leader's state", () => {
    const leader = compactedLeader();
    const follower = replicaOn(fresh(4), { self: 4, ...SMALL });
    for (let beat = 0; beat < 3; beat++) {
      leader.host.now += 10_000;
      leader.replica.timerFired('heartbeat');
      for (let step = 0; step < 100; step++) {
        const out = leader.host.take().filter(({ to }) => to === 4);
        for (const { message } of out) follower.replica.receive(0, message);
        follower.host.completeAll(follower.replica);
        const back = follower.host.take().filter(({ to }) => to === 0);
        for (const { message } of back) leader.replica.receive(4, message);
        leader.host.completeAll(leader.replica);
        if (out.length + back.length === 0) break;
      }
    }
    const text = (plain: Plain): string => canonical(plain);
    expect(text(state(follower).service)).toBe(text(state(leader).service));
    expect(state(follower).commitIndex).toBe(state(leader).commitIndex);
    expect(peer(leader, 4).state).toBe('replicate');
    expect(eventsOf(follower, 'snapshot-installed')).toHaveLength(1);
  });

  it('a leader keeps what a follower needs after the snapshot that it is receiving', () => {
    const subject = compactedLeader();
    subject.replica.timerFired('heartbeat');
    expect(peer(subject, 4).state).toBe('snapshot');
    for (let sequence = 4; sequence <= 12; sequence++) {
      subject.replica.receive(CLIENT, request(sequence));
      acknowledgeAll(subject, [1, 2, 3]);
    }
    expect(eventsOf(subject, 'snapshot-saved').length).toBeGreaterThan(1);
    expect(state(subject).baseIndex).toBe(4);
  });
});

it('a leader elected from a snapshot alone goes on behind it (§7)', () => {
  const subject = replicaOn(logOf(2, []));
  give(subject, 1, piecesOf(6, 2));
  subject.host.completeAll(subject.replica);
  subject.host.now += 1_000_000;
  elect(subject);
  expect(state(subject)).toMatchObject({ role: 'leader', baseIndex: 6 });
  expect(terms(subject)).toEqual([3]);
});
