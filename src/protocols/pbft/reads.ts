/**
 * Operations that change nothing, answered by every replica from its own committed state, without being ordered (OSDI
 * 1999, §5.1). The client believes a quorum that says the same of the same place in the order; else it has the operation
 * ordered. The same alone would not do: what was read may have been something else in between (absent, put, deleted).
 * Of those who agree a single correct one might be beyond that, and a later quorum, which shares only one that is
 * behind with this one, would say what was in between.
 *
 * Whatever a client has been told of was told by a quorum (driver.ts waits for q replies when this is on), so each
 * quorum of answers has one of a correct replica that had executed it. Such a replica must not answer from an older
 * state later. Two things could take it back to one, and after both it waits until it has come as far again: a batch
 * that was executed tentatively is taken back with its view; and a restart begins at a checkpoint. How far it had come
 * then is known from what it was prepared for, and, for what it has only heard of, from `decided` in the journal.
 *
 * An answer is one of the sender's configuration, and a quorum one of a single configuration. Whoever has come to the
 * last batch of its configuration answers no more reads in it: so no quorum of it does once the next has begun.
 */

import { hashPlain, type Plain, type ProcessId } from '../../kernel/index.js';
import { PbftExecution } from './execution.js';
import { StatementType, type ReadReply, type ReadRequest, type Sequence } from './messages.js';
import { replyDigest } from './wire.js';

/** Reads that wait: in all, and of one client. */
const MOST_READS = 4096;
const MOST_OF_CLIENT = 128;
/** Size of a promise that something is decided. */
const DECIDED_BYTES = 16;

export abstract class PbftReads extends PbftExecution {
  /** Reads are answered only when everything up to here is executed. */
  protected readFloor: Sequence = 0;
  /** In the order in which they came. */
  private reads: ReadRequest[] = [];

  /** True when no later event can take back what the state holds, or had held when something was said of it. */
  protected isSettled(): boolean {
    const { lastExecuted } = this;
    if (lastExecuted < this.readFloor || lastExecuted < this.window.low) return false;
    // The last state of a configuration is the first of the next, whose quorums are others.
    return lastExecuted < this.lastBatch && this.takesPart();
  }

  /** Its state has been, or is about to be, shown to clients as it is after this place. */
  protected raiseReadFloor(sequence: Sequence): void {
    if (sequence > this.readFloor) this.readFloor = sequence;
  }

  /** Clients hear of the state at this place, of which nothing else on the disk tells: no older one may be shown later. */
  protected promiseDecided({ sequence }: { readonly sequence: Sequence }): void {
    if (this.settings.readOnly) this.promise({ kind: 'decided', sequence }, DECIDED_BYTES);
  }

  protected onReadRequest(from: ProcessId, message: ReadRequest): void {
    const { client } = message.command;
    if (!this.settings.readOnly || from !== client || this.isReplica(client)) {
      this.reject('a read that nobody may ask for');
      return;
    }
    if (!this.verifyClient(StatementType.readRequest, message)) {
      this.reject('a request without its client');
      this.noteUnproved(from);
      return;
    }
    if (this.isSettled()) this.answerRead(message);
    else this.keepRead(message);
  }

  private keepRead(message: ReadRequest): void {
    const { client } = message.command;
    const ofClient = this.reads.filter(({ command }) => command.client === client).length;
    if (this.reads.length >= MOST_READS || ofClient >= MOST_OF_CLIENT) {
      this.reject('too many requests');
      return;
    }
    this.reads.push(message);
    this.reached('pbft/read-waited');
  }

  protected answerRead({ command }: ReadRequest): void {
    const result = this.service.query?.(command);
    if (result === undefined) {
      this.reject('a read that must be ordered');
      return;
    }
    const { client, sequence } = command;
    const { index } = this;
    const digest = hashPlain(result);
    const said = replyDigest(client, digest, index);
    const proof = this.proveTo(client, StatementType.readReply, 0, sequence, said);
    const message: ReadReply = { kind: 'ReadReply', sequence, result, digest, index, proof };
    this.sendWhenDurable(client, message);
  }

  protected override executeReady(): void {
    super.executeReady();
    if (this.reads.length === 0 || !this.isSettled()) return;
    const { reads } = this;
    this.reads = [];
    for (const read of reads) this.answerRead(read);
  }

  protected override copyFrom(other: PbftReads): void {
    super.copyFrom(other);
    this.readFloor = other.readFloor;
    this.reads = other.reads.slice();
  }

  protected encodeReads(): Plain {
    return [this.readFloor, ...this.reads.map(({ command }) => [command.client, command.sequence])];
  }
}
