/** A new view proposes again what an earlier one may have committed. */

import type { ProcessId } from '../../kernel/index.js';
import {
  NULL_DIGEST,
  configurationOf,
  sizeOf,
  type MacNewView,
  type NewView,
  type PreparedCertificate,
  type Sequence,
} from '../../protocols/pbft/index.js';
import { certificateAt, choiceAt } from './disk-ghost.js';
import { dueFrom } from './mac-decision.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said } from './places.js';

export const VIEW_CHANGE_PRESERVATION = pbftSafety(
  'view-change-preservation',
  'A new view proposes again whatever can have been committed before, and nothing else.',
  "Let V be the VIEW-CHANGEs of a NEW-VIEW of v, min-s the highest stable checkpoint in V and max-s the highest sequence of a certificate in V. The NEW-VIEW chooses, for each n in (min-s, max-s] and in that order, the digest of the certificate of the highest view that V has for n, or the null request where it has none. And where at least q - f correct replicas are prepared for (u, n, d) with u < v of the same configuration and n > min-s, it chooses d at n. (A replica that was faulty, and whose VIEW-CHANGE in V is from before its recovery, is not asked: its word in V was a liar's.) With MACs, checkpoint and digests are those of the decision procedure of the thesis, chapter 3. Judged when a correct primary sends a NEW-VIEW and when a correct replica has made one durable.",
  '§4.4, the computation of O; §4.5.1',
);

export class ViewChangePreservation extends PbftChecker {
  override readonly info = VIEW_CHANGE_PRESERVATION;

  /** Once per message. */
  onNewView(process: ProcessId, message: NewView): void {
    const { viewChanges, choices, view } = message;
    const minimum = viewChanges.reduce((highest, { stable }) => Math.max(highest, stable.sequence), 0);
    const maximum = viewChanges.reduce(
      (highest, { prepared }) => Math.max(highest, prepared[prepared.length - 1]?.sequence ?? 0),
      minimum,
    );
    if (choices.length !== maximum - minimum) {
      this.violate(
        `${this.ghost.name(process)} began view ${view} with ${choices.length} choices instead of those from ${minimum + 1} to ${maximum}`,
      );
      return;
    }
    for (let sequence = minimum + 1; sequence <= maximum; sequence++) this.judge(process, message, sequence);
    for (let sequence = minimum + 1; sequence <= this.ghost.places.highest; sequence++) {
      this.judgePrepared(process, message, sequence);
    }
  }

  /** Once per message. */
  onMacNewView(process: ProcessId, message: MacNewView): void {
    const { viewChanges, checkpoint, choices, view } = message;
    const { quorum, window, places } = this.ghost;
    const due = dueFrom(viewChanges, quorum, window);
    const isDue =
      due !== undefined &&
      due.sequence === checkpoint.sequence &&
      due.digest === checkpoint.digest &&
      due.choices.length === choices.length &&
      choices.every(
        ({ sequence, digest }, i) => sequence === due.sequence + 1 + i && digest === due.choices[i],
      );
    if (!isDue) {
      const said = choices.map(({ digest }) => digest).join(', ');
      this.violate(
        `${this.ghost.name(process)} began view ${view} at batch ${checkpoint.sequence} with [${said}]; from its ` +
          `VIEW-CHANGEs follows ${due === undefined ? 'nothing yet' : `batch ${due.sequence} with [${due.choices.join(', ')}]`}`,
      );
      return;
    }
    for (let sequence = checkpoint.sequence + 1; sequence <= places.highest; sequence++) {
      this.judgePrepared(process, message, sequence);
    }
  }

  /** What follows from V at one place. */
  private judge(process: ProcessId, message: NewView, sequence: Sequence): void {
    let best: PreparedCertificate | undefined;
    for (const viewChange of message.viewChanges) {
      const certificate = certificateAt(viewChange, sequence);
      if (certificate !== undefined && certificate.view > (best?.view ?? -1)) best = certificate;
    }
    const due = best?.digest ?? NULL_DIGEST;
    const choice = choiceAt(message, sequence);
    if (choice?.digest === due) return;
    this.violate(
      `${this.ghost.name(process)} began view ${message.view} with digest ${choice?.digest ?? 'none'} at batch ${sequence}; ` +
        `from its VIEW-CHANGEs follows ${due}`,
    );
  }

  /** Those whose word in V is from when they were faulty, as far as that can be. */
  private spoiltIn({ viewChanges }: NewView | MacNewView): number {
    let spoilt = 0;
    for (const viewChange of viewChanges) {
      const { signer } = viewChange.proof;
      const { recovery = 0 } = viewChange as { readonly recovery?: number };
      const latest = this.ghost.replicas[signer]?.recovery.number ?? 0;
      if (recovery < latest && this.ghost.hasBeenFaulty(signer)) spoilt |= 1 << signer;
    }
    return spoilt;
  }

  /** What correct replicas know at one place, whether V shows it or not. */
  private judgePrepared(process: ProcessId, message: NewView | MacNewView, sequence: Sequence): void {
    const place = this.ghost.places.at(sequence);
    if (place === undefined) return;
    const spoilt = this.spoiltIn(message);
    for (let i = 0; i < place.count; i++) {
      const { view, digest, said } = place.ballots[i] as (typeof place.ballots)[number];
      // One that was prepared and has forgotten it since counts among the f.
      const prepared = this.ghost.correctOf(said[Said.certified] as number) & ~spoilt;
      if (view >= message.view || configurationOf(view) !== configurationOf(message.view)) continue;
      if (!this.ghost.isCorrectPart(prepared, view)) continue;
      const choice = choiceAt(message, sequence);
      if (choice?.digest === digest) continue;
      this.violate(
        `${this.ghost.name(process)} began view ${message.view} with digest ${choice?.digest ?? 'none'} at batch ${sequence}, ` +
          `for which ${sizeOf(prepared)} correct replicas were prepared with digest ${digest} in view ${view}`,
      );
      return;
    }
  }
}
