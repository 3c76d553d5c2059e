/** Each of Raft's checkers catches a violation that is planted for it. */

import { expect, test } from 'vitest';
import { INVARIANTS } from '../../../src/checkers/index.js';
import { MEMBER_GENERATION, okReply } from '../../../src/kernel/index.js';
import {
  INCOMING_FILE,
  initialConfiguration,
  makeEntry,
  parseRaftSettings,
  walFile,
  type Configuration,
  type Entry,
  type SnapshotHeader,
} from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

const PUT = { op: 'put', key: 'k', value: 'c3.1' };
const CLIENT = 5;
const SETTINGS = parseRaftSettings({
  'max-entries-per-message': 3,
  'max-bytes-per-message': 400,
  'snapshot-chunk': 10,
});
const ALL = initialConfiguration([0, 1, 2, 3, 4]);

/** The leader appends a configuration, durably. */
function configure(stage: Stage, leader: number, configuration: Configuration): Entry {
  return stage.propose(leader, undefined, { kind: 'configuration', configuration });
}

/** Term 1 has ended for everybody, is behind all snapshots, and is forgotten. */
function forgetTermOne(stage: Stage): void {
  stage.elect(0, 1);
  for (let index = 1; index <= 70; index++) stage.commitEverywhere(0, [1, 2, 3, 4]);
  stage.elect(1, 2);
  stage.commitEverywhere(1, [0, 2, 3, 4]);
  for (const server of [0, 1, 2, 3, 4]) {
    stage.saveSnapshot(server, 71);
    stage.compact(server, 71);
  }
  stage.commitEverywhere(1, [0, 2, 3, 4]);
  stage.saveSnapshot(4, 72);
  stage.compact(4, 72);
}

/** The first server sends an empty message of its latest round. */
function ask(stage: Stage, term: number, round: number, to = 1): void {
  const rest = { prevLogIndex: 0, prevLogTerm: 0, entries: [], leaderCommit: 0, generation: 0 };
  stage.send(0, to, { kind: 'AppendEntries', term, round, ...rest });
}

/** The second server turns something down, and says which round that was of. */
function answer(stage: Stage, term: number, round: number, to = 0): void {
  const rest = { matchIndex: 0, conflictTerm: 0, prevLogIndex: 0, hasLost: false, version: 1, generation: 0 };
  stage.send(1, to, { kind: 'AppendEntriesResponse', term, round, success: false, ...rest });
}

function sendPiece(stage: Stage, header: SnapshotHeader, text: string): void {
  const rest = { offset: 0, size: 100, checksum: 0, round: 0, generation: 0 };
  stage.send(0, 1, { kind: 'InstallSnapshot', term: 1, header, text, ...rest });
}

/** By invariant: a story, and how it violates the invariant at its end. */
const CANARIES: Readonly<Record<string, (stage: Stage) => void>> = {
  'raft/election-safety: two servers become leader of one term': (stage) => {
    stage.elect(0, 1, [2, 3]);
    stage.setTerm(1, 1);
    stage.lead(1, 1);
  },
  'raft/election-safety: a deposed leader sends AppendEntries of its successor’s term': (stage) => {
    stage.elect(0, 1);
    stage.elect(1, 2);
    stage.sendEntries(0, 2, []);
  },
  'raft/election-safety: a leader claims a term that everybody has left for good': (stage) => {
    forgetTermOne(stage);
    const round = {
      prevLogIndex: 71,
      prevLogTerm: 2,
      entries: [],
      leaderCommit: 71,
      round: 0,
      generation: 0,
    };
    stage.send(0, 2, { kind: 'AppendEntries', term: 1, ...round });
  },
  'raft/election-quorum: a grant of an earlier term is counted': (stage) => {
    stage.campaign(0, 1, [1, 2]);
    stage.campaign(0, 2, [1]);
    stage.lead(0, 2);
  },
  'raft/election-quorum: one grant is counted twice': (stage) => {
    stage.campaign(0, 1, [1]);
    stage.answerVote(1, 0, 1, true);
    stage.lead(0, 1);
  },
  'raft/leader-append-only: a leader removes its own entries': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.truncate(0, 1);
  },
  'raft/leader-append-only: a leader overwrites an entry': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(0, makeEntry(1, 1, 0, makeCommand(CLIENT, 1, PUT)));
  },
  'raft/leader-append-only: a follower has an entry that no leader created': (stage) => {
    stage.elect(0, 1);
    stage.append(1, makeEntry(1, 1, 0, undefined));
  },
  'raft/log-matching: a follower stores another command under the same index and term': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(1, makeEntry(1, 1, 0, makeCommand(CLIENT, 1, PUT)));
  },
  'raft/log-matching: a follower leaves an entry out': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(1, stage.propose(0));
  },
  'raft/leader-completeness: a server without a committed entry is elected': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.elect(3, 2);
  },
  'raft/leader-completeness: an entry is committed after a later leader was elected without it': (stage) => {
    stage.elect(0, 1);
    const entry = stage.propose(0);
    stage.replicate(0, 1, entry);
    stage.elect(4, 2, [2, 3]);
    stage.machines[2]!.term = 1;
    stage.persist(2, entry);
    stage.commit(0, 1);
  },
  'raft/state-machine-safety: a follower commits its own tail': (stage) => {
    stage.elect(0, 1);
    stage.append(4, stage.propose(0));
    stage.elect(1, 2, [2, 3]);
    stage.commitEverywhere(1, [2, 3]);
    stage.commit(4, 1);
  },
  'raft/term-monotonic: a term goes back': (stage) => {
    stage.elect(0, 2);
    stage.setTerm(1, 1);
  },
  'raft/term-monotonic: a restart forgets a durable term': (stage) => {
    stage.elect(0, 2);
    stage.crash(1);
    stage.start(1, { term: 1 });
  },
  'raft/term-monotonic: a message is ahead of its sender': (stage) => {
    stage.elect(0, 2);
    stage.answerVote(1, 0, 3, false);
  },
  'raft/vote-once: a server votes in a term that everybody has left for good': (stage) => {
    forgetTermOne(stage);
    stage.answerVote(2, 0, 1, true);
  },
  'raft/vote-once: a server votes for two candidates': (stage) => {
    stage.campaign(0, 1, [2]);
    stage.campaign(1, 1, [2]);
  },
  'raft/vote-once: a candidate also votes for somebody else': (stage) => {
    stage.campaign(0, 1, []);
    stage.grant(0, 1, 1);
  },
  'raft/vote-durable: a grant is sent before it is on disk': (stage) => {
    stage.setTerm(1, 1);
    stage.answerVote(1, 0, 1, true);
  },
  'raft/vote-durable: a candidate asks for votes before its own is on disk': (stage) => {
    stage.setTerm(1, 1);
    stage.requestVote(1, 0, 1);
  },
  'raft/vote-durable: a server that does not trust its disk votes': (stage) => {
    stage.crash(1);
    stage.start(1, { trusted: false });
    stage.campaign(0, 1, [1]);
  },
  'raft/ack-durable: an entry is acknowledged before it is on disk': (stage) => {
    stage.elect(0, 1);
    stage.append(1, stage.propose(0));
    stage.acknowledge(1, 0, 1);
  },
  'raft/ack-durable: an acknowledgement speaks of an entry that a later leader has replaced': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 2, stage.propose(0));
    stage.elect(1, 2);
    stage.propose(1);
    stage.truncate(2, 1);
    stage.acknowledge(2, 1, 1);
  },
  'raft/ack-durable: an entry is acknowledged in a term that the disk does not know': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 2, stage.propose(0));
    stage.elect(0, 2, [1, 3]);
    stage.setTerm(2, 2);
    stage.acknowledge(2, 0, 1);
  },
  'raft/recovered-state: rot is taken for a torn tail': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.replicate(0, 1, stage.propose(0));
    stage.crash(1);
    stage.rot(1, 2);
    stage.start(1);
  },
  'raft/recovered-state: a restart claims an entry that the disk does not hold': (stage) => {
    stage.elect(0, 1);
    stage.append(1, stage.propose(0));
    stage.crash(1);
    stage.start(1, { lastIndex: 1 });
  },
  'raft/recovered-state: a vote that was sent is forgotten with its term': (stage) => {
    stage.campaign(0, 1, [1]);
    stage.crash(1);
    stage.format(1, 1);
    stage.start(1);
  },
  'raft/truncate-on-conflict: a late heartbeat cuts off entries that match': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.truncate(1, 1);
  },
  'raft/commit-monotonic: a commit index goes back': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.commitEverywhere(0, [1, 2]);
    stage.commit(1, 1);
  },
  'raft/commit-monotonic: a commit index passes the end of the log': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.commit(3, 1);
  },
  'raft/commit-monotonic: an entry is applied before it is committed': (stage) => {
    stage.elect(0, 1);
    stage.apply(0, stage.propose(0));
  },
  'raft/commit-monotonic: a committed entry is removed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.setTerm(1, 2);
    stage.truncate(1, 1);
  },
  'raft/commit-current-term: an entry of an earlier term is committed by counting': (stage) => {
    stage.elect(0, 1);
    const entry = stage.propose(0);
    stage.elect(0, 2);
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, 1);
  },
  'raft/commit-durable-quorum: two disks of five are taken for a majority': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.commit(0, 1);
  },
  'raft/commit-durable-quorum: a leader counts itself for what it has not synced': (stage) => {
    stage.elect(0, 1);
    const entry = makeEntry(1, 1, 0, undefined);
    stage.append(0, entry);
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, 1);
  },
  'raft/follower-commit: a follower commits what no leader has committed': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.commit(1, 1);
  },
  'raft/acknowledged-durable: an operation is answered before it is applied': (stage) => {
    stage.elect(0, 1);
    stage.reply(0, makeCommand(CLIENT, 1, PUT));
  },
  'raft/acknowledged-durable: an operation is answered before it is committed': (stage) => {
    stage.elect(0, 1);
    const command = makeCommand(CLIENT, 1, PUT);
    stage.propose(0);
    stage.checkers.observers[0]?.onProtocolEvent?.(0, {
      kind: 'applied',
      ...{ index: 1, term: 1, hash: 1, digest: 1, command },
    });
    stage.reply(0, command);
  },
  'raft/acknowledged-durable: servers that lost their disks come back as voters': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    for (const server of [1, 2]) {
      stage.crash(server);
      stage.rot(server, 1);
      stage.start(server, { trusted: false });
      stage.cut(server, 1);
    }
    stage.emit(1, { kind: 'trust-regained', term: 1, lastIndex: 0 });
  },
  'raft/acknowledged-durable: a quorum of the voters that are left lacks what others still have': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    stage.replicate(0, 1, configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] }));
    stage.replicate(0, 3, stage.machines[0]!.log[1]!);
    stage.commit(0, 2);
    for (const server of [0, 1, 3]) {
      stage.crash(server);
      stage.rot(server, 2);
      stage.start(server, { trusted: false });
      stage.cut(server, 2);
      stage.emit(server, { kind: 'trust-regained', term: 1, lastIndex: 1 });
    }
  },
  'raft/election-quorum: the votes of only one half of a joint configuration are counted': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [0, 1, 2], outgoing: ALL.voters });
    stage.replicate(0, 1, entry);
    stage.elect(0, 2, [1]);
  },
  'raft/election-quorum: the vote of a process is counted for the member that it was before': (stage) => {
    stage.crash(2);
    stage.format(2, 2 + MEMBER_GENERATION);
    stage.start(2);
    stage.elect(0, 1, [1, 2]);
  },
  'raft/commit-durable-quorum: a learner is counted': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3], learners: [4] });
    for (const follower of [1, 4]) stage.replicate(0, follower, entry);
    stage.commit(0, entry.index);
  },
  'raft/commit-durable-quorum: a leader that is no voter any more counts itself': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [1, 2, 3, 4] });
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, entry.index);
  },
  'raft/commit-monotonic: a snapshot takes a server back': (stage) => {
    stage.elect(0, 1);
    for (let i = 0; i < 2; i++) stage.commitEverywhere(0, [1, 2]);
    stage.crash(3);
    stage.start(3);
    stage.install(3, 0, 2);
    stage.persistSnapshot(3, 1);
    const { hash: digest } = stage.machines[0]!.log[0]!;
    const installed = { kind: 'snapshot-installed', index: 1, term: 1, digest, received: false } as const;
    stage.checkers.observers[1]?.onProtocolEvent?.(3, installed);
  },
  'raft/state-machine-safety: a snapshot is of another term than what was committed': (stage) => {
    stage.elect(0, 1);
    const { hash: digest } = stage.commitEverywhere(0, [1, 2]);
    stage.emit(3, { kind: 'snapshot-installed', index: 1, term: 2, digest, received: false });
  },
  'raft/log-contiguous: terms go back along a log': (stage) => {
    stage.elect(0, 1, [1, 2]);
    stage.propose(0);
    const older = stage.propose(0);
    stage.elect(4, 2, [2, 3]);
    stage.append(3, stage.propose(4));
    stage.append(3, older);
  },
  'raft/log-contiguous: what is not committed is compacted': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.emit(0, { kind: 'compacted', index: 1, term: 1 });
  },
  'raft/log-contiguous: a piece of an older log is taken for the continuation of the log': (stage) => {
    stage.elect(0, 1, [1, 2]);
    stage.propose(0);
    const older = stage.propose(0);
    stage.elect(4, 2, [2, 3]);
    const newer = stage.propose(4);
    stage.append(3, newer);
    stage.persist(3, newer, older);
    stage.crash(3);
    stage.start(3);
  },
  'raft/snapshot-before-compaction: the log is compacted without a snapshot': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.emit(1, { kind: 'compacted', index: 1, term: 1 });
  },
  'raft/snapshot-before-compaction: a segment goes that no snapshot covers': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3]);
    stage.startSegment(1, 1, 1);
    stage.removeFile(1, walFile(1));
  },
  'raft/snapshot-content: a snapshot holds another state': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.saveSnapshot(1, 1, { digest: 5 });
  },
  'raft/snapshot-content: a snapshot holds a configuration that is not committed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] });
    stage.saveSnapshot(0, 1, { configurationIndex: 2 });
  },
  'raft/snapshot-chunks: a piece is missing in the middle': (stage) => {
    stage.durable(1, INCOMING_FILE, 0, { header: {}, size: 10, checksum: 0 });
    stage.durable(1, INCOMING_FILE, 1, { offset: 0, text: 'abc' });
    stage.durable(1, INCOMING_FILE, 2, { offset: 5, text: 'fg' });
  },
  'raft/snapshot-chunks: a snapshot is installed that is not in place yet': (stage) => {
    stage.elect(0, 1);
    const { hash: digest } = stage.commitEverywhere(0, [1, 2]);
    stage.emit(3, { kind: 'snapshot-installed', index: 1, term: 1, digest, received: true });
  },
  'raft/snapshot-chunks: a leader sends a snapshot of what is not committed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    const header = { ...stage.saveSnapshot(0, 1), index: 2 };
    const rest = { offset: 0, text: 'abc', size: 3, checksum: 0, round: 0, generation: 0 };
    stage.send(0, 1, { kind: 'InstallSnapshot', term: 1, header, ...rest });
  },
  'raft/vote-after-leader: a follower helps to elect somebody else in its leader’s term': (stage) => {
    stage.elect(0, 1, [2, 3]);
    stage.replicate(0, 1, stage.propose(0));
    stage.campaign(4, 1, [1]);
  },
  'raft/pre-vote-harmless: a pre-candidate asks for a term beyond its next': (stage) => {
    stage.emit(1, { kind: 'became-pre-candidate', term: 2 });
  },
  'raft/pre-vote-harmless: the term of a pre-vote is adopted': (stage) => {
    stage.emit(1, { kind: 'became-pre-candidate', term: 1 });
    stage.setTerm(2, 1);
    stage.emit(2, { kind: 'became-follower', term: 1 });
  },
  'raft/pre-vote-harmless: a pre-candidate already writes a vote for itself': (stage) => {
    stage.emit(1, { kind: 'became-pre-candidate', term: 1 });
    stage.persistVote(1, 1, 1);
  },
  'raft/leader-membership: a learner stands for election': (stage) => {
    stage.configure(4, 0, { ...ALL, voters: [0, 1, 2, 3], learners: [4] });
    stage.campaign(4, 1, []);
  },
  'raft/leader-membership: a leader goes on after its removal is committed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [1, 2, 3, 4] });
    for (const follower of [1, 2, 3]) stage.replicate(0, follower, entry);
    stage.commit(0, entry.index);
    stage.propose(0);
  },
  'raft/message-well-formed: an entry is left out in the middle': (stage) => {
    stage.elect(0, 1);
    const entries = [stage.propose(0), stage.propose(0), stage.propose(0)];
    stage.sendEntries(
      0,
      1,
      entries.filter(({ index }) => index !== 2),
    );
  },
  'raft/message-well-formed: a commit index is sent that the leader does not have': (stage) => {
    stage.elect(0, 1);
    stage.sendEntries(0, 1, [stage.propose(0)], 1);
  },
  'raft/message-well-formed: the term of the entry before is wrong': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    const rest = { entries: [], leaderCommit: 0, round: 0, generation: 0 };
    stage.send(0, 1, { kind: 'AppendEntries', term: 1, prevLogIndex: 1, prevLogTerm: 0, ...rest });
  },
  'raft/message-size: a batch has more entries than the settings allow': (stage) => {
    stage.elect(0, 1);
    stage.sendEntries(0, 1, [stage.propose(0), stage.propose(0), stage.propose(0), stage.propose(0)]);
  },
  'raft/message-size: a batch has more bytes than the settings allow': (stage) => {
    stage.elect(0, 1);
    const long = makeCommand(CLIENT, 1, { ...PUT, value: 'x'.repeat(400) });
    stage.sendEntries(0, 1, [stage.propose(0), stage.propose(0, long)]);
  },
  'raft/message-size: a piece of a snapshot is longer than a chunk': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    sendPiece(stage, stage.saveSnapshot(0, 1), 'x'.repeat(11));
  },
  'raft/round-answered: a follower answers an old message with its round in a new term': (stage) => {
    stage.elect(0, 1);
    ask(stage, 1, 5);
    stage.elect(0, 2);
    ask(stage, 2, 1);
    answer(stage, 2, 5);
  },
  'raft/round-answered: a round is confirmed that only others were asked about': (stage) => {
    stage.elect(0, 1);
    ask(stage, 1, 4);
    ask(stage, 1, 5, 2);
    answer(stage, 1, 5);
  },
  'raft/round-answered: a round is confirmed to somebody who has never led': (stage) => {
    stage.elect(0, 1);
    answer(stage, 1, 1, 2);
  },
  'raft/round-answered: a leader counts its rounds downwards': (stage) => {
    stage.elect(0, 1);
    ask(stage, 1, 5);
    ask(stage, 1, 4);
  },
  'raft/configuration-effective: a follower goes on by the configuration before': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] });
    for (const follower of [2, 3]) stage.replicate(0, follower, entry);
    stage.commit(0, entry.index);
    const { index, term, hash } = entry;
    stage.sendEntries(0, 1, [entry]);
    stage.emit(1, { kind: 'appended', index, term, hash });
    stage.commit(1, index);
  },
  'raft/configuration-effective: a configuration stays in force after its entry was removed': (stage) => {
    stage.elect(0, 1, [1, 2]);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    stage.replicate(0, 1, configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] }));
    stage.elect(4, 2, [2, 3]);
    const entry = stage.propose(4);
    for (const follower of [2, 3]) stage.replicate(4, follower, entry);
    stage.commit(4, 2);
    stage.follow(1, 2);
    stage.machines[1]!.log.length = 1;
    stage.emit(1, { kind: 'truncated', index: 2 });
    stage.replicate(4, 1, entry);
    stage.commit(1, 2);
  },
  'raft/configuration-effective: a follower acts by other members than the entry says': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2, 3, 4]);
    const entry = configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] });
    stage.replicate(0, 1, entry);
    stage.configure(1, entry.index, ALL);
  },
  'raft/configuration-step: a change begins before the leader has committed anything in its term': (
    stage,
  ) => {
    stage.elect(0, 1);
    stage.propose(0);
    configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] });
  },
  'raft/configuration-step: a change begins before the one before is committed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    configure(stage, 0, { ...ALL, voters: [0, 1, 2, 3] });
    configure(stage, 0, ALL);
  },
  'raft/configuration-step: a joint configuration follows another': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    const entry = configure(stage, 0, { ...ALL, voters: [0, 1, 2], outgoing: ALL.voters });
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, entry.index);
    configure(stage, 0, { ...ALL, voters: [0, 1], outgoing: [0, 1, 2] });
  },
  'raft/configuration-step: somebody both votes and learns': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    configure(stage, 0, { ...ALL, learners: [4] });
  },
  'raft/configuration-intersection: two voters go at once': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    configure(stage, 0, { ...ALL, voters: [0, 1, 2] });
  },
  'raft/log-time: a leader gives an entry an earlier time than the one before': (stage) => {
    stage.elect(0, 1);
    const entries = [makeEntry(1, 1, 100, undefined), makeEntry(2, 1, 50, undefined)];
    for (const entry of entries) stage.append(0, entry);
    stage.sendEntries(0, 1, entries);
  },
  'raft/log-time: the times of a segment go back': (stage) => {
    stage.elect(0, 1);
    const entries = [makeEntry(1, 1, 100, undefined), makeEntry(2, 1, 50, undefined)];
    for (const entry of entries) stage.append(0, entry);
    stage.persist(0, ...entries);
  },
  'raft/version-gate: an entry needs a version that is not activated': (stage) => {
    stage.elect(0, 1);
    const entry = stage.propose(0, undefined, { kind: 'announce', versions: [] }, 2);
    stage.sendEntries(0, 1, [entry]);
  },
  'raft/version-gate: a version is activated that a member has not announced': (stage) => {
    stage.elect(0, 1);
    const versions = [0, 1, 2, 3].map((member) => [member, 2] as const);
    const announcement = stage.propose(0, undefined, { kind: 'announce', versions });
    for (const follower of [1, 2]) stage.replicate(0, follower, announcement);
    stage.commit(0, 1);
    const activation = stage.propose(0, undefined, { kind: 'activate', version: 2 }, 2);
    stage.sendEntries(0, 1, [activation]);
  },
  'raft/read-index: a deposed leader answers a read from an old state': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    const input = { op: 'get', key: 'k' };
    const read = { client: CLIENT, sequence: 1, input, output: null, index: 0, time: 0 };
    stage.history({ kind: 'invoke', read: 'lease', ...read });
    stage.send(0, CLIENT, okReply(1, { value: null }, 0));
  },
};

for (const [name, story] of Object.entries(CANARIES)) {
  const [invariant = '', what = ''] = name.split(': ');
  test(`${invariant} catches it when ${what}`, () => {
    const stage = new Stage(5, 'raft', { settings: SETTINGS });
    story(stage);
    expect(stage.sink.violation).toMatchObject({ invariant });
    expect(stage.sink.violation?.message).toMatch(/\bn[1-5]\b|of 5 servers/);
  });
}

test('messages at their bounds, and rounds of another term answered with none, are as they should be', () => {
  const stage = new Stage(5, 'raft', { settings: SETTINGS });
  stage.elect(0, 1);
  stage.commitEverywhere(0, [1, 2]);
  stage.sendEntries(0, 1, [stage.propose(0, makeCommand(CLIENT, 1, { ...PUT, value: 'x'.repeat(400) }))]);
  stage.sendEntries(0, 1, [stage.propose(0), stage.propose(0), stage.propose(0)]);
  sendPiece(stage, stage.saveSnapshot(0, 1), 'x'.repeat(10));
  ask(stage, 1, 5);
  for (const round of [3, 5, 5]) answer(stage, 1, round);
  stage.elect(0, 2);
  answer(stage, 1, 5);
  answer(stage, 2, 0);
  ask(stage, 2, 1);
  answer(stage, 2, 1);
  expect(stage.violated).toBeUndefined();
});

test('every one of Raft’s invariants has a canary', () => {
  const caught = new Set(Object.keys(CANARIES).map((name) => name.split(': ')[0]));
  const ids = INVARIANTS.filter((info) => info.protocol === 'raft').map((info) => info.id);
  expect([...caught].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))).toEqual(
    ids.sort((a, b) => (a < b ? -1 : 1)),
  );
});
