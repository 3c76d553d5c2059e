/**
 * Doubly linked lists of numbered nodes. Nodes come out in any order and go back in the opposite one, each
 * to its old place (Knuth, "Dancing links", 2000).
 */

const NONE = -1;

export class OrderedLists {
  readonly listCount: number;
  /** By node, the operation it stands for. */
  readonly owner: Int32Array;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(listCount: number, owner: Int32Array) {
    this.listCount = listCount;
    this.owner = owner;
    this.heads = new Int32Array(listCount).fill(NONE);
    this.tails = new Int32Array(listCount).fill(NONE);
    this.next = new Int32Array(owner.length).fill(NONE);
    this.previous = new Int32Array(owner.length).fill(NONE);
  }

  /** The first node, or -1. */
  first(list: number): number {
    return this.heads[list] as number;
  }

  /** The node after one that is in its list, or -1. */
  after(node: number): number {
    return this.next[node] as number;
  }

  /** The last node, or -1. */
  last(list: number): number {
    return this.tails[list] as number;
  }

  /** Adds a node that was in no list. */
  append(list: number, node: number): void {
    this.previous[node] = this.tails[list] as number;
    this.restore(list, node);
  }

  remove(list: number, node: number): void {
    const next = this.next[node] as number;
    const previous = this.previous[node] as number;
    if (previous === NONE) this.heads[list] = next;
    else this.next[previous] = next;
    if (next === NONE) this.tails[list] = previous;
    else this.previous[next] = previous;
  }

  /** The inverse of `remove`. */
  restore(list: number, node: number): void {
    const next = this.next[node] as number;
    const previous = this.previous[node] as number;
    if (previous === NONE) this.heads[list] = node;
    else this.next[previous] = node;
    if (next === NONE) this.tails[list] = node;
    else this.previous[next] = node;
  }
}
