/**
 * Checkers over a shared ghost: what an all-seeing observer knows of a run. One owner per protocol hears
 * the hooks, asks the checkers that an event concerns (some before, some after the ghost takes it in), and
 * brings the ghost up to date once. The checkers themselves hold no state, so that copying the ghost
 * copies them all.
 */

import type { InvariantInfo, ViolationSink } from './checker.js';

/** Base of all checkers that judge by a ghost. */
export abstract class GhostChecker<Ghost> {
  abstract readonly info: InvariantInfo;

  constructor(
    protected readonly ghost: Ghost,
    private readonly sink: ViolationSink,
  ) {}

  protected violate(message: string): void {
    this.sink.report(this.info.id, message);
  }
}
