/**
 * A PBFT run written by hand: feeds checkers what a test describes step by step, the way the simulator would. Every
 * step is what correct replicas do unless the test says otherwise. Digests are numbers of the test's own.
 */

import { createCheckers, ViolationSink, type CheckerContext } from '../../../src/checkers/index.js';
import type { CheckerOptions } from '../../../src/checkers/registry.js';
import type {
  Command,
  DiskImage,
  HistoryEvent,
  Message,
  Proof,
  ProtocolEvent,
} from '../../../src/kernel/index.js';
import {
  checkpointFile,
  journalFile,
  parsePbftSettings,
  type Commit,
  type JournalRecord,
  type NewView,
  type PbftMessage,
  type PrePrepare,
  type Prepare,
  type PreparedCertificate,
  type Promised,
  type StableCertificate,
  type ViewChange,
} from '../../../src/protocols/pbft/index.js';

import { makeCommand } from '../../../src/services/index.js';

export const GENESIS: StableCertificate = { sequence: 0, digest: 0, proofs: [] };

export function proof(signer: number): Proof {
  return { signer, encode: () => `by ${signer}` };
}

export class PbftStage implements CheckerContext {
  time = 0;
  readonly faulty = new Set<number>();
  readonly healed = new Map<number, number>();
  readonly generations = new Map<number, number>();
  readonly sink = new ViolationSink();
  readonly checkers;
  private readonly files: Map<string, unknown[]>[];
  private readonly journals: number[];
  private readonly viewChanges = new Map<number, ViewChange>();

  /** Windows of four batches, a checkpoint every two. */
  constructor(
    readonly servers = 4,
    options: CheckerOptions = {},
  ) {
    this.files = Array.from({ length: servers }, () => new Map<string, unknown[]>());
    this.journals = Array.from({ length: servers }, () => 0);
    this.checkers = createCheckers('pbft', this, this.sink, {
      settings: parsePbftSettings({ 'checkpoint-interval': 2, window: 4 }),
      ...options,
    });
    for (let server = 0; server < servers; server++) {
      this.start(server, 0);
      this.begin(server, [{ kind: 'stable', certificate: GENESIS }]);
    }
  }

  now(): number {
    return this.time;
  }
  isUp(): boolean {
    return true;
  }
  isFaulty(process: number): boolean {
    return this.faulty.has(process);
  }
  timesHealed(process: number): number {
    return this.healed.get(process) ?? 0;
  }
  generation(process: number): number {
    return this.generations.get(process) ?? 0;
  }
  durableRecords(process: number, file: string): readonly unknown[] {
    return this.files[process]?.get(file) ?? [];
  }

  get violated(): string | undefined {
    return this.sink.violation?.invariant;
  }

  get replicas(): number[] {
    return this.files.map((_, replica) => replica);
  }

  // ---- feeding ----

  emit(replica: number, event: ProtocolEvent): void {
    for (const observer of this.checkers.observers) observer.onProtocolEvent?.(replica, event);
  }

  send(from: number, message: PbftMessage | Message): void {
    for (const to of this.replicas) {
      if (to === from) continue;
      for (const observer of this.checkers.observers) observer.onSend?.(from, to, message);
    }
  }

  end(): void {
    for (const observer of this.checkers.observers) observer.onEnd?.();
  }

  /** A start from what the disk has, in the view that the replica says. */
  start(replica: number, view: number, trusted = true): void {
    const files = this.files[replica] as Map<string, unknown[]>;
    const disk: DiskImage = {
      files: () => [...files.keys()].sort(),
      read: (file) =>
        (files.get(file) ?? []).map((record) => ({
          intact: record !== undefined,
          record,
          blankSectors: record === undefined ? 1 : 0,
        })),
    };
    for (const observer of this.checkers.observers) observer.onStart?.(replica, 1, disk);
    this.emit(replica, { kind: 'recovered', term: view, lastIndex: 0, trusted });
  }

  // ---- disks ----

  /** Records of the file are damaged. */
  rot(replica: number, file: string): void {
    for (const observer of this.checkers.observers) observer.onDurableLoss?.(replica, file);
  }

  durable(replica: number, file: string, record: unknown): void {
    const files = this.files[replica] as Map<string, unknown[]>;
    const records = files.get(file) ?? [];
    files.set(file, records);
    const slot = records.push(record) - 1;
    if (record === undefined) return;
    for (const observer of this.checkers.observers) observer.onDurableRecord?.(replica, file, slot, record);
  }

  /** On the disk, but nobody hears of it. */
  hidden(replica: number, file: string, record: unknown): void {
    this.files[replica]?.get(file)?.push(record);
  }

  /** Gone from the disk, but nobody hears of it. */
  forgetFile(replica: number, file: string): void {
    this.files[replica]?.delete(file);
  }

  remove(replica: number, file: string): void {
    this.files[replica]?.delete(file);
    for (const observer of this.checkers.observers) observer.onDurableCut?.(replica, file, 0);
  }

  /** A new journal begins with all this. */
  begin(replica: number, promised: readonly Promised[]): void {
    this.journals[replica] = (this.journals[replica] ?? 0) + 1;
    this.promise(replica, { kind: 'base', promised });
  }

  promise(replica: number, content: JournalRecord['content']): void {
    this.promiseAt(replica, this.journals[replica] ?? 0, 1, content);
  }

  /** In this journal, with this number among all records. */
  promiseAt(replica: number, journal: number, position: number, content: JournalRecord['content']): void {
    const record: JournalRecord = { position, synced: 0, content };
    this.durable(replica, journalFile(journal), record);
  }

  /** A torn record: what is behind it does not count after a crash. */
  tear(replica: number): void {
    this.durable(replica, journalFile(this.journals[replica] ?? 0), undefined);
  }

  // ---- agreement ----

  primaryOf(view: number): number {
    return view % this.servers;
  }

  prePrepare(view: number, sequence: number, digest: number): PrePrepare {
    const signer = proof(this.primaryOf(view));
    return { kind: 'PrePrepare', view, sequence, digest, requests: [], proof: signer };
  }

  accept(replica: number, view: number, sequence: number, digest: number): void {
    this.promise(replica, { kind: 'accepted', message: this.prePrepare(view, sequence, digest) });
  }

  propose(view: number, sequence: number, digest: number): void {
    this.accept(this.primaryOf(view), view, sequence, digest);
    this.send(this.primaryOf(view), this.prePrepare(view, sequence, digest));
  }

  prepare(replica: number, view: number, sequence: number, digest: number): void {
    this.accept(replica, view, sequence, digest);
    this.sendPrepare(replica, view, sequence, digest);
  }

  sendPrepare(replica: number, view: number, sequence: number, digest: number): void {
    const message: Prepare = { kind: 'Prepare', view, sequence, digest, proof: proof(replica) };
    this.send(replica, message);
  }

  /** By default, of the first backups. */
  certificate(
    view: number,
    sequence: number,
    digest: number,
    backups = this.backups(view).slice(0, this.quorum - 1),
  ): PreparedCertificate {
    const prePrepare = proof(this.primaryOf(view));
    return { view, sequence, digest, prePrepare, prepares: backups.map(proof) };
  }

  certify(replica: number, certificate: PreparedCertificate): void {
    this.promise(replica, { kind: 'prepared', certificate });
  }

  sendCommit(replica: number, view: number, sequence: number, digest: number): void {
    const message: Commit = { kind: 'Commit', view, sequence, digest, proof: proof(replica) };
    this.send(replica, message);
  }

  execute(replica: number, view: number, sequence: number, digest: number): void {
    this.emit(replica, { kind: 'batch-executed', sequence, term: view, hash: digest });
  }

  /** Its service's digest is this after the command; undefined is the null request. */
  apply(replica: number, index: number, digest: number, command: Command | undefined): void {
    if (command !== undefined) {
      const event = { kind: 'invoke', client: command.client, sequence: command.sequence } as HistoryEvent;
      for (const observer of this.checkers.observers) observer.onHistory?.(event, command);
    }
    this.emit(replica, { kind: 'applied', index, term: 0, hash: command?.hash ?? 0, digest, command });
  }

  /** Another replica has applied one command, and this one takes that state over. */
  installed(replica: number): void {
    this.apply(0, 1, 5, makeCommand(9, 1, { op: 'get', key: 'k' }));
    this.emit(replica, { kind: 'snapshot-installed', index: 1, term: 0, digest: 5, received: true });
  }

  executeTentatively(replica: number, view: number, sequence: number, digest: number): void {
    this.emit(replica, { kind: 'tentatively-executed', sequence, term: view, hash: digest });
  }

  /** Everything up to prepared, for these replicas. */
  prepareAll(view: number, sequence: number, digest: number, prepared = this.replicas): void {
    this.propose(view, sequence, digest);
    for (const backup of this.backups(view)) this.prepare(backup, view, sequence, digest);
    for (const replica of prepared) this.certify(replica, this.certificate(view, sequence, digest));
  }

  /** Everything, for everybody. */
  agree(view: number, sequence: number, digest: number): void {
    this.prepareAll(view, sequence, digest);
    for (const replica of this.replicas) this.sendCommit(replica, view, sequence, digest);
    for (const replica of this.replicas) this.execute(replica, view, sequence, digest);
  }

  // ---- checkpoints ----

  checkpoint(replica: number, sequence: number, digest: number): void {
    this.durable(replica, checkpointFile(sequence), { sequence, digest, state: {} });
    this.sendCheckpoint(replica, sequence, digest);
  }

  sendCheckpoint(replica: number, sequence: number, digest: number): void {
    this.send(replica, { kind: 'Checkpoint', sequence, digest, proof: proof(replica) });
  }

  stable(sequence: number, digest: number, signers = this.replicas.slice(0, this.quorum)): StableCertificate {
    return { sequence, digest, proofs: signers.map(proof) };
  }

  /** Everybody has this checkpoint, and knows that it is stable. */
  stabiliseAll(sequence: number, digest: number): void {
    for (const replica of this.replicas) this.checkpoint(replica, sequence, digest);
    for (const replica of this.replicas) {
      this.promise(replica, { kind: 'stable', certificate: this.stable(sequence, digest) });
    }
  }

  // ---- views ----

  leave(
    replica: number,
    view: number,
    prepared: readonly PreparedCertificate[] = [],
    stable: StableCertificate = GENESIS,
  ): ViewChange {
    const message: ViewChange = { kind: 'ViewChange', view, stable, prepared, proof: proof(replica) };
    this.promise(replica, { kind: 'view-change', message });
    this.send(replica, message);
    this.viewChanges.set(replica, message);
    return message;
  }

  /** The new view that rests on the latest view changes of these. */
  newView(view: number, digests: readonly number[], senders = this.replicas.slice(0, this.quorum)): NewView {
    const signer = proof(this.primaryOf(view));
    return {
      kind: 'NewView',
      view,
      viewChanges: senders.map((sender) => this.viewChanges.get(sender) as ViewChange),
      choices: digests.map((digest, i) => ({ sequence: i + 1, digest, proof: signer })),
      proof: signer,
    };
  }

  enter(replica: number, message: NewView): void {
    this.promise(replica, { kind: 'new-view', message });
    this.emit(replica, { kind: 'became-follower', term: message.view });
  }

  /** The primary begins the view, and everybody enters it. */
  beginView(message: NewView): void {
    const primary = this.primaryOf(message.view);
    this.promise(primary, { kind: 'new-view', message });
    this.send(primary, message);
    for (const replica of this.replicas) if (replica !== primary) this.enter(replica, message);
  }

  status(replica: number, stable: number, executed: number): void {
    this.send(replica, {
      kind: 'Status',
      view: 0,
      isActive: true,
      stable,
      executed,
      viewChanges: 0,
      helper: 0,
      slots: [],
      proof: proof(replica),
    });
  }

  get quorum(): number {
    return Math.ceil((this.servers + Math.floor((this.servers - 1) / 3) + 1) / 2);
  }

  backups(view: number): number[] {
    return this.replicas.filter((replica) => replica !== this.primaryOf(view));
  }
}
