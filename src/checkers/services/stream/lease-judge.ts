/**
 * Judge of messages that are lent, of one group and topic: who may settle them, and where they end.
 *
 * Times are positions in the history. A message that is done with is forgotten, once the dead letters cannot be
 * missing it any more; so is a lease, after {@link LEASES_MAX} later ones.
 */

import type { Delivery } from '../../../services/index.js';

/** Leases whose message is remembered. */
const LEASES_MAX = 1 << 16;

/** What is known of one message that is not done with. */
interface Lent {
  readonly text: string;
  /** Of the latest delivery that somebody got, and when. */
  lease: number;
  lentAt: number;
  /** Somebody has tried to acknowledge it. */
  isTried: boolean;
  /** The lease under which it was acknowledged, and when that was known; 0: it is not. */
  settledLease: number;
  settledAt: number;
}

/** A message that is done with, and that nobody tried to acknowledge. */
interface Claim {
  readonly text: string;
  readonly offset: number;
  readonly at: number;
}

/** Is told what is wrong, in one sentence without a full stop. */
export interface LeaseListener {
  leases(message: string): void;
  deadLetters(message: string): void;
}

/** What is allowed. */
export interface LeaseTerms {
  readonly topic: string;
  /** 0: any number. */
  readonly maxDeliveries: number;
  /** A message may be in the topic several times. */
  readonly mayRepeat: boolean;
}

/** What was known when somebody asked for something. */
export interface Asked {
  readonly at: number;
  /** Per partition: everything below was done. */
  readonly done: readonly number[];
}

class Partition {
  /** By offset. */
  readonly open = new Map<number, Lent>();
  /** Everything below is done. */
  done = 0;
  /** By text: expected among the dead letters. */
  readonly claims = new Map<string, Claim>();
  /** Texts of dead letters that were seen, with their offsets. */
  readonly dead = new Map<string, number>();
  /** All dead letters below were polled. */
  deadTo = 0;
}

export class LeaseJudge {
  private readonly partitions: Partition[] = [];
  /** Which message was lent under which lease: partition and offset. */
  private readonly leases = new Map<number, readonly [partition: number, offset: number]>();

  constructor(
    private readonly terms: LeaseTerms,
    private readonly listener: LeaseListener,
  ) {}

  asked(at: number): Asked {
    return { at, done: this.partitions.map(({ done }) => done) };
  }

  /** A message is known to be at this offset. */
  placed(partition: number, offset: number, text: string): void {
    this.know(partition, offset, text);
  }

  received(
    deliveries: readonly Delivery[],
    done: readonly number[],
    who: string,
    asked: Asked,
    at: number,
  ): void {
    for (const delivery of deliveries) this.deliver(delivery, who, asked, at);
    done.forEach((offset, partition) => {
      this.doneTo(partition, offset, at);
    });
  }

  /** Somebody tries to acknowledge. */
  tries(leases: readonly number[]): void {
    for (const lease of leases) {
      const lent = this.lentUnder(lease);
      if (lent !== undefined) lent.isTried = true;
    }
  }

  /** The broker took these acknowledgements. */
  acknowledged(leases: readonly number[], who: string, asked: Asked, at: number): void {
    for (const lease of leases) {
      const [partition = 0, offset = 0] = this.leases.get(lease) ?? [];
      const what = `${who} acknowledges offset ${offset} of ${this.terms.topic}.${partition} under lease ${lease}`;
      if (this.leases.has(lease) && offset < (asked.done[partition] ?? 0))
        this.listener.leases(`${what}, which had been done with before`);
      const lent = this.lentUnder(lease);
      if (lent === undefined) continue;
      if (lent.settledLease > 0 && lent.settledLease !== lease) {
        this.listener.leases(`${what}, and it was acknowledged under ${lent.settledLease}`);
      } else if (lent.lease > lease && lent.lentAt < asked.at) {
        this.listener.leases(`${what}, although it had been lent under ${lent.lease} before`);
      }
      lent.settledLease = lease;
      lent.settledAt = at;
      if (this.at(partition).dead.has(lent.text)) this.judgeBuried(lent);
    }
  }

  /** A dead letter was polled. */
  deadLetter(partition: number, offset: number, text: string): void {
    const { topic, mayRepeat } = this.terms;
    const { dead, claims, open } = this.at(partition);
    const before = dead.get(text);
    if (before === offset) return;
    if (before !== undefined && !mayRepeat) {
      this.listener.deadLetters(
        `${text} of ${topic} is a dead letter twice, at offsets ${before} and ${offset}`,
      );
    }
    dead.set(text, offset);
    claims.delete(text);
    for (const lent of open.values()) if (lent.text === text) this.judgeBuried(lent);
  }

  /** Dead letters were polled from an offset up to another, and this was their end. */
  deadCovered(partition: number, from: number, next: number, end: number, asked: Asked): void {
    const part = this.at(partition);
    if (from <= part.deadTo && next > part.deadTo) part.deadTo = next;
    if (part.deadTo < end) return;
    for (const { text, offset, at } of part.claims.values()) {
      if (at > asked.at) continue;
      this.gone(partition, offset, text);
      part.claims.delete(text);
    }
  }

  clone(listener: LeaseListener): LeaseJudge {
    const copy = new LeaseJudge(this.terms, listener);
    this.partitions.forEach(({ open, done, claims, dead, deadTo }, number) => {
      const part = copy.at(number);
      for (const [offset, lent] of open) part.open.set(offset, { ...lent });
      for (const [text, claim] of claims) part.claims.set(text, claim);
      for (const [text, offset] of dead) part.dead.set(text, offset);
      part.done = done;
      part.deadTo = deadTo;
    });
    for (const [lease, place] of this.leases) copy.leases.set(lease, place);
    return copy;
  }

  private deliver(
    [partition, offset, , text, lease, count]: Delivery,
    who: string,
    asked: Asked,
    at: number,
  ): void {
    const { topic, maxDeliveries } = this.terms;
    const what = `${who} is lent ${text} at offset ${offset} of ${topic}.${partition}`;
    if (offset < (asked.done[partition] ?? 0))
      this.listener.leases(`${what}, which had been done with before it asked`);
    if (maxDeliveries > 0 && count > maxDeliveries) {
      this.listener.leases(`${what} as delivery ${count}, and ${maxDeliveries} are allowed`);
    }
    this.remember(lease, partition, offset);
    const lent = this.know(partition, offset, text);
    if (lent === undefined) return;
    if (lent.settledLease > 0 && lent.settledAt < asked.at) {
      this.listener.leases(`${what}, which had been acknowledged before it asked`);
    }
    if (lease <= lent.lease) return;
    lent.lease = lease;
    lent.lentAt = at;
  }

  /** The message at an offset, unless it is done with. */
  private know(partition: number, offset: number, text: string): Lent | undefined {
    const { open, done } = this.at(partition);
    const known = open.get(offset);
    if (known !== undefined || offset < done) return known;
    const lent: Lent = { text, lease: 0, lentAt: 0, isTried: false, settledLease: 0, settledAt: 0 };
    open.set(offset, lent);
    return lent;
  }

  private doneTo(partition: number, offset: number, at: number): void {
    const part = this.at(partition);
    for (; part.done < offset; part.done++) {
      const lent = part.open.get(part.done);
      if (lent === undefined) continue;
      part.open.delete(part.done);
      if (lent.isTried || part.dead.has(lent.text)) continue;
      if (this.terms.maxDeliveries === 0) this.gone(partition, part.done, lent.text);
      else part.claims.set(lent.text, { text: lent.text, offset: part.done, at });
    }
  }

  private gone(partition: number, offset: number, text: string): void {
    this.listener.deadLetters(
      `${text} at offset ${offset} of ${this.terms.topic}.${partition} is done with, was acknowledged by nobody, and is no dead letter`,
    );
  }

  private judgeBuried({ text, settledLease }: Lent): void {
    if (settledLease === 0 || this.terms.mayRepeat) return;
    this.listener.deadLetters(
      `${text} of ${this.terms.topic} is a dead letter, although it was acknowledged`,
    );
  }

  private remember(lease: number, partition: number, offset: number): void {
    this.leases.set(lease, [partition, offset]);
    if (this.leases.size <= LEASES_MAX) return;
    for (const oldest of this.leases.keys()) {
      this.leases.delete(oldest);
      return;
    }
  }

  private lentUnder(lease: number): Lent | undefined {
    const place = this.leases.get(lease);
    return place === undefined ? undefined : this.at(place[0]).open.get(place[1]);
  }

  private at(partition: number): Partition {
    while (this.partitions.length <= partition) this.partitions.push(new Partition());
    return this.partitions[partition] as Partition;
  }
}
