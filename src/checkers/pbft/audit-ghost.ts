/**
 * The audit of the PBFT ghost: what was built up event by event is computed again from the disks, and from the
 * replicas' own encodings where the caller has them, and must be the same. Slow; for tests and CI.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import { checkpointFile, journalFile, type JournalRecord } from '../../protocols/pbft/index.js';
import type { CheckerContext } from '../checker.js';
import { DiskGhost } from './disk-ghost.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';

/** Says in one sentence where ghost and disks differ; undefined when they agree. */
export function auditDisks(ghost: PbftGhost, context: CheckerContext): string | undefined {
  for (let process = 0; process < ghost.replicas.length; process++) {
    const replica = ghost.replica(process);
    // Nothing is known of one that has begun no journal; after damage at rest a start reads the disk anew.
    if (replica === undefined || replica.journal === 0 || replica.isDamaged || ghost.isStale(process))
      continue;
    const difference = auditDisk(replica, process, context);
    if (difference !== undefined) return `${ghost.name(process)}: ${difference}`;
  }
  return undefined;
}

function auditDisk(
  { disk, journal }: ReplicaGhost,
  process: ProcessId,
  context: CheckerContext,
): string | undefined {
  const truth = new DiskGhost();
  let last = -1;
  for (const record of context.durableRecords(process, journalFile(journal))) {
    const { position, content } = record as JournalRecord;
    // What a failed sync has left behind a lost record is no promise: recovery cuts before it.
    if (last >= 0 && position > last + 1) break;
    last = position;
    truth.fold(content);
  }
  if (truth.stable !== disk.stable) {
    return `the ghost has a stable checkpoint at ${disk.stable}, the disk at ${truth.stable}`;
  }
  if (truth.view !== disk.view) return `the ghost is in view ${disk.view}, the disk in view ${truth.view}`;
  const place = disk.differsAt(truth);
  if (place > 0) return `ghost and disk have promised different things of batch ${place}`;
  const saved = disk.latestCheckpoint;
  if (saved === undefined) return undefined;
  const isThere = context.durableRecords(process, checkpointFile(saved.sequence)).length > 0;
  return isThere ? undefined : `the ghost has a checkpoint of batch ${saved.sequence}, the disk has none`;
}

/** Compares a replica's ghost with its encoding; fields that are not there are not compared. */
export function auditReplica(ghost: PbftGhost, process: ProcessId, encoded: Plain): string | undefined {
  const replica = ghost.replica(process);
  if (replica === undefined || ghost.isStale(process)) return undefined;
  if (encoded === null || typeof encoded !== 'object') return undefined;
  const { view, lastExecuted, isNobody } = encoded as { readonly [key: string]: Plain | undefined };
  if (isNobody === true) return undefined;
  const name = ghost.name(process);
  if (typeof view === 'number' && view !== replica.view) {
    return `${name}: the ghost is in view ${replica.view}, the replica in view ${view}`;
  }
  if (typeof lastExecuted === 'number' && replica.executed > 0 && lastExecuted !== replica.executed) {
    return `${name}: the ghost has executed up to batch ${replica.executed}, the replica up to ${lastExecuted}`;
  }
  return undefined;
}
