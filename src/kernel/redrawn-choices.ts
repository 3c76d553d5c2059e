/**
 * Redrawn choices: those of a seed, but for stretches of the run that another seed answers. Questions are numbered in
 * the order in which they come up, so that a run redrawn from number n on is the first run until then, bit for bit.
 * No key is made for any question: it costs next to nothing over the plain draw.
 *
 * A stretch may be for some families only: new faults in an old network. Inside a stretch that ends, the choices
 * beneath are asked too, so that behind it they go on with what they would have said.
 */

import { Choices, Family, type LinkProfile } from './choices.js';
import { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import { RandomChoices } from './random-choices.js';
import type { Micros } from './time.js';

/** The end of a stretch that goes on to the end of the run. */
export const NO_END = -1;

/** A stretch of a run that another seed answers: questions `from` to `until` - 1, by number from 0. */
export interface Redraw {
  readonly from: number;
  /** {@link NO_END}: to the end of the run. */
  readonly until: number;
  /** Of which families; empty: of all. */
  readonly families: readonly Family[];
  readonly seed: string;
}

interface Layer {
  readonly redraw: Redraw;
  readonly choices: RandomChoices;
}

export class RedrawnChoices extends Choices {
  override readonly keyed = false;
  /** How many questions were asked so far. */
  asked = 0;

  /** A later stretch lies over an earlier one. */
  static create(seed: string, redraws: readonly Redraw[], digest: Digest): RedrawnChoices {
    const base = new RandomChoices(seed, new Digest());
    const layers = redraws.map((redraw) => ({
      redraw,
      choices: new RandomChoices(redraw.seed, new Digest()),
    }));
    return new RedrawnChoices(base, layers, digest);
  }

  private constructor(
    private readonly base: RandomChoices,
    private readonly layers: readonly Layer[],
    private readonly digest: Digest,
  ) {
    super();
  }

  override message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void {
    const number = this.asked++;
    let isAnswered = false;
    for (let i = this.layers.length - 1; i >= -1; i--) {
      const choices = this.choicesAt(i, Family.network, number);
      if (choices === undefined) continue;
      choices.message(profile, from, to, kind, hash);
      if (!isAnswered) {
        this.firstDelay = choices.firstDelay;
        this.secondDelay = choices.secondDelay;
      }
      isAnswered = true;
      if (this.isForGood(i)) break;
    }
    this.digest.mix(this.firstDelay);
  }

  override timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros {
    return this.ask(Family.timer, (choices) => choices.timer(process, incarnation, name, min, max));
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
    return this.ask(family, (choices) => choices.integer(family, owner, subject, what, min, max, byDefault));
  }

  override duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros {
    return this.ask(family, (choices) => choices.duration(family, owner, subject, what, sampler));
  }

  override clone(digest: Digest): RedrawnChoices {
    const layers = this.layers.map(({ redraw, choices }) => ({
      redraw,
      choices: choices.clone(new Digest()),
    }));
    const copy = new RedrawnChoices(this.base.clone(new Digest()), layers, digest);
    copy.asked = this.asked;
    copy.firstDelay = this.firstDelay;
    copy.secondDelay = this.secondDelay;
    return copy;
  }

  private ask(family: Family, question: (choices: RandomChoices) => number): number {
    const number = this.asked++;
    let answer: number | undefined = undefined;
    for (let i = this.layers.length - 1; i >= -1; i--) {
      const choices = this.choicesAt(i, family, number);
      if (choices === undefined) continue;
      const value = question(choices);
      answer ??= value;
      if (this.isForGood(i)) break;
    }
    const value = answer as number;
    this.digest.mix(value);
    return value;
  }

  /** The choices of a layer that has a say in this question; -1 is the base, which always has. */
  private choicesAt(layer: number, family: Family, number: number): RandomChoices | undefined {
    const found = this.layers[layer];
    if (found === undefined) return this.base;
    const { from, until, families } = found.redraw;
    if (number < from || (until !== NO_END && number >= until)) return undefined;
    return families.length === 0 || families.includes(family) ? found.choices : undefined;
  }

  /** Nothing beneath is ever heard again by this family, once the layer has a say. */
  private isForGood(layer: number): boolean {
    return this.layers[layer]?.redraw.until === NO_END;
  }
}
