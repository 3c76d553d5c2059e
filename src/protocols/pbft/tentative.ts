/**
 * Tentative execution (OSDI 1999, §5.1): a batch is executed as soon as it is prepared and all before it are committed,
 * and clients are told; they believe a quorum of one view. Such a quorum means that enough correct replicas are prepared
 * for every later view to choose the batch again. When the view is left first, it is taken back.
 *
 * At most one batch is executed tentatively, so taking it back leads to the last committed state: the latest checkpoint,
 * and what was committed since, again. What is reported as applied is committed: reports of a tentative batch wait.
 */

import { assert, type Command, type Plain, type ProtocolEvent } from '../../kernel/index.js';
import { GENESIS } from './core.js';
import { CheckpointState } from './checkpoint.js';
import { NULL_HASH } from './execution.js';
import { NULL_DIGEST, type Request, type Sequence, type View } from './messages.js';
import { PbftReads } from './reads.js';
import type { DecisionCertificate, Slot } from './slot.js';

/** What is executed and not committed. Immutable. */
interface TentativeBatch {
  readonly sequence: Sequence;
  readonly view: View;
  readonly digest: number;
  /** Commands executed before it. */
  readonly indexBefore: number;
  /** What is to be reported once it is committed. */
  readonly applied: readonly ProtocolEvent[];
}

export abstract class PbftTentative extends PbftReads {
  private tentative: TentativeBatch | undefined = undefined;
  /** The latest state that was committed for good and kept; undefined unless batches are executed tentatively. */
  private base = this.settings.tentative
    ? new CheckpointState(GENESIS.sequence, this.plainState(), GENESIS.digest, 0)
    : undefined;

  protected override isTentative(index: number): boolean {
    return this.tentative !== undefined && index > this.tentative.indexBefore;
  }

  protected override isSettled(): boolean {
    return this.tentative === undefined && super.isSettled();
  }

  // ---- forward ----

  protected override executeReady(): void {
    super.executeReady();
    if (this.settings.tentative && this.isActive && this.tentative === undefined) this.tryNext();
  }

  private tryNext(): void {
    const sequence = this.lastExecuted + 1;
    if (!this.isInForce(sequence) || !this.window.has(sequence)) return;
    const slot = this.window.at(sequence);
    if (!this.isReadyForTentative(slot) || slot.view !== this.view) return;
    const requests = slot.batch(slot.digest);
    if (requests === undefined || this.hasChange(requests)) return;
    this.executeTentatively(slot, requests);
  }

  /** What the operator asks for decides who counts: it takes effect when it is committed, and never back. */
  private hasChange(requests: readonly Request[]): boolean {
    if (this.settings.operator < 0 && this.settings.recoveryMicros === 0) return false;
    return requests.some(({ command }) => this.isOfProtocol(command));
  }

  protected isReadyForTentative(slot: Slot): boolean {
    return slot.isPrepared;
  }

  private executeTentatively({ sequence, view, digest }: Slot, requests: readonly Request[]): void {
    const applied: ProtocolEvent[] = [];
    const indexBefore = this.index;
    this.tentative = { sequence, view, digest, indexBefore, applied };
    this.emit({ kind: 'tentatively-executed', sequence, term: view, hash: digest });
    if (digest === NULL_DIGEST) {
      this.index++;
      applied.push(this.appliedNow(view, NULL_HASH, undefined));
    }
    for (let i = 0; i < requests.length; i++) {
      const { command } = requests[i] as Request;
      const result = this.executeCommand(command);
      applied.push(this.appliedNow(view, command.hash, command));
      this.reply(command, result);
    }
  }

  private appliedNow(term: View, hash: number, command: Command | undefined): ProtocolEvent {
    return { kind: 'applied', index: this.index, term, hash, digest: this.service.digest(), command };
  }

  // ---- committed ----

  protected override executeBatch(
    slot: Slot,
    decision: DecisionCertificate,
    requests: readonly Request[],
  ): void {
    const { tentative } = this;
    if (tentative?.digest === decision.digest && tentative.sequence === slot.sequence) {
      this.tentative = undefined;
      this.confirm(slot, decision, tentative, requests);
      return;
    }
    this.rollBack();
    super.executeBatch(slot, decision, requests);
  }

  private confirm(
    slot: Slot,
    decision: DecisionCertificate,
    { indexBefore, applied }: TentativeBatch,
    requests: readonly Request[],
  ): void {
    this.announceBatch(slot, decision, indexBefore + applied.length);
    for (const event of applied) this.emit(event);
    this.reportDivergence();
    for (let i = 0; i < requests.length; i++) this.requestDone((requests[i] as Request).command);
    this.batchExecuted(slot.sequence);
  }

  // ---- back ----

  /** Takes back what is executed and not committed. */
  protected rollBack(): void {
    const { tentative } = this;
    if (tentative === undefined) return;
    this.tentative = undefined;
    this.raiseReadFloor(tentative.sequence);
    this.emit({ kind: 'rolled-back', sequence: tentative.sequence });
    this.reached('pbft/tentative-rollback');
    this.returnToCommitted();
    assert(this.index === tentative.indexBefore, 'all that is committed is executed again');
  }

  /** The state after the last batch that is committed and executed. */
  protected returnToCommitted(): void {
    const { base } = this;
    assert(base !== undefined, 'there is a state to go back to');
    this.service.restore(base.state.service);
    this.executed.restore(base.state.executed);
    this.index = base.state.index;
    for (let sequence = base.sequence + 1; sequence <= this.lastExecuted; sequence++) this.redo(sequence);
  }

  private redo(sequence: Sequence): void {
    const slot = this.window.at(sequence);
    const digest = (slot.decision as DecisionCertificate).digest;
    if (digest === NULL_DIGEST) this.index++;
    for (const { command } of slot.batch(digest) as readonly Request[]) this.executeCommand(command);
  }

  protected override makeCheckpoint(): CheckpointState {
    const checkpoint = super.makeCheckpoint();
    if (this.settings.tentative) this.base = checkpoint;
    return checkpoint;
  }

  protected override adoptState(checkpoint: CheckpointState, isReceived: boolean): void {
    this.tentative = undefined;
    super.adoptState(checkpoint, isReceived);
    if (this.settings.tentative) this.base = checkpoint;
  }

  protected override copyFrom(other: PbftTentative): void {
    super.copyFrom(other);
    this.tentative = other.tentative;
    this.base = other.base;
  }

  protected encodeTentative(): Plain {
    const { tentative, base } = this;
    return [tentative?.sequence ?? 0, tentative?.view ?? 0, tentative?.digest ?? 0, base?.sequence ?? -1];
  }
}
