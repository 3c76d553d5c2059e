/**
 * Whom to ask next, for one that looks for the leader: the one that answered last, then whom a redirect names,
 * then round robin.
 *
 * Hints may be stale, and point back to where one comes from. So round robin has a place of its own, which hints
 * do not move, and no more hints are followed in a row than there are servers: as long as nobody answers, every
 * server is asked again and again, whatever the others say.
 */

import type { Plain } from './plain.js';

export class LeaderSearch {
  /** Place among the servers of the one to ask; -1: not chosen yet. */
  target = -1;
  private ring = -1;
  private hops = 0;

  /** That server answered as a leader does. */
  found(server: number): void {
    this.target = server;
    this.ring = server;
    this.hops = 0;
  }

  /** One of so many `servers` named another one (-1: nobody); false when that is of no use. */
  follow(from: number, hint: number, servers: number): boolean {
    if (hint < 0 || hint >= servers || hint === from || this.hops >= servers) return false;
    this.hops++;
    this.target = hint;
    return true;
  }

  /** The target was asked in vain: the next of so many `servers` in turn. */
  next(servers: number): void {
    const asked = this.target;
    this.ring = (this.ring + 1) % servers;
    if (this.ring === asked) this.ring = (this.ring + 1) % servers;
    this.target = this.ring;
    this.hops = 0;
  }

  /** The whole state as plain data. */
  encode(): Plain {
    return [this.target, this.ring, this.hops];
  }

  clone(): LeaderSearch {
    const copy = new LeaderSearch();
    copy.target = this.target;
    copy.ring = this.ring;
    copy.hops = this.hops;
    return copy;
  }
}
