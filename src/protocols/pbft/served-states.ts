/**
 * The states that others fetch: of each of them the one that it asked for last, kept while it goes on asking, though
 * the stable checkpoint moves on. One for each, so a liar that asks keeps nothing from anybody else; and the last, since
 * whoever fetches turns to a later state when too few have the earlier one.
 */

import type { Plain } from '../../kernel/index.js';
import type { CheckpointState } from './checkpoint.js';
import type { Sequence, StableCertificate, StatePart } from './messages.js';
import { partOf, partitionAt, rootPartition, type Partition } from './partition.js';

/** Status ticks for which a state is kept after it was asked for. */
export const KEPT_TICKS = 20;

export interface Served {
  readonly certificate: StableCertificate;
  readonly state: CheckpointState;
  /** Tick at which a part was last asked for. */
  readonly tick: number;
}

export class ServedStates {
  /** By replica. */
  private readonly kept: (Served | undefined)[];
  /** The state that was asked for last, and its parts, by their paths: all ask for the same ones. */
  private latest: CheckpointState | undefined = undefined;
  private root: Partition | undefined = undefined;
  private readonly parts = new Map<string, StatePart>();

  constructor(private readonly replicas: number) {
    this.kept = new Array<Served | undefined>(replicas).fill(undefined);
  }

  /**
   * What this replica gets when it asks for the state with this sequence: that, or a later one; undefined: nothing.
   * `state`: of the stable checkpoint, when this replica has it.
   */
  find(
    rank: number,
    sequence: Sequence,
    certificate: StableCertificate,
    state: CheckpointState | undefined,
    tick: number,
  ): Served | undefined {
    const kept = this.kept[rank];
    if (kept?.certificate.sequence === sequence) {
      this.kept[rank] = { ...kept, tick };
      return kept;
    }
    if (state === undefined || certificate.sequence < sequence) return undefined;
    const latest = { certificate, state, tick };
    // What is late asks for a state that was given up since.
    if (kept === undefined || kept.certificate.sequence < sequence) this.kept[rank] = latest;
    return latest;
  }

  /** The part of the state at this path, as {@link partOf} sends it; undefined: there is none. */
  part(state: CheckpointState, path: readonly number[], most: number): StatePart | undefined {
    if (state !== this.latest) this.turnTo(state);
    const key = path.join('.');
    const known = this.parts.get(key);
    const { root } = this;
    const partition = known === undefined && root !== undefined ? partitionAt(root, path) : undefined;
    if (partition === undefined) return known;
    const part = partOf(partition, most);
    this.parts.set(key, part);
    return part;
  }

  /** Forgets what nobody has asked for lately. */
  expire(tick: number): void {
    for (let rank = 0; rank < this.replicas; rank++) {
      const kept = this.kept[rank];
      if (kept !== undefined && tick - kept.tick > KEPT_TICKS) this.kept[rank] = undefined;
    }
    if (!this.kept.some((kept) => kept?.state === this.latest)) this.turnTo(undefined);
  }

  private turnTo(state: CheckpointState | undefined): void {
    this.latest = state;
    this.root = state && rootPartition(state);
    this.parts.clear();
  }

  clone(): ServedStates {
    const copy = new ServedStates(this.replicas);
    this.kept.forEach((kept, rank) => (copy.kept[rank] = kept));
    return copy;
  }

  encode(): Plain {
    return this.kept.map((kept) => (kept === undefined ? null : [kept.certificate.sequence, kept.tick]));
  }
}
