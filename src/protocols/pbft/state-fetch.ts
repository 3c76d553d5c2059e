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
  assemble,
  expectedParts,
  parse,
  partitionDigest,
  rootOf,
  split,
  type Described,
  type Expected,
  type Partition,
} from './partition.js';

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
    if (base !== undefined && base.kind === expected.kind && partitionDigest(base) === expected.digest) {
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

  /** Takes what was checked. */
  take(part: Genuine): void {
    if (part.shape === 'whole') {
      this.value = parse(part.text);
      return;
    }
    this.described = part;
    const { base, earlier } = this;
    const bases = base === undefined ? [] : split(base);
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
  /** Set of the replicas that have sent what is not of its digest. */
  private liars = 0;
  /** Set of those that do not answer, or have another state by now. */
  private without = 0;
  /** Set of those that have sent something of this state. */
  private shown = 0;
  /** By replica: the tick at which it was first asked for something since it was heard of last; -1: it was not. */
  private readonly waitingSince: number[];
  private lastSource: number;

  constructor(
    readonly certificate: StableCertificate,
    private readonly replicas: number,
    private readonly me: number,
    /** A state that is here: what is the same in it is not fetched. */
    base: Plain,
    /** What was being fetched before: what has come of that is not fetched again. */
    earlier: StateFetch | undefined,
  ) {
    const root = { kind: 'state', value: base } as const;
    earlier?.root.retire();
    this.root = new FetchedPart([], rootOf(certificate.digest), root, earlier?.root);
    this.root.lookUp();
    this.waitingSince = new Array<number>(replicas).fill(-1);
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
    this.shown |= 1 << source;
  }

  /** Those that have said nothing at all for so many ticks since they were asked are not asked any more. */
  passOver(tick: number, patience: number, most: number): void {
    for (let source = 0; source < this.replicas; source++) {
      const since = this.waitingSince[source] as number;
      if (since >= 0 && tick - since >= patience) this.hasNone(source, most);
    }
  }

  /** How many may have it. */
  get sources(): number {
    let count = 0;
    for (let source = 0; source < this.replicas; source++) if (this.mayHaveIt(source)) count++;
    return count;
  }

  private mayHaveIt(source: number): boolean {
    return source !== this.me && ((this.liars | this.without) & (1 << source)) === 0;
  }

  /**
   * Whom to ask next: one after another of those that have shown that they have it, or, where nobody is left of them, of
   * those that may; undefined: nobody may. Some lag behind themselves and do not answer; each would cost its time.
   */
  nextSource(): number | undefined {
    return this.nextAmong(true) ?? this.nextAmong(false);
  }

  private nextAmong(haveShown: boolean): number | undefined {
    const { replicas } = this;
    for (let i = 1; i <= replicas; i++) {
      const next = (this.lastSource + i) % replicas;
      if (!this.mayHaveIt(next) || (haveShown && (this.shown & (1 << next)) === 0)) continue;
      this.lastSource = next;
      return next;
    }
    return undefined;
  }

  /** What this replica was asked for, others are asked for. */
  disbelieve(source: number, most: number): void {
    this.liars |= 1 << source;
    this.release(source, most);
  }

  /** It does not answer, or has another state by now. */
  hasNone(source: number, most: number): void {
    this.without |= 1 << source;
    this.release(source, most);
  }

  /** Everybody may be asked again. */
  beginAgain(): void {
    this.liars = 0;
    this.without = 0;
    this.waitingSince.fill(-1);
  }

  private release(source: number, most: number): void {
    for (const part of this.missing(most)) if (part.askedOf === source) part.askedOf = NOBODY;
  }

  clone(): StateFetch {
    const copy = new StateFetch(this.certificate, this.replicas, this.me, null, undefined);
    copy.root = this.root.clone();
    copy.liars = this.liars;
    copy.without = this.without;
    copy.shown = this.shown;
    this.waitingSince.forEach((tick, source) => (copy.waitingSince[source] = tick));
    copy.lastSource = this.lastSource;
    return copy;
  }

  encode(most: number): Plain {
    const { certificate, liars, without, shown, waitingSince, lastSource } = this;
    const missing = this.missing(most).map(({ path, askedOf, askedAt }) => [[...path], askedOf, askedAt]);
    return [certificate.sequence, liars, without, shown, [...waitingSince], lastSource, missing];
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
