// Replication and commitment. Sections are of Ongaro and Ousterhout, extended version, unless they say "diss.".

import { describe, expect, it } from 'vitest';
import {
  CLIENT,
  acknowledgeAll,
  append,
  configuration,
  configurationEntry,
  diskOf,
  elect,
  fresh,
  leaderOn,
  logOf,
  metas,
  ofKind,
  peer,
  put,
  replicaOn,
  request,
  segmentOf,
  state,
  success,
  terms,
  voteResponse,
  type Subject,
} from './fixtures.js';

/** What the leader sent to this follower since the last look: where it begins, and of how many entries. */
function sentTo(subject: Subject, follower: number): number[][] {
  return ofKind(subject.host.take(), 'AppendEntries')
    .filter(({ to }) => to === follower)
    .map(({ message }) => [message.prevLogIndex, message.entries.length]);
}

/** Hands messages to and fro until both are silent; returns the refusals. */
function exchange(leader: Subject, follower: Subject, self: number): number {
  let refusals = 0;
  leader.replica.timerFired('heartbeat');
  for (let step = 0; step < 100; step++) {
    const messages = leader.host.take().filter(({ to }) => to === self);
    if (messages.length === 0) return refusals;
    for (const { message } of messages) follower.replica.receive(0, message);
    follower.host.completeAll(follower.replica);
    for (const { message } of follower.host.take()) {
      if (message.kind === 'AppendEntriesResponse' && !message.success) refusals++;
      leader.replica.receive(self, message);
    }
  }
  throw new Error('leader and follower never fall silent');
}

describe('raft replication: followers (§5.3)', () => {
  it('acknowledge when the entries are durable, not before', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, append(1, 0, 0, [put(1, 1), put(2, 1)]));
    expect(host.take()).toEqual([]);
    host.completeNth(replica, 0); // term and vote
    expect(host.take()).toEqual([]);
    host.completeNth(replica, 0); // the log
    expect(host.take()).toMatchObject([
      {
        to: 1,
        message: { kind: 'AppendEntriesResponse', success: true, matchIndex: 2, round: 1, version: 3 },
      },
    ]);
  });

  it('answer a heartbeat at once for what is durable, while the disk is still at work', () => {
    const { host, replica } = replicaOn(logOf(1, [1]));
    replica.receive(1, append(1, 1, 1, [put(2, 1)]));
    replica.receive(1, append(1, 2, 1, [], 0, 2));
    expect(host.take()).toMatchObject([{ message: { success: true, matchIndex: 1, round: 2 } }]);
    host.completeAll(replica);
    expect(host.take()).toMatchObject([{ message: { matchIndex: 2 } }, { message: { matchIndex: 2 } }]);
  });

  it('a late, shorter message removes nothing', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1), put(2, 1)]));
    subject.replica.receive(1, append(1, 0, 0, [put(1, 1)]));
    subject.replica.receive(1, append(1, 0, 0));
    subject.host.completeAll(subject.replica);
    expect(terms(subject)).toEqual([1, 1]);
  });

  it('a conflict of terms removes the tail', () => {
    const subject = replicaOn(logOf(1, [1, 1, 1]));
    subject.replica.receive(1, append(2, 1, 1, [put(2, 2)]));
    expect(terms(subject)).toEqual([1, 2]);
  });

  it('refuse what does not follow, with a hint that skips whole terms (§5.3, last paragraph)', () => {
    const { host, replica } = replicaOn(logOf(3, [1, 1, 3, 3, 3]));
    replica.receive(1, append(4, 5, 2));
    host.completeAll(replica);
    expect(host.take()).toMatchObject([
      { message: { success: false, matchIndex: 2, conflictTerm: 1, prevLogIndex: 5 } },
    ]);
  });

  it('an acknowledgement held back for the disk is not sent in a later term (A-C-A)', () => {
    const { host, replica } = replicaOn(logOf(1, []));
    replica.receive(1, append(1, 0, 0, [put(1, 1)]));
    replica.receive(2, append(2, 0, 0, [put(1, 2)]));
    host.completeAll(replica);
    expect(
      host.take().map(({ to, message }) => [to, message.kind, 'term' in message ? message.term : 0]),
    ).toEqual([[2, 'AppendEntriesResponse', 2]]);
  });

  it('a completion for a replaced entry does not make its successor durable', () => {
    const { host, replica } = replicaOn(logOf(2, []));
    replica.receive(1, append(2, 0, 0, [put(1, 1)]));
    replica.receive(1, append(2, 0, 0, [put(1, 2)]));
    host.completeNth(replica, 0);
    expect(ofKind(host.take(), 'AppendEntriesResponse').map(({ message }) => message.matchIndex)).toEqual([
      1,
    ]);
    expect(host.syncsUnderWay).toBe(1);
    host.completeAll(replica);
    expect(host.take()).toHaveLength(1);
  });

  it('commit no further than what the message has shown to match (Figure 2, rule 5)', () => {
    const subject = replicaOn(logOf(1, [1, 1, 1]));
    subject.replica.receive(1, append(2, 1, 1, [], 3));
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(1);
  });
});

describe('raft replication: commitment (§5.3, §5.4.2)', () => {
  it('needs a majority that holds the entry durably, the leader included', () => {
    const subject = replicaOn(fresh());
    elect(subject);
    subject.replica.receive(CLIENT, request(1));
    subject.replica.receive(1, success(1, 2));
    subject.replica.receive(2, success(1, 2));
    expect(state(subject).commitIndex).toBe(1); // two followers and the no-op that is durable here
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(2);
    expect(ofKind(subject.host.take(), 'ClientReply')).toMatchObject([
      { to: CLIENT, message: { status: 'ok', sequence: 1, index: 2 } },
    ]);
  });

  it("does not wait for the leader's own disk when others are a majority (diss. §10.2.1)", () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, request(1));
    for (const follower of [1, 2, 3]) subject.replica.receive(follower, success(1, 2));
    expect(state(subject).commitIndex).toBe(2);
    expect(subject.host.syncsUnderWay).toBe(1);
  });

  it('never counts replicas for entries of earlier terms (Figure 8)', () => {
    const subject = replicaOn(logOf(1, [1, 1]));
    elect(subject);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2));
    expect(state(subject).commitIndex).toBe(0);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 3));
    expect(state(subject).commitIndex).toBe(3);
  });

  it('learners do not count (diss. §4.2.1)', () => {
    const inForce = configuration([0, 1, 2], { learners: [3, 4] });
    const subject = replicaOn(diskOf(metas(1), segmentOf([configurationEntry(1, 1, inForce)])));
    elect(subject);
    for (const learner of [3, 4]) subject.replica.receive(learner, success(2, 2));
    expect(state(subject).commitIndex).toBe(0);
    subject.replica.receive(1, success(2, 2));
    expect(state(subject).commitIndex).toBe(2);
  });

  it('needs both majorities while joint (diss. §4.3)', () => {
    const joint = configuration([0, 3, 4], { outgoing: [0, 1, 2] });
    const disk = diskOf(metas(1), segmentOf([configurationEntry(1, 1, joint)]));
    const subject = replicaOn(disk, { settings: { 'pre-vote': false } });
    elect(subject); // votes of 1 and 2: no majority of the incoming half
    subject.replica.receive(3, voteResponse(2));
    subject.host.completeAll(subject.replica);
    expect(state(subject).role).toBe('leader');
    for (const follower of [1, 2]) subject.replica.receive(follower, success(2, 2));
    expect(state(subject).commitIndex).toBe(0);
    subject.replica.receive(4, success(2, 2));
    expect(state(subject).commitIndex).toBe(2);
  });

  it('an acknowledgement by another disk of that process does not count', () => {
    const subject = replicaOn(fresh());
    elect(subject);
    for (const follower of [1, 2, 3, 4]) subject.replica.receive(follower, success(1, 1, { generation: 1 }));
    expect(state(subject).commitIndex).toBe(0);
  });
});

describe('raft replication: probing and pipelining', () => {
  it('one message at a time until one is answered, then as fast as entries come', () => {
    const subject = replicaOn(fresh());
    elect(subject);
    expect(peer(subject, 1)).toMatchObject({ state: 'probe', isWaiting: true });
    subject.host.take();
    subject.replica.receive(CLIENT, request(1));
    expect(sentTo(subject, 1)).toEqual([]);
    subject.replica.receive(1, success(1, 1));
    expect(sentTo(subject, 1)).toEqual([[1, 1]]);
    subject.replica.receive(CLIENT, request(2));
    subject.replica.receive(CLIENT, request(3));
    expect(sentTo(subject, 1)).toEqual([
      [2, 1],
      [3, 1],
    ]);
    expect(peer(subject, 1)).toMatchObject({ state: 'replicate', match: 1, next: 5, inflight: 3 });
  });

  it('a refusal leads back to probing', () => {
    const subject = leaderOn(logOf(2, [1, 1, 2, 2]));
    subject.replica.receive(1, success(3, 2, { success: false, conflictTerm: 1, prevLogIndex: 5 }));
    expect(peer(subject, 1)).toMatchObject({ state: 'replicate', match: 5 }); // stale: it has said more
    const probing = replicaOn(logOf(2, [1, 1, 2, 2]));
    elect(probing);
    probing.host.take();
    probing.replica.receive(1, success(3, 2, { success: false, conflictTerm: 1, prevLogIndex: 4 }));
    expect(peer(probing, 1)).toMatchObject({ state: 'probe', next: 3, isWaiting: true });
    expect(sentTo(probing, 1)).toEqual([[2, 3]]);
  });

  it('a refusal while replicating empties the window', () => {
    const subject = leaderOn(fresh());
    for (let sequence = 1; sequence <= 3; sequence++) subject.replica.receive(CLIENT, request(sequence));
    expect(peer(subject, 1)).toMatchObject({ state: 'replicate', next: 5, inflight: 3 });
    subject.replica.receive(1, success(1, 1, { success: false, conflictTerm: 1, prevLogIndex: 3 }));
    expect(peer(subject, 1)).toMatchObject({ state: 'probe', next: 2, inflight: 0, inflightBytes: 0 });
  });

  it('a refusal of an earlier probe is ignored', () => {
    const subject = replicaOn(logOf(2, [1, 1, 2, 2]));
    elect(subject);
    subject.replica.receive(1, success(3, 0, { success: false, prevLogIndex: 3 }));
    expect(peer(subject, 1).next).toBe(5);
  });

  it('the window of unanswered messages bounds how much is sent', () => {
    const subject = leaderOn(fresh(), { settings: { 'max-inflight-messages': 2 } });
    for (let sequence = 1; sequence <= 5; sequence++) subject.replica.receive(CLIENT, request(sequence));
    expect(sentTo(subject, 1)).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(peer(subject, 1).inflight).toBe(2);
    subject.replica.receive(1, success(1, 2));
    expect(sentTo(subject, 1)).toEqual([[3, 3]]);
  });

  it('so does the window of bytes', () => {
    const { bytes } = put(2, 1);
    const subject = leaderOn(fresh(), { settings: { 'max-inflight-bytes': 2 * bytes } });
    for (let sequence = 1; sequence <= 5; sequence++) subject.replica.receive(CLIENT, request(sequence));
    const { inflight, inflightBytes } = peer(subject, 1);
    expect(sentTo(subject, 1)).toHaveLength(inflight);
    expect(inflight).toBeLessThan(5);
    expect(inflightBytes).toBeGreaterThanOrEqual(2 * bytes);
    subject.replica.receive(1, success(1, 6));
    expect(peer(subject, 1)).toMatchObject({ inflight: 0, inflightBytes: 0, match: 6 });
  });

  it('a message holds at most so many entries and bytes, and always one', () => {
    const few = replicaOn(logOf(1, [1, 1, 1, 1, 1]), { settings: { 'max-entries-per-message': 2 } });
    elect(few);
    few.host.take();
    few.replica.receive(1, success(2, 0, { success: false, prevLogIndex: 5 }));
    expect(sentTo(few, 1)).toEqual([[0, 2]]);
    const tight = replicaOn(logOf(1, [1, 1, 1]), { settings: { 'max-bytes-per-message': 1 } });
    elect(tight);
    tight.host.take();
    tight.replica.receive(1, success(2, 0, { success: false, prevLogIndex: 3 }));
    expect(sentTo(tight, 1)).toEqual([[0, 1]]);
  });

  it('followers that are equally far get the same immutable message', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, request(1));
    const sent = ofKind(subject.host.take(), 'AppendEntries').map(({ message }) => message);
    expect(sent).toHaveLength(4);
    expect(new Set(sent).size).toBe(1);
  });

  it('empty heartbeats carry none, at the place that is known to match, and repeat what is not answered', () => {
    const subject = leaderOn(fresh(), { settings: { 'empty-heartbeats': true } });
    subject.replica.receive(CLIENT, request(1));
    subject.host.take(); // lost
    subject.replica.timerFired('heartbeat');
    expect(sentTo(subject, 1).slice(0, 2)).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('a lost message is noticed at the next one that does not follow', () => {
    const leader = leaderOn(fresh());
    const follower = replicaOn(fresh(1), { self: 1 });
    leader.replica.receive(CLIENT, request(1));
    leader.host.take(); // lost
    leader.replica.receive(CLIENT, request(2));
    leader.replica.receive(1, success(1, 0, { success: false, prevLogIndex: 2, hasLost: true }));
    exchange(leader, follower, 1);
    expect(terms(follower)).toEqual(terms(leader));
  });

  it('a follower that lags is brought up as fast as it acknowledges', () => {
    const leader = replicaOn(
      logOf(
        1,
        Array.from({ length: 300 }, () => 1),
      ),
    );
    const lagging = replicaOn(fresh(3), { self: 3 });
    elect(leader);
    exchange(leader, lagging, 3);
    expect(terms(lagging)).toHaveLength(301);
  });

  it('Figure 7: after at most two refusals the leader skips back over whole terms', () => {
    const leader = replicaOn(logOf(7, [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]));
    elect(leader);
    const follower = replicaOn(logOf(7, [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3], 3), { self: 3 }); // (f)
    expect(exchange(leader, follower, 3)).toBeLessThanOrEqual(2);
    expect(terms(follower)).toEqual(terms(leader));
  });

  it('time in the log goes on where the leader before left it', () => {
    const subject = leaderOn(fresh());
    subject.host.now += 1234;
    subject.replica.receive(CLIENT, request(1));
    acknowledgeAll(subject);
    const times = ofKind(subject.host.take(), 'AppendEntries').flatMap(({ message }) =>
      message.entries.map(({ timeMicros }) => timeMicros),
    );
    expect(new Set(times)).toEqual(new Set([1234]));
  });
});
