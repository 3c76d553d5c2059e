/**
 * Raft as pure state machines over the kernel's contracts: replicas, messages, settings, client driver.
 * What never lives here: the world, faults, checkers, bugs.
 */

import {
  REQUEST_REPLY_DOORWAY,
  RequestReplyDriver,
  type FormattedRecord,
  type Host,
  type ProcessId,
  type Protocol,
  type StateMachine,
} from '../../kernel/index.js';
import { memberOf } from './configuration.js';
import { META_BYTES, META_FILE, type MetaRecord } from './records.js';
import { RaftReplica, type RaftReplicaClass } from './replica.js';
import { parseRaftSettings, type RaftSettings } from './settings.js';
import { RAFT_VERSIONS } from './versions.js';
import { hashRaftMessage, raftMessageBytes } from './wire.js';

export * from './configuration.js';
export * from './messages.js';
export * from './records.js';
export * from './wire.js';
export { RaftReplica, type RaftReplicaClass } from './replica.js';
export { parseRaftSettings, type RaftSettings } from './settings.js';
export { recover, type Recovered } from './recovery.js';
export { Progress } from './progress.js';
export { SnapshotStore, type Snapshot } from './snapshot-store.js';
export { RAFT_VERSIONS } from './versions.js';

/** A fresh disk says whose it is: both copies of term and vote, and nothing promised yet. */
export function formatRaft(self: ProcessId, generation: number): readonly FormattedRecord[] {
  const record: MetaRecord = {
    version: 1,
    member: memberOf(self, generation),
    term: 0,
    votedFor: -1,
    suspectIndex: 0,
    suspectTerm: 0,
  };
  const slot = { file: META_FILE, record, bytes: META_BYTES };
  return [slot, slot];
}

/** The Raft protocol, with the given replica class (a bug of the zoo passes its own). */
export function raftProtocol(Class: RaftReplicaClass = RaftReplica): Protocol<RaftSettings> {
  return {
    name: 'raft',
    versions: RAFT_VERSIONS,
    settings: parseRaftSettings,
    format: formatRaft,
    createReplica: (
      host: Host,
      members: readonly ProcessId[],
      service: StateMachine,
      settings: RaftSettings,
    ) => new Class(host, members, service, settings),
    createDriver: () => new RequestReplyDriver(),
    maxTimerMicros: (settings) => settings.electionTimeoutMicrosMax,
    hashMessage: hashRaftMessage,
    messageBytes: raftMessageBytes,
    doorway: REQUEST_REPLY_DOORWAY,
    outline: (replica, into) => (replica as RaftReplica).outline(into),
    votes: ['RequestVoteResponse'],
  };
}
