/** Base of PBFT's checkers, and what their public faces have in common. */

import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import type { PbftGhost } from './ghost.js';

export abstract class PbftChecker extends GhostChecker<PbftGhost> {
  /** "batch 7 of view 2", for messages. */
  protected place(view: number, sequence: number): string {
    return `batch ${sequence} of view ${view}`;
  }
}

/** PBFT's failure model: what its properties are promised under. */
const PBFT_MODEL =
  'At most f replicas faulty in any way, and of all others: crash and restart, loss, delay, duplication, reordering and corruption of messages, partitions, any clocks, detectable disk faults';

const PBFT_PAPER = 'Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999';

function face(
  kind: InvariantInfo['kind'],
  [id, title, statement, section]: readonly [string, string, string, string],
  failureModel: string,
): InvariantInfo {
  return {
    id: `pbft/${id}`,
    title,
    statement,
    protocol: 'pbft',
    family: 'local',
    kind,
    failureModel,
    source: `${PBFT_PAPER}, ${section}`,
  };
}

/** The face of one of PBFT's safety properties, of the replicas that are not faulty. */
export function pbftSafety(id: string, title: string, statement: string, section: string): InvariantInfo {
  return face('safety', [id, title, statement, section], PBFT_MODEL);
}

/** The face of one of PBFT's properties of liveness. */
export function pbftLiveness(id: string, title: string, statement: string, section: string): InvariantInfo {
  const model = 'All faults have ended, and a quorum of correct replicas is up and connected';
  return face('liveness', [id, title, statement, section], model);
}
