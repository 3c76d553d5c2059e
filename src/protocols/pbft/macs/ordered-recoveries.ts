/**
 * Recoveries in the agreed order: what every replica does for one that recovers (recovery.ts tells of the whole). It
 * says how far its log is, executes the request that says who recovers, changes its keys, takes for void what the other
 * said before, and as primary fills the places up to where the recovery ends.
 */

import type { Command, DiskImage, Plain, ProcessId } from '../../../kernel/index.js';
import type { CheckpointState } from '../checkpoint.js';
import type { Request, Sequence } from '../messages.js';
import {
  MacStatementType,
  type MacViewChange,
  type QueryStable,
  type RecoveryReply,
  type ReplyStable,
} from './messages.js';
import { MacNewKeys } from './new-keys.js';
import { recoveryPoint } from './recovery-round.js';
import { queryStableDigest, recoveryReplyDigest, replyStableDigest } from './wire.js';

/** Size of a request to recover, and of a promise that a recovery goes on. */
export const RECOVERY_BYTES = 24;

interface RecoveryInput {
  readonly do: 'recover';
  /** H_M. */
  readonly bound: Sequence;
}

export abstract class OrderedRecoveries extends MacNewKeys {
  /** By replica: number of the latest recovery whose request was executed, and the batch; 0: not known. */
  protected recoveries: number[] = this.members.map(() => 0);
  protected executedAt: Sequence[] = this.members.map(() => 0);
  /** Up to here the primary fills places with null requests. */
  protected fillTo: Sequence = 0;
  /** Up to here a backup waits for that: a recovery ends there whose request it has executed itself. */
  protected dueTo: Sequence = 0;

  /** The request of its own recovery is executed. */
  protected abstract takeOwnExecution(number: number): void;

  override start(disk: DiskImage): void {
    super.start(disk);
    if (!this.recovers || this.me < 0 || this.isNobody) return;
    this.recoveries = this.members.map((process) => this.executed.latestOf(process));
    // Where exactly, is forgotten: no later.
    this.executedAt = this.recoveries.map((number) => (number > 0 ? this.lastExecuted : 0));
    if (this.recoveries.some((number) => number > 0)) this.fillWindow();
  }

  // ---- how far the log is ----

  protected onQueryStable(from: ProcessId, message: QueryStable): void {
    const { recovery, proof } = message;
    if (!this.verify(from, MacStatementType.queryStable, 0, recovery, queryStableDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    const body = {
      kind: 'ReplyStable',
      recovery,
      stable: this.window.low,
      prepared: this.highestPrepared(),
    } as const;
    const digest = replyStableDigest(body);
    const answer: ReplyStable = {
      ...body,
      proof: this.proveTo(from, MacStatementType.replyStable, 0, recovery, digest),
    };
    this.answer(this.rankOf(from), answer);
  }

  // ---- the request ----

  private isRecovery({ client, input }: Command): boolean {
    return this.recovers && this.rankOf(client) >= 0 && inputOf(input) !== undefined;
  }

  /**
   * A number that is no epoch of the replica's keys would make all of its later recoveries old: whoever had spoiled it
   * could keep it out for ever. (The paper has the counter in the secure hardware that signs.)
   */
  private isNumbered({ client, sequence }: Command): boolean {
    return this.hasChosenBySigned(this.rankOf(client), sequence);
  }

  protected override isOfProtocol(command: Command): boolean {
    return super.isOfProtocol(command) || (this.recovers && this.isReplica(command.client));
  }

  protected override isAuthentic(request: Request): boolean {
    return this.isReplica(request.command.client)
      ? this.isRecovery(request.command) && this.isSigned(request) && this.isNumbered(request.command)
      : super.isAuthentic(request);
  }

  protected override hasClientsProof(request: Request): boolean {
    return this.isReplica(request.command.client)
      ? this.isAuthentic(request)
      : super.hasClientsProof(request);
  }

  protected override takeOrder(request: Request): void {
    const { command } = request;
    const input = this.isRecovery(command) ? inputOf(command.input) : undefined;
    if (input === undefined) super.takeOrder(request);
    else this.takeRecovery(this.rankOf(command.client), command.sequence, input.bound);
  }

  /** Its place is that of the batch in hand. */
  private takeRecovery(rank: number, number: number, bound: Sequence): void {
    if (number <= (this.recoveries[rank] as number)) return;
    const { window, checkpointInterval } = this.settings;
    this.executedAt[rank] = this.lastExecuted;
    const point = recoveryPoint(this.lastExecuted, bound, window, checkpointInterval);
    if (point > this.fillTo) this.fillTo = point;
    if (point > this.dueTo) this.dueTo = point;
    this.witness(rank, number);
    if (rank !== this.me) this.replyToRecovery(rank, number);
    else this.takeOwnExecution(number);
  }

  /** The recovery has its place in the order: what the replica said before counts no more. */
  private witness(rank: number, number: number): void {
    this.recoveries[rank] = number;
    this.forgetVoid(rank);
    if (rank !== this.me) this.refreshKeys(this.members[rank] as ProcessId, number);
  }

  private replyToRecovery(rank: number, recovery: number): void {
    const executed = this.recoveries[rank] === recovery ? (this.executedAt[rank] as Sequence) : 0;
    const body = { kind: 'RecoveryReply', recovery, executed: executed || this.lastExecuted } as const;
    const process = this.members[rank] as ProcessId;
    const digest = recoveryReplyDigest(body);
    const proof = this.proveTo(process, MacStatementType.recoveryReply, 0, recovery, digest);
    const message: RecoveryReply = { ...body, proof };
    this.answer(rank, message);
  }

  protected override replyAgain(command: Command): void {
    const { client, sequence } = command;
    if (!this.isOfProtocol(command) || !this.isRecovery(command)) super.replyAgain(command);
    // Its own is executed in a state that others have sent.
    else if (client === this.host.self) this.takeOwnExecution(sequence);
    else this.replyToRecovery(this.rankOf(client), sequence);
  }

  /** The primary brings the cluster to where a recovery ends, also when nobody asks for anything. */
  protected override propose(): void {
    super.propose();
    while (this.isFilling() && this.mayPropose()) this.proposeNull();
  }

  protected isFilling(): boolean {
    return this.nextSequence <= this.fillTo && this.pending.waiting === 0;
  }

  /** A primary that does not do so would keep the other from being recovered for as long as clients are silent. */
  protected override hasOpenPlace(): boolean {
    return this.lastExecuted < this.dueTo || super.hasOpenPlace();
  }

  // ---- what was said before ----

  /** A primary that gives up its own view need not be waited for (§4.3.2): it is about to stop. */
  protected override noteLeft(rank: number, view: number): void {
    const isOwn = this.isActive && view === this.view + 1 && rank === this.primaryOf(this.view);
    if (this.recovers && isOwn) this.startViewChange(view);
  }

  protected override isVoid({ recovery, proof }: MacViewChange): boolean {
    const rank = this.rankOf(proof.signer);
    return recovery !== undefined && rank >= 0 && recovery < (this.recoveries[rank] as number);
  }

  /** A state that others have sent may have recoveries in it that this replica has not executed. */
  protected override adoptState(checkpoint: CheckpointState, isReceived: boolean): void {
    super.adoptState(checkpoint, isReceived);
    if (!this.recovers || !isReceived) return;
    for (let rank = 0; rank < this.members.length; rank++) {
      const number = this.executed.latestOf(this.members[rank] as ProcessId);
      if (number <= (this.recoveries[rank] as number)) continue;
      this.fillWindow();
      this.executedAt[rank] = this.lastExecuted;
      this.witness(rank, number);
    }
  }

  /** Somebody recovers, or did so at some time, and how far that goes is not known: no further than two windows from here. */
  private fillWindow(): void {
    const { window, checkpointInterval } = this.settings;
    const furthest = this.lastExecuted + 2 * window;
    const point = recoveryPoint(this.lastExecuted, furthest, window, checkpointInterval);
    if (point > this.fillTo) this.fillTo = point;
  }

  protected override copyFrom(other: OrderedRecoveries): void {
    super.copyFrom(other);
    this.recoveries = other.recoveries.slice();
    this.executedAt = other.executedAt.slice();
    this.fillTo = other.fillTo;
    this.dueTo = other.dueTo;
  }
}

function inputOf(input: Plain): RecoveryInput | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const { do: verb, bound } = input as { readonly [key: string]: Plain };
  if (verb !== 'recover' || !Number.isSafeInteger(bound) || (bound as number) <= 0) return undefined;
  return { do: 'recover', bound: bound as number };
}
