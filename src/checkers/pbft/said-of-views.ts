/** Ghost: what a replica has said of views, by view changes or by new views, over all time; the latest few. */

import type { View } from '../../protocols/pbft/index.js';

interface Saying {
  readonly view: View;
  readonly digest: number;
}

/** Others rest a view on what was said a moment ago: so many view changes later nobody does. */
const REMEMBERED = 16;

export class SaidOfViews {
  private said: readonly Saying[] = [];
  /** The highest view of all that is not remembered any more; -1: none. */
  private forgotten = -1;

  say(view: View, digest: number): void {
    const { said } = this;
    if (said.some((saying) => saying.view === view && saying.digest === digest)) return;
    const oldest = said.length === REMEMBERED ? said[0] : undefined;
    if (oldest !== undefined && oldest.view > this.forgotten) this.forgotten = oldest.view;
    this.said = [...(oldest === undefined ? said : said.slice(1)), { view, digest }];
  }

  /** True when it has said just this, or may have, as far as is remembered. */
  mayHaveSaid(view: View, digest: number): boolean {
    if (view <= this.forgotten) return true;
    return this.said.some((saying) => saying.view === view && saying.digest === digest);
  }

  clone(): SaidOfViews {
    const copy = new SaidOfViews();
    copy.said = this.said;
    copy.forgotten = this.forgotten;
    return copy;
  }
}
