/** What correct replicas may do, however odd it looks, violates nothing; nor does anything that faulty ones do. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quorumSizes } from '../../../src/checkers/pbft/index.js';
import {
  IDENTITY_FILE,
  journalFile,
  quorumOf,
  type PreparedCertificate,
} from '../../../src/protocols/pbft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { MacStage, words } from './mac-canaries.js';
import { PbftStage, proof } from './stage.js';

function expectClean(stage: PbftStage): void {
  expect(stage.sink.violation).toBeUndefined();
}

test('agreement, checkpoints, journals and a view change are accepted', () => {
  const stage = new PbftStage(4, { liveness: { healAtMicros: 0, progressWithinMicros: 10 } });
  for (const sequence of [1, 2, 3]) stage.agree(0, sequence, sequence + 10);
  stage.stabiliseAll(2, 5);
  const base = { kind: 'stable', certificate: stage.stable(2, 5) } as const;
  const held = { kind: 'prepared', certificate: stage.certificate(0, 3, 13) } as const;
  for (const replica of stage.replicas) {
    stage.begin(replica, [base, held, { kind: 'accepted', message: stage.prePrepare(0, 3, 13) }]);
    stage.remove(replica, 'journal-1');
  }
  stage.prepareAll(0, 6, 16);
  for (const replica of stage.replicas) stage.sendCommit(replica, 0, 6, 16);
  for (const replica of stage.replicas) {
    stage.leave(replica, 1, [stage.certificate(0, 3, 13), stage.certificate(0, 6, 16)], stage.stable(2, 5));
  }
  const choices = [13, 0, 0, 16].map((digest, i) => ({ sequence: i + 3, digest, proof: proof(1) }));
  stage.beginView({ ...stage.newView(1, []), choices });
  for (const backup of stage.backups(1)) stage.sendPrepare(backup, 1, 4, 0);
  for (const replica of stage.replicas) stage.status(replica, 2, 3);
  stage.time = 20;
  stage.end();
  expectClean(stage);
});

test('who misses what is executed in each view may leave as many views as the others do', () => {
  const stage = new PbftStage(4, { liveness: { healAtMicros: 0, progressWithinMicros: 10 } });
  stage.time = 11;
  // Views in which somebody executes: as many as the window has places.
  const fruitful = [2, 4, 6];
  const prepared: PreparedCertificate[] = [];
  for (let view = 1; view <= 7; view++) {
    for (const replica of stage.replicas) stage.leave(replica, view, [...prepared]);
    stage.beginView(
      stage.newView(
        view,
        prepared.map(({ digest }) => digest),
      ),
    );
    if (!fruitful.includes(view)) continue;
    const sequence = prepared.length + 1;
    const digest = view + 10;
    stage.prepareAll(view, sequence, digest);
    for (const replica of stage.replicas) stage.sendCommit(replica, view, sequence, digest);
    for (const replica of [0, 1, 2]) stage.execute(replica, view, sequence, digest);
    prepared.push(stage.certificate(view, sequence, digest));
  }
  stage.end();
  expectClean(stage);
});

test('a restart goes on where the disk stands, and says the same again', () => {
  const stage = new PbftStage();
  stage.prepareAll(0, 1, 7);
  stage.sendCommit(1, 0, 1, 7);
  stage.start(1, 0);
  stage.sendPrepare(1, 0, 1, 7);
  stage.sendCommit(1, 0, 1, 7);
  stage.leave(1, 1, [stage.certificate(0, 1, 7)]);
  stage.start(1, 1);
  expectClean(stage);
});

test('a crash before the promise to recover is durable costs that turn, and no more', () => {
  const stage = new PbftStage(4, { liveness: { healAtMicros: 0, progressWithinMicros: 10 } });
  stage.emit(1, { kind: 'proactive-recovery', phase: 'due', number: 0 });
  stage.start(1, 0);
  stage.time = 100;
  stage.end();
  expectClean(stage);
});

test('a certificate that a power failure left behind a torn record does not count', () => {
  const stage = new PbftStage();
  stage.prepareAll(0, 1, 7, [3]);
  for (const replica of [1, 2]) {
    stage.tear(replica);
    stage.certify(replica, stage.certificate(0, 1, 7));
    stage.start(replica, 0);
  }
  for (const replica of [0, 1, 2]) stage.leave(replica, 1);
  stage.beginView(stage.newView(1, []));
  expectClean(stage);
});

test('what was damaged while it recovered is a reason for distrust after it has regained trust', () => {
  const stage = new PbftStage();
  stage.rot(1, journalFile(1));
  stage.start(1, 0, false);
  stage.rot(1, IDENTITY_FILE);
  stage.emit(1, { kind: 'trust-regained', term: 0, lastIndex: 0 });
  stage.start(1, 0, false);
  expectClean(stage);
});

test('with MACs, a certificate that went behind a stable checkpoint on its way to the disk may be told of', () => {
  const stage = new MacStage();
  stage.prepareAll(0, 1, 7, [0, 2, 3]);
  for (const replica of stage.replicas) stage.checkpoint(replica, 2, 5);
  stage.begin(1, [{ kind: 'stable', certificate: stage.stable(2, 5) }]);
  stage.leaveFor(1, 1, words);
  expectClean(stage);
});

test('what a power failure left of an older journal is no promise', () => {
  const stage = new PbftStage();
  for (const sequence of [1, 2]) stage.agree(0, sequence, sequence + 6);
  stage.stabiliseAll(2, 3);
  stage.begin(1, [{ kind: 'stable', certificate: stage.stable(2, 3) }]);
  stage.promiseAt(1, 0, 1, { kind: 'accepted', message: stage.prePrepare(0, 2, 8) });
  stage.promiseAt(1, 0, 2, { kind: 'accepted', message: stage.prePrepare(0, 20, 9) });
  expectClean(stage);
});

test('nor is what a failed sync left behind a lost record, in whatever way it is judged', () => {
  const stage = new PbftStage();
  stage.begin(1, []);
  stage.promiseAt(1, 1, 3, { kind: 'accepted', message: stage.prePrepare(0, 20, 9) });
  stage.promiseAt(1, 1, 4, { kind: 'prepared', certificate: stage.certificate(0, 1, 7, [1]) });
  stage.promiseAt(1, 1, 5, { kind: 'stable', certificate: stage.stable(2, 3) });
  expectClean(stage);
});

test('a new view may rest on what a replica said before it lost its memory', () => {
  const stage = new PbftStage();
  for (const replica of [0, 1, 2]) stage.leave(replica, 1);
  const message = stage.newView(1, []);
  stage.beginView(message);
  stage.emit(2, { kind: 'trust-regained', term: 1, lastIndex: 0 });
  stage.send(1, { ...message });
  expectClean(stage);
});

test('a replica that was faulty is bound by what it says once it is so no more', () => {
  const stage = new PbftStage();
  for (const replica of [0, 1, 2]) stage.leave(replica, 1);
  stage.faulty.add(2).delete(2);
  stage.healed.set(2, 1);
  stage.start(2, 0);
  expectClean(stage);
  stage.leave(2, 2);
  stage.start(2, 1);
  expect(stage.violated).toBe('pbft/view-monotonic');
});

test('a replica goes on to a later view with a quorum, or with f + 1 others', () => {
  const stage = new PbftStage();
  for (const replica of [0, 1, 2]) stage.leave(replica, 1);
  stage.leave(0, 2);
  stage.leave(3, 1);
  stage.leave(1, 2);
  stage.leave(2, 4);
  stage.leave(0, 4);
  stage.leave(1, 4);
  expectClean(stage);
});

test('its own vote counts in a certificate that it holds, sent or not', () => {
  const stage = new PbftStage();
  stage.propose(0, 1, 7);
  stage.prepare(1, 0, 1, 7);
  stage.accept(2, 0, 1, 7);
  stage.certify(2, stage.certificate(0, 1, 7, [1, 2]));
  stage.leave(2, 1, [stage.certificate(0, 1, 7, [1, 2])]);
  stage.certify(3, stage.certificate(0, 1, 7, [1, 2]));
  expectClean(stage);
});

test('what clients have asked for may be executed', () => {
  const stage = new PbftStage();
  const input = { op: 'put', key: 'k', value: 'c2.1' };
  const command = makeCommand(5, 1, input);
  const { client, sequence } = command;
  const event = {
    kind: 'invoke',
    client,
    sequence,
    input,
    output: null,
    read: undefined,
    index: 0,
    time: 0,
  } as const;
  for (const observer of stage.checkers.observers) observer.onHistory?.(event, command);
  stage.emit(0, { kind: 'applied', index: 1, term: 0, hash: command.hash, digest: 1, command });
  expectClean(stage);
});

test('a faulty replica may say anything, but not in the name of another', () => {
  const stage = new PbftStage();
  stage.faulty.add(0);
  stage.propose(0, 1, 7);
  stage.propose(0, 1, 8);
  stage.sendPrepare(0, 0, 9, 7);
  stage.sendCommit(0, 3, 1, 7);
  stage.sendCheckpoint(0, 2, 9);
  stage.leave(0, 9);
  stage.leave(0, 1);
  expectClean(stage);
  // The word of a correct one still has to be its own.
  stage.certify(1, stage.certificate(0, 1, 7, [1, 2]));
  expect(stage.violated).toBe('pbft/certificates');
});

test('checkers and replicas count quorums alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 31 }), (n) => {
      const sizes = quorumSizes(n, undefined);
      const { f, strong } = quorumOf(n);
      expect(sizes).toEqual({ n, f, strong, correct: strong - f });
    }),
  );
});
