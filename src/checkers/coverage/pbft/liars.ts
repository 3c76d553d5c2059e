/**
 * What liars do, and what correct replicas make of it: they drop it, and report why. Each is a lie that a correct
 * replica never tells, so runs without liars reach none of these.
 */

import type { Message, ProcessId, ProtocolEvent } from '../../../kernel/index.js';
import { IntColumn } from '../../columns.js';
import { Recogniser } from '../recogniser.js';
import { outside, type Situation, type Tally } from '../situation.js';
import type { ClusterView } from '../view.js';
import type { SeenPrePrepare } from './messages.js';

const pbft = (id: string, title: string, criterion: string): Situation =>
  outside(id, title, criterion, 'pbft');

export const EQUIVOCATED = pbft(
  'equivocation',
  'A primary proposed two batches for one place.',
  'A PRE-PREPARE is sent by a process that has sent one of another digest for the same view and sequence.',
);

/** By the reason that a replica reports. */
const REFUSED: ReadonlyMap<string, Situation> = new Map(
  (
    [
      ['bad proof', 'proof-refused', 'A replica refused a message whose proof is of something else.'],
      [
        'the batch is not that of its digest',
        'batch-refused',
        'A replica refused a batch that does not have the digest that it was sent with.',
      ],
    ] as const
  ).map(([reason, id, title]) => [reason, pbft(id, title, `A replica rejects a message: “${reason}”.`)]),
);

export const LIAR_SITUATIONS = [EQUIVOCATED, ...REFUSED.values()];

export class Liars extends Recogniser {
  override readonly hearsLiars = true;
  /** By sequence: view plus 1 and digest of the PRE-PREPARE that was sent last. */
  private views = new IntColumn();
  private digests = new IntColumn();

  override onSend(from: ProcessId, _to: ProcessId, message: Message): void {
    if (message.kind !== 'PrePrepare') return;
    const { view, sequence, digest } = message as SeenPrePrepare;
    if (!isPlace(view, sequence) || !this.isPrimary(from, view)) return;
    if (this.views.get(sequence) === view + 1 && this.digests.get(sequence) !== digest)
      this.reach(EQUIVOCATED);
    this.views.set(sequence, view + 1);
    this.digests.set(sequence, digest);
  }

  /** A liar says what it likes, but its replica knows which view it leads. */
  private isPrimary(from: ProcessId, view: number): boolean {
    const server = this.view.server(from);
    return server?.isLeader === true && server.term === view;
  }

  override onProtocolEvent(_process: ProcessId, event: ProtocolEvent): void {
    if (event.kind !== 'rejected') return;
    const situation = REFUSED.get(event.reason);
    if (situation !== undefined) this.reach(situation);
  }

  override clone(view: ClusterView, tally: Tally): Liars {
    const copy = new Liars(view, tally);
    copy.views = this.views.clone();
    copy.digests = this.digests.clone();
    return copy;
  }
}

/** A liar may say any number. Views have 20 bits in each configuration. */
const FARTHEST_VIEW = 0x7fff_fffe;
const FARTHEST_SEQUENCE = 1_000_000;

function isPlace(view: unknown, sequence: unknown): boolean {
  return isWithin(view, 0, FARTHEST_VIEW) && isWithin(sequence, 1, FARTHEST_SEQUENCE);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
