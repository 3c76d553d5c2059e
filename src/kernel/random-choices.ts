/** Choices drawn from the run's seed: the hot path. Keys are ignored, nothing is recorded. */

import { Choices, CORRUPTED, FAMILY_NAMES, LOST, Family, type LinkProfile } from './choices.js';
import type { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import { RandomStream } from './random.js';
import type { Micros } from './time.js';

/** Streams of one family by owner, derived when first drawn from. */
type StreamRow = (RandomStream | undefined)[];

export class RandomChoices extends Choices {
  override readonly keyed = false;
  private readonly streams: StreamRow[];

  constructor(
    private readonly seed: string,
    private readonly digest: Digest,
    streams?: StreamRow[],
  ) {
    super();
    this.streams = streams ?? FAMILY_NAMES.map(() => []);
  }

  override message(profile: LinkProfile, from: number, _to: number, _kind: string, _hash: number): void {
    const stream = this.streams[Family.network]?.[from] ?? this.derive(Family.network, from);
    const word = stream.word() >>> 0;
    this.secondDelay = -1;
    if (word < profile.lossThreshold) {
      this.firstDelay = LOST;
    } else if (word - profile.lossThreshold < profile.corruptThreshold) {
      this.firstDelay = CORRUPTED;
    } else {
      this.firstDelay = profile.delay.draw(stream);
      const rest = word - profile.lossThreshold - profile.corruptThreshold;
      if (rest < profile.duplicateThreshold) this.secondDelay = profile.delay.draw(stream);
    }
    this.digest.mix(this.firstDelay);
  }

  override timer(process: number, _incarnation: number, _name: string, min: Micros, max: Micros): Micros {
    const stream = this.streams[Family.timer]?.[process] ?? this.derive(Family.timer, process);
    const value = stream.integer(min, max);
    this.digest.mix(value);
    return value;
  }

  override integer(
    family: Family,
    owner: number,
    _subject: string | number,
    _what: string,
    min: number,
    max: number,
    _byDefault: number,
  ): number {
    const stream = this.streams[family]?.[owner] ?? this.derive(family, owner);
    const value = stream.integer(min, max);
    this.digest.mix(value);
    return value;
  }

  override duration(
    family: Family,
    owner: number,
    _subject: string | number,
    _what: string,
    sampler: Sampler,
  ): Micros {
    const stream = this.streams[family]?.[owner] ?? this.derive(family, owner);
    const value = sampler.draw(stream);
    this.digest.mix(value);
    return value;
  }

  override clone(digest: Digest): RandomChoices {
    const streams = this.streams.map((row) => row.map((stream) => stream?.clone()));
    const copy = new RandomChoices(this.seed, digest, streams);
    copy.firstDelay = this.firstDelay;
    copy.secondDelay = this.secondDelay;
    return copy;
  }

  private derive(family: Family, owner: number): RandomStream {
    const stream = RandomStream.derive(this.seed, `${FAMILY_NAMES[family]}/${owner}`);
    const row = this.streams[family] as StreamRow;
    while (row.length < owner) row.push(undefined); // no holes: a holey array is slower for all
    row[owner] = stream;
    return stream;
  }
}
