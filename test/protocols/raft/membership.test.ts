// Membership changes: §4 of Ongaro's dissertation; "bug in single-server membership changes", raft-dev, 2015.

import { describe, expect, it } from 'vitest';
import type { Plain } from '../../../src/kernel/index.js';
import { memberOf } from '../../../src/protocols/raft/index.js';
import {
  CLIENT,
  GATE,
  acknowledgeAll,
  append,
  ask,
  configuration,
  configurationEntry,
  configurationOf,
  diskOf,
  elect,
  fresh,
  leaderOn,
  metas,
  ofKind,
  put,
  replicaOn,
  request,
  segmentOf,
  state,
  success,
  systemEntry,
  type Subject,
} from './fixtures.js';

const UNDER_WAY = 'busy: the change is under way';
const NOT_YET = 'busy: another change, or the first entry of this term, is not committed yet';

/** A leader of three (and two processes more) that may use joint configurations. */
function leaderOfThree(voters: readonly number[] = [0, 1, 2]): Subject {
  const begin = configurationEntry(2, 1, configuration(voters));
  const subject = replicaOn(diskOf(metas(1), segmentOf([GATE, begin])), { members: [0, 1, 2] });
  elect(subject);
  acknowledgeAll(subject, [1, 2]);
  subject.host.take();
  return subject;
}

/** The same, with two learners whose programs understand everything. */
function leaderWithLearners(): Subject {
  const begin = configurationEntry(2, 1, configuration([0, 1, 2], { learners: [3, 4] }));
  const known = systemEntry(3, 1, {
    kind: 'announce',
    versions: [
      [3, 3],
      [4, 3],
    ],
  });
  const subject = replicaOn(diskOf(metas(1), segmentOf([GATE, begin, known])), { members: [0, 1, 2] });
  elect(subject);
  acknowledgeAll(subject, [1, 2]);
  subject.host.take();
  return subject;
}

/** The follower acknowledges everything, without more. */
function acknowledge(subject: Subject, follower: number, generation = 0): void {
  const { currentTerm, baseIndex, log, round } = subject.replica.encode() as never as {
    currentTerm: number;
    baseIndex: number;
    log: unknown[];
    round: number;
  };
  subject.replica.receive(follower, success(currentTerm, baseIndex + log.length, { generation, round }));
}

describe('raft membership: one server at a time (diss. §4.1)', () => {
  it('a configuration is in force as soon as it is appended, on leader and follower', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'add-learner', member: 3 })).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 2], learners: [3] });
    expect(state(subject).commitIndex).toBe(3);
    const follower = replicaOn(fresh());
    follower.replica.receive(1, append(1, 0, 0, [configurationEntry(1, 1, configuration([0, 1]))]));
    expect(configurationOf(follower).voters).toEqual([0, 1]);
  });

  it('a configuration whose entry is removed is in force no more', () => {
    const follower = replicaOn(fresh());
    follower.replica.receive(
      1,
      append(1, 0, 0, [put(1, 1), configurationEntry(2, 1, configuration([0, 1]))]),
    );
    follower.replica.receive(2, append(2, 1, 1, [put(2, 2)]));
    expect(configurationOf(follower).voters).toEqual([0, 1, 2, 3, 4]);
  });

  it('one change at a time: none before the one before is committed', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'add-learner', member: 3 });
    expect(ask(subject, { do: 'add-learner', member: 4 })).toBe(NOT_YET);
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'add-learner', member: 4 })).toBe(UNDER_WAY);
  });

  it("none before an entry of the leader's own term is committed (raft-dev, 2015)", () => {
    const begin = configurationEntry(1, 1, configuration([0, 1, 2]));
    const subject = replicaOn(diskOf(metas(1), segmentOf([begin])), { members: [0, 1, 2] });
    elect(subject);
    expect(ask(subject, { do: 'add-learner', member: 3 })).toBe(NOT_YET);
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'add-learner', member: 3 })).toBe(UNDER_WAY);
  });

  it('is answered ok when what was asked for is so, and committed', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'add-learner', member: 3 });
    expect(ask(subject, { do: 'add-learner', member: 3 })).toBe('busy: the change is not committed');
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'add-learner', member: 3 })).toBe('ok: ');
  });

  it('more than one voter at once needs a joint configuration', () => {
    const subject = leaderOfThree();
    const two = { do: 'change', voters: [0, 1, 2, 3, 4], learners: [] };
    expect(ask(subject, two)).toBe('refused: more than one voter changes without a joint configuration');
    expect(ask(subject, { ...two, voters: [0, 1, 2, 3] })).toBe(UNDER_WAY);
  });

  it('refuses what makes no sense, and who does not lead says so', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'promote', member: 3 })).toBe('refused: it is not a learner');
    expect(ask(subject, { do: 'demote', member: 3 })).toBe('refused: it is not a voter');
    expect(ask(subject, { do: 'change', voters: [], learners: [], joint: true })).toBe(
      'refused: nobody votes',
    );
    expect(ask(subject, { do: 'dance' })).toBe('refused: no action that is known');
    expect(ask(subject, { do: 'add-voter', member: 'three' })).toBe('refused: no action that is known');
    expect(ask(replicaOn(fresh()), { do: 'remove', member: 1 })).toBe('not-leader: not the leader');
  });

  it('the last voter is neither removed nor demoted', () => {
    const alone = replicaOn(fresh(), { members: [0] });
    alone.replica.timerFired('election');
    alone.host.completeAll(alone.replica);
    expect(state(alone)).toMatchObject({ role: 'leader', commitIndex: 1 });
    for (const verb of ['remove', 'demote']) {
      expect(ask(alone, { do: verb, member: 0 })).toBe('refused: it is the last voter');
    }
  });

  it('the new quorum counts for the change itself', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'remove', member: 2 })).toBe(UNDER_WAY);
    subject.host.completeAll(subject.replica);
    acknowledge(subject, 2); // no longer a voter
    expect(state(subject).commitIndex).toBe(3);
    acknowledge(subject, 1);
    expect(state(subject).commitIndex).toBe(4);
  });

  it('one that is removed is served until that is committed, and told so once more', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'remove', member: 2 });
    subject.host.completeAll(subject.replica);
    subject.host.take();
    acknowledge(subject, 1);
    const told = ofKind(subject.host.take(), 'AppendEntries').filter(({ to }) => to === 2);
    expect(told).toMatchObject([{ message: { leaderCommit: 4 } }]);
    subject.replica.timerFired('heartbeat');
    expect(subject.host.take().map(({ to }) => to)).not.toContain(2);
  });
});

describe('raft membership: learners (diss. §4.2.1)', () => {
  it('a new voter learns first, and is promoted after a round that was short', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'add-voter', member: 3 })).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 2], learners: [3], joining: [3] });
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'add-voter', member: 3 })).toBe('busy: it is catching up');
    subject.replica.timerFired('heartbeat'); // its first round begins
    acknowledge(subject, 3);
    subject.host.now += 10_000;
    subject.replica.timerFired('heartbeat'); // the round is over
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 2, 3], learners: [], joining: [] });
    expect(ask(subject, { do: 'add-voter', member: 3 })).toBe('busy: the change is not committed');
    acknowledgeAll(subject, [1, 2, 3]);
    expect(ask(subject, { do: 'add-voter', member: 3 })).toBe('ok: ');
  });

  it('a round that took longer than an election time-out is followed by another', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'add-voter', member: 3 });
    acknowledgeAll(subject, [1, 2]);
    const beat = (micros: number): void => {
      for (let passed = 0; passed < micros; passed += 50_000) {
        subject.host.now += 50_000;
        subject.replica.timerFired('heartbeat');
        for (const voter of [1, 2]) acknowledge(subject, voter);
        subject.host.completeAll(subject.replica);
      }
    };
    beat(400_000);
    acknowledge(subject, 3);
    beat(50_000);
    expect(configurationOf(subject).voters).toEqual([0, 1, 2]); // 400 ms is too long
    acknowledge(subject, 3);
    beat(50_000);
    expect(configurationOf(subject).voters).toEqual([0, 1, 2, 3]);
  });

  it('one that is only to learn is not promoted by itself, but when asked, once it has caught up', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'add-learner', member: 3 });
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'promote', member: 3 })).toBe('busy: it has not caught up');
    for (let i = 0; i < 4; i++) {
      subject.replica.timerFired('heartbeat');
      acknowledge(subject, 3);
      acknowledgeAll(subject, [1, 2, 3]);
    }
    expect(configurationOf(subject).voters).toEqual([0, 1, 2]);
    expect(ask(subject, { do: 'promote', member: 3 })).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 2, 3], learners: [] });
  });

  it('a voter becomes a learner', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'demote', member: 2 })).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1], learners: [2] });
  });

  it('a process that comes back with another disk is another member', () => {
    const subject = leaderOfThree();
    const again = memberOf(2, 1);
    ask(subject, { do: 'add-learner', member: again });
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, { do: 'replace', from: 2, to: again })).toBe('busy: it has not caught up');
    for (let i = 0; i < 3; i++) {
      subject.replica.timerFired('heartbeat');
      acknowledge(subject, 2, 1);
      acknowledgeAll(subject, [1, 2]);
    }
    expect(ask(subject, { do: 'replace', from: 2, to: again })).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, again], outgoing: [0, 1, 2] });
  });
});

describe('raft membership: joint consensus (diss. §4.3)', () => {
  const change = (voters: readonly number[], more: Record<string, Plain> = {}): Plain => ({
    do: 'change',
    voters,
    learners: [],
    joint: true,
    autoLeave: true,
    ...more,
  });

  it('the joint configuration needs both majorities, then is left by itself', () => {
    const subject = leaderWithLearners();
    expect(ask(subject, change([0, 3, 4]))).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({
      voters: [0, 3, 4],
      outgoing: [0, 1, 2],
      autoLeave: true,
    });
    subject.host.completeAll(subject.replica);
    for (const old of [1, 2]) acknowledge(subject, old);
    expect(state(subject).commitIndex).toBe(4);
    acknowledge(subject, 3);
    expect(state(subject).commitIndex).toBe(5);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 3, 4], outgoing: [], autoLeave: false });
    subject.host.completeAll(subject.replica);
    expect(state(subject).commitIndex).toBe(5);
    for (const old of [1, 2]) acknowledge(subject, old); // they vote no more
    expect(state(subject).commitIndex).toBe(5);
    acknowledge(subject, 4);
    expect(state(subject).commitIndex).toBe(6);
    expect(ask(subject, change([0, 3, 4]))).toBe('ok: ');
  });

  it('without autoLeave it stays joint until it is asked to leave', () => {
    const subject = leaderWithLearners();
    const asked = change([0, 3, 4], { autoLeave: false });
    ask(subject, asked);
    expect(ask(subject, { do: 'leave-joint' })).toBe(NOT_YET);
    acknowledgeAll(subject, [1, 2, 3, 4]);
    expect(ask(subject, asked)).toBe('ok: ');
    expect(configurationOf(subject).outgoing).toEqual([0, 1, 2]);
    expect(ask(subject, change([0, 1, 2]))).toBe('busy: another change is under way');
    for (const [verb, member] of [
      ['add-learner', 5],
      ['add-learner', 1],
      ['demote', 1],
      ['add-voter', 1],
    ] as const)
      expect(ask(subject, { do: verb, member })).toBe('busy: a joint configuration is being left');
    expect(ask(subject, { do: 'leave-joint' })).toBe(UNDER_WAY);
    acknowledgeAll(subject, [1, 2, 3, 4]);
    expect(ask(subject, { do: 'leave-joint' })).toBe('ok: ');
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 3, 4], outgoing: [] });
  });

  it('a new leader leaves what another has entered, when it has committed an entry of its own term', () => {
    const joint = configuration([0, 1, 3], { outgoing: [0, 1, 2], autoLeave: true });
    const subject = replicaOn(diskOf(metas(1), segmentOf([GATE, configurationEntry(2, 1, joint)])));
    elect(subject);
    expect(configurationOf(subject)).toEqual(joint);
    acknowledgeAll(subject, [1]);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 3], outgoing: [] });
  });

  it('an outgoing voter that is to learn does so when the joint configuration is left', () => {
    const subject = leaderWithLearners();
    ask(subject, change([0, 1, 3], { learners: [2], autoLeave: true }));
    expect(configurationOf(subject)).toMatchObject({ learners: [], leaving: [2], outgoing: [0, 1, 2] });
    subject.host.completeAll(subject.replica);
    acknowledge(subject, 1);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 3], learners: [2], leaving: [] });
  });

  it('whoever is new learns first, and votes when he has said what his program understands', () => {
    const subject = leaderOfThree();
    expect(ask(subject, change([0, 1, 3]))).toBe(UNDER_WAY);
    expect(configurationOf(subject)).toMatchObject({ voters: [0, 1, 2], outgoing: [], learners: [3] });
    acknowledgeAll(subject, [1, 2]);
    expect(ask(subject, change([0, 1, 3]))).toBe('busy: a new voter has not announced the version in use');
  });

  it('a voter that is to be voter and learner is refused', () => {
    const subject = leaderOfThree();
    expect(ask(subject, change([0, 1], { learners: [1] }))).toMatch(/^refused: /);
  });

  it('nobody replaces himself', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'replace', from: 1, to: 1 })).toBe('refused: it would replace itself');
  });

  it('is refused for now while some member does not understand it', () => {
    const subject = leaderOn(fresh(), { members: [0, 1, 2] });
    expect(ask(subject, change([0, 1, 3]))).toBe('busy: not every member understands joint configurations');
  });
});

describe('raft membership: removal of the leader (diss. §4.2.2)', () => {
  it('it leads until that is committed, without counting itself, then steps down', () => {
    const subject = leaderOfThree();
    expect(ask(subject, { do: 'remove', member: 0 })).toBe(UNDER_WAY);
    subject.host.completeAll(subject.replica);
    acknowledge(subject, 1);
    expect(state(subject)).toMatchObject({ role: 'leader', commitIndex: 3 }); // itself and 1: no majority of 1, 2
    subject.replica.receive(CLIENT, request(1));
    expect(state(subject).log).toHaveLength(5);
    subject.host.completeAll(subject.replica);
    subject.host.take();
    acknowledge(subject, 1);
    acknowledge(subject, 2);
    expect(state(subject)).toMatchObject({ role: 'follower', commitIndex: 5, leader: -1 });
    const told = ofKind(subject.host.take(), 'AppendEntries').filter(
      ({ message }) => message.leaderCommit === 5,
    );
    expect(told.map(({ to }) => to)).toEqual(expect.arrayContaining([1, 2]));
    subject.replica.timerFired('election');
    expect(state(subject)).toMatchObject({ role: 'follower', currentTerm: 2 });
  });

  it('by a joint change it leaves when the new configuration is committed, not the joint one', () => {
    const subject = leaderWithLearners();
    ask(subject, { do: 'change', voters: [1, 2, 3], learners: [], joint: true, autoLeave: true });
    subject.host.completeAll(subject.replica);
    for (const voter of [1, 2]) acknowledge(subject, voter);
    expect(state(subject)).toMatchObject({ role: 'leader', commitIndex: 5 });
    expect(configurationOf(subject)).toMatchObject({ voters: [1, 2, 3], outgoing: [] });
    subject.host.completeAll(subject.replica);
    for (const voter of [1, 2]) acknowledge(subject, voter);
    expect(state(subject)).toMatchObject({ role: 'follower', commitIndex: 6 });
  });

  it('a leader that becomes a learner leaves office too', () => {
    const subject = leaderOfThree();
    ask(subject, { do: 'demote', member: 0 });
    acknowledgeAll(subject, [1, 2]);
    expect(state(subject).role).toBe('follower');
    expect(configurationOf(subject)).toMatchObject({ voters: [1, 2], learners: [0] });
  });
});
