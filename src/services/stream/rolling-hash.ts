/** The digest of a service, one for all its parts: it rolls over everything that happens to the state. */

import { mix32, mixInteger } from '../../kernel/index.js';

export class RollingHash {
  value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** A 32-bit word: a hash, mostly. */
  word(word: number): void {
    this.value = mix32(this.value, word);
  }

  /** A safe integer of any size. */
  integer(value: number): void {
    this.value = mixInteger(this.value, value);
  }
}
