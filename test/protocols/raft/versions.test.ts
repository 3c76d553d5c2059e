// Protocol versions and their gates: see src/protocols/raft/versions.ts.

import { describe, expect, it } from 'vitest';
import type { SystemCommand } from '../../../src/protocols/raft/index.js';
import {
  GATE,
  OPERATOR,
  acknowledgeAll,
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
  replicaOn,
  segmentOf,
  state,
  success,
  systemEntry,
  type Subject,
} from './fixtures.js';

const THREE = { members: [0, 1, 2] };

/** System commands in the messages that the leader sent since the last look. */
function proposed({ host }: Subject): (SystemCommand | undefined)[] {
  return ofKind(host.take(), 'AppendEntries')
    .filter(({ to }) => to === 1)
    .flatMap(({ message }) => message.entries.map(({ system }) => system));
}

/** Followers say that their programs understand these versions, and acknowledge everything. */
function acknowledgeWith(subject: Subject, versions: readonly (readonly [number, number])[]): void {
  subject.host.completeAll(subject.replica);
  const { currentTerm, log, baseIndex } = state(subject);
  for (const [follower, version] of versions) {
    subject.replica.receive(follower, success(currentTerm, baseIndex + log.length, { version }));
  }
  subject.host.completeAll(subject.replica);
}

const activate = (subject: Subject, version: number): string => ask(subject, { do: 'activate', version });

describe('raft versions: announcing and opening gates', () => {
  it('the leader announces what programs understand, then opens the highest common gate', () => {
    const subject = leaderOn(fresh(), THREE);
    acknowledgeWith(subject, [
      [1, 3],
      [2, 2],
    ]);
    subject.host.take();
    subject.replica.timerFired('heartbeat');
    expect(proposed(subject)).toEqual([
      {
        kind: 'announce',
        versions: [
          [0, 3],
          [1, 3],
          [2, 2],
        ],
      },
    ]);
    subject.replica.timerFired('heartbeat'); // nothing more before that is committed
    expect(state(subject).log).toHaveLength(2);
    acknowledgeWith(subject, [
      [1, 3],
      [2, 2],
    ]);
    subject.host.take();
    subject.replica.timerFired('heartbeat');
    expect(proposed(subject)).toEqual([{ kind: 'activate', version: 2 }]);
    expect(state(subject).activeVersion).toBe(1);
    acknowledgeWith(subject, [
      [1, 3],
      [2, 2],
    ]);
    expect(state(subject).activeVersion).toBe(2);
    expect(eventsOf(subject, 'version-activated')).toEqual([
      { kind: 'version-activated', index: 3, version: 2 },
    ]);
  });

  it('a member that has not been heard of holds the gate shut', () => {
    const subject = leaderOn(fresh(), THREE);
    subject.replica.receive(OPERATOR, admin(1, { do: 'add-learner', member: 3 }));
    for (let i = 0; i < 5; i++) {
      acknowledgeWith(subject, [
        [1, 3],
        [2, 3],
      ]);
      subject.replica.timerFired('heartbeat');
    }
    expect(state(subject)).toMatchObject({ activeVersion: 1 });
    expect(state(subject).announced.map(([member]) => member)).toEqual([0, 1, 2]);
    acknowledgeWith(subject, [[3, 3]]);
    for (let i = 0; i < 3; i++) {
      subject.replica.timerFired('heartbeat');
      acknowledgeWith(subject, [
        [1, 3],
        [2, 3],
      ]);
    }
    expect(state(subject).activeVersion).toBe(3);
  });

  it('without auto-activate an operator opens it, if it may be opened', () => {
    const subject = leaderOn(fresh(), { ...THREE, settings: { 'auto-activate': false } });
    expect(activate(subject, 2)).toBe('busy: not every member has announced it');
    for (let i = 0; i < 3; i++) {
      subject.replica.timerFired('heartbeat');
      acknowledgeAll(subject, [1, 2]);
    }
    expect(state(subject).activeVersion).toBe(1);
    expect(activate(subject, 4)).toBe("refused: the leader's program understands only 3");
    expect(activate(subject, 2)).toBe('busy: the gate is being opened');
    acknowledgeAll(subject, [1, 2]);
    expect(activate(subject, 2)).toBe('ok: ');
    expect(activate(subject, 1)).toBe('refused: the cluster never goes back to an older version');
  });

  it('a member that is removed is forgotten', () => {
    const announce = systemEntry(1, 1, {
      kind: 'announce',
      versions: [
        [0, 3],
        [1, 3],
        [2, 3],
      ],
    });
    const without = configurationEntry(2, 1, configuration([0, 1]));
    const subject = replicaOn(fresh(), THREE);
    subject.replica.receive(1, append(1, 0, 0, [announce, without], 2));
    expect(state(subject).announced).toEqual([
      [0, 3],
      [1, 3],
    ]);
  });
});

describe('raft versions: what a program does not understand', () => {
  it('stops it, instead of being skipped', () => {
    const subject = replicaOn(fresh(), { version: 1 });
    const joint = systemEntry(
      2,
      1,
      { kind: 'configuration', configuration: configuration([0, 1], { outgoing: [0, 1, 2] }) },
      2,
    );
    subject.replica.receive(
      1,
      append(1, 0, 0, [systemEntry(1, 1, { kind: 'announce', versions: [] }), joint], 2),
    );
    expect(subject.host.haltReason).toBe('index 2 needs protocol version 2, this program has 1');
    expect(state(subject).lastApplied).toBe(1);
    expect(eventsOf(subject, 'refused-to-run')).toHaveLength(1);
  });

  it('a program that was downgraded too late stops when it meets the open gate', () => {
    const subject = replicaOn(diskOf(metas(1), segmentOf([GATE])), { version: 2 });
    subject.replica.receive(1, append(1, 1, 1, [], 1));
    expect(subject.host.haltReason).toMatch(/version 3/);
  });

  it('and at its start, when its snapshot says so', () => {
    const newer = leaderOn(fresh(), { ...THREE, settings: { 'snapshot-entries': 3 } });
    for (let i = 0; i < 3; i++) {
      acknowledgeAll(newer, [1, 2]);
      newer.replica.timerFired('heartbeat');
    }
    acknowledgeAll(newer, [1, 2]);
    expect(state(newer).activeVersion).toBe(3);
    expect(eventsOf(newer, 'snapshot-saved')).toHaveLength(1);
    const older = replicaOn(newer.host.crashImage(), { ...THREE, version: 2 });
    expect(older.host.haltReason).toBe('the cluster speaks protocol version 3, this program only 2');
    expect(eventsOf(older, 'refused-to-run')).toHaveLength(1);
    const same = replicaOn(newer.host.crashImage(), THREE);
    expect(same.host.haltReason).toBeUndefined();
    expect(state(same)).toMatchObject({ activeVersion: 3, announced: state(newer).announced });
  });

  it('the version goes with every acknowledgement', () => {
    const subject = replicaOn(fresh(), { version: 2 });
    subject.replica.receive(1, append(1, 0, 0));
    subject.host.completeAll(subject.replica);
    expect(subject.host.take()).toMatchObject([{ message: { version: 2 } }]);
  });
});
