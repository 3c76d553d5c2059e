/** Each of PBFT's checkers catches a violation that is planted for it. */

import { expect, test } from 'vitest';
import { INVARIANTS } from '../../../src/checkers/index.js';
import { VIEWS, type Link } from '../../../src/protocols/pbft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { MAC_CANARIES, MacStage, words } from './mac-canaries.js';
import { checkpointFile, journalFile } from '../../../src/protocols/pbft/index.js';
import { GENESIS, PbftStage, proof } from './stage.js';

const LIVENESS = { healAtMicros: 0, progressWithinMicros: 10, stableLeader: true };

/** By invariant: a story, and how it violates the invariant at its end. */
const CANARIES: Readonly<Record<string, (stage: PbftStage) => void>> = {
  'pbft/agreement: two replicas execute different batches at one place': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    for (const replica of stage.replicas) stage.leave(replica, 1);
    stage.beginView(stage.newView(1, []));
    stage.prepareAll(1, 1, 8);
    stage.execute(3, 1, 1, 8);
    for (const replica of stage.replicas) stage.certify(replica, stage.certificate(0, 1, 7));
    stage.execute(0, 0, 1, 7);
  },
  'pbft/agreement: a DECISION says something else than what was executed': (stage) => {
    stage.agree(0, 1, 7);
    stage.faulty.add(1).add(2).add(3);
    const commits = [1, 2, 3].map(proof);
    stage.send(0, {
      kind: 'Decision',
      view: 0,
      sequence: 1,
      digest: 8,
      requests: [],
      commits,
      proof: proof(0),
    });
  },
  'pbft/null-request: it changes the state': (stage) => {
    stage.apply(0, 1, 5, makeCommand(9, 1, { op: 'get', key: 'k' }));
    stage.apply(0, 2, 6, undefined);
  },
  'pbft/log-bound: a pre-prepare above the window is accepted': (stage) => {
    stage.accept(1, 0, 5, 7);
  },
  'pbft/log-bound: one behind the stable checkpoint is accepted': (stage) => {
    stage.agree(0, 1, 7);
    stage.agree(0, 2, 8);
    stage.stabiliseAll(2, 3);
    stage.accept(1, 0, 2, 8);
  },
  'pbft/log-bound: a journal begins with more than a window': (stage) => {
    stage.begin(1, [
      { kind: 'stable', certificate: stage.stable(0, 0) },
      { kind: 'accepted', message: stage.prePrepare(0, 5, 7) },
    ]);
  },
  'pbft/received-state: nobody has said it': (stage) => {
    stage.durable(3, checkpointFile(2), { sequence: 2, digest: 9, state: {} });
    stage.installed(3);
  },
  'pbft/received-state: others have come to another one': (stage) => {
    for (const replica of [0, 1, 2]) stage.checkpoint(replica, 2, 8);
    stage.durable(3, checkpointFile(2), { sequence: 2, digest: 9, state: {} });
    stage.installed(3);
  },
  'pbft/received-state: it is not on the disk': (stage) => {
    stage.installed(3);
  },
  'pbft/new-keys: the number of a recovery comes twice': (stage) => {
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
  },
  'pbft/new-keys: an epoch comes twice': (stage) => {
    stage.emit(1, { kind: 'keys-refreshed', epoch: 1, records: 1, recovering: 2, number: 1 });
    stage.emit(1, { kind: 'keys-refreshed', epoch: 1, records: 1, recovering: 3, number: 1 });
  },
  'pbft/new-keys: recovered with the old ones': (stage) => {
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
    stage.emit(1, { kind: 'proactive-recovery', phase: 'completed', number: 1 });
  },
  'pbft/new-keys: a certificate of what was said under old ones': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.emit(1, { kind: 'keys-refreshed', epoch: 2, records: 1, recovering: 3, number: 1 });
    const certificate = stage.certificate(0, 1, 7, [1, 2]);
    const prepares = certificate.prepares.map(({ signer }) => ({
      signer,
      encode: () => `${signer}:mac>0,1@1,2,3(3,0,0,1,00000007)`,
    }));
    stage.promiseAt(1, 1, 2, { kind: 'prepared', certificate: { ...certificate, prepares } });
  },
  'pbft/prepared-unique: two digests are prepared in one view': (stage) => {
    stage.prepareAll(0, 1, 7, [1]);
    stage.faulty.add(0).add(2).add(3);
    stage.certify(1, stage.certificate(0, 1, 8, [2, 3]));
  },
  'pbft/certificates: a prepared certificate of too few': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.certify(1, stage.certificate(0, 1, 7, [1]));
  },
  'pbft/certificates: the same signer twice': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.certify(1, stage.certificate(0, 1, 7, [2, 2]));
  },
  'pbft/certificates: the primary counts as a backup': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.certify(1, stage.certificate(0, 1, 7, [0, 1]));
  },
  'pbft/certificates: a prepare for another digest counts': (stage) => {
    stage.propose(0, 1, 7);
    stage.prepare(2, 0, 1, 8);
    stage.certify(1, stage.certificate(0, 1, 7, [1, 2]));
  },
  'pbft/certificates: a stable certificate of too few is first durable in the beginning of a journal': (
    stage,
  ) => {
    for (const replica of [0, 1]) stage.checkpoint(replica, 2, 5);
    stage.begin(1, [{ kind: 'stable', certificate: stage.stable(2, 5, [0, 1]) }]);
  },
  'pbft/certificates: a new view of too few is first durable in the beginning of a journal': (stage) => {
    stage.faulty.add(1);
    for (const replica of [0, 2]) stage.leave(replica, 1);
    const message = stage.newView(1, [], [0, 2]);
    stage.begin(2, [
      { kind: 'stable', certificate: GENESIS },
      { kind: 'new-view', message },
    ]);
  },
  'pbft/certificates: a new view is entered that another than the primary has begun': (stage) => {
    stage.faulty.add(3);
    for (const replica of [0, 1, 2]) stage.leave(replica, 1);
    stage.enter(2, { ...stage.newView(1, []), proof: proof(3) });
  },
  'pbft/certificates: a new view of too few is entered, which its primary has not sent': (stage) => {
    for (const replica of stage.replicas) stage.leave(replica, 1);
    const message = stage.newView(1, []);
    stage.promise(1, { kind: 'new-view', message });
    stage.send(1, message);
    stage.enter(2, stage.newView(1, [], [0, 1]));
  },
  'pbft/certificates: a DECISION with a commit of another view': (stage) => {
    stage.agree(0, 1, 7);
    const commits = [0, 1, 2].map(proof);
    stage.send(3, {
      kind: 'Decision',
      view: 4,
      sequence: 1,
      digest: 7,
      requests: [],
      commits,
      proof: proof(3),
    });
  },
  'pbft/certificates: a stable certificate of a checkpoint that nobody has': (stage) => {
    stage.checkpoint(0, 2, 5);
    stage.promise(0, { kind: 'stable', certificate: stage.stable(2, 5) });
  },
  'pbft/certificates: the certificate of a checkpoint, and no part of its state, without the certificate': (
    stage,
  ) => {
    stage.checkpoint(0, 2, 5);
    const certificate = { sequence: 2, digest: 5, proofs: [] };
    stage.send(0, { kind: 'StateData', certificate, path: [], part: undefined, proof: proof(0) });
  },
  'pbft/certificates: a state without a certificate, which nobody has': (stage) => {
    stage.send(0, {
      kind: 'StateData',
      certificate: { sequence: 2, digest: 5, proofs: [] },
      path: [],
      part: { shape: 'whole', text: '{}' },
      proof: proof(0),
    });
  },
  'pbft/certificates: a new view counts a view change twice': (stage) => {
    for (const replica of [0, 1]) stage.leave(replica, 1);
    stage.beginView(stage.newView(1, [], [0, 0, 1]));
  },
  'pbft/no-equivocation: two digests for one place': (stage) => {
    stage.propose(0, 1, 7);
    stage.propose(0, 1, 8);
  },
  'pbft/no-equivocation: a backup prepares twice, across a restart': (stage) => {
    stage.prepare(1, 0, 1, 7);
    stage.start(1, 0);
    stage.prepare(1, 0, 1, 8);
  },
  'pbft/no-equivocation: the primary sends a prepare': (stage) => {
    stage.propose(0, 1, 7);
    stage.sendPrepare(0, 0, 1, 7);
  },
  'pbft/no-equivocation: two view changes for one view': (stage) => {
    stage.prepareAll(0, 1, 7, [1]);
    stage.leave(1, 1);
    stage.leave(1, 1, [stage.certificate(0, 1, 7)]);
  },
  'pbft/left-views: a vote in a view that was left': (stage) => {
    stage.leave(1, 1);
    stage.prepare(1, 0, 1, 7);
  },
  'pbft/left-views: a vote before the view was entered': (stage) => {
    stage.leave(2, 1);
    stage.prepare(2, 1, 1, 7);
  },
  'pbft/patience: a replica runs ahead alone': (stage) => {
    stage.leave(1, 1);
    stage.leave(1, 2);
  },
  'pbft/view-change-preservation: a certificate is left out': (stage) => {
    stage.prepareAll(0, 1, 7, [1]);
    stage.leave(1, 1, [stage.certificate(0, 1, 7)]);
    for (const replica of [0, 2]) stage.leave(replica, 1);
    stage.beginView(stage.newView(1, []));
  },
  'pbft/view-change-preservation: another digest than that of the highest view': (stage) => {
    stage.prepareAll(0, 1, 7, [1]);
    stage.leave(1, 1, [stage.certificate(0, 1, 7)]);
    for (const replica of [0, 2]) stage.leave(replica, 1);
    stage.beginView(stage.newView(1, [8]));
  },
  'pbft/view-change-preservation: a view change hides what its sender has prepared': (stage) => {
    stage.prepareAll(0, 1, 7, [1, 2, 3]);
    for (const replica of [0, 1, 2]) stage.leave(replica, 1);
    stage.beginView(stage.newView(1, []));
  },
  'pbft/certificates: a new view rests on a view change that its sender never said, and has left since': (
    stage,
  ) => {
    stage.prepareAll(0, 1, 7, [2]);
    const certificate = stage.certificate(0, 1, 7);
    const [first, , last] = [0, 2, 3].map((replica) =>
      stage.leave(replica, 1, replica === 2 ? [certificate] : []),
    );
    for (const replica of [0, 2]) stage.leave(replica, 2);
    stage.faulty.add(1);
    const stable = GENESIS;
    const forged = { kind: 'ViewChange', view: 1, stable, prepared: [], proof: proof(2) } as const;
    const viewChanges = [first!, forged, last!];
    stage.enter(3, { kind: 'NewView', view: 1, viewChanges, choices: [], proof: proof(1) });
  },
  'pbft/forgetful-silent: it votes': (stage) => {
    stage.propose(0, 1, 7);
    stage.rot(1, journalFile(1));
    stage.start(1, 0, false);
    stage.prepare(1, 0, 1, 7);
  },
  'pbft/forgetful-silent: it leaves its view': (stage) => {
    stage.rot(1, journalFile(1));
    stage.start(1, 0, false);
    stage.leave(1, 1);
  },
  'pbft/distrust-has-cause: nothing was lost': (stage) => {
    stage.start(1, 0, false);
  },
  'pbft/distrust-has-cause: what was lost is mended': (stage) => {
    stage.rot(1, journalFile(1));
    stage.start(1, 0, false);
    stage.emit(1, { kind: 'trust-regained', term: 0, lastIndex: 0 });
    stage.start(1, 0, false);
  },
  'pbft/distrust-has-cause: it does not even run': (stage) => {
    stage.emit(1, { kind: 'refused-to-run', reason: 'the disk is damaged' });
  },
  'pbft/patience: it does not count among the others itself': (stage) => {
    for (const replica of [1, 2]) {
      stage.healed.set(replica, 1);
      stage.start(replica, 0);
    }
    stage.leave(1, 1);
    stage.leave(1, 2);
  },
  'pbft/tentative-execution: a reply before the sync, when its view was left': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.executeTentatively(1, 0, 1, 7);
    stage.emit(1, { kind: 'rolled-back', sequence: 1 });
    const said = { view: 0, sequence: 1, result: 'x', digest: 1, index: 1, proof: proof(1) };
    stage.send(1, { kind: 'Reply', ...said, isTentative: true });
  },
  'pbft/committed-prepared: a batch is executed when one replica is prepared': (stage) => {
    stage.prepareAll(0, 1, 7, [1]);
    stage.execute(1, 0, 1, 7);
  },
  'pbft/committed-prepared: one of two that are prepared is faulty by now': (stage) => {
    stage.prepareAll(0, 1, 7, [1, 2]);
    stage.faulty.add(2);
    stage.execute(1, 0, 1, 7);
  },
  'pbft/watermarks: the primary does not wait for the window': (stage) => {
    stage.send(0, stage.prePrepare(0, 5, 7));
  },
  'pbft/watermarks: a view change with a certificate above the window': (stage) => {
    stage.leave(1, 1, [stage.certificate(0, 5, 7)]);
  },
  'pbft/stable-monotonic: the low watermark falls': (stage) => {
    stage.status(0, 4, 4);
    stage.status(0, 2, 4);
  },
  'pbft/view-monotonic: a view goes back': (stage) => {
    stage.emit(1, { kind: 'term-changed', term: 2 });
    stage.emit(1, { kind: 'became-follower', term: 1 });
  },
  'pbft/view-monotonic: a restart forgets a view change': (stage) => {
    stage.leave(1, 1);
    stage.start(1, 0);
  },
  'pbft/executed-monotonic: a batch is left out': (stage) => {
    stage.agree(0, 1, 7);
    for (const sequence of [2, 3]) stage.prepareAll(0, sequence, 7);
    stage.execute(1, 0, 3, 7);
  },
  'pbft/executed-monotonic: what was executed is taken back': (stage) => {
    stage.status(0, 0, 4);
    stage.status(0, 0, 3);
  },
  'pbft/tentative-execution: two batches at a time': (stage) => {
    stage.prepareAll(0, 1, 7);
    stage.prepareAll(0, 2, 8);
    stage.executeTentatively(1, 0, 1, 7);
    stage.executeTentatively(1, 0, 2, 8);
  },
  'pbft/tentative-execution: a batch is left out': (stage) => {
    stage.agree(0, 1, 7);
    stage.prepareAll(0, 3, 8);
    stage.executeTentatively(1, 0, 3, 8);
  },
  'pbft/tentative-execution: another view than its own': (stage) => {
    stage.executeTentatively(1, 2, 1, 7);
  },
  'pbft/tentative-execution: what is committed is another batch': (stage) => {
    stage.prepareAll(0, 1, 7);
    stage.executeTentatively(1, 0, 1, 8);
    stage.execute(1, 0, 1, 7);
  },
  'pbft/tentative-execution: what is committed is taken back': (stage) => {
    stage.agree(0, 1, 7);
    stage.emit(1, { kind: 'rolled-back', sequence: 1 });
  },
  'pbft/tentative-execution: the view is left without taking back': (stage) => {
    stage.prepareAll(0, 1, 7);
    stage.executeTentatively(1, 0, 1, 7);
    stage.emit(1, { kind: 'term-changed', term: 1 });
  },
  'pbft/tentative-execution: a reply before the sync': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.executeTentatively(1, 0, 1, 7);
    const said = { view: 0, sequence: 1, result: 'x', digest: 1, index: 1, proof: proof(1) };
    stage.send(1, { kind: 'Reply', ...said, isTentative: true });
  },
  'pbft/tentative-execution: a reply that is said to be final': (stage) => {
    stage.prepareAll(0, 1, 7);
    stage.executeTentatively(1, 0, 1, 7);
    const said = { view: 0, sequence: 1, result: 'x', digest: 1, index: 1, proof: proof(1) };
    stage.send(1, { kind: 'Reply', ...said, isTentative: false });
  },
  'pbft/checkpoint-agreement: two replicas have different states': (stage) => {
    stage.checkpoint(0, 2, 5);
    stage.checkpoint(1, 2, 6);
  },
  'pbft/garbage-collection: a new journal leaves a certificate out': (stage) => {
    stage.prepareAll(0, 1, 7);
    const message = stage.prePrepare(0, 1, 7);
    stage.begin(1, [{ kind: 'accepted', message }]);
  },
  'pbft/garbage-collection: a new journal leaves a view change out': (stage) => {
    stage.leave(1, 1);
    stage.begin(1, []);
  },
  'pbft/garbage-collection: the only journal is removed': (stage) => {
    stage.remove(1, 'journal-1');
  },
  'pbft/promise-durable: a prepare before the sync': (stage) => {
    stage.sendPrepare(1, 0, 1, 7);
  },
  'pbft/promise-durable: a commit before the sync': (stage) => {
    stage.prepareAll(0, 1, 7, []);
    stage.sendCommit(1, 0, 1, 7);
  },
  'pbft/promise-durable: a view change before the sync': (stage) => {
    const stable = { sequence: 0, digest: 0, proofs: [] };
    stage.send(1, { kind: 'ViewChange', view: 1, stable, prepared: [], proof: proof(1) });
  },
  'pbft/promise-durable: a checkpoint before the sync': (stage) => {
    stage.sendCheckpoint(1, 2, 5);
  },
  'pbft/request-issued: a replica makes a command up': (stage) => {
    const command = makeCommand(5, 1, { op: 'put', key: 'k', value: 'c2.1' });
    stage.emit(0, { kind: 'applied', index: 1, term: 0, hash: command.hash, digest: 1, command });
  },
};

/** Those that need another stage than the usual one. */
const OTHER_STAGES: Readonly<Record<string, () => PbftStage>> = {
  'pbft/certificates: a quorum rounded down, with five replicas': () => {
    const stage = new PbftStage(5);
    stage.prepareAll(0, 1, 7, []);
    stage.certify(1, stage.certificate(0, 1, 7, [1, 2]));
    return stage;
  },
  'pbft/configuration-in-force: two replicas let a configuration begin at different places': () => {
    const stage = new PbftStage(5, { members: 4 });
    stage.promise(0, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3, 4])] });
    stage.promise(1, { kind: 'configuration', links: [linkAfter(4, [0, 1, 2, 3, 4])] });
    return stage;
  },
  'pbft/configuration-in-force: a batch of the old configuration is executed after its end': () => {
    const stage = new PbftStage(5, { members: 4 });
    stage.faulty.add(4);
    stage.execute(1, 0, 3, 7);
    stage.sink.violation = undefined;
    stage.promise(0, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3, 4])] });
    return stage;
  },
  'pbft/members-speak: a removed replica speaks': () => {
    const stage = new PbftStage(5, { members: 5 });
    stage.promise(4, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3])] });
    stage.accept(4, VIEWS, 3, 7);
    stage.sendPrepare(4, VIEWS, 3, 7);
    return stage;
  },
  'pbft/members-speak: one whose disk was formatted anew votes as the member that had the old one': () => {
    const stage = new PbftStage(4);
    stage.propose(0, 1, 7);
    stage.generations.set(1, 1);
    stage.start(1, 0);
    stage.prepare(1, 0, 1, 7);
    return stage;
  },
  'pbft/members-speak: a removed replica says its checkpoint': () => {
    const stage = new PbftStage(5, { members: 5 });
    stage.promise(4, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3])] });
    stage.send(4, { kind: 'Checkpoint', sequence: 4, digest: 5, proof: proof(4) });
    return stage;
  },
  'pbft/members-speak: a replica says a checkpoint of the configuration after its own': () => {
    const stage = new PbftStage(5, { members: 4 });
    stage.promise(0, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3, 4])] });
    stage.send(1, { kind: 'Checkpoint', sequence: 4, digest: 5, proof: proof(1) });
    return stage;
  },
  'pbft/members-speak: a removed replica begins a view': () => {
    const stage = new PbftStage(5, { members: 5 });
    stage.promise(4, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3])] });
    stage.send(4, { kind: 'NewView', view: VIEWS + 4, viewChanges: [], choices: [], proof: proof(4) });
    return stage;
  },
  'pbft/members-speak: a replica joins without the state': () => {
    const stage = new PbftStage(5, { members: 4 });
    stage.promise(4, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3, 4])] });
    stage.accept(4, VIEWS, 3, 7);
    stage.sendPrepare(4, VIEWS, 3, 7);
    return stage;
  },
  'pbft/members-speak: a vote of the old configuration comes after the new one began': () => {
    const stage = new PbftStage(5, { members: 4 });
    stage.prepareAll(0, 1, 7, []);
    stage.promise(3, { kind: 'configuration', links: [linkAfter(2, [0, 1, 2, 3, 4])] });
    stage.faulty.add(4);
    stage.send(3, { kind: 'Checkpoint', sequence: 2, digest: 5, handover: 1, proof: proof(3) });
    stage.sink.violation = undefined;
    stage.sendPrepare(3, 0, 1, 7);
    return stage;
  },
  'pbft/view-synchronisation: views change and nothing is executed': () => {
    const stage = new PbftStage(4, { liveness: { ...LIVENESS, stableLeader: false } });
    stage.time = 11;
    for (let view = 1; view <= 7; view++) for (const replica of stage.replicas) stage.leave(replica, view);
    stage.end();
    return stage;
  },
  'pbft/recovery-in-turn: two of four recover at a time': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.time = 11;
    stage.emit(1, { kind: 'proactive-recovery', phase: 'due', number: 0 });
    stage.emit(2, { kind: 'proactive-recovery', phase: 'due', number: 0 });
    return stage;
  },
  'pbft/recovery-ends: one never does': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
    stage.time = 100;
    stage.end();
    return stage;
  },
  'pbft/recovery-ends: one that had promised to, before a crash, never does': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.emit(1, { kind: 'proactive-recovery', phase: 'due', number: 0 });
    stage.promise(1, { kind: 'recovery', number: 0, hasForgotten: false, isOver: false });
    stage.start(1, 0);
    stage.time = 100;
    stage.end();
    return stage;
  },
  'pbft/recovery-ends: one that was faulty, and had recovered, never does': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.healed.set(1, 1);
    stage.start(1, 0);
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
    stage.promise(1, { kind: 'recovery', number: 1, hasForgotten: false, isOver: false });
    stage.time = 90;
    stage.start(1, 0);
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 2 });
    stage.time = 100;
    stage.end();
    return stage;
  },
  'pbft/recovery-ends: one takes too long': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.emit(1, { kind: 'proactive-recovery', phase: 'begun', number: 1 });
    stage.emit(1, { kind: 'keys-refreshed', epoch: 1, records: 1, recovering: 1, number: 1 });
    stage.time = 100;
    stage.emit(1, { kind: 'proactive-recovery', phase: 'completed', number: 1 });
    return stage;
  },
  'pbft/calm-views: a view is left for nothing': () => {
    const stage = new PbftStage(4, { liveness: LIVENESS });
    stage.time = 11;
    stage.leave(1, 1);
    return stage;
  },
};

test.each(Object.entries(CANARIES))('%s', (name, story) => {
  const stage = new PbftStage();
  story(stage);
  expect(stage.violated).toBe(invariantOf(name));
});

test.each(Object.entries({ ...OTHER_STAGES, ...MAC_CANARIES }))('%s', (name, play) => {
  expect(play().violated).toBe(invariantOf(name));
});

test('with MACs, a view change as it should be violates nothing', () => {
  const stage = new MacStage();
  stage.prepareAll(0, 1, 7);
  for (const replica of stage.replicas) stage.leaveFor(1, replica, words);
  stage.beginWith(stage.begins(1, [7]));
  stage.agree(1, 1, 7);
  const place = { view: 1, sequence: 1, digest: 7, requests: [], commits: [] } as const;
  stage.send(1, { kind: 'Decision', ...place, proof: proof(1) });
  expect(stage.violated).toBeUndefined();
});

test('a batch was decided in the view that its certificate names; with MACs, in whatever view', () => {
  const violatedBy = (stage: PbftStage): string | undefined => {
    stage.prepareAll(0, 1, 7);
    stage.execute(1, 3, 1, 7);
    return stage.violated;
  };
  expect(violatedBy(new MacStage())).toBeUndefined();
  expect(violatedBy(new PbftStage())).toBe('pbft/committed-prepared');
});

test('with MACs, a view change may be sent when its sender is prepared in the view that it left for', () => {
  const stage = new MacStage();
  stage.prepareAll(0, 1, 7);
  for (const replica of stage.replicas) stage.leaveFor(1, replica, words);
  stage.beginWith(stage.begins(1, [7]));
  stage.prepareAll(1, 1, 7);
  // One write of the disk made both durable, and only then was the view change let out.
  stage.leaveFor(1, 1, words);
  expect(stage.violated).toBeUndefined();
});

test('a word in a certificate that a crash has lost was never heard', () => {
  const stage = new PbftStage();
  stage.propose(0, 1, 7);
  stage.prepare(2, 0, 1, 7);
  stage.prepare(3, 0, 1, 7);
  // Of replica 1 only the certificate is left, behind a torn record: it is prepared for nothing, and says another thing.
  stage.tear(1);
  stage.certify(1, stage.certificate(0, 1, 7, [1, 2]));
  stage.start(1, 0);
  stage.faulty.add(0);
  stage.begin(1, []);
  stage.prepare(1, 0, 1, 8);
  expect(stage.violated).toBeUndefined();
});

test('a word that was sent stays said, although its sender has lost its disk', () => {
  const stage = new PbftStage();
  stage.propose(0, 1, 7);
  stage.prepare(1, 0, 1, 7);
  stage.prepare(2, 0, 1, 7);
  // Replica 2 starts from a blank disk; replica 1 writes down what it had heard before.
  stage.forgetFile(2, journalFile(1));
  stage.start(2, 0);
  stage.certify(1, stage.certificate(0, 1, 7, [1, 2]));
  expect(stage.violated).toBeUndefined();
});

test('every one of PBFT’s invariants has a canary', () => {
  const caught = new Set(
    [...Object.keys(CANARIES), ...Object.keys(OTHER_STAGES), ...Object.keys(MAC_CANARIES)].map(invariantOf),
  );
  const stated = INVARIANTS.filter(({ protocol }) => protocol === 'pbft').map(({ id }) => id);
  expect([...caught].sort()).toEqual(stated.sort());
});

/** The link to configuration 1, which begins after this batch. */
function linkAfter(sequence: number, members: readonly number[]): Link {
  const command = makeCommand(9, 1, { do: 'configuration', members, faulty: 1 });
  const boundary = { sequence, digest: 5, handover: 1, proofs: [0, 1, 2, 3].map(proof) };
  return { request: { kind: 'Request', command, proof: proof(9) }, boundary };
}

function invariantOf(name: string): string {
  return name.slice(0, name.indexOf(':'));
}
