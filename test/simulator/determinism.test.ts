import { describe, expect, it } from 'vitest';

import type { Message } from '../../src/kernel/index.js';
import { RaftReplica, raftProtocol } from '../../src/protocols/raft/index.js';
import { checkDeterminism, compareEventLogs, logEvents } from '../../src/simulator/determinism.js';
import { buggyImplementation, builtInImplementation } from '../../src/simulator/implementation.js';
import { SMALL, recipeOf } from './samples.js';

const correct = builtInImplementation(SMALL);

describe('determinism', () => {
  it('holds for the built-in protocols', () => {
    expect(checkDeterminism(SMALL, recipeOf('1'), correct)).toBeUndefined();
    expect(
      checkDeterminism(SMALL, recipeOf('2'), buggyImplementation(SMALL, 'R23-old-term-commit')),
    ).toBeUndefined();
  });

  it('the first event at which state leaks between runs is named, with both contexts', () => {
    let leak = 0;
    class Leaks extends RaftReplica {
      override receive(from: number, message: Message): void {
        leak++;
        if (leak === 700) this.host.send(from, { kind: 'ClientReply' });
        super.receive(from, message);
      }
    }
    const result = checkDeterminism(SMALL, recipeOf('1'), {
      ...correct,
      protocol: raftProtocol(Leaks),
    });
    expect(result).toMatchObject({ what: 'the decisions' });
    expect(result?.event).toBeGreaterThan(300);
    expect(result?.recorded).toMatch(/^event \d+ at [\d.]+ s on n\d: message \d>\d:\w+$/);
    expect(result?.replayed).toBe(result?.recorded);
  });

  it('logs cross threads, and every column counts', () => {
    const log = logEvents(SMALL, recipeOf('1'), correct);
    const copy = structuredClone(log);
    expect(compareEventLogs(log, copy)).toBeUndefined();
    const row = 99;
    const bump = (array: Float64Array | Int32Array | Uint8Array, i: number): void => {
      array[i] = (array[i] ?? 0) + 1;
    };
    const changes = [
      ['the virtual time', (): void => bump(copy.times, row)],
      ['the process', (): void => bump(copy.processes, row)],
      ['what happens', (): void => bump(copy.kinds, row)],
      ['what happens', (): void => bump(copy.labels, row)],
      ['the content', (): void => bump(copy.hashes, row * 4)],
      ['the decisions', (): void => bump(copy.hashes, row * 4 + 1)],
      ['the effects', (): void => bump(copy.hashes, row * 4 + 2)],
      ['the digest', (): void => bump(copy.hashes, row * 4 + 3)],
    ] as const;
    for (const [what, change] of changes.toReversed()) {
      change();
      expect(compareEventLogs(log, copy)).toMatchObject({ event: 100, what });
    }
    const fresh = structuredClone(log);
    expect(compareEventLogs(log, { ...fresh, setup: 1 })).toMatchObject({ event: 0 });
    expect(compareEventLogs(log, { ...fresh, verdict: 'violated' })).toMatchObject({ what: 'the verdict' });
    expect(compareEventLogs(log, { ...fresh, digest: '' })).toMatchObject({ what: 'the final digest' });
    const shorter = { ...fresh, times: fresh.times.slice(0, 10) };
    expect(compareEventLogs(log, shorter)).toMatchObject({
      event: 11,
      what: 'the length',
      replayed: 'the run is over',
    });
  });
});
