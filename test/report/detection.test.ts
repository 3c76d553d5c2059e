import { expect, test } from 'vitest';
import {
  detectionPage,
  detectionRow,
  summariseDetections,
  summaryLines,
  type Detection,
  type Figure,
} from '../../src/report/detection.js';
import { findBug } from '../../src/zoo/index.js';

const found = (seeds: number, cpuMicros: number, invariant: string): Figure => ({
  seeds,
  cpuMicros,
  useless: 0,
  isStuck: false,
  finding: { seed: String(seeds), invariant, message: '', events: 1 },
});
const missed: Figure = {
  seeds: 500,
  cpuMicros: 20_000_000,
  useless: 2,
  isStuck: false,
  finding: undefined,
};

/** CPU time for each hunt. */
const BUDGET = 20_000_000;

const quick: Detection = {
  bug: findBug('R44'),
  scenario: 'raft/swarm',
  all: found(1, 340_000, 'raft/ack-durable'),
  independent: found(10, 2_920_000, 'any/convergence'),
};
const half: Detection = { ...quick, bug: findBug('R23'), independent: missed };
const tame: Detection = { ...half, bug: { ...findBug('R24'), harmless: 'Terms grow, and nothing else.' } };
const lost: Detection = { bug: findBug('P08'), scenario: 'pbft/swarm', all: missed, independent: missed };

test('a row has both figures of a bug', () => {
  expect(detectionRow(quick, BUDGET)).toEqual([
    'R44',
    '1',
    '0.34 s',
    'raft/ack-durable',
    '10',
    '2.92 s',
    'any/convergence',
  ]);
  expect(detectionRow(lost, BUDGET)).toEqual(['P08', '500', '20 s', 'not found', '500', '20 s', 'not found']);
});

test('the share of what is found alone leaves out what harms nobody', () => {
  const summary = summariseDetections([quick, half, tame, lost], BUDGET);
  expect(summary).toMatchObject({ bugs: 4, found: 3, foundWithin10s: 3, harmful: 3, foundIndependently: 1 });
  expect(summary.medianCpuMicros).toBe(340_000);
  expect(summaryLines(summary, BUDGET)).toEqual([
    'with all properties: found 3 of 4 (75 %) within 20 s of CPU time each, half of them within 0.34 s',
    'with all properties: found 3 of 4 (75 %) within 10 s of CPU time each',
    'with protocol-independent properties alone: found 1 of 3 (33 %) of those that can harm a client, half of them within 2.92 s',
  ]);
  expect(summaryLines(summariseDetections([], BUDGET), 1_000_000)[0]).toContain('found 0 of 0 within');
});

test('the page lists each miss with the seeds that were spent, and what harms nobody with the reason', () => {
  const page = detectionPage([quick, half, tame, lost], BUDGET);
  expect(page).toContain(
    '| `R44-ack-before-sync` | 1 | 0.34 s | `raft/ack-durable` | 10 | 2.92 s | `any/convergence` |',
  );
  expect(page).toContain(`- \`${half.bug.id}\`: not by a protocol-independent property in 500 seeds`);
  expect(page).toContain(`- \`${lost.bug.id}\`: not by any property in 500 seeds, 20 s of CPU time`);
  expect(page).toContain(`- \`${tame.bug.id}\`: Terms grow, and nothing else.`);
  expect(page).not.toContain(`- \`${tame.bug.id}\`: not`);
});

test('what took more time than there was is told, and counts as not found', () => {
  const hasty = 1_000_000;
  expect(detectionRow(quick, hasty).slice(3)).toEqual([
    'raft/ack-durable',
    '10',
    '2.92 s',
    'over the budget: any/convergence',
  ]);
  const summary = summariseDetections([quick], hasty);
  expect(summary).toMatchObject({ found: 1, foundIndependently: 0, medianCpuMicrosIndependent: undefined });
  expect(summariseDetections([quick], 300_000)).toMatchObject({ found: 0, foundWithin10s: 0 });
  const page = detectionPage([quick], hasty);
  expect(page).toContain('| `raft/ack-durable` | 10 | 2.92 s | _over the budget:_ `any/convergence` |');
  expect(page).toContain(
    `- \`${quick.bug.id}\`: not by a protocol-independent property within 1.00 s; \`any/convergence\` after 10 seeds, 2.92 s of CPU time, over the budget`,
  );
});

test('a hunt that was given up is told as such, with the time that it took', () => {
  const stuck: Figure = { ...missed, seeds: 4, cpuMicros: 600_000, isStuck: true };
  const detection = { ...quick, all: stuck, independent: stuck };
  expect(detectionRow(detection, BUDGET).slice(1, 4)).toEqual(['4', '0.60 s', 'given up']);
  const page = detectionPage([detection], BUDGET);
  expect(page).toContain('| 4 | 0.60 s | _given up_ |');
  expect(page).toContain('given up after 4 seeds, 0.60 s of CPU time: the next run failed, or never ended');
});
