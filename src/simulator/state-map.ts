/**
 * Which abstract states of a cluster, and which steps between them, a number of runs have been in: a map of 64 Ki
 * places by hash, as in AFL. Two states may share a place; then the second one is taken for known.
 */

const PLACES = 0x10000;

export class StateMap {
  private readonly places = new Uint8Array(PLACES);
  /** How many places are taken. */
  size = 0;

  /** True when nothing of this hash was there before. */
  add(hash: number): boolean {
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
    if (this.places[place] === 1) return false;
    this.places[place] = 1;
    this.size++;
    return true;
  }
}
