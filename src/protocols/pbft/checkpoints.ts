/**
 * Checkpoints and garbage collection (OSDI 1999, §4.3): after every K batches a replica writes its state to disk and
 * then says its digest; a quorum of equal digests makes the checkpoint stable, and what lies behind it is forgotten.
 *
 * The state is durable before its digest is said, so a stable checkpoint can always be had from a correct replica,
 * even if all of them lose power. A replica that has not executed as far as a stable checkpoint waits for what it
 * lacks; state transfer (transfer.ts) helps it when that does not come.
 */

import type { Plain, ProcessId, Proof } from '../../kernel/index.js';
import type { CheckpointState } from './checkpoint.js';
import { CheckpointStore, type Placed } from './checkpoint-store.js';
import { GENESIS } from './core.js';
import { isCertificateOf } from './handover.js';
import {
  StatementType,
  type Checkpoint,
  type PbftMessage,
  type Sequence,
  type StableCertificate,
} from './messages.js';
import { PbftOrdering } from './ordering.js';
import { EVERYBODY } from './outbox.js';
import type { Promised } from './records.js';
import type { Slot } from './slot.js';
import { newViewBytes, preparedBytes, requestsBytes, stableBytes, viewChangeBytes } from './wire.js';

/** Size of what is held, without its batch. */
const HELD_BYTES = 24;
/** Size of a place alone. */
const PLACE_BYTES = 16;

export abstract class PbftCheckpoints extends PbftOrdering {
  protected store = new CheckpointStore(this.host);
  /** The state at the stable checkpoint, to be sent to others; undefined while this replica does not have it. */
  protected stableState: CheckpointState | undefined = undefined;
  /** Checkpoints of this replica's own above the stable one, ascending. */
  protected ownStates: CheckpointState[] = [];
  /** By sender: its checkpoint messages above the low watermark, the latest few, ascending. */
  protected checkpoints: Checkpoint[][] = this.members.map(() => []);
  /** Checkpoints before this one are to go, once so many records are durable: a start may need them until then. */
  private garbageBelow: Sequence = 0;
  private garbageAfter = 0;
  /** The highest certificate known. It is stable here when this replica has executed as far. */
  protected target: StableCertificate = GENESIS;

  // ---- one's own ----

  protected override checkpointReached(): void {
    const checkpoint = this.makeCheckpoint();
    if (checkpoint.sequence > this.window.low) this.keepOwn(checkpoint);
    this.store.save(checkpoint, false);
    this.tryStabilise();
  }

  /** What was just executed counts, and not what the disk may have said of that place. */
  private keepOwn(checkpoint: CheckpointState): void {
    const { sequence } = checkpoint;
    this.ownStates = this.ownStates.filter((state) => state.sequence !== sequence);
    this.ownStates.push(checkpoint);
  }

  /** A checkpoint is on the disk. */
  protected checkpointPlaced({ checkpoint, isReceived }: Placed): void {
    const { sequence, index } = checkpoint;
    this.emit({ kind: 'snapshot-saved', index, term: this.view, received: isReceived });
    if (isReceived) this.install(checkpoint);
    this.sendCheckpoint(checkpoint);
    // On a slow disk it may come too late to be the stable one, each time; what it covers goes all the same.
    if (sequence <= this.stable.sequence) this.collectGarbage(sequence);
  }

  /** A received state is on the disk. */
  protected abstract install(checkpoint: CheckpointState): void;

  private sendCheckpoint({ sequence, digest }: CheckpointState): void {
    if (!this.takesPart() || sequence <= this.begunAfter) return;
    this.sayCheckpoint(sequence, digest);
  }

  /** By which configuration this replica acts is durable first: without that the state would be of no use to it. */
  protected sayCheckpoint(sequence: Sequence, digest: number): void {
    this.sendWhenDurable(EVERYBODY, this.makeCheckpointMessage(sequence, digest));
  }

  /** The replica's own word counts when it has been said. */
  protected override released(message: PbftMessage): void {
    super.released(message);
    if (message.kind === 'Checkpoint') this.addCheckpoint(this.me, message);
  }

  protected makeCheckpointMessage(sequence: Sequence, digest: number): Checkpoint {
    const handover = sequence === this.lastBatch ? this.configuration.number + 1 : undefined;
    const proof = this.prove(StatementType.checkpoint, handover ?? 0, sequence, digest);
    const message = { kind: 'Checkpoint', sequence, digest, proof } as const;
    return handover === undefined ? message : { ...message, handover };
  }

  // ---- others' ----

  protected onCheckpoint(from: ProcessId, message: Checkpoint): void {
    const { sequence, digest, handover, proof } = message;
    const rank = this.rankOf(from);
    if (sequence <= this.window.low || this.checkpointOf(rank, sequence) !== undefined) return;
    if (!this.verify(from, StatementType.checkpoint, handover ?? 0, sequence, digest, proof)) {
      this.reject('bad proof');
      return;
    }
    this.addCheckpoint(rank, message);
  }

  /** What the replica has said of its state there; undefined: nothing, or it is forgotten. */
  protected checkpointOf(rank: number, sequence: Sequence): Checkpoint | undefined {
    const queue = this.checkpoints[rank] as Checkpoint[];
    for (let i = 0; i < queue.length; i++) if (queue[i]?.sequence === sequence) return queue[i];
    return undefined;
  }

  /**
   * Keeps the highest few of each sender, the first of each sequence. Of its own more: others may rest on any of its
   * words until it knows of a later one that is stable.
   */
  private addCheckpoint(rank: number, message: Checkpoint): void {
    const { sequence } = message;
    if (sequence <= this.window.low || this.checkpointOf(rank, sequence) !== undefined) return;
    const queue = this.checkpoints[rank] as Checkpoint[];
    const isLatest = queue.length === 0 || (queue[queue.length - 1] as Checkpoint).sequence < sequence;
    queue.push(message);
    if (!isLatest) queue.sort((a, b) => a.sequence - b.sequence);
    const { window, checkpointInterval } = this.settings;
    if (queue.length > ((rank === this.me ? 2 : 1) * window) / checkpointInterval) queue.shift();
    this.certify(message);
  }

  /** A quorum of the same digest is a certificate (§4.3). */
  protected certify(message: Checkpoint): void {
    const { sequence, digest, handover } = message;
    if (sequence <= this.target.sequence) return;
    const { strong } = this.quorum;
    const proofs = this.proofsOf(message, strong);
    if (proofs.length < strong) return;
    const certificate = { sequence, digest, proofs };
    this.aimAt(handover === undefined ? certificate : { ...certificate, handover });
  }

  /** Proofs of those who have said the same as this message, so many at most. */
  protected proofsOf({ sequence, digest, handover }: Checkpoint, most: number): readonly Proof[] {
    const proofs: Proof[] = [];
    for (let rank = 0; rank < this.checkpoints.length && proofs.length < most; rank++) {
      const said = this.checkpointOf(rank, sequence);
      if (said?.digest === digest && said.handover === handover) proofs.push(said.proof);
    }
    return proofs;
  }

  /** A certificate that has been verified. */
  protected aimAt(certificate: StableCertificate): void {
    if (certificate.sequence <= this.target.sequence) return;
    this.target = certificate;
    this.tryStabilise();
  }

  protected isStable(certificate: StableCertificate): boolean {
    const { sequence, digest, handover = 0, proofs } = certificate;
    const { number } = this.configuration;
    if (number === 0 ? sequence === 0 : handover === number) return this.isBeginning(certificate);
    return this.isCertificate(
      proofs,
      this.quorum.strong,
      StatementType.checkpoint,
      handover,
      sequence,
      digest,
    );
  }

  /** True for what the configuration began with: the beginning of all, or the last word of the one before. */
  private isBeginning(certificate: StableCertificate): boolean {
    if (certificate.sequence !== this.begunAfter) return false;
    return certificate.sequence === 0 || isCertificateOf(this.previous, certificate, this.host.authenticator);
  }

  // ---- stability ----

  /** The target is stable here once this replica has been there itself. */
  protected tryStabilise(): void {
    const { sequence } = this.target;
    if (sequence <= this.window.low || sequence > this.lastExecuted) return;
    this.stabilise(this.target);
    this.windowMoved();
  }

  /** What lies at or before the certificate is agreed on for good, whether or not this replica has executed it. */
  protected stabilise(certificate: StableCertificate): void {
    const { sequence, digest } = certificate;
    const own = this.ownStates.find((state) => state.sequence === sequence);
    if (own !== undefined && own.digest !== digest) {
      // Executing the same has come to something else here: nothing that this replica says is worth anything.
      this.host.halt('the state differs from a stable checkpoint');
      return;
    }
    this.stableState = own;
    this.stable = certificate;
    this.window.advance(sequence);
    this.ownStates = this.ownStates.filter((state) => state.sequence > sequence);
    this.checkpoints = this.checkpoints.map((queue) =>
      queue.filter((message) => message.sequence > sequence),
    );
    if (this.nextSequence <= sequence) this.nextSequence = sequence + 1;
    this.promise({ kind: 'stable', certificate }, stableBytes(certificate));
    if (own !== undefined) this.emit({ kind: 'compacted', index: own.index, term: this.view });
    if (this.store.has(sequence)) this.collectGarbage(sequence);
  }

  /** There is room above: for what came too early, and for what the primary has in hand. */
  protected windowMoved(): void {
    this.replayEarly();
    if (this.isPrimary()) this.propose();
  }

  /** The stable checkpoint, or one before it, is on this disk: what it covers goes. */
  protected collectGarbage(placed: Sequence): void {
    const { sequence } = this.stable;
    // What was not said yet of those that go is of no use any more.
    this.outbox.drop((message) => message.kind === 'Checkpoint' && message.sequence < sequence);
    if (!this.journal.isBeginning) this.beginJournal();
    this.garbageBelow = placed;
    this.garbageAfter = this.journal.written;
  }

  /** Something became durable. */
  protected removeGarbage(): void {
    if (this.garbageBelow === 0 || this.journal.synced < this.garbageAfter) return;
    this.store.removeBelow(this.garbageBelow);
    this.garbageBelow = 0;
  }

  // ---- what is in force ----

  /** Begins a new journal with everything that is promised and not covered by the stable checkpoint. */
  protected beginJournal(): void {
    const promised: Promised[] = [];
    const { links } = this;
    if (links.length > 0) promised.push({ kind: 'configuration', links });
    promised.push({ kind: 'stable', certificate: this.stable });
    let bytes = stableBytes(this.stable);
    bytes += this.promisesOfViews(promised);
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      bytes += this.promisesOf(this.window.at(sequence), promised);
    }
    bytes += this.promiseOfReads(promised);
    this.journal.begin(promised, bytes);
  }

  /** Adds the view that was entered last, and the one that was left for since; returns their size. */
  protected promisesOfViews(promised: Promised[]): number {
    let bytes = 0;
    if (this.newView !== undefined) {
      promised.push({ kind: 'new-view', message: this.newView });
      bytes += newViewBytes(this.newView);
    }
    if (this.viewChange !== undefined && !this.isActive) {
      promised.push({ kind: 'view-change', message: this.viewChange });
      bytes += viewChangeBytes(this.viewChange);
    }
    return bytes;
  }

  /** Adds how far the state has been shown to clients; returns its size. */
  private promiseOfReads(promised: Promised[]): number {
    const sequence = Math.max(this.readFloor, this.lastExecuted, this.highestDecided());
    if (!this.settings.readOnly || sequence <= this.window.low) return 0;
    promised.push({ kind: 'decided', sequence });
    return PLACE_BYTES;
  }

  /** It may be known and not be executed yet: what was promised of it is in no other record. */
  private highestDecided(): Sequence {
    let sequence = this.window.high;
    while (sequence > this.window.low && this.window.at(sequence).decision === undefined) sequence--;
    return sequence;
  }

  /** Adds what is promised of a place; returns its size. */
  private promisesOf(slot: Slot, promised: Promised[]): number {
    const { sequence, view, digest, requests, prePrepare, certificate, certificateRequests } = slot;
    let bytes = 0;
    if (certificate !== undefined) {
      promised.push({ kind: 'prepared', certificate });
      bytes += preparedBytes(certificate);
    }
    if (certificate !== undefined && certificateRequests !== undefined && certificateRequests !== requests) {
      promised.push({ kind: 'batch', sequence, digest: certificate.digest, requests: certificateRequests });
      bytes += requestsBytes(certificateRequests);
    }
    if (view >= 0 && prePrepare !== undefined && requests !== undefined) {
      const message = { kind: 'PrePrepare', view, sequence, digest, requests, proof: prePrepare } as const;
      promised.push({ kind: 'accepted', message });
      bytes += requestsBytes(requests);
    }
    return bytes + this.heldOf(slot, promised);
  }

  private heldOf({ sequence, held }: Slot, promised: Promised[]): number {
    let bytes = 0;
    for (const { view, digest, requests } of held.entries) {
      promised.push({ kind: 'held', view, sequence, digest, requests });
      bytes += HELD_BYTES + (requests === undefined ? 0 : requestsBytes(requests));
    }
    return bytes;
  }

  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.checkpoints = this.members.map(() => []);
  }

  protected override copyFrom(other: PbftCheckpoints): void {
    super.copyFrom(other);
    this.store = other.store.clone(this.host);
    this.garbageBelow = other.garbageBelow;
    this.garbageAfter = other.garbageAfter;
    this.stableState = other.stableState;
    this.ownStates = other.ownStates.slice();
    this.checkpoints = other.checkpoints.map((queue) => queue.slice());
    this.target = other.target;
  }

  protected encodeCheckpoints(): { readonly [key: string]: Plain } {
    return {
      store: this.store.encode(),
      garbage: [this.garbageBelow, this.garbageAfter],
      stableState: this.stableState?.sequence ?? -1,
      ownStates: this.ownStates.map(({ sequence, digest }) => [sequence, digest]),
      checkpoints: this.checkpoints.map((queue) => queue.map(({ sequence, digest }) => [sequence, digest])),
      target: [this.target.sequence, this.target.digest],
    };
  }
}
