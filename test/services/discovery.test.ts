/** Name service and load balancer: what they know may be old, and nothing is drawn. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoadBalancer, NameService, NOWHERE, type Directory } from '../../src/services/index.js';

const ALL = [0, 1, 2, 3];
const up = (...servers: readonly number[]) => ({ isUp: (server: number) => servers.includes(server) });

test('name service: a client goes by what it was told until it asks again', () => {
  const names = new NameService(ALL, 100);
  expect(names.route(9, 2, 0, up(0, 1, 2))).toBe(2);
  // Server 2 has crashed and server 3 has come: the client knows of neither.
  expect(names.route(9, 2, 99, up(0, 1, 3))).toBe(2);
  expect(names.route(9, 3, 99, up(0, 1, 3))).not.toBe(3);
  expect(names.route(9, 3, 100, up(0, 1, 3))).toBe(3);
  expect(names.route(9, 2, 100, up(0, 1, 3))).not.toBe(2);
});

test('name service: each client asks by itself, and nobody is known where nobody was up', () => {
  const names = new NameService(ALL, 100);
  expect(names.route(9, 2, 0, up())).toBe(NOWHERE);
  expect(names.route(8, 2, 50, up(2))).toBe(2);
  expect(names.route(9, 2, 99, up(2))).toBe(NOWHERE);
  expect(names.route(9, 2, 100, up(2))).toBe(2);
});

test('load balancer: a client stays with the server that was chosen for it, alive or dead, until a check', () => {
  const balancer = new LoadBalancer(ALL, 1_000, 200);
  const server = balancer.route(9, 3, 0, up(...ALL));
  const others = ALL.filter((other) => other !== server);
  expect(balancer.route(9, 3, 999, up(...others))).toBe(server);
  expect(balancer.route(9, 3, 1_000, up(...others))).not.toBe(server);
});

test('load balancer: who wants another server gets one, but not before the pin is over', () => {
  const balancer = new LoadBalancer(ALL, 1_000, 200);
  const server = balancer.route(9, 3, 0, up(...ALL));
  expect(balancer.route(9, 1, 199, up(...ALL))).toBe(server);
  expect(balancer.route(9, 1, 200, up(...ALL))).not.toBe(server);
});

test('load balancer: new connections take turns', () => {
  const balancer = new LoadBalancer(ALL, 1_000, 200);
  const chosen = [10, 11, 12, 13, 14].map((client) => balancer.route(client, 0, 0, up(0, 1, 3)));
  expect(chosen).toEqual([0, 1, 3, 0, 1]);
  expect(new LoadBalancer(ALL, 1_000, 200).route(9, 0, 0, up())).toBe(NOWHERE);
});

const step = fc.record({
  wait: fc.nat(150),
  client: fc.integer({ min: 8, max: 10 }),
  wanted: fc.constantFrom(...ALL),
  alive: fc.subarray(ALL),
});

test('both: who is chosen was up at the latest look, and a copy chooses as the original', () => {
  const create: (() => Directory)[] = [
    () => new NameService(ALL, 300),
    () => new LoadBalancer(ALL, 300, 100),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...create),
      fc.array(step, { maxLength: 40 }),
      fc.nat(40),
      (make, steps, cut) => {
        const directory = make();
        let copy: Directory | undefined;
        let now = 0;
        const everUp = new Set<number>();
        steps.forEach(({ wait, client, wanted, alive }, i) => {
          now += wait;
          for (const server of alive) everUp.add(server);
          if (i === cut) copy = directory.clone();
          const chosen = directory.route(client, wanted, now, up(...alive));
          if (chosen !== NOWHERE) expect(everUp.has(chosen)).toBe(true);
          if (copy !== undefined) expect(copy.route(client, wanted, now, up(...alive))).toBe(chosen);
        });
      },
    ),
  );
});
