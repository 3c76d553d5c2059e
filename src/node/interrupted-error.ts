/** A signal ended what was under way: no mistake of anybody, and told already by who took the signal. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor() {
    super('interrupted');
  }
}
