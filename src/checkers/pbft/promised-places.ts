/**
 * By place above a stable checkpoint: the highest view of which something is promised, and the digest in it. A ring
 * that grows with what lies above the floor: it is as large as the window, and the floor rises in one step.
 */

import type { Sequence, View } from '../../protocols/pbft/index.js';
import { grownCapacity } from '../columns.js';

const PLACES_MIN = 32;
/** Stands for no place: the first has number 1. */
const NONE: Sequence = 0;

export class PromisedPlaces {
  /** The place that a cell is of, its view and digest. Empty until something is promised. */
  private sequences: Sequence[] = [];
  private views: View[] = [];
  private digests: number[] = [];
  /** Places up to here are forgotten. Invariant: cells are fewer than the places above that are in use. */
  private floor: Sequence = 0;

  /** -1: none. */
  viewAt(sequence: Sequence): View {
    const cell = this.cellOf(sequence);
    return cell < 0 ? -1 : (this.views[cell] as View);
  }

  digestAt(sequence: Sequence): number {
    const cell = this.cellOf(sequence);
    return cell < 0 ? 0 : (this.digests[cell] as number);
  }

  /** This is promised, or something of a later view. */
  has(view: View, sequence: Sequence, digest: number): boolean {
    const cell = this.cellOf(sequence);
    if (cell < 0) return false;
    const known = this.views[cell] as View;
    return known > view || (known === view && this.digests[cell] === digest);
  }

  /** `sequence` is above the floor. */
  put(view: View, sequence: Sequence, digest: number): void {
    if (view < this.viewAt(sequence)) return;
    if (sequence - this.floor > this.sequences.length) this.grow(sequence - this.floor);
    const cell = sequence & (this.sequences.length - 1);
    this.sequences[cell] = sequence;
    this.views[cell] = view;
    this.digests[cell] = digest;
  }

  forget(floor: Sequence): void {
    if (floor > this.floor) this.floor = floor;
  }

  /** -1: nothing is promised of the place, or it is forgotten. */
  private cellOf(sequence: Sequence): number {
    const cell = sequence & (this.sequences.length - 1);
    return sequence > this.floor && this.sequences[cell] === sequence ? cell : -1;
  }

  private grow(places: number): void {
    const { sequences, views, digests } = this;
    const capacity = grownCapacity(PLACES_MIN, places);
    this.sequences = new Array<Sequence>(capacity).fill(NONE);
    this.views = new Array<View>(capacity).fill(0);
    this.digests = new Array<number>(capacity).fill(0);
    for (let i = 0; i < sequences.length; i++) {
      const sequence = sequences[i] as Sequence;
      if (sequence > this.floor) this.put(views[i] as View, sequence, digests[i] as number);
    }
  }

  clone(): PromisedPlaces {
    const copy = new PromisedPlaces();
    copy.sequences = this.sequences.slice();
    copy.views = this.views.slice();
    copy.digests = this.digests.slice();
    copy.floor = this.floor;
    return copy;
  }
}
