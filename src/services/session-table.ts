/**
 * The table of client sessions: found by client, and in the order of their latest execution, so that the one
 * that has done nothing for longest is at hand. What the sessions mean is in sessions.ts.
 */

import { assert, plainBytes, slide, type Micros, type ProcessId, type Result } from '../kernel/index.js';

/** Most results are replaced by later ones before anybody asks how large they are. */
const UNMEASURED = -1;

/** A sequence number and its result, in a snapshot. */
export type SessionRow = readonly [number, Result];

const NO_ROWS: readonly SessionRow[] = [];

/** One client's session. Results lie in rings: sequence s in place (s - 1) mod window. */
export class Session {
  /** Highest executed sequence. */
  highest: number;
  /** Commands at or below it are expired. Invariant: floor >= highest - window. */
  floor: number;
  /** Number of the session's latest execution, over all sessions. Invariant: no two sessions share one. */
  lastExecution: number;
  /** The log's time at the latest execution; 0 when sessions do not expire by time. */
  lastMicros: Micros;
  readonly sequences: number[];
  readonly results: Result[];
  /** Per place: sequence and result as a snapshot has them, made when one is asked for: most snapshots share most of them. */
  private readonly rows: (SessionRow | undefined)[];
  /** Those above the floor in the last snapshot, in order, and the highest sequence then. */
  private encoded: readonly SessionRow[];
  private encodedUpTo: number;
  /** Per place: bytes of the result, roughly; {@link UNMEASURED} until somebody asks. And of all that are measured. */
  private readonly sizes: number[];
  private measuredBytes: number;
  /** The places that are not measured. */
  private readonly unmeasured: number[];
  /** Neighbours in the order of the latest execution. */
  older: Session | undefined;
  newer: Session | undefined;

  constructor(
    readonly client: ProcessId,
    floor: number,
  ) {
    this.highest = 0;
    this.floor = floor;
    this.lastExecution = 0;
    this.lastMicros = 0;
    this.sequences = [];
    this.results = [];
    this.rows = [];
    this.encoded = NO_ROWS;
    this.encodedUpTo = 0;
    this.sizes = [];
    this.measuredBytes = 0;
    this.unmeasured = [];
    this.older = undefined;
    this.newer = undefined;
  }

  /** Keeps the result of a sequence in its place, instead of what was there. */
  keep(place: number, sequence: number, result: Result): void {
    const { sizes } = this;
    const before = sizes[place];
    this.sequences[place] = sequence;
    this.results[place] = result;
    this.rows[place] = undefined;
    if (sequence <= this.encodedUpTo) this.forgetEncoded();
    if (before === UNMEASURED) return;
    if (before !== undefined) this.measuredBytes -= before;
    sizes[place] = UNMEASURED;
    this.unmeasured.push(place);
  }

  /** The results above the floor, in order, as a snapshot has them; what lies below can never be answered again. */
  encodeResults(window: number): readonly SessionRow[] {
    const { encoded, encodedUpTo, floor, highest } = this;
    let dropped = 0;
    while (dropped < encoded.length && (encoded[dropped] as SessionRow)[0] <= floor) dropped++;
    if (dropped === 0 && encodedUpTo === highest) return encoded;
    this.encoded = slide(encoded, dropped, this.rowsAfter(Math.max(floor, encodedUpTo), window));
    this.encodedUpTo = highest;
    return this.encoded;
  }

  private rowsAfter(from: number, window: number): SessionRow[] {
    const rows: SessionRow[] = [];
    for (let sequence = from + 1; sequence <= this.highest; sequence++) {
      const place = (sequence - 1) % window;
      if (this.sequences[place] === sequence) rows.push(this.row(place));
    }
    return rows;
  }

  /** It has got one in the midst of it, or another one in the place of one of its own. */
  private forgetEncoded(): void {
    this.encoded = NO_ROWS;
    this.encodedUpTo = 0;
  }

  private row(place: number): SessionRow {
    return (this.rows[place] ??= [this.sequences[place] as number, this.results[place] as Result]);
  }

  /** Bytes of all results, roughly. */
  resultBytes(): number {
    const { sizes, unmeasured } = this;
    for (let i = 0; i < unmeasured.length; i++) {
      const place = unmeasured[i] as number;
      const size = plainBytes(this.results[place]);
      sizes[place] = size;
      this.measuredBytes += size;
    }
    unmeasured.length = 0;
    return this.measuredBytes;
  }

  /** A copy that is in no table. */
  clone(): Session {
    const copy = new Session(this.client, this.floor);
    copy.highest = this.highest;
    copy.lastExecution = this.lastExecution;
    copy.lastMicros = this.lastMicros;
    for (const sequence of this.sequences) copy.sequences.push(sequence);
    for (const result of this.results) copy.results.push(result);
    for (const row of this.rows) copy.rows.push(row);
    copy.encoded = this.encoded;
    copy.encodedUpTo = this.encodedUpTo;
    for (const size of this.sizes) copy.sizes.push(size);
    copy.measuredBytes = this.measuredBytes;
    for (const place of this.unmeasured) copy.unmeasured.push(place);
    return copy;
  }
}

export class SessionTable {
  private readonly byClient = new Map<ProcessId, Session>();
  private first: Session | undefined = undefined;
  private last: Session | undefined = undefined;

  get size(): number {
    return this.byClient.size;
  }

  /** The session that has executed nothing for longest; undefined when there is none. */
  get oldest(): Session | undefined {
    return this.first;
  }

  get(client: ProcessId): Session | undefined {
    return this.byClient.get(client);
  }

  /** Adds a session as the one that executed last. */
  add(session: Session): void {
    assert(!this.byClient.has(session.client), 'session table: a client has one session');
    this.byClient.set(session.client, session);
    this.append(session);
  }

  /** Makes a session of the table the one that executed last. */
  touch(session: Session): void {
    if (session === this.last) return;
    this.unlink(session);
    this.append(session);
  }

  remove(session: Session): void {
    this.byClient.delete(session.client);
    this.unlink(session);
  }

  clear(): void {
    this.byClient.clear();
    this.first = undefined;
    this.last = undefined;
  }

  /** All sessions, by client. */
  inOrder(): Session[] {
    return [...this.byClient.values()].sort((a, b) => a.client - b.client);
  }

  copyFrom(other: SessionTable): void {
    for (let session = other.first; session !== undefined; session = session.newer) this.add(session.clone());
  }

  private append(session: Session): void {
    session.older = this.last;
    session.newer = undefined;
    if (this.last === undefined) this.first = session;
    else this.last.newer = session;
    this.last = session;
  }

  private unlink(session: Session): void {
    const { older, newer } = session;
    if (older === undefined) this.first = newer;
    else older.newer = newer;
    if (newer === undefined) this.last = older;
    else newer.older = older;
  }
}
