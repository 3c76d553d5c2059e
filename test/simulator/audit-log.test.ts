/** The audit log: what is in it, that its chain holds, and that nothing can be changed in it unnoticed. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_LINK,
  auditLogOf,
  brokenLink,
  builtInImplementation,
  type ChainedEntry,
} from '../../src/simulator/index.js';
import { expandTrace, recordTrace } from '../../src/simulator/record-trace.js';
import { compactTrace } from '../../src/simulator/trace-compact.js';
import { bundled } from './scenarios.js';

function logged(name: string, seed = '1') {
  const scenario = bundled(name);
  const implementation = builtInImplementation(scenario);
  const { trace } = recordTrace(scenario, { seed, strategy: 'random' }, implementation);
  return { trace, implementation, log: auditLogOf(trace, implementation.protocol) };
}

describe('audit log', () => {
  const { trace, implementation, log } = logged('upgrade/downgrade-refused');

  it('lists votes, elections, what operators and faults did, and refusals, in their order', () => {
    const actions = new Set(log.map(({ action }) => action));
    for (const action of ['vote', 'became-leader', 'note', 'version-activated', 'refused-to-run']) {
      expect(actions, action).toContain(action);
    }
    expect(log.map(({ number }) => number)).toEqual(log.map((_, i) => i + 1));
    const events = log.map(({ event }) => event);
    expect(events).toEqual([...events].sort((a, b) => a - b));
  });

  it('lists denials with who asked for what', () => {
    const denials = logged('overload/capabilities').log.filter(({ action }) => action === 'denied');
    expect(denials.length).toBeGreaterThan(0);
    expect(denials[0]?.text).toMatch(/^n\d denies c\d+ '\S+': \S+/);
  });

  it('lists changes of view, and votes for them', () => {
    const actions = new Set(logged('pbft/crash-primary').log.map(({ action }) => action));
    expect(actions).toContain('vote');
    expect(actions).toContain('became-leader');
  });

  it('is chained by SHA-256 over the link before and the entry, as anybody can compute', () => {
    let before = FIRST_LINK;
    for (const { number, event, timeMicros, who, action, text, detail, link } of log) {
      const content = JSON.stringify([number, event, timeMicros, who, action, text, detail]);
      before = createHash('sha256').update(`${before}\n${content}`).digest('hex');
      expect(link).toBe(before);
    }
    expect(trace.header.audit).toEqual({ entries: log.length, head: before });
    expect(brokenLink(log)).toBeUndefined();
  });

  it('comes out the same from a trace that keeps only decisions', () => {
    const expanded = expandTrace(compactTrace(trace), implementation);
    expect(auditLogOf(expanded, implementation.protocol)).toEqual(log);
    expect(expanded.header.audit).toEqual(trace.header.audit);
  });

  it('tells every change but one that makes all later links anew, and that one by its head', () => {
    const place = fc.nat(log.length - 1);
    const change = fc.oneof(
      fc.constant((entry: ChainedEntry): ChainedEntry[] => [{ ...entry, text: `${entry.text}.` }]),
      fc.constant((entry: ChainedEntry): ChainedEntry[] => [{ ...entry, timeMicros: entry.timeMicros + 1 }]),
      fc.constant((entry: ChainedEntry): ChainedEntry[] => [{ ...entry, who: 'n9' }]),
      fc.constant((entry: ChainedEntry): ChainedEntry[] => [entry, entry]),
      fc.constant((): ChainedEntry[] => []),
    );
    fc.assert(
      fc.property(place, change, (at, alter) => {
        const entry = log[at] as ChainedEntry;
        const altered = [...log.slice(0, at), ...alter(entry), ...log.slice(at + 1)];
        const isCutAtEnd = altered.length === log.length - 1 && at === log.length - 1;
        if (isCutAtEnd) expect(altered.at(-1)?.link).not.toBe(trace.header.audit?.head);
        else expect(brokenLink(altered)).toBe(altered.length > log.length ? at + 2 : at + 1);
      }),
      { numRuns: 300 },
    );
  });
});
