/** A small seeded stream for oracles over many inputs, where a property's shrinking would cost too much. */

export class LcgStream {
  constructor(private state: number) {}

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    // Numerical Recipes' constants; the high bits are the good ones.
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 0x1_0000_0000) * limit);
  }
}
