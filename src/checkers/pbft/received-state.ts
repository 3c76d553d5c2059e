/** A state that came from others is one that correct replicas have come to themselves. */

import type { ProcessId } from '../../kernel/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const RECEIVED_STATE = pbftSafety(
  'received-state',
  'A replica goes on only from a state that a correct replica has come to.',
  'When a replica installs a state that others have sent, it is durable, and a correct replica has sent a CHECKPOINT of its sequence with its digest. (Of a stable one a quorum has, of one that nobody can prove to be stable f + 1; and each of their correct replicas has come to that state by execution, or in turn like this one.) Not judged behind all stable checkpoints. Judged at every installation.',
  '§4.3; TOCS 2002, §5.3',
);

export class ReceivedState extends PbftChecker {
  override readonly info = RECEIVED_STATE;

  onInstalled(process: ProcessId, { disk }: ReplicaGhost): void {
    const installed = disk.latestCheckpoint;
    const name = this.ghost.name(process);
    if (installed === undefined) {
      this.violate(`${name} goes on from a state that is not on its disk`);
      return;
    }
    const { sequence, digest } = installed;
    const { checkpoints } = this.ghost;
    if (sequence <= checkpoints.floor) return;
    const known = checkpoints.find(sequence);
    if (known?.digest === digest) return;
    this.violate(
      known === undefined
        ? `${name} goes on from a state of batch ${sequence}, of which no correct replica has sent a CHECKPOINT`
        : `${name} goes on from another state of batch ${sequence} than ${this.ghost.name(known.firstBy)} has come to`,
    );
  }
}
