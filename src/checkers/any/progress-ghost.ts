/** Ghost: whether operations were invoked, and answered, in the time in which progress is due. */

export class ProgressGhost {
  isDue = false;
  isMade = false;
  /** The same of operations that need the order: how many were invoked and not refused, and whether any was answered. */
  orderedDue = 0;
  isOrderedMade = false;

  /** Some were due, and none was answered. */
  get isMissed(): boolean {
    return this.isDue && !this.isMade;
  }

  get isOrderMissed(): boolean {
    return this.orderedDue > 0 && !this.isOrderedMade;
  }

  clone(): ProgressGhost {
    return Object.assign(new ProgressGhost(), this);
  }
}
