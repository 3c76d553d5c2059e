/** What the corrupted share: what they have seen, what they have agreed on, what they have told. Bounded. */

import type { Message } from '../../kernel/index.js';

/** Messages of one kind that are remembered. */
const SEEN_MAX = 32;
const AGREED_MAX = 4096;
const STORIES_MAX = 1024;

export class Blackboard {
  private readonly messages = new Map<string, Message[]>();
  private readonly agreed = new Map<string, number>();
  private readonly stories = new Map<string, Message>();

  /** A message that a corrupted process has sent or got. A broadcast comes by once per receiver. */
  see(message: Message): void {
    let row = this.messages.get(message.kind);
    if (row === undefined) {
      row = [];
      this.messages.set(message.kind, row);
    }
    if (row.at(-1) === message) return;
    row.push(message);
    if (row.length > SEEN_MAX) row.shift();
  }

  seen(kind: string): readonly Message[] {
    return this.messages.get(kind) ?? [];
  }

  /** Kinds of which something was seen, in the order in which they first were. */
  kinds(): string[] {
    return [...this.messages.keys()];
  }

  recall(name: string): number | undefined {
    return this.agreed.get(name);
  }

  agree(name: string, value: number): void {
    keep(this.agreed, name, value, AGREED_MAX);
  }

  /** The other story that goes under this name; told once, it stays the same. */
  story(name: string, invent: () => Message): Message {
    const known = this.stories.get(name);
    if (known !== undefined) return known;
    const story = invent();
    keep(this.stories, name, story, STORIES_MAX);
    return story;
  }

  clone(): Blackboard {
    const copy = new Blackboard();
    for (const [kind, row] of this.messages) copy.messages.set(kind, row.slice());
    for (const [name, value] of this.agreed) copy.agreed.set(name, value);
    for (const [name, story] of this.stories) copy.stories.set(name, story);
    return copy;
  }
}

/** Adds to a map of so many entries, of which the oldest goes. */
function keep<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
