import { expect, test } from 'vitest';
import {
  busyReply,
  notLeaderReply,
  okReply,
  RequestReplyDriver,
  type ClientHost,
  type ClientRequest,
  type Command,
  type ReadMode,
} from '../../src/kernel/index.js';
import { makeCommand } from '../../src/services/index.js';
import { keysOf } from '../world/keys.js';

const SERVERS = [10, 11, 12, 13, 14];
const ANYWHERE = ['follower', 'session', 'stale'] as const;
const LEADER_BOUND = [undefined, 'log', 'read-index', 'lease'] as const;

/** A client's driver and what it sent; draws are scripted by name. */
class Desk implements ClientHost {
  readonly self = 20;
  readonly servers = SERVERS;
  readonly authenticator = keysOf(this.self);
  readonly sent: { to: number; request: ClientRequest }[] = [];
  readonly drawn: string[] = [];
  driver = new RequestReplyDriver();

  constructor(private readonly draws: Readonly<Record<string, number>> = {}) {}

  send(to: number, message: { kind: string }): void {
    this.sent.push({ to, request: message as ClientRequest });
  }

  draw(name: string, min: number, _max: number, sequence?: number): number {
    this.drawn.push(sequence === undefined ? name : `${name} ${sequence}`);
    return this.draws[name] ?? min;
  }

  /** Sends an attempt; returns whom it went to. */
  ask(sequence: number, read: ReadMode | undefined, attempt = 1): number {
    this.driver.request(this, this.command(sequence, read), attempt);
    return this.sent.at(-1)?.to ?? -1;
  }

  minIndex(): number {
    return this.sent.at(-1)?.request.minIndex ?? -1;
  }

  /** Tells the driver that nobody answered to the latest attempt of this operation. */
  silence(sequence: number, read: ReadMode | undefined): void {
    this.driver.timedOut(this, this.command(sequence, read));
  }

  private command(sequence: number, read: ReadMode | undefined): Command {
    const input = read === undefined ? { op: 'put', key: 'k', value: 'v' } : { op: 'get', key: 'k' };
    return makeCommand(this.self, sequence, input, read);
  }
}

test.each(LEADER_BOUND)(
  'driver: an operation that needs the leader (%s) goes where it is believed',
  (read) => {
    const desk = new Desk({ 'first-server': 3 });
    expect(desk.ask(1, read)).toBe(13);
    expect(desk.driver.receive(desk, 13, notLeaderReply(1, 11))).toMatchObject({ kind: 'retry' });
    expect(desk.ask(1, read, 2)).toBe(11);
    expect(desk.driver.receive(desk, 11, okReply(1, null, 4))).toMatchObject({ kind: 'ok', index: 4 });
    expect(desk.ask(2, read)).toBe(11);
    expect(desk.driver.receive(desk, 11, busyReply(2, 'full'))).toMatchObject({ kind: 'busy', sequence: 2 });
    expect(desk.ask(2, read, 2)).toBe(12);
    expect(desk.drawn).toEqual(['first-server']);
  },
);

test.each(LEADER_BOUND)(
  'driver: silence to one operation (%s) turns all later ones to the next server, once',
  (read) => {
    const desk = new Desk({ 'first-server': 3 });
    for (const sequence of [1, 2, 3]) expect(desk.ask(sequence, read)).toBe(13);
    desk.silence(1, read);
    expect(desk.ask(4, read)).toBe(14);
    // The others say nothing new, and neither does the second attempt of the first.
    for (const sequence of [2, 3]) desk.silence(sequence, read);
    expect(desk.ask(5, read)).toBe(14);
    expect(desk.ask(1, read, 2)).toBe(14);
    desk.silence(1, read);
    expect(desk.ask(1, read, 3)).toBe(10);
  },
);

test.each(ANYWHERE)('driver: silence to a %s read says nothing about who leads', (read) => {
  const desk = new Desk({ 'first-server': 2, 'read-server': 2 });
  expect(desk.ask(1, undefined)).toBe(12);
  expect(desk.ask(2, read)).toBe(12);
  desk.silence(2, read);
  expect(desk.ask(3, undefined)).toBe(12);
  expect(desk.ask(2, read, 2)).toBe(13);
});

test('driver: silence to an operation of long ago does not move the belief', () => {
  const desk = new Desk();
  desk.ask(1, undefined);
  expect(desk.ask(129, undefined)).toBe(10);
  desk.silence(1, undefined);
  expect(desk.ask(130, undefined)).toBe(10);
});

test.each(ANYWHERE)(
  'driver: a %s read goes to a server that is drawn for it, and a retry to another one',
  (read) => {
    const desk = new Desk({ 'read-server': 4 });
    expect(desk.ask(7, read)).toBe(14);
    expect(desk.ask(7, read, 2)).toBe(10);
    expect(desk.ask(7, read, 3)).toBe(11);
    expect(desk.drawn).toEqual(['read-server 7']);
  },
);

test.each(ANYWHERE)('driver: what comes of a %s read says nothing about who leads', (read) => {
  const desk = new Desk({ 'first-server': 1, 'read-server': 2 });
  expect(desk.ask(1, undefined)).toBe(11);
  desk.driver.receive(desk, 11, okReply(1, null, 1));
  for (const reply of [okReply(2, null, 1), notLeaderReply(2, 13), busyReply(2, 'full')]) {
    expect(desk.ask(2, read)).toBe(12);
    desk.driver.receive(desk, 12, reply);
    expect(desk.ask(2, read, 2)).toBe(13);
    expect(desk.ask(3, undefined)).toBe(11);
  }
});

test('driver: an answer to an operation of long ago does not move the belief', () => {
  const desk = new Desk();
  desk.ask(1, 'stale');
  expect(desk.ask(129, undefined)).toBe(10);
  desk.driver.receive(desk, 14, okReply(1, null, 1));
  expect(desk.ask(130, undefined)).toBe(10);
});

test('driver: a session read asks for every place that the client has seen, by writes and by any read', () => {
  const desk = new Desk();
  desk.ask(1, undefined);
  desk.driver.receive(desk, 10, okReply(1, null, 5));
  desk.ask(2, 'session');
  expect(desk.minIndex()).toBe(5);
  desk.ask(3, 'stale');
  expect(desk.minIndex()).toBe(0);
  desk.driver.receive(desk, 12, okReply(3, null, 9));
  desk.driver.receive(desk, 10, okReply(1, null, 7));
  const copy = desk.driver.clone();
  desk.ask(2, 'session', 2);
  expect(desk.minIndex()).toBe(9);
  desk.driver = copy;
  desk.ask(4, 'session');
  expect(desk.minIndex()).toBe(9);
});

test('driver: a copy goes on as the original would, retries included', () => {
  const desk = new Desk({ 'first-server': 1, 'read-server': 3 });
  desk.ask(1, undefined);
  desk.ask(2, 'stale');
  const original = desk.driver;
  for (const driver of [original.clone(), original]) {
    desk.driver = driver;
    expect(desk.ask(2, 'stale', 2)).toBe(14);
    driver.receive(desk, 12, okReply(2, null, 1));
    expect(desk.ask(1, undefined, 2)).toBe(12);
  }
});
