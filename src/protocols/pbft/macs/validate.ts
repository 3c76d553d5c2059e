/**
 * The form of messages where proofs are MACs: those of the view change differ, and no message carries a certificate,
 * since it would prove nothing. As in validate.ts: never throws, and accepts only what is whole and within its bounds.
 */

import type { Message } from '../../../kernel/index.js';
import { HELD_PER_PRIMARY } from '../held.js';
import {
  Validator,
  hasFields,
  isChoice,
  isCount,
  isDigest,
  isPlace,
  isProof,
  isRecord,
  type Fields,
} from '../validate.js';
import type { PbftSettings } from '../settings.js';
import { ACK_WORDS, type Checkpointed, type Tuple } from './messages.js';

export class MacValidator extends Validator {
  private readonly mostPrePrepared: number;

  constructor(
    private readonly members: number,
    private readonly settings: PbftSettings,
  ) {
    super(members, settings);
    // What is held of earlier views, and that of the last one.
    this.mostPrePrepared = settings.window * (HELD_PER_PRIMARY * members + 1);
  }

  override accepts(message: Message): boolean {
    if (!isRecord(message)) return false;
    switch (message.kind) {
      case 'MacViewChange':
        return this.isMacViewChange(message);
      case 'ViewChangeAck':
        return this.isAck(message);
      case 'MacNewView':
        return this.isMacNewView(message);
      case 'NewKey':
      case 'QueryStable':
      case 'ReplyStable':
      case 'RecoveryReply':
        return this.settings.recoveryMicros > 0 && this.isOfRecovery(message);
      case 'ViewChange':
      case 'NewView':
        return false;
      case 'Decision':
        return isBare((message as unknown as Fields)['commits']) && super.accepts(message);
      default:
        return super.accepts(message);
    }
  }

  private isOfRecovery({ kind, epoch, recovery, stable, prepared, executed, proof }: Fields): boolean {
    if (!isProof(proof)) return false;
    if (kind === 'NewKey') return isCount(epoch, 1);
    if (!isCount(recovery, 1)) return false;
    if (kind === 'ReplyStable') return this.isOfCheckpoint(stable) && isCount(prepared, 0);
    return kind === 'QueryStable' || isCount(executed, 0);
  }

  /** Without proofs, and with nothing else in it. */
  protected override isStable(value: unknown): boolean {
    if (!isRecord(value) || !hasFields(value, 3)) return false;
    return this.isCheckpointed(value) && isBare(value['proofs']);
  }

  private isCheckpointed(value: unknown): value is Checkpointed {
    if (!isRecord(value) || !isDigest(value['digest'])) return false;
    const { sequence, digest } = value;
    return this.isOfCheckpoint(sequence) && (sequence !== 0 || digest === 0);
  }

  /** A place after which there is a checkpoint, or the beginning. */
  private isOfCheckpoint(sequence: unknown): boolean {
    return isCount(sequence, 0) && (sequence as number) % this.settings.checkpointInterval === 0;
  }

  private isMacViewChange(value: unknown): boolean {
    if (!isRecord(value) || value['kind'] !== 'MacViewChange') return false;
    const { view, stable, checkpoints, prepared, prePrepared, recovery, proof } = value;
    if (!isCount(view, 1) || !isCount(stable, 0) || !isProof(proof)) return false;
    // Present just where replicas recover: otherwise what is the same would have two hashes.
    if (this.settings.recoveryMicros > 0 ? !isCount(recovery, 0) : recovery !== undefined) return false;
    return (
      this.areCheckpoints(checkpoints, stable as number) &&
      this.arePrepared(prepared, view as number, stable as number) &&
      this.arePrePrepared(prePrepared, view as number, stable as number)
    );
  }

  /**
   * The stable one first, the others above it: also far above, where the state of a later one was fetched before it was
   * stable. Twice as many as a window has: see addCheckpoint in checkpoints.ts.
   */
  private areCheckpoints(value: unknown, stable: number): boolean {
    const { window, checkpointInterval } = this.settings;
    if (!Array.isArray(value) || value.length < 1) return false;
    if (value.length > (2 * window) / checkpointInterval + 1) return false;
    let before = -1;
    for (let i = 0; i < value.length; i++) {
      const checkpoint: unknown = value[i];
      if (!this.isCheckpointed(checkpoint)) return false;
      const { sequence } = checkpoint;
      if (i === 0 ? sequence !== stable : sequence <= before) return false;
      before = sequence;
    }
    return true;
  }

  private arePrepared(value: unknown, below: number, stable: number): boolean {
    if (!Array.isArray(value) || value.length > this.settings.window) return false;
    let before = stable;
    for (let i = 0; i < value.length; i++) {
      const tuple: unknown = value[i];
      if (!this.isTuple(tuple, below, stable) || tuple.sequence <= before) return false;
      before = tuple.sequence;
    }
    return true;
  }

  /** Each digest of a place once, in ascending order: otherwise one replica would count twice. */
  private arePrePrepared(value: unknown, below: number, stable: number): boolean {
    if (!Array.isArray(value) || value.length > this.mostPrePrepared) return false;
    let before: Tuple | undefined;
    for (let i = 0; i < value.length; i++) {
      const tuple: unknown = value[i];
      if (!this.isTuple(tuple, below, stable)) return false;
      const isAfter =
        before === undefined ||
        tuple.sequence > before.sequence ||
        (tuple.sequence === before.sequence && tuple.digest > before.digest);
      if (!isAfter) return false;
      before = tuple;
    }
    return true;
  }

  private isTuple(value: unknown, below: number, stable: number): value is Tuple {
    if (!isRecord(value) || !isPlace(value) || (value['view'] as number) >= below) return false;
    const sequence = value['sequence'] as number;
    return sequence > stable && sequence <= stable + this.settings.window;
  }

  private isAck(value: Fields): boolean {
    const { view, acks, proof } = value;
    if (!isCount(view, 1) || !isProof(proof) || !Array.isArray(acks)) return false;
    if (acks.length % ACK_WORDS !== 0 || acks.length > ACK_WORDS * this.members) return false;
    for (let i = 0; i < acks.length; i += ACK_WORDS) {
      if (!isCount(acks[i], 0, this.members - 1) || !isDigest(acks[i + 1])) return false;
    }
    return true;
  }

  private isMacNewView(value: Fields): boolean {
    const { view, viewChanges, checkpoint, choices, proof } = value;
    if (!isCount(view, 1) || !isProof(proof) || !this.isCheckpointed(checkpoint)) return false;
    if (!Array.isArray(viewChanges) || viewChanges.length > this.members) return false;
    for (let i = 0; i < viewChanges.length; i++) if (!this.isMacViewChange(viewChanges[i])) return false;
    if (!Array.isArray(choices) || choices.length > this.settings.window) return false;
    for (let i = 0; i < choices.length; i++) if (!isChoice(choices[i])) return false;
    return true;
  }
}

/** No proofs. */
function isBare(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
