// Admission control: what is turned away at the door, and why.

import { describe, expect, it } from 'vitest';
import {
  CLIENT,
  OPERATOR,
  acknowledgeAll,
  admin,
  append,
  elect,
  eventsOf,
  fresh,
  leaderOn,
  logOf,
  read,
  replicaOn,
  replies,
  request,
  state,
  success,
} from './fixtures.js';

describe('raft admission', () => {
  it('a follower turns clients to the leader that it knows', () => {
    const subject = replicaOn(logOf(1, []));
    subject.replica.receive(CLIENT, request(1));
    subject.replica.receive(3, append(1, 0, 0));
    subject.replica.receive(CLIENT, request(1));
    expect(replies(subject)).toMatchObject([
      { status: 'not-leader', hint: -1 },
      { status: 'not-leader', hint: 3 },
    ]);
  });

  it('bounds the entries that are not committed', () => {
    const subject = leaderOn(fresh(), { settings: { 'max-uncommitted-entries': 2 } });
    for (let sequence = 1; sequence <= 3; sequence++) subject.replica.receive(CLIENT, request(sequence));
    expect(replies(subject)).toMatchObject([{ status: 'busy', sequence: 3, result: 'uncommitted-entries' }]);
    expect(eventsOf(subject, 'rejected')).toEqual([{ kind: 'rejected', reason: 'uncommitted-entries' }]);
    expect(state(subject).log).toHaveLength(3);
    acknowledgeAll(subject);
    subject.replica.receive(CLIENT, request(3));
    expect(replies(subject).map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(state(subject).log).toHaveLength(4);
  });

  it('bounds their bytes; one command is always let in', () => {
    const subject = leaderOn(fresh(), { settings: { 'max-uncommitted-bytes': 1 } });
    subject.replica.receive(CLIENT, request(1));
    subject.replica.receive(CLIENT, request(2));
    expect(replies(subject)).toMatchObject([{ status: 'busy', sequence: 2, result: 'uncommitted-bytes' }]);
  });

  it('what is let in is counted, and the count is 0 again when everything is committed', () => {
    const subject = leaderOn(fresh());
    for (let sequence = 1; sequence <= 3; sequence++) subject.replica.receive(CLIENT, request(sequence));
    const { uncommittedBytes } = state(subject);
    expect(uncommittedBytes).toBeGreaterThan(0);
    subject.host.completeAll(subject.replica);
    for (const follower of [1, 2]) subject.replica.receive(follower, success(1, 3));
    expect(state(subject).uncommittedBytes).toBeGreaterThan(0);
    expect(state(subject).uncommittedBytes).toBeLessThan(uncommittedBytes);
    acknowledgeAll(subject);
    expect(state(subject).uncommittedBytes).toBe(0);
  });

  it('a new leader counts what it inherits, and one that steps down counts nothing', () => {
    const subject = replicaOn(logOf(1, [1, 1, 1]));
    elect(subject);
    expect(state(subject).uncommittedBytes).toBeGreaterThan(0);
    subject.replica.receive(1, success(9, 0));
    expect(state(subject)).toMatchObject({ role: 'follower', uncommittedBytes: 0 });
  });

  it('a leader that hands over lets nothing in (diss. §3.10)', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(OPERATOR, admin(1, { do: 'transfer', to: 1 }));
    subject.replica.receive(CLIENT, request(1));
    expect(replies(subject)).toMatchObject([{ status: 'busy', result: 'transferring' }]);
  });

  it('bounds the reads that wait', () => {
    const subject = leaderOn(fresh(), { settings: { 'max-waiting-reads': 2 } });
    for (let sequence = 1; sequence <= 3; sequence++)
      subject.replica.receive(CLIENT, read(sequence, 'read-index'));
    expect(replies(subject)).toMatchObject([{ status: 'busy', sequence: 3, result: 'waiting-reads' }]);
  });
});
