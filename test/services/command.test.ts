import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, type Plain } from '../../src/kernel/index.js';
import { hashCommand, makeCommand } from '../../src/services/index.js';

const plain = fc.jsonValue().map((value) => value as Plain);

/** The same value with the members of every object in the opposite order. */
function turned(value: Plain): Plain {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Plain[]).map(turned);
  const entries = Object.entries(value as { readonly [key: string]: Plain });
  return Object.fromEntries(entries.reverse().map(([key, member]) => [key, turned(member)]));
}

test('command: the hash follows from the content, not from the order in which it was built', () => {
  fc.assert(
    fc.property(plain, fc.nat(), fc.nat(), (input, client, sequence) => {
      const command = makeCommand(client, sequence, input);
      expect(command.hash).toBe(hashCommand(client, sequence, turned(input)));
      expect(command.bytes).toBe(makeCommand(client, sequence, turned(input)).bytes);
      expect(Number.isInteger(command.hash) && command.bytes > 0).toBe(true);
    }),
  );
});

test('command: another client, sequence or input is another hash', () => {
  fc.assert(
    fc.property(plain, plain, fc.nat(1_000), fc.integer({ min: 1, max: 1_000 }), (a, b, client, sequence) => {
      const hash = hashCommand(client, sequence, a);
      expect(hashCommand(client + 1, sequence, a)).not.toBe(hash);
      expect(hashCommand(client, sequence + 1, a)).not.toBe(hash);
      if (canonical(a) !== canonical(b)) expect(hashCommand(client, sequence, b)).not.toBe(hash);
    }),
  );
});

test('command: exchanged values of two members change the hash', () => {
  const cas = { op: 'cas', key: 'k', expected: 'a', value: 'b' };
  const back = { op: 'cas', key: 'k', expected: 'b', value: 'a' };
  expect(hashCommand(1, 1, cas)).not.toBe(hashCommand(1, 1, back));
});
