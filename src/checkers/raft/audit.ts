/**
 * The audit of the Raft ghost: what was built up event by event is computed again from the disks (and from
 * the replicas' own encodings, where the caller has them) and must be the same. Slow; for tests and CI.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import { META_FILE, WAL_FILE, type MetaRecord, type WalRecord } from '../../protocols/raft/index.js';
import type { CheckerContext } from '../checker.js';
import type { RaftGhost, ServerGhost } from './ghost.js';
import { GhostLog } from './ghost-log.js';

/** Says in one sentence where ghost and truth differ; undefined when they agree. */
export function auditDisks(ghost: RaftGhost, context: CheckerContext): string | undefined {
  for (let process = 0; process < ghost.servers.length; process++) {
    const server = ghost.servers[process] as ServerGhost;
    // After damage the ghost keeps what the replica was told, until the next start.
    if (server.isDamaged) continue;
    const difference = auditDisk(server, process, context);
    if (difference !== undefined) return `${ghost.name(process)}: ${difference}`;
  }
  return undefined;
}

function auditDisk(server: ServerGhost, process: ProcessId, context: CheckerContext): string | undefined {
  const records = context.durableRecords(process, WAL_FILE) as readonly WalRecord[];
  // Behind a torn record there may be intact ones, which the ghost leaves out.
  const log = foldRecords(records.slice(0, server.records.length));
  if (records.length < server.records.length || !sameLog(log, server.durable)) {
    return `the durable log of the ghost ends at index ${server.durable.last}, that of the disk at index ${log.last}`;
  }
  let latest: MetaRecord | undefined;
  for (const record of context.durableRecords(process, META_FILE) as readonly MetaRecord[]) {
    if (latest === undefined || record.version > latest.version) latest = record;
  }
  const term = latest?.term ?? 0;
  const vote = latest?.votedFor ?? -1;
  if (term === server.metaTerm && vote === server.metaVote) return undefined;
  return `the ghost has vote ${server.metaVote} of term ${server.metaTerm}, the disk ${vote} of term ${term}`;
}

/** Compares a server's ghost with its replica's encoding; fields that are not there are not compared. */
export function auditReplica(ghost: RaftGhost, process: ProcessId, encoded: Plain): string | undefined {
  const server = ghost.servers[process];
  if (server === undefined || !server.isUp || encoded === null || typeof encoded !== 'object')
    return undefined;
  const replica = encoded as { readonly [key: string]: Plain | undefined };
  const name = ghost.name(process);
  const { currentTerm, commitIndex, role, log } = replica;
  if (typeof currentTerm === 'number' && currentTerm !== server.term) {
    return `${name}: the ghost is in term ${server.term}, the replica in term ${currentTerm}`;
  }
  if (typeof commitIndex === 'number' && commitIndex !== server.commit) {
    return `${name}: the ghost has committed up to index ${server.commit}, the replica up to ${commitIndex}`;
  }
  if (typeof role === 'string' && (role === 'leader') !== server.isLeader) {
    return `${name}: the replica is ${role}, to the ghost it ${server.isLeader ? 'leads' : 'does not lead'}`;
  }
  if (!Array.isArray(log)) return undefined;
  const memory = new GhostLog();
  for (const entry of log as readonly (readonly number[])[]) {
    const [index = 0, term = 0, hash = 0] = entry;
    memory.put(index, term, hash);
  }
  if (sameLog(memory, server.memory)) return undefined;
  return `${name}: the log of the ghost ends at index ${server.memory.last}, that of the replica at ${memory.last}`;
}

function foldRecords(records: readonly WalRecord[]): GhostLog {
  const log = new GhostLog();
  for (const { entry } of records) log.put(entry.index, entry.term, entry.hash);
  return log;
}

function sameLog(a: GhostLog, b: GhostLog): boolean {
  return a.last === b.last && a.agreesWith(b, a.last);
}
