/**
 * What follows from a quorum of view changes (OSDI 1999, §4.4): where the new view begins, and what it must propose
 * again. Pure; the new primary computes it, and every backup computes it again.
 *
 * Above the highest stable checkpoint (min-s) and up to the highest prepared place (max-s), each place gets the
 * digest that was prepared in the highest view, or the null request when none was. Whatever was committed was
 * prepared by a quorum, which shares a correct replica with these view changes; and a later view can have prepared
 * nothing else.
 */

import {
  NULL_DIGEST,
  type PreparedCertificate,
  type Sequence,
  type StableCertificate,
  type ViewChange,
} from './messages.js';

/** What the new view must propose at one place. */
export interface Obligation {
  readonly sequence: Sequence;
  readonly digest: number;
  /** The certificate that it rests on; undefined for a null request. */
  readonly certificate: PreparedCertificate | undefined;
}

export interface Obligations {
  /** The stable checkpoint at min-s. */
  readonly stable: StableCertificate;
  /** From min-s + 1 to max-s, without gaps. */
  readonly places: readonly Obligation[];
}

/** Of at least one view change, each of them verified. */
export function obligationsOf(viewChanges: readonly ViewChange[]): Obligations {
  const stable = highestStable(viewChanges);
  const best: (PreparedCertificate | undefined)[] = [];
  for (const { prepared } of viewChanges) {
    for (const certificate of prepared) {
      const place = certificate.sequence - stable.sequence - 1;
      if (place < 0) continue;
      const other = best[place];
      if (other === undefined || certificate.view > other.view) best[place] = certificate;
    }
  }
  return {
    stable,
    places: Array.from(best, (certificate, i) => obligation(stable.sequence + 1 + i, certificate)),
  };
}

function obligation(sequence: Sequence, certificate: PreparedCertificate | undefined): Obligation {
  return { sequence, digest: certificate?.digest ?? NULL_DIGEST, certificate };
}

function highestStable(viewChanges: readonly ViewChange[]): StableCertificate {
  let [first] = viewChanges;
  for (const viewChange of viewChanges) {
    if (viewChange.stable.sequence > (first?.stable.sequence ?? 0)) first = viewChange;
  }
  return first?.stable ?? { sequence: 0, digest: 0, proofs: [] };
}
