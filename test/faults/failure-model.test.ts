import { describe, expect, test } from 'vitest';

import {
  CATALOGUE,
  checkPlan,
  type FailureModel,
  type FaultAction,
  type FaultPlan,
} from '../../src/faults/index.js';
import { DISK_FAULT_CLASSES } from '../../src/world/disk-contract.js';

const ALL: FailureModel = { crash: true, network: true, disk: 'amnesia', clock: true, byzantine: 0 };
const NONE: FailureModel = { crash: false, network: false, disk: 'none', clock: false, byzantine: 0 };
const LEADER = { kind: 'leader' } as const;

function planOf(...actions: readonly FaultAction[]): FaultPlan {
  return {
    schedule: actions.map((action, i) => ({
      id: `schedule.${i}`,
      atMicros: 0,
      forMicros: undefined,
      action,
    })),
    random: [],
    byzantine: [],
    damagedDiskBudget: 0,
  };
}

/** Enough of an action of each verb: the model looks at the verb only. */
const ONE_OF_EACH = planOf(
  ...CATALOGUE.map(({ verb }) => ({ do: verb, on: LEADER }) as unknown as FaultAction),
);

describe('failure model', () => {
  test('a plan within the model has no breach', () => {
    expect(checkPlan(ONE_OF_EACH, ALL)).toEqual([]);
  });

  test('outside every model, each verb that is not a repair is a breach', () => {
    const verbs = checkPlan(ONE_OF_EACH, NONE).map(({ verb }) => verb);
    expect(verbs).toEqual(CATALOGUE.filter(({ repairs }) => !repairs).map(({ verb }) => verb));
    expect(CATALOGUE.filter(({ repairs }) => repairs).map(({ verb }) => verb)).toEqual([
      'restart',
      'resume',
      'heal',
    ]);
  });

  test('amnesia is beyond a model of detectable disk faults, rot is not', () => {
    const plan = planOf({ do: 'bit-rot', on: LEADER }, { do: 'wipe', on: LEADER });
    expect(checkPlan(plan, { ...ALL, disk: 'detectable' })).toEqual([
      {
        id: 'schedule.1',
        verb: 'wipe',
        faultClass: 'disk-amnesia',
        message:
          "'wipe' (schedule.1) makes a disk forget what it confirmed, but the failure model excludes that (model.disk: detectable; it needs amnesia)",
      },
    ]);
  });

  test('breaches name schedule and random faults, in the order of the plan', () => {
    const crash: FaultAction = { do: 'crash', on: LEADER };
    const plan: FaultPlan = {
      ...planOf(crash),
      random: [
        {
          id: 'random.0',
          everyMinMicros: 1,
          everyMaxMicros: 1,
          forMinMicros: 1,
          forMaxMicros: 1,
          action: { do: 'clock-jump', on: LEADER, byMicros: 1 },
        },
      ],
    };
    expect(checkPlan(plan, NONE).map(({ message }) => message)).toEqual([
      "'crash' (schedule.0) is a process fault, but the failure model says that processes keep running (model.crash: false)",
      "'clock-jump' (random.0) disturbs a clock, but the failure model says that clocks stay within their bounds (model.clock: false)",
    ]);
  });

  test('the classes of disk faults are those of the disk itself', () => {
    const classes: Readonly<Record<string, string>> = DISK_FAULT_CLASSES;
    const diskVerbs = CATALOGUE.filter(({ faultClass }) => faultClass.startsWith('disk-'));
    for (const { verb, faultClass } of diskVerbs)
      expect(`${verb}: ${faultClass}`).toBe(`${verb}: disk-${classes[verb]}`);
  });

  test('the catalogue describes each verb once, in one line without a full stop', () => {
    expect(new Set(CATALOGUE.map(({ verb }) => verb)).size).toBe(CATALOGUE.length);
    for (const { summary } of CATALOGUE) expect(summary).toMatch(/^[^\n]+[^.\n]$/);
    expect(
      CATALOGUE.filter(({ faultClass }) => faultClass === 'disk-amnesia').map(({ verb }) => verb),
    ).toEqual(['lost-write', 'lying-sync', 'rollback', 'wipe']);
  });
});
