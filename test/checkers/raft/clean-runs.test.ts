/** What correct Raft may do, however odd it looks, violates nothing. */

import { expect, test } from 'vitest';
import { MEMBER_GENERATION } from '../../../src/kernel/index.js';
import { initialConfiguration, walFile } from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

const PUT = { op: 'put', key: 'k', value: 'c5.1' };
const CLIENT = 5;
const ALL = initialConfiguration([0, 1, 2, 3, 4]);

function expectClean(stage: Stage): void {
  expect(stage.sink.violation).toBeUndefined();
  expect(stage.checkers.audit()).toBeUndefined();
}

test('elections, replication, commits, replies, crashes and restarts are accepted', () => {
  const stage = new Stage(5, 'raft', { liveness: { healAtMicros: 0, progressWithinMicros: 10 } });
  stage.elect(0, 1);
  stage.commitEverywhere(0, [1, 2, 3, 4]);
  const command = makeCommand(CLIENT, 1, PUT);
  stage.invoke(CLIENT, 1, PUT);
  const entry = stage.commitEverywhere(0, [1, 2, 3, 4], command);
  stage.reply(0, command);
  stage.conclude(CLIENT, 1, PUT, 'ok', { ok: true });
  for (const server of [0, 1, 2, 3, 4]) stage.crash(server);
  for (const server of [0, 1, 2, 3, 4]) stage.start(server);
  stage.elect(1, 2);
  const next = stage.propose(1);
  for (const follower of [0, 2, 3, 4]) stage.replicate(1, follower, next);
  for (const server of [1, 0, 2, 3, 4]) {
    stage.commit(server, next.index);
    for (const past of stage.machines[server]!.log) stage.apply(server, past);
  }
  expect(entry.index).toBe(2);
  stage.time = 20;
  stage.end();
  expectClean(stage);
});

test('a follower drops an uncommitted tail that its new leader does not have', () => {
  const stage = new Stage(5);
  stage.elect(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.elect(2, 2, [3, 4]);
  const entry = stage.propose(2);
  stage.follow(1, 2);
  stage.truncate(1, 1);
  stage.replicate(2, 1, entry);
  stage.replicate(2, 3, entry);
  stage.commit(2, 1);
  stage.commit(1, 1);
  expectClean(stage);
});

test('a lagging follower may drop its copy of an entry that is committed elsewhere (Figure 8)', () => {
  const stage = new Stage(5);
  // Term 1: only n2 gets n1's entry. Term 2: n5 has another one at the same index.
  stage.elect(0, 1);
  const entry = stage.propose(0);
  stage.replicate(0, 1, entry);
  stage.elect(4, 2, [2, 3]);
  const other = stage.propose(4);
  // Term 3: n1 leads again and commits its old entry together with a new one, without n2.
  stage.elect(0, 3, [2, 3]);
  const later = stage.propose(0);
  for (const follower of [2, 3]) {
    stage.replicate(0, follower, entry);
    stage.replicate(0, follower, later);
  }
  stage.commit(0, 2);
  // A message of n5 from term 2 reaches n2, which has heard of nothing since term 1.
  stage.follow(1, 2);
  stage.truncate(1, 1);
  stage.replicate(4, 1, other);
  // In the end n2 gets the committed entries.
  stage.follow(1, 3);
  stage.truncate(1, 1);
  stage.replicate(0, 1, entry);
  stage.replicate(0, 1, later);
  stage.commit(1, 2);
  expectClean(stage);
});

test('a leader may learn that its entry is committed after a later leader was elected with it', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const entry = stage.propose(0);
  stage.replicate(0, 1, entry);
  stage.elect(1, 2, [2]);
  stage.commit(0, 1);
  stage.replicate(1, 2, entry);
  stage.replicate(1, 2, stage.propose(1));
  stage.commit(1, 2);
  stage.commit(2, 2);
  expectClean(stage);
});

test('a follower may lose an unsynced committed entry and get an older tail back', () => {
  const stage = new Stage(5);
  stage.elect(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.elect(2, 2, [3, 4]);
  const entry = stage.propose(2);
  for (const follower of [3, 4]) stage.replicate(2, follower, entry);
  stage.commit(2, 1);
  // n2 replaces its tail and hears of the commit; its disk has not synced when the power goes.
  for (const round of [1, 2]) {
    stage.follow(1, 2);
    stage.truncate(1, 1);
    stage.append(1, entry);
    stage.commit(1, 1);
    stage.apply(1, entry);
    if (round === 2) break;
    stage.crash(1);
    stage.start(1);
  }
  expectClean(stage);
});

test('a record behind a torn one does not count, and the next start cuts it off', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const first = stage.propose(0);
  const second = stage.propose(0);
  for (const entry of [first, second]) stage.append(1, entry);
  // Power loss: the second record survives, the first one does not.
  stage.startSegment(1, 0, 0);
  const survivor = { position: 3, entry: second, syncedRecords: 0 };
  stage.machines[1]!.files.get(walFile(1))!.push(undefined, survivor);
  stage.durable(1, walFile(1), 2, survivor);
  stage.crash(1);
  stage.start(1);
  stage.cut(1, 1);
  for (const entry of [first, second]) stage.replicate(0, 1, entry);
  stage.commit(0, 2);
  stage.commit(1, 2);
  expectClean(stage);
});

test('rot under a running server changes nothing until it starts again', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.commit(0, 1);
  stage.rot(1, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.commit(0, 2);
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('an acknowledgement sent before the disk was damaged still counts', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.crash(1);
  stage.rot(1, 1);
  stage.start(1, { trusted: false });
  stage.cut(1, 1);
  stage.commit(0, 1);
  expectClean(stage);
});

test('a server that repaired its disk from the leader may vote again', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const entry = stage.propose(0);
  stage.replicate(0, 1, entry);
  stage.commit(0, 1);
  stage.crash(1);
  stage.rot(1, 1);
  stage.start(1, { trusted: false });
  stage.cut(1, 1);
  stage.replicate(0, 1, entry);
  stage.emit(1, { kind: 'trust-regained', term: 1, lastIndex: 1 });
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('a disk damaged while its server was down counts neither way until it is read', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.commit(0, 1);
  stage.crash(1);
  stage.rot(1, 1);
  stage.crash(0);
  stage.start(0);
  expectClean(stage);
});

test('a granted vote that was never sent may vanish in a crash', () => {
  const stage = new Stage(3);
  stage.campaign(0, 1, []);
  stage.setTerm(2, 1);
  stage.crash(2);
  stage.start(2);
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('a repeated acknowledgement, vote and append are accepted', () => {
  const stage = new Stage(3);
  stage.campaign(0, 1, [1]);
  stage.answerVote(1, 0, 1, true);
  stage.lead(0, 1);
  stage.replicate(0, 1, stage.propose(0));
  stage.acknowledge(1, 0, 1);
  stage.acknowledge(1, 0, 0);
  expectClean(stage);
});

test('a read that was not ordered may be answered', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const get = { op: 'get', key: 'k' };
  stage.invoke(CLIENT, 1, get);
  stage.reply(0, makeCommand(CLIENT, 1, get), { value: null });
  expectClean(stage);
});

test('a single server elects itself and commits alone', () => {
  const stage = new Stage(1);
  stage.elect(0, 1, []);
  const first = stage.commitEverywhere(0, []);
  stage.crash(0);
  stage.start(0);
  stage.elect(0, 2, []);
  const second = stage.propose(0);
  stage.commit(0, 2);
  for (const entry of [first, second]) stage.apply(0, entry);
  expectClean(stage);
});

test('a server compacts, restarts from its snapshot and goes on', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  for (let i = 0; i < 4; i++) stage.commitEverywhere(0, [1, 2]);
  for (const server of [0, 1]) {
    stage.saveSnapshot(server, 4);
    stage.compact(server, 4);
  }
  stage.commitEverywhere(0, [1, 2]);
  stage.crash(1);
  stage.start(1);
  const entry = stage.propose(0);
  stage.replicate(0, 1, entry);
  stage.commit(0, entry.index);
  stage.commit(1, entry.index);
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('a server that compacts in the middle of a segment keeps what it still needs', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  for (let i = 0; i < 4; i++) stage.commitEverywhere(0, [1, 2]);
  stage.saveSnapshot(1, 3);
  stage.compact(1, 2);
  stage.crash(1);
  stage.start(1);
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('a follower far behind, with a tail of its own, installs a snapshot', () => {
  const stage = new Stage(5);
  stage.elect(0, 1);
  stage.replicate(0, 4, stage.propose(0));
  stage.elect(1, 2, [2, 3]);
  for (let i = 0; i < 5; i++) stage.commitEverywhere(1, [2, 3]);
  stage.saveSnapshot(1, 4);
  stage.compact(1, 4);
  stage.install(4, 1, 4);
  stage.replicate(1, 4, stage.machines[1]!.log[4]!);
  stage.commit(4, 5);
  stage.crash(4);
  stage.start(4);
  expectClean(stage);
});

test('an acknowledged tail that a snapshot contradicts is no longer promised', () => {
  const stage = new Stage(5);
  stage.elect(0, 1);
  for (let i = 0; i < 3; i++) stage.replicate(0, 4, stage.propose(0));
  stage.elect(1, 2, [2, 3]);
  for (let i = 0; i < 2; i++) stage.commitEverywhere(1, [2, 3]);
  stage.saveSnapshot(1, 2);
  stage.install(4, 1, 2);
  stage.crash(4);
  stage.start(4);
  expectClean(stage);
});

test('a joint configuration commits and elects by both halves, and learners do not count', () => {
  const stage = new Stage(5);
  stage.elect(0, 1);
  stage.commitEverywhere(0, [1, 2, 3, 4]);
  const joint = { ...ALL, voters: [0, 1, 2], outgoing: [0, 1, 2, 3, 4], autoLeave: true };
  const entering = stage.propose(0, undefined, { kind: 'configuration', configuration: joint });
  for (const follower of [1, 2]) stage.replicate(0, follower, entering);
  stage.commit(0, entering.index);
  const leaving = stage.propose(0, undefined, {
    kind: 'configuration',
    configuration: { ...ALL, voters: [0, 1, 2], learners: [3, 4] },
  });
  stage.replicate(0, 1, leaving);
  stage.commit(0, leaving.index);
  stage.elect(1, 2, [0]);
  expectClean(stage);
});

test('a process whose disk was formatted anew votes as another member, and may vote again', () => {
  const stage = new Stage(3);
  stage.elect(0, 1, [1]);
  stage.commitEverywhere(0, [1]);
  stage.crash(2);
  stage.startBlank(2);
  stage.crash(2);
  stage.format(2, 2 + MEMBER_GENERATION);
  stage.start(2);
  for (const voters of [
    [0, 1],
    [0, 1, 2 + MEMBER_GENERATION],
  ]) {
    const configuration = { ...ALL, voters };
    const entry = stage.propose(0, undefined, { kind: 'configuration', configuration });
    stage.replicate(0, 1, entry);
    stage.commit(0, entry.index);
    stage.apply(0, entry);
  }
  stage.install(2, 0, 3);
  stage.elect(1, 2, [2]);
  expectClean(stage);
});

test('a repeated request for a vote is answered as before, even by one who follows another leader by now', () => {
  const stage = new Stage(5, 'raft');
  stage.campaign(4, 1, [1]);
  stage.elect(0, 1, [2, 3]);
  stage.replicate(0, 1, stage.propose(0));
  stage.grant(1, 4, 1);
  expectClean(stage);
});
