/** How far a PBFT replica is with the places of its window, for its outline. */

import type { Outline } from '../../kernel/index.js';
import type { Window } from './slot.js';

/** The last place with a pre-prepare, with a prepared certificate, and with a decision; the certificate's view. */
export function outlineWindow(window: Window, into: Outline): void {
  into.last = window.low;
  into.durable = window.low;
  into.agreed = window.low;
  into.lastEpoch = 0;
  for (let sequence = window.low + 1; sequence <= window.high; sequence++) {
    const { view, certificate, decision } = window.at(sequence);
    if (view >= 0) into.last = sequence;
    if (certificate !== undefined) {
      into.durable = sequence;
      into.lastEpoch = certificate.view;
    }
    if (decision !== undefined) into.agreed = sequence;
  }
}
