/**
 * Ghost: the agreed order of a run, learnt from what replicas apply. The first server to apply a place
 * decides what the others must show there; that holds over all time, restarts included.
 */

import type { Command, Micros, ProcessId } from '../../kernel/index.js';
import { IntColumn, TimeColumn } from '../columns.js';

/** The part of an `applied` event that the order is made of. */
export interface AppliedPlace {
  readonly index: number;
  readonly hash: number;
  readonly digest: number;
  readonly command: Command | undefined;
}

export class AgreedOrder {
  /** Highest index that any server ever applied. */
  last = 0;
  /** Per server: the index applied last since its start; 0 before the first. */
  readonly appliedBy: number[];
  private hashes = new IntColumn();
  private digests = new IntColumn();
  /** When each index was first applied anywhere. Invariant: never decreases with the index. */
  private times = new TimeColumn();
  /** Per client, by sequence: the first index that holds this command; 0 when there is none. */
  private places: IntColumn[] = [];

  constructor(readonly servers: number) {
    this.appliedBy = new Array<number>(servers).fill(0);
  }

  hashAt(index: number): number {
    return this.hashes.get(index);
  }

  /** Digest of the service after this index. */
  digestAt(index: number): number {
    return this.digests.get(index);
  }

  /** The first index at which the client's command was applied; 0 when it never was. */
  indexOf(client: ProcessId, sequence: number): number {
    const places = this.places[client - this.servers];
    return places === undefined ? 0 : places.get(sequence);
  }

  /** The highest index that had been applied somewhere at this time. */
  lastAt(time: Micros): number {
    let index = this.last;
    while (index > 0 && this.times.get(index) > time) index--;
    return index;
  }

  /** A server started: it applies from the beginning again. */
  started(server: ProcessId): void {
    this.appliedBy[server] = 0;
  }

  /** Takes in what a server applied. Call after judging it. */
  applied(server: ProcessId, place: AppliedPlace, now: Micros): void {
    const { index, command } = place;
    this.appliedBy[server] = index;
    if (index <= this.last) return;
    this.last = index;
    this.hashes.set(index, place.hash);
    this.digests.set(index, place.digest);
    this.times.set(index, now);
    if (command === undefined || command.client < this.servers) return;
    const places = this.placesOf(command.client);
    if (places.get(command.sequence) === 0) places.set(command.sequence, index);
  }

  clone(): AgreedOrder {
    const copy = new AgreedOrder(this.servers);
    copy.last = this.last;
    this.appliedBy.forEach((index, server) => (copy.appliedBy[server] = index));
    copy.hashes = this.hashes.clone();
    copy.digests = this.digests.clone();
    copy.times = this.times.clone();
    copy.places = this.places.map((places) => places.clone());
    return copy;
  }

  private placesOf(client: ProcessId): IntColumn {
    const number = client - this.servers;
    while (this.places.length <= number) this.places.push(new IntColumn());
    return this.places[number] as IntColumn;
  }
}
