import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FuzzSchedule, type Portion, type ScheduleSettings } from '../../src/campaign/index.js';

const SETTINGS: ScheduleSettings = { scenarios: 2, first: 10, shard: 0, of: 1, size: 3, runs: undefined };

function take(schedule: FuzzSchedule, count: number): Portion[] {
  return Array.from({ length: count }, () => schedule.next()).filter((portion) => portion !== undefined);
}

describe('fuzz schedule', () => {
  it('gives every scenario its turn, and seeds that follow each other', () => {
    expect(take(new FuzzSchedule(SETTINGS), 3)).toEqual([
      { scenario: 0, position: 0, seeds: ['10', '11', '12'] },
      { scenario: 1, position: 0, seeds: ['10', '11', '12'] },
      { scenario: 0, position: 3, seeds: ['13', '14', '15'] },
    ]);
  });

  it('hands out as many runs as it may, and then no more', () => {
    const schedule = new FuzzSchedule({ ...SETTINGS, runs: 4 });
    expect(take(schedule, 9).map(({ seeds }) => seeds.length)).toEqual([3, 1]);
  });

  it('goes on with the scenario that is behind', () => {
    const [first] = take(new FuzzSchedule(SETTINGS, [6, 3]), 1);
    expect(first).toEqual({ scenario: 1, position: 3, seeds: ['13', '14', '15'] });
  });

  it('leaves no seed out and runs none twice, over all shards and however often it is interrupted', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
        (scenarios, of, size, sessions) => {
          const seen = Array.from({ length: scenarios }, () => new Set<number>());
          const counts = Array.from({ length: scenarios }, () => new Array<number>(of).fill(0));
          for (let shard = 0; shard < of; shard++) {
            for (const portions of sessions) {
              const done = counts.map((own) => own[shard] as number);
              const schedule = new FuzzSchedule(
                { scenarios, first: 7, shard, of, size, runs: undefined },
                done,
              );
              for (const { scenario, position, seeds } of take(schedule, portions)) {
                expect(position).toBe(counts[scenario]?.[shard]);
                (counts[scenario] as number[])[shard] = position + seeds.length;
                for (const seed of seeds) {
                  expect(seen[scenario]?.has(Number(seed))).toBe(false);
                  seen[scenario]?.add(Number(seed));
                }
              }
            }
          }
          seen.forEach((seeds, scenario) => {
            const wanted = new Set<number>();
            counts[scenario]?.forEach((count, shard) => {
              for (let i = 0; i < count; i++) wanted.add(7 + shard + i * of);
            });
            expect(seeds).toEqual(wanted);
          });
        },
      ),
    );
  });
});
