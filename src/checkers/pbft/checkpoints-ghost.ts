/** Ghost of checkpoints: who has said which digest of which sequence. One object for each K batches, a few at a time. */

import { mix32 } from '../../kernel/index.js';
import type { Sequence } from '../../protocols/pbft/index.js';

/** What was said first of the state at a sequence, by a correct replica, and who has said the same. */
export interface CheckpointGhost {
  readonly sequence: Sequence;
  readonly digest: number;
  readonly firstBy: number;
  /** Set of replicas. */
  said: number;
}

export class CheckpointsGhost {
  /** Ascending. */
  private all: CheckpointGhost[] = [];
  /** Those up to here are forgotten. */
  floor: Sequence = 0;

  find(sequence: Sequence): CheckpointGhost | undefined {
    const { all } = this;
    for (let i = all.length - 1; i >= 0; i--) {
      const checkpoint = all[i] as CheckpointGhost;
      if (checkpoint.sequence === sequence) return checkpoint;
    }
    return undefined;
  }

  /** The replica has said this of a sequence that is not forgotten. */
  said(replica: number, sequence: Sequence, digest: number): void {
    if (sequence <= this.floor) return;
    const known = this.find(sequence);
    if (known === undefined) {
      let place = this.all.length;
      while (place > 0 && (this.all[place - 1] as CheckpointGhost).sequence > sequence) place--;
      this.all.splice(place, 0, { sequence, digest, firstBy: replica, said: 1 << replica });
    } else if (known.digest === digest) known.said |= 1 << replica;
  }

  /** The checkpoint at `floor` itself is kept: certificates of it are still about. */
  prune(floor: Sequence): void {
    while ((this.all[0]?.sequence ?? floor) < floor) this.all.shift();
    if (floor - 1 > this.floor) this.floor = floor - 1;
  }

  hash(seed: number): number {
    let hash = mix32(seed, this.floor);
    for (const { sequence, digest, said } of this.all)
      hash = mix32(mix32(mix32(hash, sequence), digest), said);
    return hash;
  }

  clone(): CheckpointsGhost {
    const copy = new CheckpointsGhost();
    copy.all = this.all.map((checkpoint) => ({ ...checkpoint }));
    copy.floor = this.floor;
    return copy;
  }
}
