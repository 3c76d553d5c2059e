/**
 * The benign answer to each question: what an uneventful run does. A message arrives whole, once, after its link's
 * typical delay; a sync takes as long as is typical; nothing strikes; each process has a fixed time-out of its own,
 * so that one of them always stands for election first. A run of these alone is the dull run against which
 * decisions are counted: one that differs is something that happened.
 */

import { Choices, type Family, type LinkProfile } from './choices.js';
import type { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import type { Micros } from './time.js';

/** 2^16 divided by the golden ratio: multiples of it, modulo 2^16, keep as far from each other as they can. */
const GOLDEN_SHARE = 40503;

/** A fixed length in `min … max` for each process: process 0 has the shortest. */
export function benignTimer(process: number, min: Micros, max: Micros): Micros {
  const share = (process * GOLDEN_SHARE) & 0xffff;
  return min + Math.floor(((max - min) * share) / 0x10000);
}

export function benignDelay({ delay }: LinkProfile): Micros {
  return delay.typical;
}

export function benignDuration(sampler: Sampler): Micros {
  return sampler.typical;
}

/** Answers every question with the benign answer. */
export class BenignChoices extends Choices {
  override readonly keyed = false;

  constructor(private readonly digest: Digest) {
    super();
  }

  override message(profile: LinkProfile, _from: number, _to: number, _kind: string, _hash: number): void {
    this.firstDelay = benignDelay(profile);
    this.secondDelay = -1;
    this.digest.mix(this.firstDelay);
  }

  override timer(process: number, _incarnation: number, _name: string, min: Micros, max: Micros): Micros {
    return this.answer(benignTimer(process, min, max));
  }

  override integer(
    _family: Family,
    _owner: number,
    _subject: string | number,
    _what: string,
    _min: number,
    _max: number,
    byDefault: number,
  ): number {
    return this.answer(byDefault);
  }

  override duration(
    _family: Family,
    _owner: number,
    _subject: string | number,
    _what: string,
    sampler: Sampler,
  ): Micros {
    return this.answer(benignDuration(sampler));
  }

  override clone(digest: Digest): BenignChoices {
    const copy = new BenignChoices(digest);
    copy.firstDelay = this.firstDelay;
    return copy;
  }

  private answer(value: number): number {
    this.digest.mix(value);
    return value;
  }
}
