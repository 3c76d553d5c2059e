/** Content hashes and sizes of Raft's entries and messages: what keys, traces and the network go by. */

import {
  hashAdmin,
  hashPlain,
  hashRequestReply,
  hashString,
  mix32,
  mixInteger,
  type Command,
  type Message,
  type Micros,
} from '../../kernel/index.js';
import type {
  Entry,
  InstallSnapshot,
  LogIndex,
  RaftMessage,
  SnapshotHeader,
  SystemCommand,
  Term,
} from './messages.js';

/** Size of a message without its entries, of an entry without its command, of a system command, of a header. */
export const MESSAGE_OVERHEAD_BYTES = 48;
export const ENTRY_OVERHEAD_BYTES = 32;
const SYSTEM_BYTES = 64;
const HEADER_BYTES = 256;

export function makeEntry(
  index: LogIndex,
  term: Term,
  timeMicros: Micros,
  command: Command | undefined,
  system: SystemCommand | undefined = undefined,
  version = 1,
): Entry {
  let hash = mixInteger(mix32(mixInteger(0x3c6ef372, index), term), timeMicros);
  if (command !== undefined) hash = mix32(hash, command.hash);
  if (system !== undefined) hash = mix32(hashPlain(system, hash), version);
  const bytes = ENTRY_OVERHEAD_BYTES + (command?.bytes ?? 0) + (system === undefined ? 0 : SYSTEM_BYTES);
  return { index, term, timeMicros, command, system, version, hash, bytes };
}

/** Content hash of any of Raft's messages. */
export function hashRaftMessage(message: Message): number {
  const raft = message as RaftMessage;
  switch (raft.kind) {
    case 'AppendEntries': {
      let hash = mix32(mix32(mix32(0x1b873593, raft.term), raft.prevLogIndex), raft.prevLogTerm);
      hash = mix32(mix32(hash, raft.leaderCommit), raft.entries.length);
      for (let i = 0; i < raft.entries.length; i++) hash = mix32(hash, raft.entries[i]?.hash ?? 0);
      return mix32(mix32(hash, raft.round), raft.generation);
    }
    case 'AppendEntriesResponse': {
      const flags = (raft.success ? 1 : 0) + (raft.hasLost ? 2 : 0);
      const hash = mix32(mix32(mix32(0x7feb352d, raft.term), flags), raft.matchIndex);
      const tail = mix32(mix32(hash, raft.conflictTerm), raft.prevLogIndex);
      return mix32(mix32(mix32(tail, raft.round), raft.version), raft.generation);
    }
    case 'PreVote':
      return vote(0x165667b1, raft.term, raft.lastLogIndex, raft.lastLogTerm, raft.generation);
    case 'RequestVote': {
      const seed = raft.isTransfer ? 0x27d4eb2f : 0x846ca68b;
      return vote(seed, raft.term, raft.lastLogIndex, raft.lastLogTerm, raft.generation);
    }
    case 'PreVoteResponse':
      return mix32(mix32(mix32(0x9e3779b1, raft.term), raft.granted ? 1 : 0), raft.generation);
    case 'RequestVoteResponse':
      return mix32(mix32(mix32(0x2545f491, raft.term), raft.granted ? 1 : 0), raft.generation);
    case 'InstallSnapshot':
      return hashInstallSnapshot(raft);
    case 'InstallSnapshotResponse': {
      const hash = mix32(mix32(mix32(0x61c88647, raft.term), raft.index), raft.nextOffset);
      return mix32(mix32(mix32(hash, raft.installed ? 1 : 0), raft.round), raft.generation);
    }
    case 'TimeoutNow':
      return mix32(mix32(0x3d4d51cb, raft.term), raft.generation);
    case 'ReadIndexRequest':
      return mix32(mix32(mix32(mix32(0x5bd1e995, raft.term), raft.incarnation), raft.id), raft.generation);
    case 'ReadIndexResponse': {
      const hash = mix32(mix32(mix32(0x7ed55d16, raft.term), raft.incarnation), raft.id);
      return mix32(mix32(hash, raft.readIndex), raft.generation);
    }
    case 'ClientRequest':
    case 'ClientReply':
      return hashRequestReply(raft);
    case 'AdminRequest':
    case 'AdminReply':
      return hashAdmin(raft);
  }
}

function vote(seed: number, term: Term, lastIndex: LogIndex, lastTerm: Term, generation: number): number {
  return mix32(mix32(mix32(mix32(seed, term), lastIndex), lastTerm), generation);
}

function hashInstallSnapshot(message: InstallSnapshot): number {
  const hash = mix32(mix32(mix32(0x4cf5ad43, message.term), hashHeader(message.header)), message.offset);
  const body = mix32(mix32(mix32(hash, hashString(message.text)), message.size), message.checksum);
  return mix32(mix32(body, message.round), message.generation);
}

function hashHeader(header: SnapshotHeader): number {
  return mix32(mix32(mix32(0x2f0b4c47, header.index), header.term), header.digest);
}

export function raftMessageBytes(message: Message): number {
  const raft = message as RaftMessage;
  switch (raft.kind) {
    case 'AppendEntries': {
      let bytes = MESSAGE_OVERHEAD_BYTES;
      for (let i = 0; i < raft.entries.length; i++) bytes += raft.entries[i]?.bytes ?? 0;
      return bytes;
    }
    case 'InstallSnapshot':
      return MESSAGE_OVERHEAD_BYTES + HEADER_BYTES + raft.text.length;
    case 'ClientRequest':
      return MESSAGE_OVERHEAD_BYTES + raft.command.bytes;
    default:
      return MESSAGE_OVERHEAD_BYTES;
  }
}
