// Elections. Sections without a name are of Ongaro and Ousterhout, extended version; "diss." is Ongaro's
// dissertation.

import { describe, expect, it } from 'vitest';
import {
  MEMBERS,
  append,
  configuration,
  configurationEntry,
  diskOf,
  elect,
  eventsOf,
  fresh,
  leaderOn,
  logOf,
  metas,
  ofKind,
  preVote,
  preVoteResponse,
  replicaOn,
  requestVote,
  segmentOf,
  state,
  success,
  voteResponse,
  LONG,
  receive,
} from './fixtures.js';

const NO_PRE_VOTE = { settings: { 'pre-vote': false } };

describe('raft election: candidates (§5.2)', () => {
  it('a candidate that gets votes from a majority leads, and appends a no-op (§8)', () => {
    const subject = replicaOn(fresh());
    elect(subject);
    expect(state(subject).role).toBe('leader');
    expect(state(subject).log.map(([index, term]) => [index, term])).toEqual([[1, 1]]);
    expect(ofKind(subject.host.take(), 'AppendEntries').map(({ to }) => to)).toEqual([1, 2, 3, 4]);
  });

  it('its own vote counts only when it is durable (Figure 2, persistent state)', () => {
    const subject = replicaOn(fresh(), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    for (const voter of [1, 2]) subject.replica.receive(voter, voteResponse(1));
    expect(state(subject).role).toBe('candidate');
    subject.host.completeAll(subject.replica);
    expect(state(subject).role).toBe('leader');
  });

  it('vote requests leave only when the new term and the own vote are durable', () => {
    const { host, replica } = replicaOn(fresh(), NO_PRE_VOTE);
    replica.timerFired('election');
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(ofKind(host.take(), 'RequestVote').map(({ to, message }) => [to, message.term])).toEqual(
      [1, 2, 3, 4].map((to) => [to, 1]),
    );
  });

  it('a repeated grant of one voter counts once', () => {
    const subject = replicaOn(fresh(), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    subject.host.completeAll(subject.replica);
    for (let i = 0; i < 3; i++) subject.replica.receive(1, voteResponse(1));
    expect(state(subject).role).toBe('candidate');
  });

  it('a grant of an earlier election is not counted', () => {
    const subject = replicaOn(fresh(), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    subject.replica.timerFired('election');
    subject.host.completeAll(subject.replica);
    for (const voter of [1, 2, 3]) subject.replica.receive(voter, voteResponse(1));
    expect(state(subject)).toMatchObject({ role: 'candidate', currentTerm: 2 });
  });

  it('a candidate that hears from a leader of its term follows it', () => {
    const subject = replicaOn(fresh(), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    subject.replica.receive(1, append(1, 0, 0));
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 1, leader: 1 });
  });

  it('a message of an earlier term is answered with the later one, and changes nothing (§5.1)', () => {
    const subject = replicaOn(logOf(5, []));
    subject.replica.receive(1, append(4, 0, 0));
    subject.host.completeAll(subject.replica);
    expect(subject.host.take()).toMatchObject([{ to: 1, message: { success: false, term: 5 } }]);
    expect(state(subject)).toMatchObject({ currentTerm: 5, leader: -1 });
  });

  it('a leader that sees a later term steps down (§5.1)', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(1, success(9, 0));
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 9, votedFor: -1 });
    expect(subject.host.timers.has('heartbeat')).toBe(false);
    expect(subject.host.timers.has('election')).toBe(true);
  });
});

describe('raft election: votes (§5.2, §5.4.1)', () => {
  it('a vote is granted once a term, and sent when it is durable', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, requestVote(3));
    expect(host.take()).toEqual([]);
    host.completeAll(replica);
    expect(host.take()).toMatchObject([
      { to: 1, message: { kind: 'RequestVoteResponse', term: 3, granted: true } },
    ]);
    replica.receive(2, requestVote(3));
    replica.receive(1, requestVote(3));
    expect(
      ofKind(host.take(), 'RequestVoteResponse').map(({ to, message }) => [to, message.granted]),
    ).toEqual([
      [2, false],
      [1, true],
    ]);
  });

  it('the vote survives a restart', () => {
    const subject = replicaOn(diskOf(metas(3, 1)));
    subject.replica.receive(2, requestVote(3));
    expect(state(subject).votedFor).toBe(1);
    expect(subject.host.take()).toMatchObject([{ to: 2, message: { granted: false } }]);
  });

  it('a vote is refused to a candidate whose log is less up-to-date (§5.4.1)', () => {
    const { host, replica } = replicaOn(logOf(2, [1, 2]));
    for (const [candidate, index, term] of [
      [1, 9, 1],
      [2, 1, 2],
      [3, 2, 2],
    ] as const) {
      replica.receive(candidate, requestVote(3, index, term));
      host.completeAll(replica);
    }
    expect(
      ofKind(host.take(), 'RequestVoteResponse').map(({ to, message }) => [to, message.granted]),
    ).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
  });

  it('no vote in a term whose leader is already known', () => {
    const { host, replica } = replicaOn(fresh());
    replica.receive(1, append(2, 0, 0));
    host.now += LONG;
    replica.receive(2, requestVote(2, 5, 2));
    host.completeAll(replica);
    expect(host.take().at(-1)).toMatchObject({
      to: 2,
      message: { kind: 'RequestVoteResponse', term: 2, granted: false },
    });
  });

  it('votes whatever its own configuration says of candidate and itself (diss. §4.2.2)', () => {
    // The candidate may have a configuration that this server has not received yet.
    const others = configurationEntry(1, 1, configuration([2, 3, 4]));
    const { host, replica } = replicaOn(diskOf(metas(1), segmentOf([others])));
    replica.receive(1, requestVote(2, 1, 1));
    host.completeAll(replica);
    expect(host.take()).toMatchObject([{ to: 1, message: { granted: true } }]);
  });
});

describe('raft election: pre-vote (diss. §9.6)', () => {
  it('asks first, without changing its own term', () => {
    const subject = replicaOn(fresh());
    subject.replica.timerFired('election');
    expect(state(subject)).toMatchObject({ role: 'pre-candidate', currentTerm: 0, votedFor: -1 });
    expect(ofKind(subject.host.take(), 'PreVote').map(({ to, message }) => [to, message.term])).toEqual(
      [1, 2, 3, 4].map((to) => [to, 1]),
    );
    expect(subject.host.syncsUnderWay).toBe(0);
  });

  it('stands for election once a majority would vote for it', () => {
    const subject = replicaOn(fresh());
    subject.replica.timerFired('election');
    subject.replica.receive(1, preVoteResponse(1));
    subject.replica.receive(1, preVoteResponse(1));
    expect(state(subject).role).toBe('pre-candidate');
    subject.replica.receive(2, preVoteResponse(1));
    expect(state(subject)).toMatchObject({ role: 'candidate', currentTerm: 1, votedFor: 0 });
  });

  it('a pre-vote is no vote: it is given to several, and changes nothing here', () => {
    const subject = replicaOn(fresh());
    for (const candidate of [1, 2]) subject.replica.receive(candidate, preVote(1));
    expect(subject.host.take()).toMatchObject([
      { to: 1, message: { kind: 'PreVoteResponse', term: 1, granted: true } },
      { to: 2, message: { kind: 'PreVoteResponse', term: 1, granted: true } },
    ]);
    expect(state(subject)).toMatchObject({ currentTerm: 0, votedFor: -1 });
  });

  it('is refused to whoever is behind (§5.4.1), and while a leader is heard from', () => {
    const behind = replicaOn(logOf(2, [1, 2]));
    behind.replica.receive(1, preVote(3, 1, 1));
    expect(behind.host.take()).toMatchObject([{ message: { granted: false, term: 2 } }]);
    const loyal = replicaOn(fresh());
    loyal.replica.receive(1, append(1, 0, 0));
    loyal.host.completeAll(loyal.replica);
    loyal.host.take();
    loyal.replica.receive(2, preVote(2, 9, 1));
    expect(loyal.host.take()).toMatchObject([{ to: 2, message: { granted: false, term: 1 } }]);
  });

  it('a refusal of a later term brings the one that is behind up to that term', () => {
    const subject = replicaOn(fresh());
    subject.replica.timerFired('election');
    subject.replica.receive(1, preVoteResponse(7, false));
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 7 });
  });

  it('grants of an earlier term do not count', () => {
    const subject = replicaOn(fresh());
    subject.replica.timerFired('election');
    subject.replica.receive(1, preVoteResponse(7, false));
    subject.replica.timerFired('election');
    for (const voter of [1, 2, 3]) subject.replica.receive(voter, preVoteResponse(1));
    expect(state(subject)).toMatchObject({ role: 'pre-candidate', currentTerm: 7 });
  });

  it('a vote that is given ends its own pre-candidacy', () => {
    const subject = replicaOn(logOf(1, []));
    subject.replica.timerFired('election');
    subject.replica.receive(1, requestVote(2));
    expect(state(subject)).toMatchObject({ role: 'follower', votedFor: 1, currentTerm: 2 });
  });
});

describe('raft election: voters stick to a leader that is well (diss. §4.2.3, §6.2)', () => {
  it('a request for votes is ignored, term and all, within the shortest election time-out', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(1, append(1, 0, 0));
    subject.host.completeAll(subject.replica);
    subject.host.take();
    subject.host.now += 149_999;
    subject.replica.receive(2, requestVote(5, 9, 4));
    expect(state(subject)).toMatchObject({ currentTerm: 1, leader: 1 });
    expect(subject.host.take()).toEqual([]);
    subject.host.now += 1;
    subject.replica.receive(2, requestVote(5, 9, 4));
    expect(state(subject)).toMatchObject({ currentTerm: 5, votedFor: 2 });
  });

  it('a server that has just started sticks too: it may have confirmed a lease before', () => {
    const subject = replicaOn(fresh());
    subject.host.now -= LONG;
    subject.replica.receive(2, requestVote(5));
    expect(state(subject).currentTerm).toBe(0);
  });

  it('an election that the leader asked for is looked at (diss. §3.10)', () => {
    const subject = replicaOn(fresh());
    subject.replica.receive(1, append(1, 0, 0));
    subject.replica.receive(2, requestVote(2, 0, 0, true));
    expect(state(subject)).toMatchObject({ currentTerm: 2, votedFor: 2 });
  });

  it('without check-quorum nobody sticks', () => {
    const subject = replicaOn(fresh(), { settings: { 'check-quorum': false } });
    subject.replica.receive(1, append(1, 0, 0));
    subject.replica.receive(2, requestVote(2));
    expect(state(subject)).toMatchObject({ currentTerm: 2, votedFor: 2 });
  });

  it('a leader with support ignores it; one without does not', () => {
    const subject = leaderOn(fresh());
    subject.replica.receive(4, requestVote(9, 9, 8));
    expect(state(subject)).toMatchObject({ role: 'leader', currentTerm: 1 });
    subject.host.now += 150_000;
    subject.replica.receive(4, requestVote(9, 9, 8));
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 9, votedFor: 4 });
  });
});

describe('raft election: check-quorum (diss. §6.2)', () => {
  it('a leader that no quorum answers for an election time-out steps down', () => {
    const subject = leaderOn(fresh());
    subject.host.now += 299_999;
    subject.replica.timerFired('heartbeat');
    expect(state(subject).role).toBe('leader');
    subject.host.now += 1;
    subject.replica.timerFired('heartbeat');
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 1, leader: -1 });
    expect(eventsOf(subject, 'reached').map(({ situation }) => situation)).toContain(
      'raft/check-quorum-step-down',
    );
  });

  it('answers of a minority do not help, those of a quorum to a later round do', () => {
    const subject = leaderOn(fresh());
    for (let round = 2; round < 8; round++) {
      subject.host.now += 50_000;
      subject.replica.timerFired('heartbeat');
      subject.replica.receive(1, success(1, 1, { round }));
      if (round < 7) expect(state(subject).role).toBe('leader');
    }
    expect(state(subject).role).toBe('follower');
    const supported = leaderOn(fresh());
    for (let round = 2; round < 20; round++) {
      supported.host.now += 50_000;
      supported.replica.timerFired('heartbeat');
      for (const voter of [1, 2]) supported.replica.receive(voter, success(1, 1, { round }));
    }
    expect(state(supported).role).toBe('leader');
  });

  it('answers to an old round are no support, however many come', () => {
    const subject = leaderOn(fresh());
    for (let i = 0; i < 6; i++) {
      subject.host.now += 50_000;
      for (const voter of [1, 2, 3, 4]) subject.replica.receive(voter, success(1, 1, { round: 1 }));
      subject.replica.timerFired('heartbeat');
    }
    expect(state(subject).role).toBe('follower');
  });

  it('can be switched off', () => {
    const subject = leaderOn(fresh(), { settings: { 'check-quorum': false } });
    subject.host.now += 10 * LONG;
    subject.replica.timerFired('heartbeat');
    expect(state(subject).role).toBe('leader');
  });
});

describe('raft election: who may stand', () => {
  const outside = { voters: [1, 2, 3] };

  it.each([
    ['removed', configuration(outside.voters)],
    ['a learner', configuration(outside.voters, { learners: [0] })],
  ])('a server that is %s does not stand (diss. §4.2.2)', (_, inForce) => {
    const subject = replicaOn(diskOf(metas(1), segmentOf([configurationEntry(1, 1, inForce)])));
    subject.replica.receive(1, append(1, 1, 1, [], 1)); // and that is committed
    subject.host.take();
    subject.replica.timerFired('election');
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 1 });
    expect(subject.host.take()).toEqual([]);
    expect(subject.host.timers.has('election')).toBe(true);
  });

  it('one whose removal is not known to be committed stands, without counting itself (diss. §4.2.2)', () => {
    // It may be the only one whose log is long enough to be elected.
    const removal = configurationEntry(1, 1, configuration(outside.voters));
    const subject = replicaOn(diskOf(metas(1), segmentOf([removal])), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    subject.host.completeAll(subject.replica);
    expect(subject.host.take().map(({ to }) => to)).toEqual(outside.voters);
    subject.replica.receive(1, voteResponse(2));
    expect(state(subject)).toMatchObject({ role: 'candidate', currentTerm: 2 });
    subject.replica.receive(2, voteResponse(2));
    expect(state(subject).role).toBe('leader');
  });

  it('an outgoing voter stands while the configuration is joint (diss. §4.3)', () => {
    const joint = configuration([1, 2, 3], { outgoing: [0, 1, 2] });
    const subject = replicaOn(diskOf(metas(1), segmentOf([configurationEntry(1, 1, joint)])));
    subject.replica.timerFired('election');
    expect(state(subject).role).toBe('pre-candidate');
  });

  it('needs a majority of both halves while joint (diss. §4.3)', () => {
    const joint = configuration([0, 5, 6], { outgoing: [0, 1, 2] });
    const disk = diskOf(metas(1), segmentOf([configurationEntry(1, 1, joint)]));
    const candidate = () => {
      const subject = replicaOn(disk, { settings: { 'pre-vote': false }, members: [0, 1, 2] });
      subject.replica.timerFired('election');
      subject.host.completeAll(subject.replica);
      return subject;
    };
    const [old, both] = [candidate(), candidate()];
    for (const voter of [1, 2]) old.replica.receive(voter, voteResponse(2));
    expect(state(old).role).toBe('candidate');
    for (const voter of [1, 6]) both.replica.receive(voter, voteResponse(2));
    expect(state(both).role).toBe('leader');
  });

  it('asks the voters of its configuration only, learners never', () => {
    const inForce = configuration([0, 1, 2], { learners: [3] });
    const { host, replica } = replicaOn(diskOf(metas(1), segmentOf([configurationEntry(1, 1, inForce)])));
    replica.timerFired('election');
    expect(host.take().map(({ to }) => to)).toEqual([1, 2]);
  });

  it('the vote of whoever has the process with another disk does not count', () => {
    const subject = replicaOn(fresh(), NO_PRE_VOTE);
    subject.replica.timerFired('election');
    subject.host.completeAll(subject.replica);
    for (const voter of MEMBERS.slice(1)) subject.replica.receive(voter, voteResponse(1, true, 1));
    expect(state(subject).role).toBe('candidate');
  });

  it('a request meant for an earlier disk of this process is ignored', () => {
    const { host, replica } = replicaOn(fresh(0, 2), { self: 0 });
    replica.receive(1, requestVote(4));
    replica.receive(1, preVote(4));
    replica.receive(1, append(4, 0, 0));
    host.completeAll(replica);
    expect(host.take()).toEqual([]);
    receive({ replica }, 1, { ...requestVote(4), generation: 2 });
    host.completeAll(replica);
    expect(host.take()).toMatchObject([{ to: 1, message: { granted: true, generation: 2 } }]);
  });
});
