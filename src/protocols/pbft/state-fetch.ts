/**
 * A state on its way from other replicas, part by part (TOCS 2002, §5.3). The root's digest is certified; of each
 * partition either its content comes, or the digests of its parts, and both are checked before anything is done with
 * them. So a lie costs one answer, whoever told it is not asked again, and what others have sent stays. What is the same
 * in a state that is here already is not asked for.
 *
 * Several replicas are asked at a time, each for other parts. Bounded: parts come to be known through digests that were
 * checked, so a liar adds nothing.
 */

import type { Plain } from '../../kernel/index.js';
import type { StableCertificate, StatePart } from './messages.js';
import {
  Partition,
  assemble,
  contentOf,
  expectedParts,
  rootOf,
  type Described,
  type Expected,
} from './partition.js';

/** Of a source: it has sent what is not of its digest; it does not answer, or has another state by now; it has sent something. */
const LIAR = 1;
const WITHOUT = 2;
const SHOWN = 4;
/** Nobody was asked for a part. */
export const NOBODY = -1;

/** What can be a partition. */
export type Genuine = Exclude<StatePart, { readonly shape: 'gone' }>;

/** A partition of the state that is fetched. */
export class FetchedPart {
  /** Its content, once that is here. */
  private value: Plain | undefined = undefined;
  /** How it was described, and its parts, once they are known. */
  private described: Described | undefined = undefined;
  parts: FetchedPart[] = [];
  /** Number of the replica that was asked for it last, and at which tick. */
  askedOf = NOBODY;
  askedAt = 0;

  /** What is at the same place in a state that is here, and in one that was being fetched before this one. */
  constructor(
    readonly path: readonly number[],
    readonly expected: Expected,
    private base: Partition | undefined,
    private earlier: FetchedPart | undefined,
  ) {}

  /** It is only looked at from now on. */
  retire(): void {
    this.base = undefined;
    this.earlier = undefined;
    for (const part of this.parts) part.retire();
  }

  /** Takes what is the same there. */
  lookUp(): void {
    const { base, earlier, expected } = this;
    if (base !== undefined && base.kind === expected.kind && base.digest === expected.digest) {
      this.value = base.value;
    } else if (earlier !== undefined && isSame(earlier.expected, expected)) {
      this.takeFrom(earlier);
    }
  }

  private takeFrom(other: FetchedPart): void {
    this.value = other.value;
    this.described = other.described;
    this.parts = other.parts.map((part) => part.clone());
  }

  get isMissing(): boolean {
    return this.value === undefined && this.described === undefined;
  }

  get isHere(): boolean {
    return this.value !== undefined;
  }

  /** Takes what was checked, and has this content. */
  take(part: Genuine, content = contentOf(part)): void {
    if (part.shape === 'whole') {
      this.value = content;
      return;
    }
    this.described = part;
    const { base, earlier } = this;
    const bases = base?.parts ?? [];
    this.parts = expectedParts(part, this.expected.count).map((expected, number) => {
      const each = new FetchedPart([...this.path, number], expected, bases[number], earlier?.parts[number]);
      each.lookUp();
      return each;
    });
  }

  /** The partition, when nothing of it is missing. */
  whole(): Plain {
    const { described, value } = this;
    if (described === undefined || value !== undefined) return value as Plain;
    const values = this.parts.map((part) => part.whole());
    return assemble(described, this.expected.count, values);
  }

  clone(): FetchedPart {
    const copy = new FetchedPart(this.path, this.expected, this.base, this.earlier);
    copy.takeFrom(this);
    copy.askedOf = this.askedOf;
    copy.askedAt = this.askedAt;
    return copy;
  }
}

export class StateFetch {
  private root: FetchedPart;
  /** By source: what is known of it, {@link LIAR}, {@link WITHOUT} and {@link SHOWN}. */
  private readonly known: Uint8Array;
  /** By source: the tick at which it was first asked for something since it was heard of last; -1: it was not. */
  private readonly waitingSince: number[];
  private lastSource: number;

  constructor(
    readonly certificate: StableCertificate,
    /** How many can be asked, numbered from 0. */
    readonly sources: number,
    /** Number of this replica among them; -1: it is none of them. */
    private readonly me: number,
    /** A state that is here: what is the same in it is not fetched. */
    base: Plain,
    /** What was being fetched before: what has come of that is not fetched again. */
    earlier: StateFetch | undefined,
  ) {
    const root = new Partition('state', base);
    earlier?.root.retire();
    this.root = new FetchedPart([], rootOf(certificate.digest), root, earlier?.root);
    this.root.lookUp();
    this.known = new Uint8Array(sources);
    this.waitingSince = new Array<number>(sources).fill(-1);
    this.lastSource = me;
  }

  /** Parts that are known by their digests alone, in their order: at most so many. */
  missing(most: number): FetchedPart[] {
    const found: FetchedPart[] = [];
    collect(this.root, found, most);
    return found;
  }

  /** The part with this path, while it is missing. */
  missingAt(path: readonly number[]): FetchedPart | undefined {
    let part: FetchedPart | undefined = this.root;
    for (const number of path) part = part?.parts[number];
    return part?.isMissing === true ? part : undefined;
  }

  /** The state. Call when nothing is missing. */
  whole(): Plain {
    return this.root.whole();
  }

  /** It is asked for something. */
  ask(source: number, tick: number): void {
    if (this.waitingSince[source] === -1) this.waitingSince[source] = tick;
  }

  /** Something of this state has come from it. What else it was asked for, or its answer, may be lost all the same. */
  hear(source: number): void {
    this.waitingSince[source] = -1;
    this.note(source, SHOWN);
  }

  /** Those that have said nothing at all for so many ticks since they were asked are not asked any more. */
  passOver(tick: number, patience: number, most: number): void {
    for (let source = 0; source < this.sources; source++) {
      const since = this.waitingSince[source] as number;
      if (since >= 0 && tick - since >= patience) this.hasNone(source, most);
    }
  }

  /** How many of those with these numbers may have it. */
  left(from: number, to: number): number {
    let count = 0;
    for (let source = from; source < to; source++) if (this.mayHaveIt(source)) count++;
    return count;
  }

  private mayHaveIt(source: number): boolean {
    return source !== this.me && !this.is(source, LIAR | WITHOUT);
  }

  private is(source: number, what: number): boolean {
    return ((this.known[source] as number) & what) !== 0;
  }

  private note(source: number, what: number): void {
    this.known[source] = (this.known[source] as number) | what;
  }

  /**
   * Whom to ask next: one after another of those that have shown that they have it, or, where nobody is left of them, of
   * those that may; undefined: nobody may. Some lag behind themselves and do not answer; each would cost its time.
   */
  nextSource(): number | undefined {
    return this.nextAmong(true) ?? this.nextAmong(false);
  }

  private nextAmong(haveShown: boolean): number | undefined {
    const { sources } = this;
    for (let i = 1; i <= sources; i++) {
      const next = (this.lastSource + i) % sources;
      if (!this.mayHaveIt(next) || (haveShown && !this.is(next, SHOWN))) continue;
      this.lastSource = next;
      return next;
    }
    return undefined;
  }

  /** What this replica was asked for, others are asked for. */
  disbelieve(source: number, most: number): void {
    this.note(source, LIAR);
    this.release(source, most);
  }

  /** It does not answer, or has another state by now. */
  hasNone(source: number, most: number): void {
    this.note(source, WITHOUT);
    this.release(source, most);
  }

  /** Everybody may be asked again. */
  beginAgain(): void {
    this.known.forEach((what, source) => (this.known[source] = what & SHOWN));
    this.waitingSince.fill(-1);
  }

  private release(source: number, most: number): void {
    for (const part of this.missing(most)) if (part.askedOf === source) part.askedOf = NOBODY;
  }

  clone(): StateFetch {
    const copy = new StateFetch(this.certificate, this.sources, this.me, null, undefined);
    copy.root = this.root.clone();
    copy.known.set(this.known);
    this.waitingSince.forEach((tick, source) => (copy.waitingSince[source] = tick));
    copy.lastSource = this.lastSource;
    return copy;
  }

  encode(most: number): Plain {
    const { certificate, known, waitingSince, lastSource } = this;
    const missing = this.missing(most).map(({ path, askedOf, askedAt }) => [[...path], askedOf, askedAt]);
    return [certificate.sequence, [...known], [...waitingSince], lastSource, missing];
  }
}

function isSame(one: Expected, other: Expected): boolean {
  return one.kind === other.kind && one.digest === other.digest && one.count === other.count;
}

function collect(part: FetchedPart, found: FetchedPart[], most: number): void {
  if (found.length >= most || part.isHere) return;
  if (part.isMissing) found.push(part);
  else for (const each of part.parts) collect(each, found, most);
}
