/**
 * The part of a PBFT replica that every phase shares: who takes part, the view, the open places, what is proved and
 * verified, and the rule that nothing which binds leaves before what it says is durable.
 *
 * Source: Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999, §4.1 and §4.2. All proofs go through
 * {@link PbftCore.prove}; MACs in place of signatures are in macs/. Changes of the configuration: reconfiguration.ts.
 */

import {
  type Host,
  type Plain,
  type ProcessId,
  type Proof,
  type ProtocolEvent,
  type StateMachine,
  type Statement,
} from '../../kernel/index.js';
import { Configuration } from './configuration.js';
import type { Link } from './handover.js';
import { Journal } from './journal.js';
import {
  StatementType,
  type NewView,
  type PbftMessage,
  type PeerMessage,
  type ReadRequest,
  type Request,
  type Sequence,
  type StableCertificate,
  type View,
  type ViewChange,
} from './messages.js';
import { EVERYBODY, Outbox } from './outbox.js';
import type { Quorum } from './quorum.js';
import type { Promised } from './records.js';
import type { PbftSettings } from './settings.js';
import { Window } from './slot.js';

/** A statement while it is made. */
type Writable = { -readonly [Key in keyof Statement]: Statement[Key] };

/** The beginning of everything: stable without proof. */
export const GENESIS: StableCertificate = { sequence: 0, digest: 0, proofs: [] };

/** The last batch of a configuration that nothing is known to follow. */
export const NEVER: Sequence = Number.MAX_SAFE_INTEGER;

export abstract class PbftCore {
  /** By which this replica acts; the one before it (of the first, itself); and what leads to it from the first. */
  protected configuration: Configuration;
  protected previous: Configuration;
  protected links: readonly Link[] = [];
  /** The configuration begins after this batch. */
  protected begunAfter: Sequence = 0;
  /** The operator's request that the configuration will give way to, and the last batch before that. */
  protected change: Request | undefined = undefined;
  protected lastBatch: Sequence = NEVER;
  /** The member that this process's disk was formatted for. */
  protected memberId: number;
  /** Of the configuration: the replicas, as processes, and how many of them count. */
  protected members: readonly ProcessId[];
  protected quorum: Quorum;
  /** This replica's number among the members, or -1: then it takes no part. */
  protected me: number;
  /** The view that the replica is in, or, while it is not active, that it waits for. Invariant: only grows. */
  protected view: View = 0;
  /** False from a view change until the new view is entered. */
  protected isActive = true;
  /** The message that began the present view; undefined for view 0. */
  protected newView: NewView | undefined = undefined;
  /** The replica's own latest view change. */
  protected viewChange: ViewChange | undefined = undefined;
  protected window: Window;
  /** Proof of the low watermark. Invariant: its sequence is the window's low. */
  protected stable: StableCertificate = GENESIS;
  /** Everything up to here is executed. May lag behind the low watermark while the state is fetched. */
  protected lastExecuted: Sequence = 0;
  protected journal: Journal;
  protected outbox = new Outbox();
  /** Status ticks so far: a coarse clock, which tells what is old enough to be sent again. */
  protected tick = 0;
  /** One object for every statement that is proved or verified. */
  private readonly statement = { type: 0, configuration: 0, view: 0, sequence: 0, digest: 0 };

  constructor(
    protected readonly host: Host,
    /** Members of the first configuration. */
    protected readonly initialMembers: readonly ProcessId[],
    protected readonly service: StateMachine,
    protected readonly settings: PbftSettings,
  ) {
    this.configuration = new Configuration(0, initialMembers, settings.faulty);
    this.previous = this.configuration;
    this.memberId = host.self;
    this.members = this.configuration.processes;
    this.quorum = this.configuration.quorum;
    this.me = this.rankOf(host.self);
    this.window = new Window(this.members.length, settings.window);
    this.journal = new Journal(host);
  }

  // ---- who takes part ----

  /** Number of the replica that this process is; -1: it is none. */
  protected rankOf(process: ProcessId): number {
    return this.configuration.rankOf(process);
  }

  /** Number of the primary of a view (§4.1). */
  protected primaryOf(view: View): number {
    return this.configuration.primaryOf(view);
  }

  /** True for a member that has the state with which its configuration began. */
  protected takesPart(): boolean {
    return this.me >= 0 && this.lastExecuted >= this.begunAfter;
  }

  protected isPrimary(): boolean {
    return this.isActive && this.takesPart() && this.primaryOf(this.view) === this.me;
  }

  protected get primaryProcess(): ProcessId {
    return this.members[this.primaryOf(this.view)] as ProcessId;
  }

  // ---- reports ----

  protected emit(event: ProtocolEvent): void {
    this.host.emit(event);
  }

  /** A rare situation: see the checkers' list of situations. */
  protected reached(situation: `pbft/${string}`): void {
    this.host.emit({ kind: 'reached', situation });
  }

  /** A message is dropped because a correct sender would not have sent it. */
  protected reject(reason: string): void {
    this.host.emit({ kind: 'rejected', reason });
  }

  // ---- proofs ----

  /** It has sent something that proves nothing. */
  protected noteUnproved(_from: ProcessId): void {
    // Where keys do not change there is nothing to tell it.
  }

  /** A statement of the given kind; the same object every time. */
  protected stated(type: number, view: View, sequence: number, digest: number): Writable {
    const { statement } = this;
    statement.type = type;
    statement.configuration = this.configuration.number;
    statement.view = view;
    statement.sequence = sequence;
    statement.digest = digest;
    return statement;
  }

  /** A proof that every replica can check, of the given kind of statement. */
  protected prove(type: number, view: View, sequence: number, digest: number): Proof {
    return this.host.authenticator.sign(this.stated(type, view, sequence, digest));
  }

  /** A proof that this process can check. */
  protected proveTo(_receiver: ProcessId, type: number, view: View, sequence: number, digest: number): Proof {
    return this.prove(type, view, sequence, digest);
  }

  protected verify(
    signer: ProcessId,
    type: number,
    view: View,
    sequence: number,
    digest: number,
    proof: Proof,
  ): boolean {
    return this.believes(signer, this.stated(type, view, sequence, digest), proof);
  }

  /** True when the proof is the signer's, and of use. */
  protected believes(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    // A MAC would be good for this replica and nobody else: a certificate with it in would convince nobody.
    return this.host.authenticator.verifySignature(signer, statement, proof);
  }

  /** Requests belong to no configuration: a later one may order them. */
  protected verifyRequest(request: Request): boolean {
    return this.verifyClient(StatementType.request, request);
  }

  protected verifyClient(type: number, { command, proof }: Request | ReadRequest): boolean {
    const { client, sequence, hash } = command;
    const statement = this.stated(type, 0, sequence, hash);
    statement.configuration = 0;
    return this.believes(client, statement, proof);
  }

  /** True when these are the proofs of at least so many distinct members, each of the same statement. */
  protected isCertificate(
    proofs: readonly Proof[],
    least: number,
    type: number,
    view: View,
    sequence: Sequence,
    digest: number,
  ): boolean {
    if (proofs.length < least) return false;
    let signers = 0;
    for (let i = 0; i < proofs.length; i++) {
      const proof = proofs[i] as Proof;
      const rank = this.rankOf(proof.signer);
      if (rank < 0 || (signers & (1 << rank)) !== 0) return false;
      if (!this.verify(proof.signer, type, view, sequence, digest, proof)) return false;
      signers |= 1 << rank;
    }
    return true;
  }

  // ---- persistence, and messages that bind ----

  /** Writes down what the replica promises from now on. */
  protected promise(content: Promised, bytes: number): void {
    this.journal.append(content, bytes);
  }

  /** Sends a message that binds: as soon as all that was promised so far is durable. */
  protected sendWhenDurable(to: ProcessId, message: PbftMessage): void {
    this.outbox.add(to, message, this.journal.written);
  }

  protected sendToAll(message: PeerMessage): void {
    const { members, host } = this;
    for (let i = 0; i < members.length; i++) if (i !== this.me) host.send(members[i] as ProcessId, message);
  }

  /**
   * What the handling of an event ends with: sends what may leave, and starts a sync. In this order, since what has left
   * may be what others were waiting for here, and more is promised by that.
   */
  protected settle(): void {
    this.releaseDurable();
    this.journal.flush();
  }

  protected releaseDurable(): void {
    const { outbox, journal } = this;
    while (outbox.isDue(journal.synced)) {
      const to = outbox.receiver;
      const message = outbox.take();
      if (to === EVERYBODY) this.sendToAll(message as PeerMessage);
      else this.host.send(to, message);
      this.released(message);
    }
  }

  /** A message that binds has left. */
  protected abstract released(message: PbftMessage): void;

  /** Copies everything but host, members, service and settings from another replica of the same class. */
  protected copyFrom(other: PbftCore): void {
    this.configuration = other.configuration;
    this.members = other.members;
    this.quorum = other.quorum;
    this.me = other.me;
    this.previous = other.previous;
    this.links = other.links;
    this.begunAfter = other.begunAfter;
    this.change = other.change;
    this.lastBatch = other.lastBatch;
    this.memberId = other.memberId;
    this.view = other.view;
    this.isActive = other.isActive;
    this.newView = other.newView;
    this.viewChange = other.viewChange;
    this.window = other.window.clone();
    this.stable = other.stable;
    this.lastExecuted = other.lastExecuted;
    this.journal = other.journal.clone(this.host);
    this.outbox = other.outbox.clone();
    this.tick = other.tick;
  }

  protected encodeCore(): { readonly [key: string]: Plain } {
    return {
      me: this.me,
      configuration: [this.configuration.number, this.begunAfter, this.change?.command.hash ?? 0],
      view: this.view,
      isActive: this.isActive,
      newView: this.newView?.view ?? 0,
      viewChange: this.viewChange?.view ?? 0,
      window: this.window.encode(),
      stable: [this.stable.sequence, this.stable.digest],
      lastExecuted: this.lastExecuted,
      journal: this.journal.encode(),
      outbox: this.outbox.encode(),
      tick: this.tick,
    };
  }
}
