/**
 * The host of one copy of a replica in a Twins scenario: no clock, no chance, no network of its own. What it sends,
 * and what becomes durable on its disk, the cluster hears. A sync completes as soon as the replica has finished what
 * it was doing; nothing ever crashes, so that nothing is read back.
 */

import type {
  Authenticator,
  Host,
  Message,
  OperationId,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
import { SAVING_FILE, type PbftReplica } from '../../protocols/pbft/index.js';

/** A replica whose views are driven from outside. */
export type DrivenReplica = PbftReplica & { leaveFor(view: number): void };

/** Who hears what a copy does. */
export interface NodeObserver {
  sent(node: TwinNode, to: ProcessId, message: Message): void;
  reported(node: TwinNode, event: ProtocolEvent): void;
  durable(node: TwinNode, file: string, slot: number, record: unknown): void;
  removed(node: TwinNode, file: string): void;
}

export class TwinNode implements Host {
  readonly incarnation = 1;
  readonly version = 1;
  replica!: DrivenReplica;
  /** Why it has stopped itself; undefined while it runs. */
  haltReason: string | undefined = undefined;
  private nextOperation: OperationId = 1;
  /** Operations that have not completed. Empty between handlers. */
  private due: OperationId[] = [];
  private unsynced: { readonly file: string; readonly record: unknown }[] = [];
  /** The checkpoint that is being written, and the names that it was given since. */
  private saving: unknown[] = [];
  private renamedTo: string | undefined = undefined;

  constructor(
    /** Number of the copy. */
    readonly node: number,
    /** Its identity. */
    readonly self: ProcessId,
    readonly authenticator: Authenticator,
    private readonly observer: NodeObserver,
  ) {}

  // ---- network, clocks, chance ----

  send(to: ProcessId, message: Message): void {
    this.observer.sent(this, to, message);
  }
  setTimer(): void {
    // Views are driven, and nothing is sent again.
  }
  cancelTimer(): void {
    // As above.
  }
  monotonicNow(): number {
    return 0;
  }
  wallNow(): number {
    return 0;
  }
  draw(_name: string, min: number): number {
    return min;
  }
  emit(event: ProtocolEvent): void {
    this.observer.reported(this, event);
  }
  halt(reason: string): void {
    this.haltReason = reason;
  }

  // ---- disk ----

  append(file: string, record: unknown): OperationId {
    if (file === SAVING_FILE) this.saving.push(record);
    else this.unsynced.push({ file, record });
    return this.nextOperation++;
  }
  writeAt(): OperationId {
    return this.nextOperation++;
  }
  truncate(file: string): OperationId {
    if (file === SAVING_FILE) this.saving = [];
    return this.nextOperation++;
  }
  rename(_from: string, to: string): OperationId {
    this.renamedTo = to;
    return this.nextOperation++;
  }
  remove(file: string): OperationId {
    if (file !== SAVING_FILE) this.observer.removed(this, file);
    return this.nextOperation++;
  }
  sync(): OperationId {
    return this.begin();
  }
  syncDirectory(): OperationId {
    return this.begin();
  }

  private begin(): OperationId {
    const operation = this.nextOperation++;
    this.due.push(operation);
    return operation;
  }

  /** Completes all that is on its way to the disk, also what that starts. */
  settle(): void {
    for (let done = 0; done < this.due.length; done++) {
      this.report();
      this.replica.diskCompleted(this.due[done] as OperationId, 'ok');
    }
    this.due.length = 0;
  }

  private report(): void {
    const { unsynced, renamedTo, saving } = this;
    for (let i = 0; i < unsynced.length; i++) {
      const { file, record } = unsynced[i] as { readonly file: string; readonly record: unknown };
      this.observer.durable(this, file, -1, record);
    }
    unsynced.length = 0;
    if (renamedTo === undefined) return;
    for (let i = 0; i < saving.length; i++) this.observer.durable(this, renamedTo, i, saving[i]);
    this.renamedTo = undefined;
  }

  /** Between handlers. */
  clone(observer: NodeObserver): TwinNode {
    const copy = new TwinNode(this.node, this.self, this.authenticator, observer);
    copy.haltReason = this.haltReason;
    copy.nextOperation = this.nextOperation;
    copy.saving = this.saving;
    copy.replica = this.replica.clone(copy) as DrivenReplica;
    return copy;
  }
}
