/** What every Raft bug of the zoo is made of: a replica class with a mistake in it, and its description. */

import { raftProtocol, type RaftReplicaClass } from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';

export function raftBug(Class: RaftReplicaClass, bug: Omit<Bug, 'protocol' | 'createProtocol'>): Bug {
  return {
    ...bug,
    protocol: 'raft',
    createProtocol: () => raftProtocol(Class),
  };
}
