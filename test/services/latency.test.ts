import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LatencyHistogram } from '../../src/services/index.js';

function histogramOf(latencies: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latency of latencies) histogram.record(latency);
  return histogram;
}

const latencies = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 1, maxLength: 60 });

test('latency: a quantile is the exact one rounded up by at most 1/16', () => {
  fc.assert(
    fc.property(latencies, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.ceil((values.length * percent) / 100) - 1] ?? -1;
      const read = histogramOf(values).quantile(percent, 100) ?? -1;
      expect(read).toBeGreaterThanOrEqual(exact);
      expect(read).toBeLessThanOrEqual(exact + exact / 16);
    }),
  );
});

test('latency: merging two histograms is recording both lists', () => {
  fc.assert(
    fc.property(latencies, latencies, (a, b) => {
      const merged = histogramOf(a).clone();
      merged.merge(histogramOf(b));
      expect(merged.encode()).toEqual(histogramOf([...a, ...b]).encode());
      expect(merged.count).toBe(a.length + b.length);
    }),
  );
});

test('latency: nothing recorded has no quantile', () => {
  expect(new LatencyHistogram().quantile(99, 100)).toBeUndefined();
});
