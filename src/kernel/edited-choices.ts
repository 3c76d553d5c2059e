/**
 * Edited choices: a list of decisions, and an answer for whatever is not listed, the benign one or that of other
 * choices (the seed's). A listed decision finds its question as in a replay, by what it is about, else by its
 * ordinal in its group; one that nobody asks for is of no effect.
 *
 * On the way they note which answers were not the benign ones. Those alone, as a list, make the same run again:
 * that is what the minimiser goes on with after each step.
 */

import { benignDelay, benignDuration, benignTimer } from './benign-choices.js';
import { Choices, type Decision, type Family, type LinkProfile } from './choices.js';
import type { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import { DecisionReader, KeyMaker, asAnswer, type DecisionIndex } from './recorded-choices.js';
import type { Micros } from './time.js';

export class EditedChoices extends Choices {
  override readonly keyed = true;
  /** The decisions so far that differ from the benign answer, in their order. */
  readonly deviations: Decision[] = [];

  /**
   * `rest` answers what is not listed; undefined: the benign answer. It is asked every question, listed ones too, so
   * that an edit does not shift the draws behind it. It folds its answers into a digest of its own.
   */
  constructor(
    private readonly edits: DecisionIndex,
    private readonly digest: Digest,
    private readonly rest: Choices | undefined = undefined,
    private readonly keys = new KeyMaker(),
    private readonly listed = new DecisionReader(edits),
  ) {
    super();
  }

  override message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void {
    this.keys.message(from, to, kind, hash);
    const benign = benignDelay(profile);
    this.firstDelay = benign;
    this.secondDelay = -1;
    const { rest } = this;
    if (rest !== undefined) {
      rest.context = this.context;
      rest.message(profile, from, to, kind, hash);
      this.firstDelay = rest.firstDelay;
      this.secondDelay = rest.secondDelay;
    }
    const edited = this.listed.take(this.keys);
    if (edited !== undefined) {
      this.firstDelay = edited[0] ?? benign;
      this.secondDelay = edited[1] ?? -1;
    }
    this.digest.mix(this.firstDelay);
    if (this.secondDelay >= 0) this.deviate([this.firstDelay, this.secondDelay]);
    else if (this.firstDelay !== benign) this.deviate([this.firstDelay]);
  }

  override timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros {
    this.keys.timer(process, incarnation, name, this.context);
    const benign = benignTimer(process, min, max);
    const { rest } = this;
    if (rest === undefined) return this.answer(min, max, benign, benign);
    rest.context = this.context;
    return this.answer(min, max, benign, rest.timer(process, incarnation, name, min, max));
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
    const { rest } = this;
    const unedited = rest?.integer(family, owner, subject, what, min, max, byDefault) ?? byDefault;
    return this.answer(min, max, byDefault, unedited);
  }

  override duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros {
    this.keys.other(family, owner, subject, what);
    const benign = benignDuration(sampler);
    const unedited = this.rest?.duration(family, owner, subject, what, sampler) ?? benign;
    return this.answer(sampler.min, sampler.max, benign, unedited);
  }

  override clone(digest: Digest): EditedChoices {
    const { edits, rest, keys, listed } = this;
    const copy = new EditedChoices(edits, digest, rest?.clone(digest.clone()), keys.clone(), listed.clone());
    copy.deviations.push(...this.deviations);
    copy.context = this.context;
    return copy;
  }

  private answer(min: number, max: number, benign: number, unedited: number): number {
    const edited = this.listed.take(this.keys)?.[0];
    const value = edited === undefined ? unedited : asAnswer(edited, min, max, benign);
    this.digest.mix(value);
    if (value !== benign) this.deviate([value]);
    return value;
  }

  private deviate(values: readonly number[]): void {
    const { group, detail, nth } = this.keys;
    this.deviations.push({ group, detail, nth, values });
  }
}
