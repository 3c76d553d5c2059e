/**
 * The configurations of a log: of each configuration entry in it, and of what lies before its beginning. The
 * latest one is in force, committed or not (dissertation §4.1).
 */

import type { Plain } from '../../kernel/index.js';
import type { Configuration } from './configuration.js';
import type { ConfigurationAt, LogIndex } from './messages.js';

/** How many configurations that are no longer needed are remembered, for a snapshot's history. */
const HISTORY = 8;

export class ConfigurationLog {
  /** By index, ascending; never empty. */
  private items: ConfigurationAt[];
  /** Left behind by {@link forgetBefore}, latest last. */
  private past: ConfigurationAt[] = [];

  constructor(initial: Configuration) {
    this.items = [{ index: 0, configuration: initial }];
  }

  get latest(): ConfigurationAt {
    return this.items[this.items.length - 1] as ConfigurationAt;
  }

  /** The one before the latest; undefined when it is not known any more. */
  get previous(): ConfigurationAt | undefined {
    return this.items[this.items.length - 2];
  }

  /** What was in force at this index. */
  at(index: LogIndex): ConfigurationAt {
    let found = this.items[0] as ConfigurationAt;
    for (const item of this.items) if (item.index <= index) found = item;
    return found;
  }

  /** Configurations before the one in force at `index`, latest last. */
  historyAt(index: LogIndex): readonly ConfigurationAt[] {
    const { index: current } = this.at(index);
    const earlier = this.items.filter((item) => item.index < current);
    return [...this.past, ...earlier].slice(-HISTORY);
  }

  append(index: LogIndex, configuration: Configuration): void {
    this.items.push({ index, configuration });
  }

  /** Entries from `index` on are gone. True when that changes what is in force. */
  truncateFrom(index: LogIndex): boolean {
    const { length } = this.items;
    while (this.items.length > 1 && this.latest.index >= index) this.items.pop();
    return this.items.length < length;
  }

  /** What was in force before `index` is history now. */
  forgetBefore(index: LogIndex): void {
    const keep = this.items.indexOf(this.at(index));
    this.past = [...this.past, ...this.items.slice(0, keep)].slice(-HISTORY);
    this.items = this.items.slice(keep);
  }

  /** Everything is as a snapshot says. */
  reset(current: ConfigurationAt, past: readonly ConfigurationAt[]): void {
    this.items = [current];
    this.past = past.slice(-HISTORY);
  }

  clone(): ConfigurationLog {
    const copy = new ConfigurationLog(this.latest.configuration);
    copy.items = this.items.slice();
    copy.past = this.past.slice();
    return copy;
  }

  encode(): Plain {
    return { items: this.items, past: this.past } as unknown as Plain;
  }
}
