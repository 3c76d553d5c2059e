import { describe, expect, it } from 'vitest';
import { parsePbftSettings } from '../../../src/protocols/pbft/index.js';

describe('pbft settings', () => {
  it('have defaults', () => {
    expect(parsePbftSettings({})).toMatchObject({
      faulty: undefined,
      viewChangeMicros: 400_000,
      viewChangeMicrosMax: 1_200_000,
      checkpointInterval: 16,
      window: 32,
    });
  });

  it('that depend on each other follow each other', () => {
    const settings = parsePbftSettings({ 'checkpoint-interval': 4, 'view-change-timeout': '50ms' });
    expect(settings).toMatchObject({ window: 8, viewChangeMicrosMax: 150_000 });
  });

  it.each([
    [
      { window: 33 },
      'protocol.settings.window: expected a multiple of checkpoint-interval, at least twice that',
    ],
    [
      { window: 16 },
      'protocol.settings.window: expected a multiple of checkpoint-interval, at least twice that',
    ],
    [{ 'view-change-timeout': '1us' }, 'protocol.settings.view-change-timeout: expected at least 1ms'],
    [
      { 'view-change-timeout-max': '300ms' },
      'protocol.settings.view-change-timeout-max: expected at least view-change-timeout',
    ],
    [{ 'batch-size': 0 }, 'protocol.settings.batch-size: expected a whole number from 1 to 1024'],
    [{ proofs: 'mac' }, "protocol.settings.proofs: expected signatures or macs (did you mean 'macs'?)"],
    [{ 'batch-sise': 1 }, 'protocol.settings.batch-sise: unknown pbft setting'],
  ])('%j is refused in one line', (raw, message) => {
    expect(() => parsePbftSettings(raw)).toThrow(message);
  });

  it('must fit the cluster', () => {
    expect(parsePbftSettings({ f: 1 }, { members: 7, byzantine: 1 }).faulty).toBe(1);
    expect(() => parsePbftSettings({ f: 2 }, { members: 6, byzantine: 0 })).toThrow(
      'from 0 (model.byzantine) to 1',
    );
    expect(() => parsePbftSettings({ f: 0 }, { members: 4, byzantine: 1 })).toThrow(
      'from 1 (model.byzantine) to 1',
    );
    expect(() => parsePbftSettings({}, { members: 32, byzantine: 0 })).toThrow('at most 31 replicas of pbft');
  });
});
