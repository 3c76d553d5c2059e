/** The bank and its clients. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digest, RandomChoices, type Plain } from '../../src/kernel/index.js';
import {
  Bank,
  BANK,
  createWorkload,
  makeCommand,
  parseBankSettings,
  type BankOperation,
} from '../../src/services/index.js';
import { DEFAULTS } from './client-world.js';

const SETTINGS = { accounts: 4, initial: 10 };

const operation: fc.Arbitrary<BankOperation> = fc.oneof(
  fc.constant<BankOperation>({ op: 'read' }),
  fc.record({
    op: fc.constant('transfer' as const),
    from: fc.nat(3),
    to: fc.nat(3),
    amount: fc.nat(25),
  }),
);

test('bank: every operation does and answers what plain arithmetic would', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const bank = new Bank(SETTINGS);
      const held = [10, 10, 10, 10];
      operations.forEach((input, i) => {
        const answer = bank.apply(makeCommand(5, i + 1, input));
        if (input.op === 'read') {
          expect(answer).toEqual({ balances: held });
          expect(bank.query(makeCommand(5, 0, input))).toEqual({ balances: held });
          return;
        }
        const { from, to, amount } = input;
        const isCovered = (held[from] as number) >= amount;
        expect(answer).toEqual({ transferred: isCovered });
        if (!isCovered) return;
        held[from] = (held[from] as number) - amount;
        held[to] = (held[to] as number) + amount;
      });
      expect(held.reduce((sum, balance) => sum + balance)).toBe(40);
    }),
  );
});

test('bank: a copy goes on as the original, through snapshot, restore and clone', () => {
  const operations = fc.array(operation, { maxLength: 20 });
  fc.assert(
    fc.property(operations, operations, (before, after) => {
      const run = (bank: Bank, inputs: readonly BankOperation[], first: number) =>
        inputs.forEach((input, i) => bank.apply(makeCommand(5, first + i, input)));
      const straight = new Bank(SETTINGS);
      run(straight, [...before, ...after], 1);
      const source = new Bank(SETTINGS);
      run(source, before, 1);
      const restored = new Bank(SETTINGS);
      restored.restore(source.snapshot());
      for (const copy of [restored, source.clone()]) {
        run(copy, after, before.length + 1);
        expect(copy.digest()).toBe(straight.digest());
        expect(copy.snapshot()).toEqual(straight.snapshot());
      }
    }),
  );
});

test('bank: what is no operation of it is malformed, changes no balance, and no read is answered aside', () => {
  const transfer = { op: 'transfer', from: 0, to: 1, amount: 1 };
  const wrong: Plain[] = [
    null,
    'read',
    {},
    { ...transfer, from: 4 },
    { ...transfer, to: -1 },
    { ...transfer, amount: -1 },
    { ...transfer, amount: 1.5 },
    { ...transfer, from: '0' },
  ];
  const bank = new Bank(SETTINGS);
  for (const input of wrong) {
    expect(bank.apply(makeCommand(5, 1, input))).toEqual({ error: 'malformed' });
    expect(bank.query(makeCommand(5, 1, input))).toBeUndefined();
  }
  expect(bank.apply(makeCommand(5, 2, { op: 'read' }))).toEqual({ balances: [10, 10, 10, 10] });
});

test('bank: settings are read once, and a slip is told', () => {
  expect(parseBankSettings({})).toEqual({ accounts: 8, initial: 100 });
  expect(() => parseBankSettings({ acounts: 3 })).toThrow(/service\.settings\.acounts: unknown bank setting/);
  expect(() => parseBankSettings({ accounts: 1 })).toThrow(/service\.settings\.accounts: expected a whole/);
});

test('bank: clients ask for transfers between accounts that exist, also from one to itself, and for reads', () => {
  const config = { ...DEFAULTS, mix: BANK.operations };
  const source = createWorkload({ name: 'bank', settings: SETTINGS }, config).createSource(5, 0);
  const choices = new RandomChoices('bank', new Digest());
  let reads = 0;
  let own = 0;
  for (let sequence = 1; sequence <= 1_000; sequence++) {
    const input = source.next(choices, sequence) as unknown as BankOperation;
    expect(source.readMode(choices, sequence, input)).toBe(input.op === 'read' ? 'log' : undefined);
    if (input.op === 'read') {
      reads++;
      continue;
    }
    for (const account of [input.from, input.to]) expect([0, 1, 2, 3]).toContain(account);
    if (input.from === input.to) own++;
  }
  expect(reads / 1_000).toBeCloseTo(0.3, 1);
  expect(own).toBeGreaterThan(0);
});
