/**
 * Ghost: the agreed order of a run, learnt from what replicas apply. The first server to apply a place
 * decides what the others must show there; that holds over all time, restarts included.
 *
 * A long run forgets the places that no server will start below again: those under everybody's snapshot
 * ({@link AgreedOrder.prune}). A server that has lost its disk may still apply one of them; that is counted,
 * since nothing is left to judge it by.
 */

import type { Command, Micros, ProcessId } from '../../kernel/index.js';
import { IntColumn, TimeColumn } from '../columns.js';
import { SequenceMap } from '../sequence-map.js';

/** The part of an `applied` event that the order is made of. */
export interface AppliedPlace {
  readonly index: number;
  readonly hash: number;
  readonly digest: number;
  readonly command: Command | undefined;
}

/** A server that stays behind the newest snapshot by more places than this no longer holds them back. */
export const PLACES_BEHIND_MAX = 1 << 16;

/**
 * Numbers per place, side by side: hash and digest; and of a place that is the first to hold a client's command,
 * that client (counted from 1; 0: none) and the command's sequence.
 */
const WIDTH = 4;
const DIGEST = 1;
const CLIENT = 2;
const SEQUENCE = 3;

export class AgreedOrder {
  /** Highest index that any server ever applied. */
  last = 0;
  /** Lowest index that is remembered. */
  base = 1;
  /** Applications below the base, of which nobody knows any more whether they were right. */
  unjudged = 0;
  /** True once some place changed the service's digest: only then do equal digests tell anything. */
  hasDigests = false;
  /** Per server: the index applied last since its start, or that of its snapshot; 0 before the first. */
  readonly appliedBy: number[];
  /** Per server: the highest index of a snapshot that it saved; 0 before the first. */
  private readonly snapshotOf: number[];
  private cells = new IntColumn();
  /** When each index was first applied anywhere. Invariant: never decreases with the index. */
  private times = new TimeColumn();
  /** Per client, by sequence: the first index that holds this command. */
  private places: SequenceMap<number>[] = [];
  /** Per client: the highest sequence of a command that any index holds, those that are forgotten included. */
  private highest: number[] = [];

  constructor(readonly servers: number) {
    this.appliedBy = new Array<number>(servers).fill(0);
    this.snapshotOf = new Array<number>(servers).fill(0);
  }

  /** True for a place that was applied somewhere and is remembered. */
  knows(index: number): boolean {
    return index >= this.base && index <= this.last;
  }

  hashAt(index: number): number {
    return index >= this.base ? this.cells.get(index * WIDTH) : 0;
  }

  /** Digest of the service after this index. */
  digestAt(index: number): number {
    return this.cells.get(index * WIDTH + DIGEST);
  }

  /** The first index at which the client's command was applied; 0 when it never was, or that is forgotten. */
  indexOf(client: ProcessId, sequence: number): number {
    const places = this.places[client - this.servers];
    return places === undefined ? 0 : (places.get(sequence) ?? 0);
  }

  /** The highest sequence of this client's that was ever applied; 0 before the first. */
  highestOf(client: ProcessId): number {
    return this.highest[client - this.servers] ?? 0;
  }

  /** The highest index that had been applied somewhere at this time; 0 when that is forgotten. */
  lastAt(time: Micros): number {
    let index = this.last;
    while (index >= this.base && this.times.get(index) > time) index--;
    // The time of the place right below the base is still there.
    return this.times.get(index) > time ? 0 : index;
  }

  /** A server started: it applies from the beginning again, or installs a snapshot. */
  started(server: ProcessId): void {
    this.appliedBy[server] = 0;
  }

  /** A server's state is now that of a snapshot. Call after judging it. */
  installed(server: ProcessId, index: number): void {
    this.appliedBy[server] = index;
  }

  /** A server will not start below this index again, unless it loses its disk. */
  snapshotSaved(server: ProcessId, index: number): void {
    if (index > (this.snapshotOf[server] as number)) this.snapshotOf[server] = index;
  }

  /** Below this, nobody is expected to apply anything again; 0 when nobody has saved a snapshot. */
  get coveredIndex(): number {
    let lowest = 0;
    let highest = 0;
    for (let server = 0; server < this.servers; server++) {
      const index = this.snapshotOf[server] as number;
      if (index === 0) continue;
      if (lowest === 0 || index < lowest) lowest = index;
      if (index > highest) highest = index;
    }
    return Math.max(lowest, highest - PLACES_BEHIND_MAX);
  }

  /**
   * True for the next place of this server, when others have applied it before and it shows the same: so most
   * places are. Nothing but {@link AgreedOrder.repeated} is left to do then.
   */
  repeats(server: ProcessId, { index, hash, digest }: AppliedPlace): boolean {
    if (index > this.last || index < this.base || index !== (this.appliedBy[server] as number) + 1)
      return false;
    const { cells } = this;
    return cells.get(index * WIDTH) === hash && cells.get(index * WIDTH + DIGEST) === digest;
  }

  /** Takes in a place that {@link AgreedOrder.repeats} one. */
  repeated(server: ProcessId, index: number): void {
    this.appliedBy[server] = index;
  }

  /** Takes in what a server applied. Call after judging it. */
  applied(server: ProcessId, place: AppliedPlace, now: Micros): void {
    const { index, command } = place;
    this.appliedBy[server] = index;
    if (index < this.base) this.unjudged++;
    if (index <= this.last) return;
    this.last = index;
    const { cells } = this;
    const cell = index * WIDTH;
    cells.set(cell, place.hash);
    cells.set(cell + DIGEST, place.digest);
    this.times.set(index, now);
    if (!this.hasDigests && index > 1 && place.digest !== this.digestAt(index - 1)) this.hasDigests = true;
    if (command === undefined || command.client < this.servers) return;
    const { client, sequence } = command;
    const places = this.placesOf(client);
    if (places.get(sequence) !== undefined) return;
    places.set(sequence, index);
    if (sequence > this.highestOf(client)) this.highest[client - this.servers] = sequence;
    cells.set(cell + CLIENT, client - this.servers + 1);
    cells.set(cell + SEQUENCE, sequence);
  }

  /** Forgets all places below `below`, and which commands they hold. */
  prune(below: number): void {
    const end = Math.min(below, this.last + 1);
    if (end <= this.base) return;
    for (let index = this.base; index < end; index++) {
      const client = this.cells.get(index * WIDTH + CLIENT);
      if (client > 0) this.places[client - 1]?.delete(this.cells.get(index * WIDTH + SEQUENCE));
    }
    // The place right below is where the next one began.
    this.cells.dropBelow((end - 1) * WIDTH);
    this.times.dropBelow(end - 1);
    this.base = end;
  }

  clone(): AgreedOrder {
    const copy = new AgreedOrder(this.servers);
    copy.last = this.last;
    copy.base = this.base;
    copy.unjudged = this.unjudged;
    copy.hasDigests = this.hasDigests;
    for (let server = 0; server < this.servers; server++) {
      copy.appliedBy[server] = this.appliedBy[server] as number;
      copy.snapshotOf[server] = this.snapshotOf[server] as number;
    }
    copy.cells = this.cells.clone();
    copy.times = this.times.clone();
    copy.places = this.places.map((places) => places.clone());
    copy.highest = this.highest.slice();
    return copy;
  }

  private placesOf(client: ProcessId): SequenceMap<number> {
    const number = client - this.servers;
    while (this.places.length <= number) {
      this.places.push(new SequenceMap());
      this.highest.push(0);
    }
    return this.places[number] as SequenceMap<number>;
  }
}
