/**
 * Raft as pure state machines over the kernel's contracts: replicas, messages, settings, client driver.
 * What never lives here: the world, faults, checkers, bugs.
 */

import {
  RequestReplyDriver,
  type Host,
  type ProcessId,
  type Protocol,
  type StateMachine,
} from '../../kernel/index.js';
import { hashRaftMessage, raftMessageBytes } from './messages.js';
import { RaftReplica, type RaftReplicaClass } from './replica.js';
import { parseRaftSettings, type RaftSettings } from './settings.js';

export * from './messages.js';
export { RaftReplica, type RaftReplicaClass } from './replica.js';
export { parseRaftSettings, type RaftSettings } from './settings.js';
export { recover, type Recovered } from './recovery.js';

/** The Raft protocol, with the given replica class (a bug of the zoo passes its own). */
export function raftProtocol(Class: RaftReplicaClass = RaftReplica): Protocol<RaftSettings> {
  return {
    name: 'raft',
    settings: parseRaftSettings,
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
  };
}
