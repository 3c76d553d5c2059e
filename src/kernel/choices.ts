/**
 * One door for chance. Every nondeterministic decision of a run (a message's fate, a timer's length, a
 * disk's latency, what a client does next, which fault strikes) is asked here and nowhere else.
 *
 * Implementations: random (drawn from the seed), recorded (read from a trace), edited (a list of decisions, over
 * benign answers or over the seed's), recording (wraps another one), and later enumerated (an explorer decides).
 *
 * Every decision has a semantic key, never a position in a stream, so that an edited trace, or a trace
 * replayed against changed code, disturbs only what it touches. The random implementation needs no key
 * and computes none: the hot path passes what is at hand, keyed implementations build texts from it.
 */

import type { Digest } from './digest.js';
import type { Sampler } from './distribution.js';
import type { Micros } from './time.js';

/** The independent families of streams; each process has a stream of its own in every family. */
export const Family = {
  network: 0,
  timer: 1,
  disk: 2,
  client: 3,
  fault: 4,
  replica: 5,
  process: 6,
  operator: 7,
} as const;
export type Family = (typeof Family)[keyof typeof Family];

/** Short names of the families: stream names and the first part of keys. */
export const FAMILY_NAMES = ['m', 't', 'd', 'c', 'f', 'r', 'p', 'o'] as const;

/** What a directed link may do to a message; probabilities as thresholds out of 2^32. */
export interface LinkProfile {
  readonly delay: Sampler;
  readonly lossThreshold: number;
  readonly corruptThreshold: number;
  readonly duplicateThreshold: number;
}

/** {@link Choices.firstDelay} of a message that never arrives. */
export const LOST = -1;
/** {@link Choices.firstDelay} of a message whose bits were flipped on the way. */
export const CORRUPTED = -2;

export abstract class Choices {
  /** Result of {@link message}: the delay in microseconds, or {@link LOST}, or {@link CORRUPTED}. */
  firstDelay: Micros = 0;
  /** Result of {@link message}: the delay of a second copy, or -1 when there is none. */
  secondDelay: Micros = -1;
  /** When true, the caller sets {@link context} before each event. */
  abstract readonly keyed: boolean;
  /** What is being handled now, e.g. `m:0>2:AppendEntries:1f2e3d4c`; part of the keys of timers. */
  context = '';

  /** Decides a message's fate and leaves it in firstDelay and secondDelay. Default: prompt and whole. */
  abstract message(profile: LinkProfile, from: number, to: number, kind: string, hash: number): void;

  /** Length of a timer in `min … max`. Default: a fixed spread by process, so that elections still end. */
  abstract timer(process: number, incarnation: number, name: string, min: Micros, max: Micros): Micros;

  /** An integer in `min … max`; `byDefault` is what an edited trace falls back to ("no fault"). */
  abstract integer(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    min: number,
    max: number,
    byDefault: number,
  ): number;

  /** A duration from a distribution. Default: its minimum. */
  abstract duration(
    family: Family,
    owner: number,
    subject: string | number,
    what: string,
    sampler: Sampler,
  ): Micros;

  /** A copy that goes on from here; it folds its decisions into the given digest. */
  abstract clone(digest: Digest): Choices;
}

/** One decision as traces carry it. `group#nth` and `group|detail` both name it; see recorded-choices. */
export interface Decision {
  /** Family and subject, e.g. `m:0>2:AppendEntries` or `d:1:wal:sync`. */
  readonly group: string;
  /** What tells it from others of its group whatever their order: content hash and occurrence; may be empty. */
  readonly detail: string;
  /** Which decision of its group this was, from 0. */
  readonly nth: number;
  /** The outcome; messages: [firstDelay] or [firstDelay, secondDelay]. */
  readonly values: readonly number[];
}
