import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, type Plain } from '../../../src/kernel/index.js';
import { PartitionLog, type Retention } from '../../../src/services/index.js';

interface Written {
  readonly offset: number;
  readonly key: string | null;
  readonly micros: number;
}

const KEEP_ALL: Retention = { retainMessages: 0, retainMicros: 0, compact: false };

const script = fc.array(fc.record({ key: fc.constantFrom(null, 'a', 'b', 'c', 'd'), after: fc.nat(9) }), {
  maxLength: 400,
});

function fill(log: PartitionLog, steps: readonly { key: string | null; after: number }[]): Written[] {
  let micros = 0;
  return steps.map(({ key, after }, offset) => {
    micros += after;
    log.append([key, String(offset)], micros);
    return { offset, key, micros };
  });
}

const kept = (log: PartitionLog) => log.read(0, Infinity).map(({ offset }) => offset);

describe('the log of a partition', () => {
  it('keeps what its retention promises, in order, and says where it begins', () => {
    const retention = fc.record({
      retainMessages: fc.nat(50),
      retainMicros: fc.nat(200),
      compact: fc.boolean(),
    });
    fc.assert(
      fc.property(script, retention, (steps, settings) => {
        const log = new PartitionLog(0, settings);
        const written = fill(log, steps);
        const now = written[written.length - 1]?.micros ?? 0;
        const offsets = kept(log);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
        expect(log.end).toBe(steps.length);
        const { retainMessages, retainMicros, compact } = settings;
        for (const { offset, key, micros } of written) {
          const isLatest =
            key === null || !written.some((other) => other.key === key && other.offset > offset);
          const isYoung = retainMicros === 0 || micros + retainMicros >= now;
          const isNear = retainMessages === 0 || offset >= steps.length - retainMessages;
          if (isNear && isYoung && (isLatest || !compact)) expect(offsets).toContain(offset);
          if (!isYoung) expect(offsets).not.toContain(offset);
          expect(log.at(offset)?.offset).toBe(offsets.includes(offset) ? offset : undefined);
        }
        if (retainMessages > 0) expect(offsets.length).toBeLessThanOrEqual(retainMessages);
        expect(log.start).toBeLessThanOrEqual(offsets[0] ?? log.end);
      }),
    );
  });

  it('shrinks under compaction: what it holds is bounded by its keys', () => {
    const log = new PartitionLog(0, { ...KEEP_ALL, compact: true });
    for (let i = 0; i < 10_000; i++) log.append([`k${i % 10}`, String(i)], i);
    expect(log.size).toBeLessThan(50);
    expect(log.read(9_990, 100)).toHaveLength(10);
  });

  it('reads the same before and after a snapshot and a copy, and goes on the same', () => {
    fc.assert(
      fc.property(script, script, fc.boolean(), (before, after, compact) => {
        const settings = { ...KEEP_ALL, retainMessages: 60, compact };
        const log = new PartitionLog(3, settings);
        fill(log, before);
        const copy = log.clone();
        const restored = new PartitionLog(3, settings);
        restored.restore(JSON.parse(canonical(log.encode())) as Plain);
        for (const each of [log, copy, restored]) {
          for (const { key } of after) each.append([key, 'x'], 10_000);
        }
        expect(canonical(copy.encode())).toBe(canonical(log.encode()));
        expect(canonical(restored.encode())).toBe(canonical(log.encode()));
        expect(restored.bytes).toBe(log.bytes);
      }),
    );
  });
});
