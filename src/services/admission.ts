/**
 * Admission control at a server's door: how many requests it lets in, and whom it turns away first when they are
 * too many. Turning away costs little; what is let in and cannot be done in time costs all that it takes, and comes
 * back as a retry ("The Site Reliability Workbook" (2018), ch. 11; Zhou et al., "Overload Control for Scaling WeChat
 * Microservices" (SoCC 2018), on priorities).
 *
 * Two limits. Tokens: a bucket that time fills. In flight: requests that were let in and not answered; one that is
 * never answered (its server was deposed, the answer is another server's) is counted for a while only, or the door
 * would close for good. From a share of either limit on, optional requests are turned away, so that the rest is left
 * to the others: a brown-out. Operators are always let in, and use up nothing.
 *
 * The door forgets everything when its server restarts. Nothing that is let in is turned away later.
 *
 * Decomposed on purpose: a bug of the zoo overrides one small method.
 */

import { MICROS_PER_SECOND, assert, type Micros, type Plain, type ProcessId } from '../kernel/index.js';

export interface AdmissionConfig {
  /** Requests per second that one server lets in; 0: any number. */
  readonly ratePerSecond: number;
  /** Requests that may come at once on top of the rate: the depth of the bucket. */
  readonly burst: number;
  /** Requests in flight at one server; 0: any number. */
  readonly inFlight: number;
  /** A request that is not answered for this long is in flight no more. */
  readonly holdMicros: Micros;
  /** Share of the limits from which on optional requests are turned away; 100: never before the others. */
  readonly brownOutPercent: number;
}

/** `operator` before `normal` before `optional`. */
export type RequestClass = 'operator' | 'normal' | 'optional';

/** Why a request is turned away. */
export type ShedReason = 'admission-rate' | 'admission-in-flight' | 'brown-out';

/** Of a token: what a rate of one per second earns in a microsecond. */
const MILLION = MICROS_PER_SECOND;

export class Admission {
  /** Millionths of a token. */
  private millionths: number;
  private paidUntil: Micros = 0;
  /** By client and sequence: when it was let in. In that order, so that the oldest is first. */
  protected readonly inFlight = new Map<string, Micros>();

  constructor(protected readonly config: AdmissionConfig) {
    assert(config.brownOutPercent > 0 && config.brownOutPercent <= 100, 'admission: a share of 1 … 100 %');
    this.millionths = config.burst * MILLION;
  }

  /** Lets a request in, or says why not. */
  judge(client: ProcessId, sequence: number, rank: RequestClass, now: Micros): ShedReason | undefined {
    if (rank === 'operator') return undefined;
    this.earn(now);
    this.dropHeld(now);
    const key = keyOf(client, sequence);
    // A retry of what is in flight is no more work in flight.
    const isNew = !this.inFlight.has(key);
    const reason = this.reasonToShed(rank, isNew);
    if (reason !== undefined) return reason;
    if (this.config.ratePerSecond > 0) this.millionths -= MILLION;
    if (this.config.inFlight > 0 && isNew) this.inFlight.set(key, now);
    return undefined;
  }

  /** The server has answered a client. */
  answered(client: ProcessId, sequence: number): void {
    this.inFlight.delete(keyOf(client, sequence));
  }

  /** The server starts anew. */
  reset(now: Micros): void {
    this.inFlight.clear();
    this.millionths = this.config.burst * MILLION;
    this.paidUntil = now;
  }

  clone(): Admission {
    const copy = new (this.constructor as new (config: AdmissionConfig) => Admission)(this.config);
    copy.millionths = this.millionths;
    copy.paidUntil = this.paidUntil;
    for (const [key, since] of this.inFlight) copy.inFlight.set(key, since);
    return copy;
  }

  encode(): Plain {
    const { millionths, paidUntil, inFlight } = this;
    return { millionths, paidUntil, inFlight: [...inFlight].map(([key, since]) => [key, since]) };
  }

  private reasonToShed(rank: RequestClass, isNew: boolean): ShedReason | undefined {
    const { ratePerSecond, burst, inFlight, brownOutPercent } = this.config;
    if (ratePerSecond > 0 && this.millionths < MILLION) return 'admission-rate';
    if (inFlight > 0 && isNew && this.inFlight.size >= inFlight) return 'admission-in-flight';
    if (rank !== 'optional' || brownOutPercent === 100) return undefined;
    const isRateNear = ratePerSecond > 0 && this.millionths * 100 < burst * MILLION * (100 - brownOutPercent);
    const isFlightNear = inFlight > 0 && this.inFlight.size * 100 >= inFlight * brownOutPercent;
    return isRateNear || isFlightNear ? 'brown-out' : undefined;
  }

  /** What was let in too long ago is counted no more, answered or not. */
  protected dropHeld(now: Micros): void {
    for (const [key, since] of this.inFlight) {
      if (now - since < this.config.holdMicros) return;
      this.inFlight.delete(key);
    }
  }

  private earn(now: Micros): void {
    const cap = this.config.burst * MILLION;
    const sum = this.millionths + (now - this.paidUntil) * this.config.ratePerSecond;
    this.millionths = sum > cap ? cap : sum;
    this.paidUntil = now;
  }
}

/** A text: a faulty client may name any sequence, and two numbers do not go into one. */
function keyOf(client: ProcessId, sequence: number): string {
  return `${client}/${sequence}`;
}
