/**
 * What a replica has pre-prepared at one place in earlier views, with the batches: until the stable checkpoint passes
 * the place, one of these may be chosen again although this replica was never prepared for it. (A faulty replica may
 * be the only one that was, and hold back the batch; then those who have accepted its pre-prepare are the only ones
 * to have it from.)
 *
 * With MACs these are the elements of Q (Castro's thesis, MIT-LCS-TR-817, chapter 3; TOCS 2002, §5): by digest, the
 * latest view in which it was pre-prepared. Bounded: {@link HELD_PER_PRIMARY} digests for each replica that was the
 * primary of their views, of which the oldest gives way. What has been committed is never lost by that: every later
 * view chooses it again, which makes it the latest. What only a liar was prepared for may be: if it was the primary of
 * that many more views, in all of which everybody accepted something else at the place and nobody was prepared for it,
 * and then shows its certificate, nobody else has the batch that must be chosen, and the place stays open.
 */

import type { Plain } from '../../kernel/index.js';
import type { Request, View } from './messages.js';

/** Digests of one place that are kept for each primary. */
export const HELD_PER_PRIMARY = 16;

export interface Held {
  /** The latest view in which this digest was pre-prepared. */
  readonly view: View;
  readonly digest: number;
  /** Undefined while the batch is missing. */
  readonly requests: readonly Request[] | undefined;
}

const NOTHING: readonly Held[] = [];

export class HeldBatches {
  /** In ascending order of the views. */
  private all: readonly Held[] = NOTHING;

  constructor(private readonly replicas: number) {}

  get entries(): readonly Held[] {
    return this.all;
  }

  /** The digest was pre-prepared in this view; its batch, as far as that is known. */
  note(view: View, digest: number, requests: readonly Request[] | undefined): void {
    const known = this.all.find((held) => held.digest === digest);
    const latest = known === undefined || known.view < view ? view : known.view;
    const others = this.all.filter((held) => held.digest !== digest);
    others.push({ view: latest, digest, requests: known?.requests ?? requests });
    others.sort((a, b) => a.view - b.view);
    this.all = others;
    this.bound(latest % this.replicas);
  }

  /** The oldest of a primary that has too many gives way. */
  private bound(primary: number): void {
    const own = this.all.filter(({ view }) => view % this.replicas === primary);
    if (own.length > HELD_PER_PRIMARY) this.all = this.all.filter((held) => held !== own[0]);
  }

  /** The batch with this digest, if it is here. */
  batch(digest: number): readonly Request[] | undefined {
    for (let i = 0; i < this.all.length; i++) {
      const held = this.all[i] as Held;
      if (held.digest === digest) return held.requests;
    }
    return undefined;
  }

  /** A batch that was missing has come. */
  fill(digest: number, requests: readonly Request[]): void {
    const known = this.all.find((held) => held.digest === digest);
    if (known !== undefined && known.requests === undefined) this.note(known.view, digest, requests);
  }

  clear(): void {
    this.all = NOTHING;
  }

  /** What is held never changes, so it is shared. */
  copyFrom(other: HeldBatches): void {
    this.all = other.all;
  }

  encode(): Plain {
    return this.all.map(({ view, digest, requests }) => [view, digest, requests !== undefined]);
  }
}
