/**
 * State transfer (OSDI 1999, §4.3: a replica that lacks messages before a stable checkpoint gets the state instead), part by
 * part along the partition tree (TOCS 2002, §5.3): each part is checked against the digest that a quorum has certified,
 * or that follows from it, as soon as it comes. Several replicas are asked at a time. A liar is found out by its first
 * lie, and costs no more than that; what is the same in the replica's own state is not asked for.
 *
 * A replica that has stood still for long takes a state that f + 1 have, of whom one is correct, though nobody can prove
 * that it is stable. Where a bare quorum is left, the others may have come to it before all of them lost power, and then
 * hold neither the proof of what led there nor a certificate, for which they lack the word of that very replica.
 */

import { plainBytes, type Plain, type ProcessId } from '../../kernel/index.js';
import { CheckpointState, type PlainState } from './checkpoint.js';
import {
  StatementType,
  type FetchState,
  type PbftMessage,
  type Sequence,
  type StableCertificate,
  type StateData,
  type StatePart,
} from './messages.js';
import { contentOf, isGenuine, type Expected } from './partition.js';
import type { Checkpointed } from './recovery.js';
import { ServedStates } from './served-states.js';
import { NOBODY, StateFetch, type FetchedPart } from './state-fetch.js';
import { PbftViewChange } from './view-change.js';
import { fetchStateDigest, stateDataDigest } from './wire.js';

/** Status ticks after which a part that has not come is asked for again, of another replica. */
const OVERDUE = 1;
/** Status ticks after which a replica that has said nothing is passed over. */
const PATIENCE = 2;
/** Parts that are asked for at a time. */
export const OUTSTANDING = 16;

/** The state after a batch, when it is there. */
interface CertifiedState {
  readonly certificate: StableCertificate;
  readonly state: CheckpointState | undefined;
}

/** Of a checkpoint that is known by the word of f + 1: there is nothing to show. */
export function withoutProofs({ sequence, digest }: Checkpointed): StableCertificate {
  return { sequence, digest, proofs: [] };
}

export abstract class PbftTransfer extends PbftViewChange {
  private fetching: StateFetch | undefined = undefined;
  /** Certificate of a fetched state that is on its way to the disk. */
  private placing: StableCertificate | undefined = undefined;
  /** What was executed at the last tick. */
  private executedBefore = 0;
  /** Ticks since it was more than at the one before. */
  private standstill = 0;
  private served = new ServedStates(this.members.length);

  // ---- asking ----

  /**
   * Whom the state may be fetched from: the members, and after them those of the configuration before. With the state
   * with which a configuration begins, those alone have it at first: all members may be new, or those that are not, faulty.
   */
  private holders: readonly ProcessId[] = this.members;

  /** Once a tick: begins to fetch when execution does not get on by itself, and turns to others in time. */
  protected watchTransfer(): void {
    this.served.expire(this.tick);
    const hasMoved = this.lastExecuted > this.executedBefore;
    this.executedBefore = this.lastExecuted;
    this.standstill = hasMoved ? 0 : this.standstill + 1;
    const { fetching } = this;
    if (fetching !== undefined && fetching.certificate.sequence <= this.lastExecuted)
      this.fetching = undefined;
    if (this.fetching !== undefined) this.askForMissing(this.fetching);
    else if (this.me >= 0 && this.aim.sequence > this.lastExecuted && !hasMoved && !this.isPlacingTarget())
      this.fetchTarget();
  }

  /** The state that is fetched when it is missing. */
  protected get aim(): StableCertificate {
    const { target } = this;
    const isProved = target.sequence > this.lastExecuted;
    return this.hasProofs && (isProved || !this.hasStoodStill()) ? target : this.latestOfCorrect();
  }

  /** For twice as long as it waits for any view: nothing else will come. */
  private hasStoodStill(): boolean {
    const { statusMicros, viewChangeMicrosMax } = this.settings;
    return this.standstill * statusMicros >= 2 * viewChangeMicrosMax;
  }

  /** True where a certificate proves something to others. */
  protected get hasProofs(): boolean {
    return true;
  }

  /** Right by the word of f + 1, and without the certificate that a stable one has. */
  private isUnproved({ proofs }: StableCertificate): boolean {
    return this.hasProofs && proofs.length === 0;
  }

  /**
   * The latest state that f + 1 have, and so one correct replica: it is right, whether or not it is stable. Not one
   * with which the configuration ends: the next one begins with its certificate.
   */
  private latestOfCorrect(): StableCertificate {
    const { weak } = this.quorum;
    let best = this.target;
    for (const message of this.checkpoints.flat()) {
      const { sequence, handover } = message;
      if (sequence <= best.sequence || sequence <= this.lastExecuted || handover !== undefined) continue;
      if (this.proofsOf(message, weak).length >= weak) best = withoutProofs(message);
    }
    return best;
  }

  private isPlacingTarget(): boolean {
    return this.placing !== undefined && this.placing.sequence >= this.aim.sequence;
  }

  /** Everybody is asked for the root: so everybody keeps the state while its parts are fetched. */
  private fetchTarget(): void {
    const { aim, me, fetching: earlier } = this;
    const sources = aim.sequence === this.begunAfter ? this.holders.length : this.members.length;
    const fetching = new StateFetch(aim, sources, me, this.stateToCompare(), earlier);
    this.fetching = fetching;
    if (fetching.missing(1).length === 0) {
      // It has been executed here tentatively, or nothing has changed since what is here.
      this.finish(fetching);
      return;
    }
    for (let source = 0; source < sources; source++) {
      if (source !== this.me) this.ask(fetching, source, [[]]);
    }
    for (const root of fetching.missing(1)) this.noteAsked(root, this.me);
  }

  /** What is the same in it need not be fetched. */
  protected stateToCompare(): Plain {
    return this.plainState();
  }

  private noteAsked(part: FetchedPart, source: number): void {
    part.askedOf = source;
    part.askedAt = this.tick;
  }

  /** Parts that nobody was asked for, or in vain: others are asked now. */
  private askForMissing(fetching: StateFetch): void {
    fetching.passOver(this.tick, PATIENCE, OUTSTANDING);
    if (!this.isLeft(fetching) && this.givesWay(fetching)) {
      this.fetchTarget();
      return;
    }
    const asks = new Map<number, (readonly number[])[]>();
    for (const part of fetching.missing(OUTSTANDING)) {
      if (part.askedOf !== NOBODY && this.tick - part.askedAt < OVERDUE) continue;
      const source = this.nextSource(fetching, part);
      if (source === undefined) {
        fetching.beginAgain();
        return;
      }
      this.noteAsked(part, source);
      const paths = asks.get(source);
      if (paths === undefined) asks.set(source, [part.path]);
      else paths.push(part.path);
    }
    for (const [source, paths] of asks) this.ask(fetching, source, paths);
  }

  /** Whoever was asked for it in vain is not asked again while there is another: it may say anything else, and not this. */
  private nextSource(fetching: StateFetch, { askedOf }: FetchedPart): number | undefined {
    const source = fetching.nextSource();
    if (source === undefined || source !== askedOf) return source;
    fetching.hasNone(source, OUTSTANDING);
    const other = fetching.nextSource();
    if (other !== undefined) return other;
    // Then all may be asked again, this one first: its answer may be lost, and nothing else.
    fetching.beginAgain();
    return source;
  }

  /** Where nobody need have it who is left, a later one will do, which more have; for an unproved one any other will. */
  private givesWay({ certificate }: StateFetch): boolean {
    const { sequence } = this.aim;
    if (sequence > certificate.sequence) return true;
    const isEarlier = sequence < certificate.sequence && sequence > this.lastExecuted;
    return isEarlier && this.isUnproved(certificate);
  }

  /** Of f + 1 that may have it one is correct: of the members, or of those that were members before. */
  private isLeft(fetching: StateFetch): boolean {
    const { length: members } = this.members;
    const { weak } = this.previous.quorum;
    return fetching.left(0, members) >= this.quorum.weak || fetching.left(members, fetching.sources) >= weak;
  }

  private ask(fetching: StateFetch, source: number, paths: readonly (readonly number[])[]): void {
    const { certificate } = fetching;
    fetching.ask(source, this.tick);
    const { sequence } = certificate;
    const place = { kind: 'FetchState', sequence, paths } as const;
    const body = this.isUnproved(certificate) ? { ...place, isUnproved: true as const } : place;
    const proof = this.prove(StatementType.fetchState, 0, sequence, fetchStateDigest(body));
    const message: FetchState = { ...body, proof };
    this.host.send(this.holders[source] as ProcessId, message);
  }

  /** True for one that is no member any more, but may have the state with which the configuration began. */
  protected isFormerHolder(process: ProcessId): boolean {
    return this.rankOf(process) < 0 && this.holders.includes(process);
  }

  // ---- answering ----

  protected onFetchState(from: ProcessId, message: FetchState): void {
    const { sequence, proof } = message;
    if (!this.verify(from, StatementType.fetchState, 0, sequence, fetchStateDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    if (!this.mayAnswer(this.rankOf(from))) return;
    const { certificate, state } = this.stateToServe(message);
    const served = this.served.find(this.rankOf(from), sequence, certificate, state, this.tick);
    if (served === undefined) return;
    if (served.certificate.sequence !== sequence) {
      this.sendPart(from, served.certificate, [], { shape: 'gone' });
      return;
    }
    for (const path of message.paths) {
      const part = this.served.part(served.state, path, this.settings.stateChunk);
      if (part === undefined) return;
      this.sendPart(from, served.certificate, path, part);
    }
  }

  /** One that this replica has said that it has, to who takes it; else that of the stable checkpoint, whichever is asked for. */
  private stateToServe({ sequence, isUnproved }: FetchState): CertifiedState {
    const isTaken = isUnproved || !this.hasProofs;
    if (isTaken && this.me >= 0 && sequence > this.stable.sequence) {
      const said = this.checkpointOf(this.me, sequence);
      const state = said && this.ownStates.find((own) => own.sequence === sequence);
      if (state !== undefined) return { certificate: withoutProofs(state), state };
    }
    return { certificate: this.stable, state: this.stableState };
  }

  /** False for a replica that has asked for too much: then no answer need be made. */
  protected abstract mayAnswer(rank: number): boolean;

  /** Sends what a replica has asked for. */
  protected abstract answer(rank: number, message: PbftMessage): void;

  /**
   * The certificate of the highest stable checkpoint that is known, alone; also by a replica that has not been there
   * itself. Liars may tell only those who are behind the digest of a checkpoint, and others another one: then nobody
   * else can prove to those who have the state that it is stable, and their windows would stay full.
   */
  protected sendHighestCertificate(to: ProcessId): void {
    this.sendPart(to, this.target, [], undefined);
  }

  protected sendPart(
    to: ProcessId,
    certificate: StableCertificate,
    path: readonly number[],
    part: StatePart | undefined,
  ): void {
    const body = { kind: 'StateData', certificate, path, part } as const;
    const digest = stateDataDigest(body);
    const proof = this.prove(StatementType.stateData, 0, certificate.sequence, digest);
    const message: StateData = { ...body, proof };
    this.answer(this.rankOf(to), message);
  }

  // ---- receiving ----

  protected onStateData(from: ProcessId, message: StateData): void {
    const { certificate, proof } = message;
    const { sequence } = certificate;
    if (sequence <= this.lastExecuted && sequence <= this.window.low) return;
    if (!this.verify(from, StatementType.stateData, 0, sequence, stateDataDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    if (sequence > this.target.sequence) {
      if (this.isStableElsewhere(from, message)) this.aimAt(certificate);
      else if (!this.isFetchedUnproved(sequence) && sequence > this.aim.sequence) {
        this.reject('bad certificate');
        return;
      }
    }
    if (this.fetching !== undefined) this.takeStatePart(this.fetching, from, message);
  }

  /** True when the certificate, as this replica shows it, is proved. */
  protected isStableElsewhere(_from: ProcessId, { certificate }: StateData): boolean {
    return this.isStable(certificate);
  }

  /** It is on its way: what was said of it was enough, whatever has been said since. */
  private isFetchedUnproved(sequence: Sequence): boolean {
    const certificate = this.fetching?.certificate;
    return certificate?.sequence === sequence && this.isUnproved(certificate);
  }

  private takeStatePart(fetching: StateFetch, from: ProcessId, { certificate, path, part }: StateData): void {
    const source = this.holders.indexOf(from);
    if (source >= fetching.sources) return;
    const { sequence } = fetching.certificate;
    const missing = certificate.sequence === sequence ? fetching.missingAt(path) : undefined;
    if (part?.shape === 'gone') {
      // Else it answers what was asked before, about an earlier state.
      if (certificate.sequence > sequence) fetching.hasNone(source, OUTSTANDING);
    } else if (certificate.sequence === sequence && part !== undefined) {
      fetching.hear(source);
      if (missing === undefined) return;
      const content = contentOf(part);
      if (this.isGenuine(part, missing.expected, content)) missing.take(part, content);
      else {
        this.reject('a part that is not of its digest');
        fetching.disbelieve(source, OUTSTANDING);
      }
    }
    if (fetching.missing(1).length === 0) this.finish(fetching);
    else this.askForMissing(fetching);
  }

  protected isGenuine(part: StatePart, expected: Expected, content: Plain | undefined): boolean {
    return isGenuine(part, expected, content);
  }

  /** All of it is there, and is what was certified. */
  private finish(fetching: StateFetch): void {
    const { certificate } = fetching;
    const state = fetching.whole() as unknown as PlainState & Plain;
    this.fetching = undefined;
    this.placing = certificate;
    const { sequence, digest } = certificate;
    this.store.save(new CheckpointState(sequence, state, digest, plainBytes(state)), true);
  }

  protected override install(checkpoint: CheckpointState): void {
    const { placing } = this;
    if (placing?.sequence !== checkpoint.sequence) return;
    this.placing = undefined;
    if (checkpoint.sequence > this.lastExecuted) this.adoptState(checkpoint, true);
    if (checkpoint.sequence > this.window.low) {
      if (!this.ownStates.some(({ sequence }) => sequence === checkpoint.sequence))
        this.ownStates.push(checkpoint);
      if (placing.sequence <= this.target.sequence && !this.isUnproved(placing)) {
        this.stabilise(placing);
        this.windowMoved();
      } else {
        // A start begins at the stable one, or at an older one if this is damaged.
        this.promiseDecided(checkpoint);
        // It, or one before it, may be known to be stable by now.
        if (this.isUnproved(placing)) this.tryStabilise();
        if (this.isPrimary()) this.propose();
      }
    } else if (checkpoint.sequence === this.stable.sequence) this.stableState ??= checkpoint;
    this.executeReady();
    this.watchProgress();
  }

  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.fetching = undefined;
    this.placing = undefined;
    this.served = new ServedStates(this.members.length);
    const former = this.previous.processes.filter((process) => !this.members.includes(process));
    this.holders = [...this.members, ...former];
  }

  protected override copyFrom(other: PbftTransfer): void {
    super.copyFrom(other);
    this.fetching = other.fetching?.clone();
    this.placing = other.placing;
    this.executedBefore = other.executedBefore;
    this.standstill = other.standstill;
    this.served = other.served.clone();
    this.holders = other.holders;
  }

  protected encodeTransfer(): Plain {
    const { fetching, placing, executedBefore, standstill, served } = this;
    return {
      fetching: fetching?.encode(OUTSTANDING) ?? null,
      placing: placing?.sequence ?? 0,
      executedBefore,
      standstill,
      served: served.encode(),
    };
  }
}
