/** Ghost: the configuration entries that were ever in a log, by index and term. They are few. */

import type { Membership } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { GhostLog } from './ghost-log.js';

/** So many are remembered: those of the latest indexes. */
const ENTRIES_MAX = 256;

interface Item {
  readonly index: LogIndex;
  readonly term: Term;
  readonly configuration: Membership;
}

export class ConfigurationEntries {
  /** The highest index that ever held one. */
  highestIndex: LogIndex = 0;
  private items: Item[] = [];

  /** False when it was known. */
  learn(index: LogIndex, term: Term, configuration: Membership): boolean {
    if (this.find(index, term) !== undefined) return false;
    this.items.push({ index, term, configuration });
    if (this.items.length > ENTRIES_MAX) this.items.shift();
    if (index > this.highestIndex) this.highestIndex = index;
    return true;
  }

  /** The configuration of the entry of this index and term; undefined when it is not known to be one. */
  find(index: LogIndex, term: Term): Membership | undefined {
    if (index > this.highestIndex) return undefined;
    for (const item of this.items) if (item.index === index && item.term === term) return item.configuration;
    return undefined;
  }

  /** Index of the last configuration entry in this log; `otherwise` when there is none after its base. */
  lastIn(log: GhostLog, otherwise: LogIndex): LogIndex {
    let last = otherwise;
    for (const { index, term } of this.items) {
      if (index > last && index > log.base && log.termAt(index) === term) last = index;
    }
    return last;
  }

  /** The configuration of the last such entry in this log before `index`; undefined when there is none after its base. */
  lastBefore(log: GhostLog, index: LogIndex): Membership | undefined {
    let last: Item | undefined = undefined;
    for (const item of this.items) {
      if (item.index >= index || item.index <= (last?.index ?? log.base)) continue;
      if (log.termAt(item.index) === item.term) last = item;
    }
    return last?.configuration;
  }

  clone(): ConfigurationEntries {
    const copy = new ConfigurationEntries();
    copy.highestIndex = this.highestIndex;
    copy.items = this.items.slice();
    return copy;
  }
}
