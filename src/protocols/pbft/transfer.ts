/**
 * State transfer, the simple way (OSDI 1999, §4.3: a replica that lacks messages before a stable checkpoint gets the
 * state instead): the whole text of the state, piece by piece, from one replica after another, until it has the digest
 * that a quorum has certified. What a liar sends is found out at the end, and the next one is asked.
 *
 * Left out: parts of the state with digests of their own, so that only what differs is fetched (TOCS 2002, §5.3).
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import { CheckpointState, receivedDigest, type PlainState } from './checkpoint.js';
import {
  StatementType,
  type FetchState,
  type PbftMessage,
  type Sequence,
  type StableCertificate,
  type StateData,
} from './messages.js';
import { StateFetch } from './state-fetch.js';
import { PbftViewChange } from './view-change.js';
import { fetchStateDigest, stateDataDigest } from './wire.js';

/** Status ticks without a piece after which another replica is asked. */
const PATIENCE = 2;
/** Pieces that are asked for at a time. */
const BURST = 8;
/** Status ticks for which a state is kept that somebody fetches. */
const KEPT = 20;

/** A state that others fetch. */
interface Served {
  readonly certificate: StableCertificate;
  readonly state: CheckpointState;
  /** Tick at which a piece was last asked for. */
  readonly tick: number;
}

export abstract class PbftTransfer extends PbftViewChange {
  private fetching: StateFetch | undefined = undefined;
  /** Certificate of a fetched state that is on its way to the disk. */
  private placing: StableCertificate | undefined = undefined;
  /** What was executed at the last tick. */
  private executedBefore = 0;
  /** The state that was asked for last; kept while it is, though the stable checkpoint moves on. */
  private served: Served | undefined = undefined;

  // ---- asking ----

  /** Once a tick: begins to fetch when execution does not get on by itself, and turns to others in time. */
  protected watchTransfer(): void {
    const hasMoved = this.lastExecuted > this.executedBefore;
    this.executedBefore = this.lastExecuted;
    const { fetching } = this;
    if (fetching !== undefined && fetching.certificate.sequence <= this.lastExecuted)
      this.fetching = undefined;
    if (this.fetching !== undefined) this.askAgain(this.fetching);
    else if (this.target.sequence > this.lastExecuted && !hasMoved && !this.isPlacingTarget())
      this.fetchTarget();
  }

  private isPlacingTarget(): boolean {
    return this.placing !== undefined && this.placing.sequence >= this.target.sequence;
  }

  private fetchTarget(): void {
    this.fetching = new StateFetch(this.target, this.members.length, this.me, this.tick);
    this.ask(this.fetching);
  }

  private askAgain(fetching: StateFetch): void {
    if (this.tick - fetching.tick >= PATIENCE) {
      fetching.turn();
      fetching.tick = this.tick;
    }
    this.ask(fetching);
  }

  private ask({ certificate, source, firstMissing }: StateFetch): void {
    const offset = firstMissing * this.settings.stateChunk;
    const body = { kind: 'FetchState', sequence: certificate.sequence, offset } as const;
    const digest = fetchStateDigest(body);
    const message: FetchState = {
      ...body,
      proof: this.prove(StatementType.fetchState, 0, body.sequence, digest),
    };
    this.host.send(this.members[source] as ProcessId, message);
  }

  // ---- answering ----

  protected onFetchState(from: ProcessId, message: FetchState): void {
    const { sequence, proof } = message;
    if (!this.verify(from, StatementType.fetchState, 0, sequence, fetchStateDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    const served = this.stateToServe(sequence);
    if (served === undefined) return;
    const { stateChunk } = this.settings;
    const { text } = served.state;
    const first = served.certificate.sequence === sequence ? message.offset : 0;
    for (let i = 0; i < BURST; i++) {
      const offset = first + i * stateChunk;
      if (offset >= text.length) return;
      this.sendPiece(from, served.certificate, offset, text.length, text.slice(offset, offset + stateChunk));
    }
  }

  /** The state asked for, when it is stable here or was until lately; else a later one. */
  private stateToServe(sequence: Sequence): Served | undefined {
    const { served, stableState, stable, tick } = this;
    if (served?.certificate.sequence === sequence) {
      this.served = { ...served, tick };
      return this.served;
    }
    if (stableState === undefined || stable.sequence < sequence) return undefined;
    const latest = { certificate: stable, state: stableState, tick };
    if (served === undefined || tick - served.tick > KEPT) this.served = latest;
    return latest;
  }

  /** Sends what a replica has asked for. */
  protected abstract answer(rank: number, message: PbftMessage): void;

  /**
   * The certificate of the highest stable checkpoint that is known, alone; also by a replica that has not been there
   * itself. Liars may tell only those who are behind the digest of a checkpoint, and others another one: then nobody
   * else can prove to those who have the state that it is stable, and their windows would stay full.
   */
  protected sendHighestCertificate(to: ProcessId): void {
    this.sendPiece(to, this.target, 0, 0, '');
  }

  protected sendPiece(
    to: ProcessId,
    certificate: StableCertificate,
    offset: number,
    size: number,
    text: string,
  ): void {
    const body = { kind: 'StateData', certificate, offset, size, text } as const;
    const digest = stateDataDigest(body);
    const proof = this.prove(StatementType.stateData, 0, certificate.sequence, digest);
    const message: StateData = { ...body, proof };
    this.answer(this.rankOf(to), message);
  }

  // ---- receiving ----

  protected onStateData(from: ProcessId, message: StateData): void {
    const { certificate, size, proof } = message;
    const { sequence } = certificate;
    if (sequence <= this.lastExecuted && sequence <= this.window.low) return;
    if (!this.verify(from, StatementType.stateData, 0, sequence, stateDataDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    if (sequence > this.target.sequence) {
      if (!this.isStableElsewhere(from, certificate)) {
        this.reject('bad certificate');
        return;
      }
      this.aimAt(certificate);
    }
    if (size > 0 && this.fetching?.source === this.rankOf(from)) this.takePiece(this.fetching, message);
  }

  /** True when the certificate, as this replica shows it, is proved. */
  protected isStableElsewhere(_from: ProcessId, certificate: StableCertificate): boolean {
    return this.isStable(certificate);
  }

  private takePiece(fetching: StateFetch, { certificate, offset, size, text }: StateData): void {
    const { stateChunk } = this.settings;
    const { sequence } = fetching.certificate;
    if (certificate.sequence !== sequence) {
      // The source has it no more, but a later one.
      if (certificate.sequence > sequence && this.target.sequence > sequence) this.fetchTarget();
      return;
    }
    if (!fetching.take(offset, size, text, stateChunk)) {
      this.reject('a piece of another size');
      return;
    }
    fetching.tick = this.tick;
    if (fetching.isComplete(stateChunk)) this.finish(fetching);
    else if ((offset / stateChunk + 1) % BURST === 0) this.ask(fetching);
  }

  /** All of it is there: it is what was certified, or somebody has lied. */
  private finish(fetching: StateFetch): void {
    const state = this.readState(fetching.text, fetching.certificate);
    if (state === undefined) {
      this.reject('a state that is not that of its certificate');
      fetching.disbelieve();
      this.ask(fetching);
      return;
    }
    this.fetching = undefined;
    this.placing = fetching.certificate;
    this.store.save(state, true);
  }

  /** The state that this text says, when it has the certified digest. */
  protected readState(text: string, { sequence, digest }: StableCertificate): CheckpointState | undefined {
    const state = parse(text);
    if (state === undefined || receivedDigest(state) !== digest) return undefined;
    return new CheckpointState(sequence, state as PlainState & Plain, digest, text.length);
  }

  protected override install(checkpoint: CheckpointState): void {
    const { placing } = this;
    if (placing?.sequence !== checkpoint.sequence) return;
    this.placing = undefined;
    if (checkpoint.sequence > this.lastExecuted) this.adoptState(checkpoint, true);
    if (checkpoint.sequence > this.window.low) {
      if (!this.ownStates.some(({ sequence }) => sequence === checkpoint.sequence))
        this.ownStates.push(checkpoint);
      this.stabilise(placing);
      this.windowMoved();
    } else if (checkpoint.sequence === this.stable.sequence) this.stableState ??= checkpoint;
    this.executeReady();
    this.watchProgress();
  }

  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.fetching = undefined;
    this.placing = undefined;
  }

  protected override copyFrom(other: PbftTransfer): void {
    super.copyFrom(other);
    this.fetching = other.fetching?.clone();
    this.placing = other.placing;
    this.executedBefore = other.executedBefore;
    this.served = other.served;
  }

  protected encodeTransfer(): Plain {
    const { fetching, placing, executedBefore, served } = this;
    return {
      fetching: fetching?.encode() ?? null,
      placing: placing?.sequence ?? 0,
      executedBefore,
      served: served === undefined ? null : [served.certificate.sequence, served.tick],
    };
  }
}

/** Undefined: it is no JSON, so it is not what was certified. */
function parse(text: string): Plain | undefined {
  try {
    return JSON.parse(text) as Plain;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
