/**
 * Ghost of the places that are open anywhere: per place and view, who has said what for which digest, and what the
 * place was decided to be. Objects are used again once a place is behind everybody's stable checkpoint.
 */

import { finish32, mix32 } from '../../kernel/index.js';
import { grownCapacity } from '../columns.js';
import type { DiskGhost } from './disk-ghost.js';
import type { Sequence, View } from '../../protocols/pbft/index.js';

/** What a replica can have said of a ballot; `certified`: it is prepared. */
export const Said = { prePrepare: 0, prepare: 1, commit: 2, certified: 3 } as const;
export type SaidKind = (typeof Said)[keyof typeof Said];
const KINDS = 4;

const PLACES_MIN = 64;
/** A replica that stays behind by more places than this no longer holds back what is forgotten. */
const PLACES_BEHIND_MAX = 4096;

/** One digest proposed for a place in one view. */
export class Ballot {
  view: View = 0;
  digest = 0;
  /** By {@link Said}: the set of replicas. */
  readonly said = new Int32Array(KINDS);
  /**
   * Replicas whose pre-prepare or prepare is known from a certificate of their own only. Nobody has heard it yet, so it
   * can be lost with the certificate; what was sent stays said, whatever becomes of the disk.
   */
  unheard = 0;

  begin(view: View, digest: number): void {
    this.view = view;
    this.digest = digest;
    this.said.fill(0);
    this.unheard = 0;
  }

  by(kind: SaidKind): number {
    return this.said[kind] as number;
  }

  add(kind: SaidKind, replica: number): void {
    this.said[kind] = this.by(kind) | (1 << replica);
  }

  /** It has sent this. */
  hear(kind: SaidKind, replica: number): void {
    this.add(kind, replica);
    if (kind !== Said.commit) this.unheard &= ~(1 << replica);
  }

  /** It has this word of its own in a certificate on its disk. */
  write(kind: SaidKind, replica: number): void {
    if ((this.by(kind) & (1 << replica)) !== 0) return;
    this.add(kind, replica);
    this.unheard |= 1 << replica;
  }

  remove(kind: SaidKind, replica: number): void {
    this.said[kind] = this.by(kind) & ~(1 << replica);
  }
}

export class PlaceGhost {
  sequence: Sequence = 0;
  /** The first {@link count} are in use. */
  readonly ballots: Ballot[] = [new Ballot()];
  count = 0;
  isDecided = false;
  /** What was executed here first, in which view, and by whom. */
  decision = 0;
  decidedIn: View = 0;
  decidedBy = 0;

  begin(sequence: Sequence): void {
    this.sequence = sequence;
    this.count = 0;
    this.isDecided = false;
  }

  /** Undefined when nobody has said anything of it. */
  find(view: View, digest: number): Ballot | undefined {
    for (let i = this.count - 1; i >= 0; i--) {
      const ballot = this.ballots[i] as Ballot;
      if (ballot.view === view && ballot.digest === digest) return ballot;
    }
    return undefined;
  }

  ballot(view: View, digest: number): Ballot {
    const found = this.find(view, digest);
    if (found !== undefined) return found;
    if (this.count === this.ballots.length) this.ballots.push(new Ballot());
    const added = this.ballots[this.count++] as Ballot;
    added.begin(view, digest);
    return added;
  }

  /** A ballot of the same view and another digest of which one of `replicas` has said this. */
  rival(view: View, digest: number, kind: SaidKind, replicas: number): Ballot | undefined {
    for (let i = 0; i < this.count; i++) {
      const ballot = this.ballots[i] as Ballot;
      if (ballot.view === view && ballot.digest !== digest && (ballot.by(kind) & replicas) !== 0)
        return ballot;
    }
    return undefined;
  }

  /**
   * The replica is prepared only for what it has said so of, and for what its disk has. Its word in a certificate that
   * is lost was never said, unless it was sent or its disk has that.
   */
  retract(replica: number, disk: DiskGhost): void {
    for (let i = 0; i < this.count; i++) {
      const ballot = this.ballots[i] as Ballot;
      const isKnown = (ballot.by(Said.commit) & (1 << replica)) !== 0;
      if (!isKnown && !disk.hasPrepared(ballot.view, this.sequence, ballot.digest))
        ballot.remove(Said.certified, replica);
      const isUnheard = (ballot.unheard & (1 << replica)) !== 0;
      if (isUnheard && !disk.hasAccepted(ballot.view, this.sequence, ballot.digest)) {
        ballot.remove(Said.prePrepare, replica);
        ballot.remove(Said.prepare, replica);
        ballot.unheard &= ~(1 << replica);
      }
    }
  }

  /** Equal for equal knowledge, in whatever order it came. */
  hash(seed: number): number {
    let ballots = 0;
    for (let i = 0; i < this.count; i++) {
      const { view, digest, said } = this.ballots[i] as Ballot;
      let hash = mix32(mix32(seed, view), digest);
      for (let kind = 0; kind < KINDS; kind++) hash = mix32(hash, said[kind] as number);
      ballots = (ballots + finish32(hash)) | 0;
    }
    const decided = mix32(this.isDecided ? 1 : 0, this.isDecided ? this.decision : 0);
    return mix32(mix32(ballots, this.sequence), decided);
  }

  copyFrom(other: PlaceGhost): void {
    this.begin(other.sequence);
    for (let i = 0; i < other.count; i++) {
      const { view, digest, said, unheard } = other.ballots[i] as Ballot;
      const copy = this.ballot(view, digest);
      copy.said.set(said);
      copy.unheard = unheard;
    }
    this.isDecided = other.isDecided;
    this.decision = other.decision;
    this.decidedIn = other.decidedIn;
    this.decidedBy = other.decidedBy;
  }
}

export class Places {
  /** Places come into it when they are first spoken of. */
  private ring: (PlaceGhost | undefined)[] = new Array<PlaceGhost | undefined>(PLACES_MIN).fill(undefined);
  /** Places up to here are forgotten. Invariant: only grows. */
  floor: Sequence = 0;
  /** The highest place that anybody spoke of. */
  highest: Sequence = 0;

  /** The place; undefined when it is forgotten. */
  at(sequence: Sequence): PlaceGhost | undefined {
    if (sequence <= this.floor) return undefined;
    if (sequence > this.highest) this.reach(sequence);
    if (sequence <= this.floor) return undefined;
    const slot = sequence % this.ring.length;
    const place = (this.ring[slot] ??= new PlaceGhost());
    if (place.sequence !== sequence) place.begin(sequence);
    return place;
  }

  /** Everything up to `floor` is behind all stable checkpoints. */
  prune(floor: Sequence): void {
    if (floor > this.floor) this.floor = floor;
  }

  hash(seed: number): number {
    let hash = mix32(seed, this.floor);
    for (let sequence = this.floor + 1; sequence <= this.highest; sequence++) {
      const place = this.ring[sequence % this.ring.length];
      if (place?.sequence === sequence) hash = mix32(hash, place.hash(seed));
    }
    return hash;
  }

  private reach(sequence: Sequence): void {
    this.highest = sequence;
    this.prune(sequence - PLACES_BEHIND_MAX);
    if (sequence - this.floor > this.ring.length) this.grow(sequence - this.floor);
  }

  private grow(length: number): void {
    const before = this.ring;
    const capacity = grownCapacity(before.length, length);
    this.ring = new Array<PlaceGhost | undefined>(capacity).fill(undefined);
    for (const place of before) {
      if (place !== undefined && place.sequence > this.floor) this.ring[place.sequence % capacity] = place;
    }
  }

  clone(): Places {
    const copy = new Places();
    copy.floor = this.floor;
    copy.highest = this.highest;
    copy.ring = new Array<PlaceGhost | undefined>(this.ring.length).fill(undefined);
    for (let i = 0; i < this.ring.length; i++) {
      const place = this.ring[i];
      if (place === undefined || place.sequence <= this.floor) continue;
      const other = new PlaceGhost();
      other.copyFrom(place);
      copy.ring[i] = other;
    }
    return copy;
  }
}
