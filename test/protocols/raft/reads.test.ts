// Reads that do not go through the log: §6.4 of Ongaro's dissertation, leases §6.4.1.

import { describe, expect, it } from 'vitest';
import {
  CLIENT,
  GATE,
  LONG,
  OPERATOR,
  acknowledgeAll,
  admin,
  append,
  diskOf,
  elect,
  eventsOf,
  fresh,
  leaderOn,
  logOf,
  metas,
  ofKind,
  put,
  read,
  receive,
  replicaOn,
  replies,
  request,
  segmentOf,
  state,
  success,
  type Subject,
} from './fixtures.js';

const situations = (subject: Subject) => eventsOf(subject, 'reached').map(({ situation }) => situation);

/** A leader (of term 2) of a cluster that speaks version 3: leases may be used. */
function leaseLeader(settings: Readonly<Record<string, unknown>> = {}): Subject {
  return leaderOn(diskOf(metas(1), segmentOf([GATE])), { settings });
}

describe('raft reads: read-index (§6.4)', () => {
  it('waits for a round that a quorum answers, and tells the index it holds at', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    const round = ofKind(subject.host.take(), 'AppendEntries');
    expect(round.map(({ to, message }) => [to, message.round, message.entries.length])).toEqual(
      [1, 2, 3, 4].map((to) => [to, 2, 0]),
    );
    subject.replica.receive(1, success(1, 1, { round: 2 }));
    expect(replies(subject)).toEqual([]);
    subject.replica.receive(2, success(1, 1, { round: 2 }));
    expect(replies(subject)).toMatchObject([
      { status: 'ok', sequence: 1, index: 1, result: { value: null } },
    ]);
    expect(state(subject).log).toHaveLength(1);
  });

  it('answers to a round that began before the read do not confirm it', () => {
    const subject = leaderOn(fresh());
    subject.replica.timerFired('heartbeat'); // round 2
    subject.replica.receive(CLIENT, read(1, 'read-index')); // round 3
    for (const follower of [1, 2, 3, 4]) subject.replica.receive(follower, success(1, 1, { round: 2 }));
    expect(replies(subject)).toEqual([]);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(1, 1, { round: 3 }));
    expect(replies(subject)).toMatchObject([{ status: 'ok' }]);
  });

  it('a refusal confirms the round as well: whoever answers in this term still follows', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    for (const follower of [1, 2]) {
      subject.replica.receive(follower, success(1, 0, { success: false, prevLogIndex: 1, round: 2 }));
    }
    expect(replies(subject)).toMatchObject([{ status: 'ok' }]);
  });

  it('reads that come during a round share the next one', () => {
    const subject = leaderOn(fresh());
    for (let sequence = 1; sequence <= 3; sequence++)
      subject.replica.receive(CLIENT, read(sequence, 'read-index'));
    expect(ofKind(subject.host.take(), 'AppendEntries')).toHaveLength(4);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(1, 1, { round: 2 }));
    const sent = subject.host.take();
    expect(ofKind(sent, 'ClientReply').map(({ message }) => message.sequence)).toEqual([1]);
    expect(ofKind(sent, 'AppendEntries').map(({ message }) => message.round)).toEqual([3, 3, 3, 3]);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(1, 1, { round: 3 }));
    expect(replies(subject).map(({ sequence }) => sequence)).toEqual([2, 3]);
  });

  it('waits until the leader has committed an entry of its own term (step 1)', () => {
    const subject = replicaOn(logOf(1, [1]));
    elect(subject);
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    expect(situations(subject)).toContain('raft/read-waited-for-own-commit');
    subject.host.take();
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2, { round: 1 }));
    expect(replies(subject)).toEqual([]); // now its round begins
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2, { round: 2 }));
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 2, result: { value: 'v1' } }]);
  });

  it('a leader that is deposed sends its waiting reads elsewhere', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    subject.replica.receive(1, success(7, 0));
    expect(replies(subject)).toMatchObject([{ status: 'not-leader', sequence: 1 }]);
    expect(state(subject).waitingReads).toEqual([]);
  });

  it('a single server answers at once', () => {
    const subject = replicaOn(fresh(), { members: [0] });
    subject.replica.timerFired('election');
    subject.host.completeAll(subject.replica);
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    expect(replies(subject)).toMatchObject([{ status: 'ok' }]);
  });

  it('what waits too long is dropped: the client has asked somebody else', () => {
    const subject = leaderOn(fresh(), { settings: { 'check-quorum': false } });
    subject.replica.receive(CLIENT, read(1, 'read-index'));
    subject.host.now += 1_200_000;
    subject.replica.timerFired('heartbeat');
    expect(state(subject).waitingReads).toEqual([]);
  });

  it('a read of mode log is ordered like a write', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'log'));
    expect(state(subject).log).toHaveLength(2);
    acknowledgeAll(subject);
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 2 }]);
  });
});

describe('raft reads: lease (§6.4.1)', () => {
  const isAtOnce = (subject: Subject): boolean => {
    subject.host.take();
    subject.replica.receive(CLIENT, read(1, 'lease'));
    return replies(subject).length === 1;
  };

  it('is answered at once while no other leader can be elected', () => {
    expect(isAtOnce(leaseLeader())).toBe(true);
  });

  it('the lease is the shortest election time-out, less the drift of two clocks', () => {
    // 150 ms on a follower's fast clock, on a slow one of the leader's: 150 * 0.99 / 1.01.
    const lease = 147_029;
    const before = leaseLeader();
    before.host.now += lease - 1;
    expect(isAtOnce(before)).toBe(true);
    const after = leaseLeader();
    after.host.now += lease;
    expect(isAtOnce(after)).toBe(false);
    expect(situations(after)).toContain('raft/lease-refused');
    const exact = leaseLeader({ 'clock-drift-ppm': 0 });
    exact.host.now += 149_999;
    expect(isAtOnce(exact)).toBe(true);
  });

  it('counts from the beginning of the round, not from its answers', () => {
    const subject = leaseLeader();
    subject.replica.timerFired('heartbeat'); // round 2 begins
    subject.host.now += 100_000;
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2, { round: 2 }));
    subject.host.now += 47_029;
    expect(isAtOnce(subject)).toBe(false);
  });

  it('without it the read waits for a round', () => {
    const subject = leaseLeader();
    subject.host.now += LONG;
    subject.replica.receive(CLIENT, read(1, 'lease'));
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2, { round: 2 }));
    expect(replies(subject)).toMatchObject([{ status: 'ok' }]);
  });

  it('a jump of the wall clock ends it, until a later round is answered', () => {
    const subject = leaseLeader();
    subject.replica.clockJumped(60_000_000);
    expect(isAtOnce(subject)).toBe(false);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2, { round: 2 }));
    expect(isAtOnce(subject)).toBe(true);
  });

  it('whoever has asked another to take over has none (§3.10)', () => {
    const subject = leaseLeader();
    subject.replica.receive(OPERATOR, admin(1, { do: 'transfer', to: 1 }));
    expect(isAtOnce(subject)).toBe(false);
    expect(situations(subject)).toContain('raft/lease-revoked-by-transfer');
  });

  it('needs voters that stick to their leader, and members that understand it', () => {
    expect(isAtOnce(leaseLeader({ 'check-quorum': false }))).toBe(false);
    expect(isAtOnce(leaderOn(fresh()))).toBe(false);
  });

  it('needs an entry of its own term that is committed', () => {
    const subject = replicaOn(diskOf(metas(1), segmentOf([GATE])));
    elect(subject);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 0, { round: 1 }));
    expect(isAtOnce(subject)).toBe(false);
  });
});

describe('raft reads: on followers', () => {
  /** A follower of server 1 that has two entries and knows one to be committed. */
  function follower(incarnation = 1): Subject {
    const subject = replicaOn(fresh(), { incarnation });
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1), put(2, 1)], 1));
    subject.host.completeAll(subject.replica);
    subject.host.take();
    return subject;
  }

  it('a follower asks the leader, then waits until it has applied so much', () => {
    const subject = follower(3);
    subject.replica.receive(CLIENT, read(1, 'follower'));
    expect(subject.host.take()).toMatchObject([
      { to: 1, message: { kind: 'ReadIndexRequest', term: 1, incarnation: 3, id: 1 } },
    ]);
    const answer = { kind: 'ReadIndexResponse', term: 1, incarnation: 3, id: 1, generation: 0 } as const;
    receive(subject, 1, { ...answer, readIndex: 2 });
    expect(replies(subject)).toEqual([]);
    subject.replica.receive(1, append(1, 2, 1, [], 2));
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 2, result: { value: 'v2' } }]);
  });

  it("an answer to an earlier incarnation's question is none", () => {
    const subject = follower(2);
    subject.replica.receive(CLIENT, read(1, 'follower'));
    const stale = { kind: 'ReadIndexResponse', term: 1, id: 1, generation: 0, readIndex: 1 } as const;
    receive(subject, 1, { ...stale, incarnation: 1 });
    expect(replies(subject)).toEqual([]);
    receive(subject, 1, { ...stale, incarnation: 2 });
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 1 }]);
  });

  it('one that does not lead refuses the question, and the client is sent elsewhere', () => {
    const other = replicaOn(logOf(1, []));
    const question = { kind: 'ReadIndexRequest', term: 1, incarnation: 1, id: 1, generation: 0 } as const;
    other.replica.receive(1, question);
    expect(other.host.take()).toMatchObject([{ to: 1, message: { readIndex: -1, id: 1, incarnation: 1 } }]);
    const subject = follower();
    subject.replica.receive(CLIENT, read(1, 'follower'));
    subject.host.take();
    receive(subject, 1, { ...question, kind: 'ReadIndexResponse', readIndex: -1 });
    expect(replies(subject)).toMatchObject([{ status: 'not-leader', hint: 1 }]);
  });

  it('the leader answers the question after a round', () => {
    const subject = leaderOn(fresh());
    const question = { kind: 'ReadIndexRequest', term: 1, incarnation: 5, id: 9, generation: 0 } as const;
    subject.replica.receive(3, question);
    expect(ofKind(subject.host.take(), 'ReadIndexResponse')).toEqual([]);
    for (const voter of [1, 2]) subject.replica.receive(voter, success(1, 1, { round: 2 }));
    expect(ofKind(subject.host.take(), 'ReadIndexResponse')).toMatchObject([
      { to: 3, message: { incarnation: 5, id: 9, readIndex: 1 } },
    ]);
  });

  it('without a leader it says so', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'follower'));
    expect(replies(subject)).toMatchObject([{ status: 'not-leader', hint: -1 }]);
  });

  it('session: waits until it has applied what the client has seen', () => {
    const subject = follower();
    subject.replica.receive(CLIENT, read(1, 'session', 1));
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 1, result: { value: 'v1' } }]);
    subject.replica.receive(CLIENT, read(2, 'session', 2));
    expect(replies(subject)).toEqual([]);
    subject.replica.receive(1, append(1, 2, 1, [], 2));
    expect(replies(subject)).toMatchObject([{ status: 'ok', sequence: 2, index: 2 }]);
  });

  it('stale: at once, whatever it has', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(CLIENT, read(1, 'stale'));
    expect(replies(subject)).toMatchObject([{ status: 'ok', index: 0, result: { value: null } }]);
  });

  it("read-index and lease are the leader's: others say who leads", () => {
    const subject = follower();
    for (const mode of ['read-index', 'lease'] as const) subject.replica.receive(CLIENT, read(1, mode));
    expect(replies(subject)).toMatchObject([
      { status: 'not-leader', hint: 1 },
      { status: 'not-leader', hint: 1 },
    ]);
  });

  it('a write of another client between question and answer is seen', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, request(1, 'new'));
    acknowledgeAll(subject);
    subject.host.take();
    subject.replica.receive(CLIENT, read(2, 'read-index'));
    const { round } = subject.replica.encode() as unknown as { round: number };
    for (const voter of [1, 2]) subject.replica.receive(voter, success(1, 2, { round }));
    expect(replies(subject)).toMatchObject([{ result: { value: 'new' }, index: 2 }]);
  });
});
