/**
 * State transfer, the simple way (OSDI 1999, §4.3: a replica that lacks messages before a stable checkpoint gets the
 * state instead): the whole text of the state, piece by piece, from one replica after another, until it has the digest
 * that a quorum has certified. What a liar sends is found out at the end, and the next one is asked.
 *
 * Left out: parts of the state with digests of their own, so that only what differs is fetched (TOCS 2002, §5.3).
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import { CheckpointState, stateDigest, type PlainState } from './checkpoint.js';
import { StatementType, type FetchState, type StableCertificate, type StateData } from './messages.js';
import { PbftViewChange } from './view-change.js';
import { fetchStateDigest, stateDataDigest } from './wire.js';

/** Status ticks without a piece after which another replica is asked. */
const PATIENCE = 2;

/** A state that is being fetched. */
interface Fetching {
  readonly certificate: StableCertificate;
  /** Number of the replica that is asked. */
  source: number;
  readonly pieces: string[];
  received: number;
  /** Tick of the last piece, or of the last change of source. */
  tick: number;
}

export abstract class PbftTransfer extends PbftViewChange {
  private fetching: Fetching | undefined = undefined;
  /** Certificate of a fetched state that is on its way to the disk. */
  private placing: StableCertificate | undefined = undefined;
  /** What was executed at the last tick. */
  private executedBefore = 0;

  // ---- asking ----

  /** Once a tick: begins to fetch when execution does not get on by itself, and turns to others in time. */
  protected watchTransfer(): void {
    const hasMoved = this.lastExecuted > this.executedBefore;
    this.executedBefore = this.lastExecuted;
    const { fetching } = this;
    if (fetching !== undefined && fetching.certificate.sequence <= this.lastExecuted)
      this.fetching = undefined;
    if (this.target.sequence <= this.lastExecuted || hasMoved || this.isPlacingTarget()) return;
    if (this.fetching === undefined) this.fetch(this.target, this.me);
    else if (this.tick - this.fetching.tick >= PATIENCE) this.askNext(this.fetching);
  }

  private isPlacingTarget(): boolean {
    return this.placing !== undefined && this.placing.sequence >= this.target.sequence;
  }

  private fetch(certificate: StableCertificate, after: number): void {
    this.fetching = { certificate, source: after, pieces: [], received: 0, tick: this.tick };
    this.askNext(this.fetching);
  }

  private askNext(fetching: Fetching): void {
    fetching.source = (fetching.source + 1) % this.members.length;
    if (fetching.source === this.me) fetching.source = (fetching.source + 1) % this.members.length;
    fetching.tick = this.tick;
    this.ask(fetching);
  }

  private ask({ certificate, source, received }: Fetching): void {
    const body = { kind: 'FetchState', sequence: certificate.sequence, offset: received } as const;
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
    const { stableState } = this;
    if (stableState === undefined || stableState.sequence < sequence) return;
    const { text } = stableState;
    const offset = stableState.sequence === sequence ? Math.min(message.offset, text.length) : 0;
    const piece = text.slice(offset, offset + this.settings.stateChunk);
    this.sendState(from, offset, text.length, piece);
  }

  /** A piece of the state at the stable checkpoint; of size 0 and without text: only the certificate. */
  protected sendState(to: ProcessId, offset: number, size: number, text: string): void {
    const body = { kind: 'StateData', certificate: this.stable, offset, size, text } as const;
    const { sequence } = this.stable;
    const proof = this.prove(StatementType.stateData, 0, sequence, stateDataDigest(body));
    const message: StateData = { ...body, proof };
    this.host.send(to, message);
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
      if (!this.isStable(certificate)) {
        this.reject('bad certificate');
        return;
      }
      this.aimAt(certificate);
    }
    if (size > 0) this.takePiece(from, message);
  }

  private takePiece(from: ProcessId, { certificate, offset, size, text }: StateData): void {
    const { fetching } = this;
    if (fetching === undefined || this.rankOf(from) !== fetching.source) return;
    const { sequence, digest } = this.target;
    if (certificate.sequence !== sequence || certificate.digest !== digest) return;
    if (fetching.certificate.sequence !== sequence) {
      // The source has moved on to a later checkpoint.
      this.fetch(this.target, fetching.source - 1);
      return;
    }
    if (offset !== fetching.received || text.length === 0) return;
    fetching.pieces.push(text);
    fetching.received += text.length;
    fetching.tick = this.tick;
    if (fetching.received < size) this.ask(fetching);
    else this.finish(fetching);
  }

  /** All of it is there: it is what was certified, or the source has lied. */
  private finish({ certificate, source, pieces }: Fetching): void {
    this.fetching = undefined;
    const state = this.readState(pieces.join(''), certificate);
    if (state === undefined) {
      this.reject('a state that is not that of its certificate');
      this.fetch(certificate, source);
      return;
    }
    this.placing = certificate;
    this.store.save(state, true);
  }

  /** The state that this text says, when it has the certified digest. */
  protected readState(text: string, { sequence, digest }: StableCertificate): CheckpointState | undefined {
    const state = parse(text);
    if (state === undefined || stateDigest(state) !== digest) return undefined;
    return new CheckpointState(sequence, state as PlainState & Plain, digest, text.length);
  }

  protected override install(checkpoint: CheckpointState): void {
    const { placing } = this;
    if (placing?.sequence !== checkpoint.sequence) return;
    this.placing = undefined;
    if (checkpoint.sequence > this.lastExecuted) this.adoptState(checkpoint, true);
    if (checkpoint.sequence > this.window.low) {
      this.ownStates = [checkpoint];
      this.stabilise(placing);
      this.windowMoved();
    } else if (checkpoint.sequence === this.stable.sequence) this.stableState ??= checkpoint;
    this.executeReady();
    this.watchProgress();
  }

  protected override copyFrom(other: PbftTransfer): void {
    super.copyFrom(other);
    this.fetching = other.fetching && { ...other.fetching, pieces: other.fetching.pieces.slice() };
    this.placing = other.placing;
    this.executedBefore = other.executedBefore;
  }

  protected encodeTransfer(): Plain {
    const { fetching, placing, executedBefore } = this;
    return {
      fetching:
        fetching === undefined
          ? null
          : [fetching.certificate.sequence, fetching.source, fetching.received, fetching.tick],
      placing: placing?.sequence ?? 0,
      executedBefore,
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
