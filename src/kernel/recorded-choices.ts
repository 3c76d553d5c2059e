/**
 * Keyed choices: recording them, and reading them back.
 *
 * A decision is found again first by what it is about (`group|detail`: content hash and occurrence for a
 * message, triggering event for a timer), then, when the code has changed and that fails, by its ordinal
 * in its group (`group#nth`). What is found neither way gets the default: prompt delivery, no fault.
 */

import { Choices, FAMILY_NAMES, type Decision, type Family, type LinkProfile } from './choices.js';
import type { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import { hashString, hex32, mix32 } from './hash.js';
import type { Micros } from './time.js';

/** Builds groups, details and ordinals; recording, reading and editing share it, so their keys agree. */
export class KeyMaker {
  group = '';
  detail = '';
  nth = 0;

  constructor(
    private readonly ordinals = new Map<string, number>(),
    private readonly occurrences = new Map<string, number>(),
  ) {}

  message(from: number, to: number, kind: string, hash: number): void {
    this.group = `m:${from}>${to}:${kind}`;
    this.finish(hex32(hash));
  }

  timer(process: number, incarnation: number, name: string, context: string): void {
    this.group = `t:${process}.${incarnation}:${name}`;
    this.finish(context);
  }

  other(family: Family, owner: number, subject: string | number, what: string): void {
    this.group = `${FAMILY_NAMES[family]}:${owner}:${subject}:${what}`;
    this.nth = count(this.ordinals, this.group);
    this.detail = '';
  }

  clone(): KeyMaker {
    return new KeyMaker(new Map(this.ordinals), new Map(this.occurrences));
  }

  private finish(what: string): void {
    this.nth = count(this.ordinals, this.group);
    this.detail = `${what}:${count(this.occurrences, `${this.group}|${what}`)}`;
  }
}

function count(counts: Map<string, number>, key: string): number {
  const value = counts.get(key) ?? 0;
  counts.set(key, value + 1);
  return value;
}

/** Passes every question on and reports question and answer with its key. */
export class RecordingChoices extends Choices {
  override readonly keyed = true;
  private readonly keys = new KeyMaker();

  constructor(
    private readonly inner: Choices,
    private readonly onDecision: (decision: Decision) => void,
  ) {
    super();
  }

  override message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void {
    this.inner.context = this.context;
    this.inner.message(profile, from, to, kind, hash);
    this.firstDelay = this.inner.firstDelay;
    this.secondDelay = this.inner.secondDelay;
    this.keys.message(from, to, kind, hash);
    this.report(this.secondDelay < 0 ? [this.firstDelay] : [this.firstDelay, this.secondDelay]);
  }

  override timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros {
    this.inner.context = this.context;
    const value = this.inner.timer(process, incarnation, name, min, max);
    this.keys.timer(process, incarnation, name, this.context);
    this.report([value]);
    return value;
  }

  override integer(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    min: number,
    max: number,
    byDefault: number,
  ): number {
    const value = this.inner.integer(family, owner, subject, what, min, max, byDefault);
    this.keys.other(family, owner, subject, what);
    this.report([value]);
    return value;
  }

  override duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros {
    const value = this.inner.duration(family, owner, subject, what, sampler);
    this.keys.other(family, owner, subject, what);
    this.report([value]);
    return value;
  }

  /** A fork records nothing: it goes on with the choices themselves. */
  override clone(digest: Digest): Choices {
    return this.inner.clone(digest);
  }

  private report(values: readonly number[]): void {
    const { group, detail, nth } = this.keys;
    this.onDecision({ group, detail, nth, values });
  }
}

const UNUSED = 0;
const USED_BY_ORDINAL = 1;
const USED_EXACTLY = 2;

/** The recorded decisions of a run, indexed both ways; shared by the clones of a replay. */
export class DecisionIndex {
  readonly size: number;
  private readonly byDetail = new Map<string, number>();
  private readonly byOrdinal = new Map<string, number>();

  constructor(readonly decisions: readonly Decision[]) {
    this.size = decisions.length;
    decisions.forEach((decision, position) => {
      if (decision.detail !== '') this.byDetail.set(`${decision.group}|${decision.detail}`, position);
      this.byOrdinal.set(`${decision.group}#${decision.nth}`, position);
    });
  }

  /** True when the recorded decision at this position is about the very same thing. */
  isExact(position: number, detail: string): boolean {
    return detail !== '' && this.decisions[position]?.detail === detail;
  }

  /**
   * Position of the recorded decision for this key, or -1; `used` says how those already given out were found.
   * What was given out by its ordinal is still there for the one question that it is really about.
   */
  find(group: string, detail: string, nth: number, used: Uint8Array): number {
    const exact = detail === '' ? undefined : this.byDetail.get(`${group}|${detail}`);
    if (exact !== undefined && used[exact] !== USED_EXACTLY) return exact;
    const ordinal = this.byOrdinal.get(`${group}#${nth}`);
    return ordinal !== undefined && used[ordinal] === UNUSED ? ordinal : -1;
  }
}

/** Gives out the decisions of an index, each to the question that it is about. */
export class DecisionReader {
  private used: Uint8Array;

  constructor(private readonly index: DecisionIndex) {
    this.used = new Uint8Array(index.size);
  }

  /** The answer to the question whose key is in hand; undefined: none is listed, or it is given out. */
  take({ group, detail, nth }: KeyMaker): readonly number[] | undefined {
    const { index, used } = this;
    if (index.size === 0) return undefined;
    const position = index.find(group, detail, nth, used);
    if (position < 0) return undefined;
    used[position] = index.isExact(position, detail) ? USED_EXACTLY : USED_BY_ORDINAL;
    return index.decisions[position]?.values;
  }

  clone(): DecisionReader {
    const copy = new DecisionReader(this.index);
    copy.used = this.used.slice();
    return copy;
  }
}

/**
 * A listed answer as one in `min … max`. The default may lie outside of that ("no fault" is none that chance would
 * give), and a list may say it.
 */
export function asAnswer(listed: number, min: number, max: number, byDefault: number): number {
  return listed === byDefault ? byDefault : listed < min ? min : listed > max ? max : listed;
}

/** Reads decisions from a trace. What is not found there gets the default. */
export class RecordedChoices extends Choices {
  override readonly keyed = true;
  /** Questions asked, and those whose recorded answer was found. */
  asked = 0;
  matched = 0;

  constructor(
    private readonly index: DecisionIndex,
    private readonly digest: Digest,
    private readonly keys = new KeyMaker(),
    private readonly recorded = new DecisionReader(index),
  ) {
    super();
  }

  override message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void {
    this.keys.message(from, to, kind, hash);
    const values = this.lookUp();
    this.firstDelay = values?.[0] ?? profile.delay.min;
    this.secondDelay = values?.[1] ?? -1;
    this.digest.mix(this.firstDelay);
  }

  override timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros {
    this.keys.timer(process, incarnation, name, this.context);
    const spread = mix32(mix32(hashString(name), process), this.keys.nth) >>> 0;
    return this.answer(min, max, min + (spread % (max - min + 1)));
  }

  override integer(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    min: number,
    max: number,
    byDefault: number,
  ): number {
    this.keys.other(family, owner, subject, what);
    return this.answer(min, max, byDefault);
  }

  override duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros {
    this.keys.other(family, owner, subject, what);
    return this.answer(sampler.min, sampler.max, sampler.min);
  }

  override clone(digest: Digest): RecordedChoices {
    const copy = new RecordedChoices(this.index, digest, this.keys.clone(), this.recorded.clone());
    copy.asked = this.asked;
    copy.matched = this.matched;
    copy.context = this.context;
    return copy;
  }

  private answer(min: number, max: number, byDefault: number): number {
    const recorded = this.lookUp()?.[0];
    const value = recorded === undefined ? byDefault : asAnswer(recorded, min, max, byDefault);
    this.digest.mix(value);
    return value;
  }

  private lookUp(): readonly number[] | undefined {
    this.asked++;
    const values = this.recorded.take(this.keys);
    if (values !== undefined) this.matched++;
    return values;
  }
}
