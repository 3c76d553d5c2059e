import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgreedOrder } from '../../src/checkers/any/agreed-order.js';
import { ClientHistory } from '../../src/checkers/any/client-history.js';
import { linearizableOperations } from '../../src/checkers/any/linearizability.js';
import { agreedOrderExplains } from '../../src/checkers/any/log-witness.js';
import { checkLinearizability, kvModel } from '../../src/checkers/index.js';
import type { Plain } from '../../src/kernel/index.js';
import { makeCommand } from '../../src/services/index.js';

const SERVERS = 1;
const CLIENTS = 3;

/** A step of one client: begin an operation if it has none open, else end it in some way. */
const step = fc.record({
  client: fc.integer({ min: 0, max: CLIENTS - 1 }),
  isPut: fc.boolean(),
  key: fc.constantFrom('x', 'y'),
  /** Which of the values written so far a get claims to have seen; 0: none. */
  seen: fc.nat(3),
  isUnknown: fc.boolean(),
  /** Where in the agreed order it goes. */
  place: fc.nat(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function build(steps: readonly Step[], isHonest: boolean): { order: AgreedOrder; history: ClientHistory } {
  const history = new ClientHistory(SERVERS);
  const sequences = new Array<number>(CLIENTS).fill(0);
  const open = new Map<number, { sequence: number; input: Plain; effect: Plain }>();
  const store = new Map<string, string>();
  const agreed: { client: number; sequence: number; input: Plain }[] = [];
  const written: string[] = [];
  steps.forEach(({ client, isPut, key, seen, isUnknown, place }, time) => {
    const process = SERVERS + client;
    const current = open.get(client);
    const number = current?.sequence ?? (sequences[client] = (sequences[client] ?? 0) + 1);
    if (current === undefined) {
      const input: Plain = isPut ? { op: 'put', key, value: `v${time}` } : { op: 'get', key };
      if (isPut) written.push(`v${time}`);
      history.record({
        kind: 'invoke',
        client: process,
        sequence: number,
        input,
        output: null,
        read: undefined,
        index: 0,
        time,
      });
      // Honest: it takes effect now, in the order; otherwise anywhere, with any answer.
      const effect: Plain = isPut
        ? { ok: true }
        : { value: isHonest ? (store.get(key) ?? null) : (written[written.length - seen] ?? null) };
      if (isPut) store.set(key, `v${time}`);
      const at = isHonest ? agreed.length : place % (agreed.length + 1);
      agreed.splice(at, 0, { client: process, sequence: number, input });
      open.set(client, { sequence: number, input, effect });
    } else {
      open.delete(client);
      const kind = isUnknown ? 'unknown' : 'ok';
      const output = isUnknown ? null : current.effect;
      history.record({
        kind,
        client: process,
        sequence: number,
        input: current.input,
        output,
        read: undefined,
        index: 0,
        time,
      });
    }
  });
  const order = new AgreedOrder(SERVERS);
  agreed.forEach(({ client, sequence, input }, i) => {
    const command = makeCommand(client, sequence, input);
    order.applied(0, { index: i + 1, hash: i, digest: i, command }, i);
  });
  return { order, history };
}

describe('the agreed order as a witness', () => {
  it('explains every history that it produced', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { order, history } = build(steps, true);
        expect(agreedOrderExplains(order, history)).toBe(true);
      }),
    );
  });

  it('has a read aside where its answer says, though it was ordered as well', () => {
    const history = new ClientHistory(SERVERS);
    const order = new AgreedOrder(SERVERS);
    const [writer, reader] = [SERVERS, SERVERS + 1];
    const first = { op: 'put', key: 'x', value: '1' };
    const second = { op: 'put', key: 'x', value: '2' };
    const get = { op: 'get', key: 'x' };
    let time = 0;
    const record = (client: number, sequence: number, input: Plain, output: Plain, index: number): void => {
      const read = client === reader ? ('read-index' as const) : undefined;
      const common = { client, sequence, input, read };
      history.record({ kind: 'invoke', ...common, output: null, index: 0, time: time++ });
      history.record({ kind: 'ok', ...common, output, index, time: time++ });
    };
    record(writer, 1, first, { ok: true }, 1);
    record(reader, 1, get, { value: '1' }, 1);
    record(writer, 2, second, { ok: true }, 2);
    const commands = [
      makeCommand(writer, 1, first),
      makeCommand(writer, 2, second),
      makeCommand(reader, 1, get),
    ];
    commands.forEach((command, i) => order.applied(0, { index: i + 1, hash: i, digest: i, command }, i));
    expect(agreedOrderExplains(order, history)).toBe(true);
  });

  it('never explains a history that the search finds not linearizable', () => {
    let explained = 0;
    let illegal = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
        const { order, history } = build(steps, false);
        const operations = linearizableOperations(history.operations());
        const { verdict } = checkLinearizability(kvModel(), operations);
        if (verdict === 'not-linearizable') illegal++;
        if (!agreedOrderExplains(order, history)) return;
        explained++;
        expect(verdict).toBe('linearizable');
      }),
      { numRuns: 3000 },
    );
    expect(explained).toBeGreaterThan(100);
    expect(illegal).toBeGreaterThan(100);
  });
});

describe('an answer that is none', () => {
  it.each([null, 7, 'done'])('explains nothing: %s', (output) => {
    const [order, history] = [new AgreedOrder(SERVERS), new ClientHistory(SERVERS)];
    const input = { op: 'get', key: 'x' };
    const event = { client: SERVERS, sequence: 1, input, read: undefined, index: 0 };
    history.record({ ...event, kind: 'invoke', output: null, time: 0 });
    const command = makeCommand(SERVERS, 1, input);
    order.applied(0, { index: 1, hash: 1, digest: 1, command }, 1);
    history.record({ ...event, kind: 'ok', output, time: 2 }, 1);
    expect(agreedOrderExplains(order, history)).toBe(false);
    expect(checkLinearizability(kvModel(), linearizableOperations(history.operations())).verdict).toBe(
      'not-linearizable',
    );
  });
});
