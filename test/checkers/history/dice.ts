// Seeded chance for histories, and a way to write them down.

import type { EventType, RecordedEvent } from '../../../src/checkers/history/index.js';
import type { Plain } from '../../../src/kernel/index.js';

/** A small generator (xorshift32). */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 1;
    for (let i = 0; i < 4; i++) this.below(2);
  }

  /** 0 … bound - 1. */
  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % bound;
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

/** What one operation is and becomes: `apply` runs at some moment between its two events. */
export interface Planned {
  readonly f: string;
  readonly key?: Plain;
  readonly input: Plain;
  readonly apply: () => Plain;
}

/**
 * A history of `count` operations by `processes`, linearizable by construction: each takes effect at one moment of
 * its interval. Some end as `info`: half of these have taken effect.
 */
export function play(
  dice: Dice,
  processes: number,
  count: number,
  plan: (process: number) => Planned,
  infoOneIn = 6,
): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  const open = new Map<number, { planned: Planned; output: Plain | undefined }>();
  let begun = 0;
  const write = (process: number, type: EventType, planned: Planned, value: Plain): void => {
    events.push({ line: events.length + 1, type, process, f: planned.f, key: planned.key, value });
  };
  while (begun < count || open.size > 0) {
    const process = dice.below(processes);
    const current = open.get(process);
    if (current === undefined) {
      if (begun === count) continue;
      begun += 1;
      const planned = plan(process);
      open.set(process, { planned, output: undefined });
      write(process, 'invoke', planned, planned.input);
    } else if (dice.oneIn(infoOneIn)) {
      if (dice.oneIn(2) && current.output === undefined) current.planned.apply();
      write(process, 'info', current.planned, null);
      open.delete(process);
    } else if (current.output === undefined) current.output = current.planned.apply();
    else {
      write(process, 'ok', current.planned, current.output);
      open.delete(process);
    }
  }
  return events;
}

/** The same history with the answers of two operations exchanged, or one changed to `other`; those in `asks` first. */
export function spoil(
  dice: Dice,
  events: readonly RecordedEvent[],
  other: Plain,
  asks: readonly string[],
): RecordedEvent[] {
  const all = events.filter(({ type }) => type === 'ok');
  const asking = all.filter(({ f }) => asks.includes(f));
  const answers = asking.length > 0 ? asking : all;
  if (answers.length === 0) return [...events];
  const a = dice.pick(answers);
  const b = dice.pick(answers.filter(({ f }) => f === a.f));
  const isChange = dice.oneIn(3);
  return events.map((event) => {
    if (event.line === a.line) return { ...event, value: isChange ? other : b.value };
    if (event.line === b.line && !isChange) return { ...event, value: a.value };
    return event;
  });
}

/** Events of one process after the other, each with its end right behind it. */
export function inTurn(
  ...rows: readonly (readonly [process: number, f: string, input: Plain, output: Plain, key?: Plain])[]
): RecordedEvent[] {
  return rows.flatMap(([process, f, input, output, key], index) => [
    { line: 2 * index + 1, type: 'invoke' as const, process, f, key, value: input },
    { line: 2 * index + 2, type: 'ok' as const, process, f, key, value: output },
  ]);
}
