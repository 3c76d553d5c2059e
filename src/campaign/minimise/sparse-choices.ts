/**
 * Benign choices of which chance takes a share: what the minimiser searches with for a quieter run that fails in the
 * same way. Every draw is made, taken or not, so that two runs with the same seed and other shares are akin.
 */

import {
  BenignChoices,
  Choices,
  type Digest,
  RandomChoices,
  RandomStream,
  type Family,
  type LinkProfile,
  type Micros,
  type Sampler,
} from '../../kernel/index.js';

export interface Chance {
  readonly seed: string;
  /** By family, of 256 decisions how many are drawn. */
  readonly shares: readonly number[];
}

const NETWORK = 0;
const TIMER = 1;

export class SparseChoices extends Choices {
  override readonly keyed = false;

  constructor(
    private readonly chance: Chance,
    digest: Digest,
    private readonly random: Choices = new RandomChoices(chance.seed, digest),
    private readonly benign: Choices = new BenignChoices(digest),
    private readonly coin: RandomStream = RandomStream.derive(chance.seed, 'sparse'),
  ) {
    super();
  }

  override message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void {
    this.random.message(profile, from, to, kind, hash);
    const taken = this.isTaken(NETWORK) ? this.random : this.benign;
    if (taken === this.benign) taken.message(profile, from, to, kind, hash);
    this.firstDelay = taken.firstDelay;
    this.secondDelay = taken.secondDelay;
  }

  override timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros {
    const drawn = this.random.timer(process, incarnation, name, min, max);
    return this.isTaken(TIMER) ? drawn : this.benign.timer(process, incarnation, name, min, max);
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
    const drawn = this.random.integer(family, owner, subject, what, min, max, byDefault);
    return this.isTaken(family) ? drawn : byDefault;
  }

  override duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros {
    const drawn = this.random.duration(family, owner, subject, what, sampler);
    return this.isTaken(family) ? drawn : sampler.typical;
  }

  override clone(digest: Digest): SparseChoices {
    const { chance, random, benign, coin } = this;
    return new SparseChoices(chance, digest, random.clone(digest), benign.clone(digest), coin.clone());
  }

  private isTaken(family: number): boolean {
    return this.coin.word() >>> 24 < (this.chance.shares[family] ?? 0);
  }
}
