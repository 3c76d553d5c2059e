// Leadership transfer: §3.10 of Ongaro's dissertation.

import { describe, expect, it } from 'vitest';
import {
  CLIENT,
  LONG,
  OPERATOR,
  admin,
  append,
  ask,
  configuration,
  configurationEntry,
  diskOf,
  eventsOf,
  fresh,
  leaderOn,
  metas,
  ofKind,
  receive,
  replicaOn,
  request,
  requestVote,
  segmentOf,
  state,
  success,
  type Subject,
} from './fixtures.js';

const transfer = (subject: Subject, to: number): string => ask(subject, { do: 'transfer', to });

/** How a transfer to the second server ended when the leader stepped down because of what happens. */
function outcomeAfter(happen: (subject: Subject) => void): string | undefined {
  const subject = leaderOn(fresh());
  transfer(subject, 1);
  happen(subject);
  const { role, transferTo } = state(subject);
  expect(role).not.toBe('leader');
  expect(transferTo).toBe(-1);
  const ended = eventsOf(subject, 'transfer-ended');
  expect(ended).toHaveLength(1);
  return ended[0]?.outcome;
}

const told = ({ host }: Subject): number[] => ofKind(host.take(), 'TimeoutNow').map(({ to }) => to);

describe('raft transfer of leadership (diss. §3.10)', () => {
  it('tells the target to stand at once when it has the whole log', () => {
    const subject = leaderOn(fresh());
    expect(transfer(subject, 2)).toBe('busy: the transfer is under way');
    expect(told(subject)).toEqual([2]);
    expect(eventsOf(subject, 'transfer-started')).toEqual([{ kind: 'transfer-started', term: 1, to: 2 }]);
  });

  it('waits until the target has it, and tells it once', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, request(1));
    transfer(subject, 2);
    expect(told(subject)).toEqual([]);
    subject.replica.receive(3, success(1, 2));
    expect(told(subject)).toEqual([]);
    subject.replica.receive(2, success(1, 2));
    expect(told(subject)).toEqual([2]);
    subject.replica.receive(2, success(1, 2));
    expect(told(subject)).toEqual([]);
  });

  it('the target stands at once, without a pre-vote, and its voters need not stick to the leader', () => {
    const { host, replica } = replicaOn(fresh(1), { self: 1 });
    replica.receive(0, append(1, 0, 0));
    host.completeAll(replica);
    host.take();
    receive({ replica }, 0, { kind: 'TimeoutNow', term: 1, generation: 0 });
    host.completeAll(replica);
    expect(
      ofKind(host.take(), 'RequestVote').map(({ message }) => [message.term, message.isTransfer]),
    ).toEqual([0, 2, 3, 4].map(() => [2, true]));
  });

  it('the leader that asked for it gives its vote to the target', () => {
    const subject = leaderOn(fresh());
    transfer(subject, 1);
    subject.host.take();
    subject.replica.receive(1, requestVote(2, 1, 1, true));
    subject.host.completeAll(subject.replica);
    expect(ofKind(subject.host.take(), 'RequestVoteResponse')).toMatchObject([
      { to: 1, message: { granted: true, term: 2 } },
    ]);
    expect(eventsOf(subject, 'transfer-ended')).toEqual([
      { kind: 'transfer-ended', term: 1, outcome: 'done' },
    ]);
    expect(state(subject)).toMatchObject({ role: 'follower', transferTo: -1 });
  });

  it('is done when the target leads, also if its request for votes got lost', () => {
    for (const message of [append(2, 0, 0), { kind: 'TimeoutNow', term: 2, generation: 0 } as const]) {
      expect(outcomeAfter(({ replica }) => receive({ replica }, 1, message))).toBe('done');
    }
  });

  it('is not done when the leader steps down for another reason, or cannot tell', () => {
    const reasons: Readonly<Record<string, (subject: Subject) => void>> = {
      'somebody else stands': (s) => receive(s, 2, requestVote(2, 1, 1, true)),
      'somebody else leads': (s) => receive(s, 2, append(2, 0, 0)),
      'another server has heard of a later term': (s) => receive(s, 2, success(2, 0, { success: false })),
      'the target has heard of a later term': (s) => receive(s, 1, success(2, 0, { success: false })),
      'nobody answers': ({ host, replica }) => {
        host.now += LONG;
        replica.timerFired('heartbeat');
      },
    };
    for (const [reason, happen] of Object.entries(reasons)) {
      expect(outcomeAfter(happen), reason).toBe('stepped-down');
    }
  });

  it('a request to stand of an earlier term, or to one that does not vote, is ignored', () => {
    const late = replicaOn(diskOf(metas(5)));
    receive(late, 1, { kind: 'TimeoutNow', term: 4, generation: 0 });
    expect(state(late)).toMatchObject({ role: 'follower', currentTerm: 5 });
    const outside = configurationEntry(1, 1, configuration([1, 2, 3]));
    const removed = replicaOn(diskOf(metas(1), segmentOf([outside])));
    receive(removed, 1, append(1, 1, 1, [], 1));
    receive(removed, 1, { kind: 'TimeoutNow', term: 1, generation: 0 });
    expect(state(removed)).toMatchObject({ role: 'follower', currentTerm: 1 });
  });

  it('when it does not happen in time the leader goes on', () => {
    const subject = leaderOn(fresh());
    transfer(subject, 2);
    expect(subject.host.timers.get('transfer')).toEqual([300_000, 300_000]);
    subject.replica.timerFired('transfer');
    expect(eventsOf(subject, 'transfer-ended')).toMatchObject([{ outcome: 'timed-out' }]);
    expect(state(subject)).toMatchObject({ role: 'leader', transferTo: -1 });
    subject.replica.receive(CLIENT, request(1));
    expect(state(subject).log).toHaveLength(2);
  });

  it('a change of members waits for it', () => {
    const subject = leaderOn(fresh());
    transfer(subject, 2);
    subject.replica.receive(OPERATOR, admin(2, { do: 'add-learner', member: 5 }));
    expect(ofKind(subject.host.take(), 'AdminReply').at(-1)).toMatchObject({
      message: { status: 'busy', reason: 'leadership is being transferred' },
    });
  });

  it('to whoever is furthest, when nobody is named', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(CLIENT, request(1));
    subject.replica.receive(3, success(1, 2));
    expect(transfer(subject, -1)).toBe('ok: ');
    expect(told(subject)).toEqual([3]);
  });

  it('to itself is done; to one that does not vote is refused; a second one waits', () => {
    const subject = leaderOn(fresh());
    expect(transfer(subject, 0)).toBe('ok: ');
    expect(transfer(subject, 9)).toBe('refused: it is not a voter');
    transfer(subject, 1);
    expect(transfer(subject, 2)).toBe('busy: a transfer is under way');
  });
});
