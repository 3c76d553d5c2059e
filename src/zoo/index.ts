/**
 * The zoo: real bugs that were published, each re-created as a small subclass of the correct code.
 * What never lives here: a flag inside correct code.
 */

import { UsageError, suggestion } from '../kernel/index.js';
import type { Bug } from './bug.js';
import { PBFT_BUGS } from './pbft/index.js';
import { RAFT_BUGS } from './raft/index.js';
import { SERVICE_BUGS } from './services/index.js';
import { STREAM_BUGS } from './stream/index.js';

export type { Bug } from './bug.js';

/** Every bug, sorted by id. */
export const BUGS: readonly Bug[] = [...RAFT_BUGS, ...PBFT_BUGS, ...SERVICE_BUGS, ...STREAM_BUGS].sort(
  (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
);

/** Name of the generic swarm that hunts a bug: nothing in it was written for that bug. */
export function swarmOf({ id, protocol }: Bug): string {
  if (protocol === 'pbft') return 'pbft/swarm';
  return RAFT_BUGS.some((bug) => bug.id === id) ? 'raft/swarm' : 'stream/swarm';
}

/** What an id begins with, which is enough to name a bug. */
function numberOf({ id }: Bug): string {
  return id.slice(0, id.indexOf('-'));
}

/** The bug with this id, or with its number alone (`R23`); throws UsageError with the nearest one. */
export function findBug(id: string): Bug {
  const bug = BUGS.find((candidate) => candidate.id === id || candidate.id.startsWith(`${id}-`));
  if (bug !== undefined) return bug;
  const known = BUGS.flatMap((candidate) => [candidate.id, numberOf(candidate)]);
  throw new UsageError(
    'unknown-bug',
    `unknown bug '${id}'`,
    suggestion(id, known) ?? "'faultline list bugs' shows all",
  );
}
