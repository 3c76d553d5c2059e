import { describe, expect, it } from 'vitest';
import { hashPlain, type ClientHost, type ClientOutcome, type Message } from '../../../src/kernel/index.js';
import {
  parsePbftSettings,
  pbftProtocol,
  replyDigest,
  type ReadReply,
  type Reply,
} from '../../../src/protocols/pbft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { keysOf } from '../../world/keys.js';
import { CLIENT, prove } from './fixtures.js';

function reply(from: number, result: string, index = 5, view = 0, sequence = 1): Reply {
  const digest = hashPlain(result);
  const proof = prove(from, 'reply', view, sequence, replyDigest(CLIENT, digest, index));
  return { kind: 'Reply', view, sequence, result, digest, index, isTentative: false, proof };
}

function readReply(from: number, result: string, index: number): ReadReply {
  const digest = hashPlain(result);
  const proof = prove(from, 'readReply', 0, 1, replyDigest(CLIENT, digest, index));
  return { kind: 'ReadReply', sequence: 1, result, digest, index, proof };
}

function setUp(
  servers = 4,
  raw: Readonly<Record<string, unknown>> = {},
): {
  sent: { to: number; message: Message }[];
  read: (sequence: number) => number[];
  request: (sequence: number, attempt: number) => number[];
  receive: (from: number, message: Message) => ClientOutcome | undefined;
} {
  const sent: { to: number; message: Message }[] = [];
  const host: ClientHost = {
    self: CLIENT,
    servers: Array.from({ length: servers }, (_, server) => server),
    authenticator: keysOf(CLIENT),
    send: (to, message) => void sent.push({ to, message }),
    draw: (_name, least) => least,
  };
  const driver = pbftProtocol().createDriver(parsePbftSettings(raw));
  return {
    sent,
    read: (sequence) => {
      driver.request(host, makeCommand(CLIENT, sequence, 'input', 'read-index'), 1);
      return sent.map(({ to }) => to);
    },
    request: (sequence, attempt) => {
      const before = sent.length;
      driver.request(host, makeCommand(CLIENT, sequence, 'input'), attempt);
      return sent.slice(before).map(({ to }) => to);
    },
    receive: (from, message) => driver.receive(host, from, message),
  };
}

describe('pbft client (OSDI 1999, §4.1)', () => {
  it('asks the primary first, then everybody', () => {
    const { request, sent } = setUp();
    expect(request(1, 1)).toEqual([0]);
    expect(request(1, 2)).toEqual([0, 1, 2, 3]);
    // One and the same request.
    expect(new Set(sent.map(({ message }) => message)).size).toBe(1);
  });

  it('believes what f + 1 replicas say', () => {
    const { request, receive } = setUp();
    request(1, 1);
    expect(receive(0, reply(0, 'a'))).toBeUndefined();
    expect(receive(1, reply(1, 'b'))).toBeUndefined();
    expect(receive(2, reply(2, 'a', 6))).toBeUndefined();
    expect(receive(3, reply(3, 'a'))).toEqual({ kind: 'ok', sequence: 1, result: 'a', index: 5 });
    expect(receive(2, reply(2, 'a'))).toBeUndefined();
  });

  it('takes nothing from the last one to say so that is in no digest', () => {
    const { request, receive } = setUp();
    request(1, 1);
    const whole = reply(0, 'a');
    const result = { ok: true };
    const digest = hashPlain(result);
    const said = (from: number, more: object): Message =>
      ({
        ...whole,
        result: { ...result, ...more },
        digest,
        proof: prove(from, 'reply', 0, 1, replyDigest(CLIENT, digest, 5)),
      }) as Message;
    expect(receive(0, said(0, {}))).toBeUndefined();
    const outcome = receive(1, said(1, { value: undefined })) as { readonly result: object };
    expect(Object.keys(outcome.result)).toEqual(['ok']);
  });

  it('forgets what it has given up, and nothing that is open', () => {
    const { request, receive } = setUp();
    const isAnswered = (sequence: number): boolean =>
      [0, 1].some((from) => receive(from, reply(from, 'a', 5, 0, sequence))?.kind === 'ok');
    for (let sequence = 1; sequence <= 200; sequence++) {
      request(sequence, 1);
      // Its sequence may lag behind as it likes, while it is tried again.
      if (sequence % 50 === 0) request(1, 2);
    }
    expect(isAnswered(1)).toBe(true);
    expect(isAnswered(2)).toBe(false);
    expect(isAnswered(200)).toBe(true);
  });

  it('counts nobody twice', () => {
    const { request, receive } = setUp();
    request(1, 1);
    for (let i = 0; i < 3; i++) expect(receive(0, reply(0, 'a'))).toBeUndefined();
  });

  it.each<[string, number, unknown]>([
    ['for another sender', 1, reply(0, 'a')],
    ['with another result than was proved', 1, { ...reply(1, 'a'), result: 'b' }],
    ['of a client', CLIENT, reply(CLIENT, 'a')],
    ['without a proof', 1, { ...reply(1, 'a'), proof: undefined }],
    ['for another operation', 1, reply(1, 'a', 5, 0, 2)],
  ])('a reply %s is no answer', (_, from, message) => {
    const { request, receive } = setUp();
    request(1, 1);
    receive(0, reply(0, 'a'));
    expect(receive(from, message as Message)).toBeUndefined();
  });

  it('believes in the lowest view that f + 1 name', () => {
    const { request, receive } = setUp();
    request(1, 1);
    receive(3, reply(3, 'a', 5, 1_000_003));
    receive(1, reply(1, 'a', 5, 2));
    expect(request(2, 1)).toEqual([2]);
  });

  it('believes a read that a quorum says of one place, and of no others: it may have been otherwise between', () => {
    const answers = (...places: number[]): ClientOutcome | undefined => {
      const { request, receive } = setUp();
      request(1, 1);
      return places
        .map((index, from) => receive(from, readReply(from, 'a', index)))
        .find((outcome) => outcome !== undefined);
    };
    expect(answers(7, 7)).toBeUndefined();
    expect(answers(7, 7, 7)).toEqual({ kind: 'ok', sequence: 1, result: 'a', index: 7 });
    expect(answers(7, 8, 8)).toBeUndefined();
    expect(answers(7, 8, 8, 8)).toEqual({ kind: 'ok', sequence: 1, result: 'a', index: 8 });
  });

  it('has a read ordered as soon as no quorum can say the same any more, once', () => {
    const { sent, read, receive } = setUp(4, { 'read-only': true });
    expect(read(1)).toEqual([0, 1, 2, 3]);
    receive(0, readReply(0, 'a', 7));
    receive(1, readReply(1, 'a', 8));
    expect(sent).toHaveLength(4);
    receive(2, readReply(2, 'b', 8));
    expect(sent.slice(4)).toMatchObject([{ to: 0, message: { kind: 'Request' } }]);
    expect(receive(3, readReply(3, 'a', 7))).toBeUndefined();
    expect(sent).toHaveLength(5);
  });
});
