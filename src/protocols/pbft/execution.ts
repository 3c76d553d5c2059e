/**
 * Execution: what is committed is executed in the order of the sequences (OSDI 1999, §4.2), and clients are told.
 *
 * Every command executed has a place in a dense order, from 1; a null request takes one as well. Replies leave when
 * all that this replica had promised by then is durable.
 */

import { hashPlain, type Command, type Plain, type ProcessId, type Result } from '../../kernel/index.js';
import { CheckpointState, stateDigest, type PlainState } from './checkpoint.js';
import { NEVER, PbftCore } from './core.js';
import { ExecutedRequests } from './executed.js';
import { changeOf } from './handover.js';
import {
  NULL_DIGEST,
  StatementType,
  type Reply,
  type Request,
  type Sequence,
  type View,
} from './messages.js';
import { PendingRequests } from './pending.js';
import { RememberedDigest } from './plain-digest.js';
import type { DecisionCertificate, Slot } from './slot.js';
import { replyDigest } from './wire.js';

/** Content hash of the null request, as checkers see it. */
export const NULL_HASH = 0x6e756c6c;
/** Bytes of the executed requests' part of a state, for each of them, roughly. */
const EXECUTED_BYTES = 16;

/** Of a request what its proof and hash are of: it becomes a part of the state, which must be the same for all. */
function asAgreed({ command, proof }: Request): Request {
  const { client, sequence, input, hash, bytes } = command;
  return { kind: 'Request', command: { client, sequence, input, read: undefined, hash, bytes }, proof };
}

export abstract class PbftExecution extends PbftCore {
  /** Commands executed so far. */
  protected index = 0;
  /** Place in the dense order after which the configuration began. */
  protected since = 0;
  protected executed = new ExecutedRequests();
  protected pending = new PendingRequests();
  /** What it remembers follows from the states that it was shown: a copy of the replica begins with nothing. */
  private readonly serviceDigest = new RememberedDigest();

  /**
   * The operator's request has its place: the configuration gives way at the next checkpoint, unless the request is
   * for another number than the next, or something is changing already.
   */
  protected takeChange(request: Request): void {
    const { sequence, input } = request.command;
    if (this.change !== undefined || sequence !== this.configuration.number + 1) return;
    if (changeOf(input) === undefined) return;
    const { checkpointInterval } = this.settings;
    this.change = asAgreed(request);
    this.lastBatch = this.lastExecuted + checkpointInterval - 1;
    this.lastBatch -= this.lastBatch % checkpointInterval;
  }

  /** Batches were executed. */
  protected abstract afterExecution(): void;
  /** The state is that of a checkpoint. */
  protected abstract checkpointReached(): void;

  /** Executes what is committed and whose turn it is. */
  protected executeReady(): void {
    const before = this.lastExecuted;
    while (this.executeNext());
    if (this.lastExecuted > before) this.afterExecution();
  }

  private executeNext(): boolean {
    const sequence = this.lastExecuted + 1;
    if (!this.isInForce(sequence) || !this.window.has(sequence)) return false;
    const slot = this.window.at(sequence);
    const { decision } = slot;
    if (decision === undefined) return false;
    const requests = slot.batch(decision.digest);
    if (requests === undefined) return false;
    this.executeBatch(slot, decision, requests);
    return true;
  }

  /** True up to the last batch of the configuration: what it has decided above is of no effect. */
  protected isInForce(sequence: Sequence): boolean {
    return sequence <= this.lastBatch;
  }

  protected executeBatch(slot: Slot, decision: DecisionCertificate, requests: readonly Request[]): void {
    const places = decision.digest === NULL_DIGEST ? 1 : requests.length;
    this.announceBatch(slot, decision, this.index + places);
    if (decision.digest === NULL_DIGEST) this.executeNull(decision.view);
    for (let i = 0; i < requests.length; i++) this.executeRequest(requests[i] as Request, decision.view);
    this.batchExecuted(slot.sequence);
  }

  /** The batch counts as executed; `last`: index of its last command. */
  protected announceBatch({ sequence }: Slot, decision: DecisionCertificate, last: number): void {
    this.lastExecuted = sequence;
    const { view: term, digest: hash } = decision;
    this.emit({ kind: 'batch-executed', sequence, term, hash });
    this.emit({ kind: 'committed', index: last, term });
  }

  protected batchExecuted(sequence: Sequence): void {
    if (sequence % this.settings.checkpointInterval === 0) this.checkpointReached();
  }

  private executeNull(view: View): void {
    this.index++;
    this.reportApplied(view, NULL_HASH, undefined);
  }

  protected executeRequest(request: Request, view: View): void {
    const { command } = request;
    const isOfProtocol = this.isOfProtocol(command);
    if (isOfProtocol) this.takeOrder(request);
    const result = this.executeCommand(command);
    // The service knows nothing of these. How the operator's stand, the chain of configurations says.
    this.reportApplied(view, command.hash, isOfProtocol ? undefined : command);
    this.requestDone(command);
    if (!isOfProtocol) this.reply(command, result);
  }

  /** True for what is ordered like a request and is none of a client's: it is not for the service. */
  protected isOfProtocol(command: Command): boolean {
    return this.isOperators(command);
  }

  /** What is not for the service takes effect. */
  protected takeOrder(request: Request): void {
    this.takeChange(request);
  }

  protected isOperators({ client }: Command): boolean {
    return client === this.settings.operator;
  }

  /** Changes the state, and tells nobody. */
  protected executeCommand(command: Command): Result {
    const { client, sequence } = command;
    this.index++;
    const result = this.isOfProtocol(command) ? null : this.applyCommand(command);
    if (this.executed.indexOf(client, sequence) === 0) this.executed.note(client, sequence, this.index);
    return result;
  }

  /** Nobody waits for this any more. */
  protected requestDone({ client, sequence }: Command): void {
    this.pending.executed(client, sequence);
  }

  protected applyCommand(command: Command): Result {
    return this.service.apply(command, 0);
  }

  private reportApplied(view: View, hash: number, command: Command | undefined): void {
    const { index } = this;
    this.emit({ kind: 'applied', index, term: view, hash, digest: this.service.digest(), command });
    this.reportDivergence();
  }

  protected reportDivergence(): void {
    const { index } = this;
    const text = this.service.takeDivergence?.();
    if (text !== undefined) this.emit({ kind: 'shadow-diverged', index, text });
  }

  /** True for what is executed at this index and not committed. */
  protected abstract isTentative(index: number): boolean;

  /** Tells the client; `index` is that of the first execution. */
  protected reply({ client, sequence }: Command, result: Result): void {
    const index = this.executed.indexOf(client, sequence) || this.index;
    const digest = hashPlain(result);
    const said = replyDigest(client, digest, index);
    const isTentative = this.isTentative(index);
    const type = isTentative ? StatementType.tentativeReply : StatementType.reply;
    const { view } = this;
    const proof = this.proveTo(client, type, view, sequence, said);
    const message: Reply = { kind: 'Reply', view, sequence, result, digest, index, isTentative, proof };
    this.sendWhenDurable(client, message);
  }

  /**
   * Answers a request that was executed before. The sessions of the service know what was answered then, and do
   * not execute it again.
   */
  protected replyAgain(command: Command): void {
    this.reply(command, this.applyCommand(command));
  }

  // ---- the state as a value ----

  protected plainState(): PlainState & Plain {
    return {
      index: this.index,
      configuration: this.configuration.number,
      since: this.since,
      change: (this.change ?? null) as unknown as Plain,
      executed: this.executed.encode(),
      service: this.service.snapshot(),
    };
  }

  protected makeCheckpoint(): CheckpointState {
    const state = this.plainState();
    const service = this.service.snapshotBytes?.() ?? 0;
    const rows = state.executed as readonly (readonly number[])[];
    const bytes = rows.reduce((sum, row) => sum + EXECUTED_BYTES * row.length, service);
    const parts = { executed: this.executed.digest(), service: this.serviceDigest.of(state.service) };
    return new CheckpointState(this.lastExecuted, state, stateDigest(state, parts), bytes, parts);
  }

  /** The replicated state is that of a checkpoint. */
  protected adoptState({ sequence, state }: CheckpointState, isReceived: boolean): void {
    this.service.restore(state.service);
    this.executed.restore(state.executed);
    this.index = state.index;
    this.lastExecuted = sequence;
    this.adoptChange(state);
    const { index, service, view } = this;
    const digest = service.digest();
    this.emit({ kind: 'snapshot-installed', index, term: view, digest, received: isReceived });
    for (const waiting of this.pending.first(this.pending.size)) {
      const { client, sequence } = waiting.request.command;
      if (this.executed.isPast(client, sequence)) this.pending.done(waiting);
    }
  }

  /** What the state says of configurations. A state with which one ended is also that with which the next began. */
  private adoptChange({ configuration, since, change, index }: PlainState): void {
    const isOwn = configuration === this.configuration.number;
    this.since = isOwn ? since : index;
    this.change = isOwn && change !== null ? (change as unknown as Request) : undefined;
    this.lastBatch = this.change === undefined ? NEVER : this.lastExecuted;
  }

  /** False for the process of a client. Whoever may become a replica is none, either. */
  protected isReplica(process: ProcessId): boolean {
    return process < this.settings.servers || this.rankOf(process) >= 0;
  }

  protected override copyFrom(other: PbftExecution): void {
    super.copyFrom(other);
    this.index = other.index;
    this.since = other.since;
    this.executed = other.executed.clone();
    this.pending = other.pending.clone();
  }
}
