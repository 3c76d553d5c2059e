/**
 * Where two executions of one recipe part: both run side by side, event by event, in one thread. Whatever
 * leaks between runs (a module's variable, a cache) or comes from outside (a clock, the memory address of
 * an object) shows as two events with different digests.
 */

import { formatMicros } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Implementation } from '../simulator/implementation.js';
import type { RecordedEvent, Recorder } from '../simulator/recorder.js';
import { Simulation } from '../simulator/simulation.js';

const CONTEXT_EVENTS = 4;

/** The first event that differs, with what each execution did up to it. */
export interface DigestDifference {
  /** Number of the first different event. */
  readonly event: number;
  /** The last events of each execution, the differing one last. */
  readonly first: readonly string[];
  readonly second: readonly string[];
}

/** Keeps the last few events as lines. */
class LastEvents implements Recorder {
  digest = '';
  number = 0;
  private readonly kept: string[] = [];
  private details: string[] = [];
  private line = '';

  event(event: RecordedEvent): void {
    this.number = event.number;
    this.line = `#${event.number} ${formatMicros(event.time)} ${event.kind} ${event.label}`;
    this.details = [];
  }

  decision(decision: { readonly group: string; readonly values: readonly number[] }): void {
    this.details.push(`${decision.group}=${decision.values.join(',')}`);
  }

  protocolEvent(_process: number, event: { readonly kind: string }): void {
    this.details.push(event.kind);
  }

  history(event: { readonly kind: string; readonly client: number; readonly sequence: number }): void {
    this.details.push(`${event.kind} ${event.client}.${event.sequence}`);
  }

  note(text: string): void {
    this.details.push(text);
  }

  eventEnd(digest: string): void {
    this.digest = digest;
    const did = this.details.length === 0 ? '' : ` → ${this.details.slice(0, 6).join(', ')}`;
    this.kept.push(`${this.line}${did}`);
    if (this.kept.length > CONTEXT_EVENTS) this.kept.shift();
  }

  lines(): readonly string[] {
    return this.kept.slice();
  }
}

/** Undefined when the two executions are the same to the end. `beat` is called now and then. */
export function findFirstDifference(
  scenario: Scenario,
  seed: string,
  implementation: Implementation,
  beat: () => void,
): DigestDifference | undefined {
  const recorders = [new LastEvents(), new LastEvents()] as const;
  const [a, b] = recorders.map((recorder) =>
    Simulation.create(scenario, { seed, strategy: 'random' }, { implementation, recorder }),
  ) as [Simulation, Simulation];
  for (;;) {
    const goesOn = a.step();
    const otherGoesOn = b.step();
    if (recorders[0].digest !== recorders[1].digest || goesOn !== otherGoesOn) {
      const event = Math.max(recorders[0].number, recorders[1].number);
      return { event, first: recorders[0].lines(), second: recorders[1].lines() };
    }
    if (!goesOn) return undefined;
    if ((recorders[0].number & 1023) === 0) beat();
  }
}
