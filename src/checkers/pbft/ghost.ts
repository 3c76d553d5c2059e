/**
 * Ghost of a PBFT run: what an all-seeing observer knows of every replica, kept up to date by PbftCheckers and read
 * by the checkers. What was said is known from the network tap, what was promised from the disk tap; a replica's own
 * account is believed of nothing but its view and what it executes.
 *
 * Sets of replicas are sets of processes; who takes part, the configurations say. A faulty one may say anything: of it
 * nothing is kept. A long run forgets from below: what is behind every replica's stable checkpoint.
 *
 * Source: Castro and Liskov, OSDI 1999, §4; the history is that of Castro's thesis (MIT-LCS-TR-817, 2001), chapter 4.
 */

import { mix32, type DiskImage, type Message, type ProcessId } from '../../kernel/index.js';
import {
  configurationOf,
  sizeOf,
  type Proofs,
  type Sequence,
  type View,
} from '../../protocols/pbft/index.js';
import type { RunGhost } from '../any/ghost.js';
import { processName } from '../names.js';
import { Configurations } from './configurations.js';
import { DiskGhost } from './disk-ghost.js';
import { IssuedRequests } from './issued-requests.js';
import { Places, type Ballot, type PlaceGhost } from './places.js';
import type { QuorumSizes } from './quorum.js';
import { RecoveryGhost } from './recovery-ghost.js';
import { SaidOfViews } from './said-of-views.js';
import { CheckpointsGhost } from './checkpoints-ghost.js';

/** A batch that is executed and not committed. */
export interface TentativePlace {
  readonly sequence: Sequence;
  readonly view: View;
  readonly digest: number;
}

/** What is known of one replica. */
export class ReplicaGhost {
  constructor(public disk = new DiskGhost()) {}

  /** How often its disk was formatted anew: who it is. */
  generation = 0;
  /** How often it was faulty and recovered, as of its latest start. */
  timesHealed = 0;
  /** As it reports it in this incarnation. */
  view: View = 0;
  /** It has bound itself to views from this one on, by what it has sent, over all time of this generation. */
  boundTo: View = 0;
  /** Of the view change that it sent last, and of the new view that it sent last as its primary; 0: none. */
  leftFor: View = 0;
  leftDigest = 0;
  /** The view change that it left for before it lost its memory: it binds nobody, and others may still rest on it. */
  forgottenFor: View = 0;
  /** What others may rest on, whether it remembers or not. */
  viewChanges = new SaidOfViews();
  newViews = new SaidOfViews();
  begun: View = 0;
  begunDigest = 0;
  /** What it has said of itself in this incarnation: low watermark and last executed. */
  saidStable: Sequence = 0;
  saidExecuted: Sequence = 0;
  /** The last batch that it executed in this incarnation; 0: none, or its state came from elsewhere since. */
  executed: Sequence = 0;
  /** Position of the last record of its journal that is durable with all before it; -1: not known. */
  journalled = -1;
  /** Records on its disk were damaged at rest since it started: the ghost has what was there before. */
  isDamaged = false;
  /** Records were, or its disk was formatted anew, since it last trusted its disk at a start, or started and regained trust. */
  hasLost = false;
  /** False while it has lost what its disk had promised, and says so: then the ghost of its disk need not be its own. */
  isTrusted = true;
  /** Digest of its service after its last execution, where that is known. */
  serviceDigest = 0;
  hasServiceDigest = false;
  /** What it executes tentatively in this incarnation, and what it did so last, taken back or not. */
  tentative: TentativePlace | undefined = undefined;
  lastTentative: TentativePlace | undefined = undefined;
  /** The view in which that was decided; and up to where it has executed or installed in this incarnation. */
  executedIn: View = 0;
  hasUpTo: Sequence = 0;
  /** Number of the newest journal whose beginning is durable. */
  journal = 0;
  /** The file of the record that became durable last, and the number of the journal that it is; 0: none. */
  file = '';
  fileJournal = 0;
  /** The message judged last: a broadcast comes by once per receiver. */
  judged: Message | undefined = undefined;
  /**
   * Views that it has left for, one after another, once progress was due, while it executed nothing and nobody did so in
   * these views; and the most.
   */
  fruitlessViews = 0;
  fruitlessViewsMost = 0;
  /** Number of the recovery in the view change that it sent last. */
  leftInRecovery = 0;
  recovery = new RecoveryGhost();

  /** What it said before it lost its memory binds it no more: see the properties that say so. */
  forgive(): void {
    this.forgottenFor = Math.max(this.forgottenFor, this.leftFor);
    this.boundTo = 0;
    this.leftFor = 0;
    this.leftDigest = 0;
  }

  /** It has left for this view or a later one, whether it remembers or not. */
  hasLeftFor(view: View): boolean {
    return this.leftFor >= view || this.forgottenFor >= view;
  }

  clone(): ReplicaGhost {
    const disk = this.disk.clone();
    const recovery = this.recovery.clone();
    const viewChanges = this.viewChanges.clone();
    const newViews = this.newViews.clone();
    return Object.assign(new ReplicaGhost(disk), this, { disk, recovery, viewChanges, newViews });
  }
}

export class PbftGhost {
  places = new Places();
  checkpoints = new CheckpointsGhost();
  issued = new IssuedRequests();
  configurations: Configurations;
  /** The new view whose choices were judged last. */
  judgedNewView: Message | undefined = undefined;
  /** The latest view in which a batch was executed, by whichever correct replica. */
  fruitfulView: View = 0;

  constructor(
    readonly run: RunGhost,
    /** Of the first configuration. */
    quorum: QuorumSizes,
    /** L. */
    readonly window: number,
    /** How often the view-change time-out can double before it reaches its cap. */
    readonly doublings: number,
    /** How replicas prove what they say. */
    readonly proofs: Proofs = 'signatures',
    readonly replicas = Array.from({ length: run.servers }, () => new ReplicaGhost()),
  ) {
    this.configurations = new Configurations(quorum);
  }

  /** For messages. */
  name(process: ProcessId): string {
    return processName(process, this.run.servers);
  }

  /** The replica that this process is; undefined for one that is none, or is faulty. */
  replica(process: ProcessId): ReplicaGhost | undefined {
    return this.isFaulty(process) ? undefined : this.replicas[process];
  }

  isFaulty(process: ProcessId): boolean {
    return this.run.isFaulty(process);
  }

  /** It is faulty, or was so before it recovered: what it said then was not heard. */
  hasBeenFaulty(process: ProcessId): boolean {
    return this.isFaulty(process) || this.timesHealed(process) > 0;
  }

  /** It was faulty since its last start, and not watched: what it has comes to be known when it starts again. */
  isStale(process: ProcessId): boolean {
    return this.replicas[process]?.timesHealed !== this.timesHealed(process);
  }

  private timesHealed(process: ProcessId): number {
    const { context } = this.run;
    return context.timesHealed === undefined ? 0 : context.timesHealed(process);
  }

  primaryOf(view: View): number {
    return this.configurations.primaryOf(view);
  }

  /** Of the latest configuration. */
  get quorum(): QuorumSizes {
    return this.configurations.latest.quorum;
  }

  quorumOf(view: View): QuorumSizes {
    return this.configurations.ofView(view).quorum;
  }

  /** Those of a set that are not faulty. */
  correctOf(replicas: number): number {
    let correct = 0;
    for (let process = 0; process < this.replicas.length; process++) {
      if (!this.isFaulty(process)) correct |= replicas & (1 << process);
    }
    return correct;
  }

  /**
   * Those of a set that are not faulty; once some were, and have recovered, all of it: what those said was not heard, and
   * others may rest on it in place of the word of one that is faulty now.
   */
  heardOf(replicas: number): number {
    const { context } = this.run;
    for (let process = 0; context.timesHealed !== undefined && process < this.replicas.length; process++) {
      if (context.timesHealed(process) > 0) return replicas;
    }
    return this.correctOf(replicas);
  }

  /** True for a set that holds the correct part of every strong quorum of the view's configuration. */
  isCorrectPart(replicas: number, view: View): boolean {
    return sizeOf(replicas) >= this.quorumOf(view).correct;
  }

  /** True when in one view, whichever, the correct part of a quorum has spoken for this digest, as `speakers` has it. */
  isAgreedInSomeView(place: PlaceGhost, digest: number, speakers: (ballot: Ballot) => number): boolean {
    for (let i = 0; i < place.count; i++) {
      const ballot = place.ballots[i] as Ballot;
      if (ballot.digest === digest && this.isCorrectPart(this.heardOf(speakers(ballot)), ballot.view))
        return true;
    }
    return false;
  }

  /** Another configuration decides above this place: what an earlier one has decided there is executed by nobody. */
  gaveWay(boundary: Sequence, number: number): void {
    for (let sequence = boundary + 1; sequence <= this.places.highest; sequence++) {
      const place = this.places.at(sequence);
      if (place?.isDecided === true && configurationOf(place.decidedIn) < number) place.isDecided = false;
    }
  }

  /** By what it has sent, the replica has no part in views below this one. */
  bind(replica: ReplicaGhost, view: View): void {
    if (view > replica.boundTo) replica.boundTo = view;
  }

  /** Reads from the disk what is really there. */
  started(process: ProcessId, replica: ReplicaGhost, image: DiskImage): void {
    replica.disk = DiskGhost.of(image);
    this.retractLost(process, replica.disk);
    this.identify(replica, this.run.context.generation(process));
    const wasFaulty = this.isStale(process);
    this.heal(replica, this.timesHealed(process));
    replica.view = 0;
    replica.journal = 0;
    replica.journalled = replica.disk.lastRead;
    replica.saidStable = 0;
    replica.saidExecuted = 0;
    replica.executed = 0;
    replica.hasServiceDigest = false;
    replica.isDamaged = false;
    replica.tentative = undefined;
    replica.lastTentative = undefined;
    replica.hasUpTo = 0;
    replica.judged = undefined;
    replica.recovery.restart(wasFaulty, replica.disk.isRecovering);
  }

  /** While it was faulty it may have lost its memory, unseen: then it begins with what its disk has. */
  private heal(replica: ReplicaGhost, times: number): void {
    if (times === replica.timesHealed) return;
    replica.timesHealed = times;
    replica.forgive();
  }

  /** What another has said in its place does not bind it. */
  private identify(replica: ReplicaGhost, generation: number): void {
    if (generation === replica.generation) return;
    replica.generation = generation;
    replica.hasLost = true;
    replica.boundTo = 0;
  }

  /**
   * A certificate that a crash left on the disk behind a torn record does not count: recovery cuts there. One that
   * was told of in a commit had been synced.
   */
  private retractLost(process: ProcessId, disk: DiskGhost): void {
    const { places } = this;
    for (let sequence = places.floor + 1; sequence <= places.highest; sequence++) {
      places.at(sequence)?.retract(process, disk);
    }
  }

  /** A stable checkpoint is durable somewhere: forgets what is behind everybody's. */
  forget(): void {
    let floor = Infinity;
    for (const process of this.configurations.latest.members) {
      const replica = this.replica(process);
      if (replica !== undefined && replica.disk.stable < floor) floor = replica.disk.stable;
    }
    if (floor === Infinity) return;
    this.places.prune(floor);
    this.checkpoints.prune(this.places.floor);
  }

  /** Of what was said and executed; what is on the disks follows from the replicas. */
  hash(seed: number): number {
    let hash = this.places.hash(seed);
    for (const { boundTo, leftFor, leftDigest, begun, begunDigest, executed } of this.replicas) {
      hash = mix32(mix32(mix32(hash, boundTo), leftFor), leftDigest);
      hash = mix32(mix32(mix32(hash, begun), begunDigest), executed);
    }
    return mix32(hash, this.checkpoints.hash(seed));
  }

  clone(run: RunGhost): PbftGhost {
    const replicas = this.replicas.map((replica) => replica.clone());
    const { configurations, window, doublings, proofs } = this;
    const copy = new PbftGhost(run, configurations.first, window, doublings, proofs, replicas);
    copy.places = this.places.clone();
    copy.checkpoints = this.checkpoints.clone();
    copy.issued = this.issued.clone();
    copy.configurations = this.configurations.clone();
    copy.judgedNewView = this.judgedNewView;
    copy.fruitfulView = this.fruitfulView;
    return copy;
  }
}
