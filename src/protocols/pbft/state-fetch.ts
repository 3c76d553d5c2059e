/**
 * A state on its way from other replicas: its pieces, and who is asked for them. What a liar sends is found out when
 * all pieces are there; from then on no pieces of different sources are put together.
 */

import { hashPlain, type Plain } from '../../kernel/index.js';
import type { StableCertificate } from './messages.js';

export class StateFetch {
  /** By number: the pieces that are there. */
  private pieces: (string | undefined)[] = [];
  /** Pieces that are there. */
  private received = 0;
  /** Characters of the whole text, as `sizeFrom` says; 0 before the first piece. */
  private size = 0;
  private sizeFrom = -1;
  /** Number of the replica that is asked. */
  source: number;
  /** Replicas whose state was not that of its certificate. */
  private liars = 0;
  private hasBeenLiedTo = false;

  constructor(
    readonly certificate: StableCertificate,
    private readonly replicas: number,
    private readonly me: number,
    /** Tick of the last piece, or of the last change of source. */
    public tick: number,
  ) {
    this.source = me;
    this.turn();
  }

  /** Asks another replica from now on. */
  turn(): void {
    for (let i = 1; i <= this.replicas; i++) {
      const next = (this.source + i) % this.replicas;
      if (next === this.me || (this.liars & (1 << next)) !== 0) continue;
      this.source = next;
      break;
    }
    if (this.hasBeenLiedTo) this.clear();
  }

  /** Number of the first piece that is missing. */
  get firstMissing(): number {
    let number = 0;
    while (this.pieces[number] !== undefined) number++;
    return number;
  }

  isComplete(chunk: number): boolean {
    return this.size > 0 && this.received * chunk >= this.size;
  }

  /**
   * Takes a piece of `chunk` characters, or the last one, from the present source. False: no correct replica
   * would have sent it.
   */
  take(offset: number, size: number, text: string, chunk: number): boolean {
    if (offset % chunk !== 0 || text.length !== Math.min(chunk, size - offset)) return false;
    if (size !== this.size) {
      if (this.sizeFrom === this.source) return false;
      this.clear();
      this.size = size;
      this.sizeFrom = this.source;
    }
    const number = offset / chunk;
    if (this.pieces[number] !== undefined) return true;
    this.pieces[number] = text;
    this.received++;
    return true;
  }

  /** The whole text. Call when complete. */
  get text(): string {
    return this.pieces.join('');
  }

  /** It was not the state of its certificate: begins again with another source. */
  disbelieve(): void {
    // Whoever sent all of it has lied; else it is not known who.
    if (this.hasBeenLiedTo) this.liars |= 1 << this.source;
    this.hasBeenLiedTo = true;
    this.turn();
  }

  private clear(): void {
    this.pieces = [];
    this.received = 0;
    this.size = 0;
    this.sizeFrom = -1;
  }

  clone(): StateFetch {
    const copy = new StateFetch(this.certificate, this.replicas, this.me, this.tick);
    copy.pieces = this.pieces.slice();
    copy.received = this.received;
    copy.size = this.size;
    copy.sizeFrom = this.sizeFrom;
    copy.source = this.source;
    copy.liars = this.liars;
    copy.hasBeenLiedTo = this.hasBeenLiedTo;
    return copy;
  }

  encode(): Plain {
    const { certificate, pieces, received, size, sizeFrom, source, liars, hasBeenLiedTo, tick } = this;
    const content = hashPlain(pieces);
    return [certificate.sequence, received, content, size, sizeFrom, source, liars, hasBeenLiedTo, tick];
  }
}
