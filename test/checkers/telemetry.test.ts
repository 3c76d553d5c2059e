/** Telemetry on events written by hand: what is measured is exactly the time that a reader would count. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Telemetry } from '../../src/checkers/index.js';
import type { LatencyHistogram } from '../../src/services/index.js';

class Clock {
  readonly servers = 3;
  time = 1000;
  now(): number {
    return this.time;
  }
}

/** Values stay below 32, which a histogram tells exactly. */
const all = (histogram: LatencyHistogram): [number, number | undefined] => [
  histogram.count,
  histogram.quantile(1, 1),
];

const chunk = (index: number, offset: number) => ({ kind: 'InstallSnapshot', header: { index }, offset });

let clock: Clock;
let telemetry: Telemetry;

function elect(server: number, term: number, lastIndex: number): void {
  telemetry.onElection(server, { kind: 'became-candidate', term });
  telemetry.onElection(server, { kind: 'became-leader', term, lastIndex });
}

beforeEach(() => {
  clock = new Clock();
  telemetry = new Telemetry(clock);
});

describe('acknowledgement by a quorum', () => {
  it('is timed from the append of the leader to its commit, entry by entry', () => {
    elect(0, 1, 0);
    telemetry.appended(0, 1);
    clock.time += 2;
    telemetry.appended(0, 2);
    telemetry.appended(1, 1);
    clock.time += 3;
    telemetry.committed(1, 2);
    telemetry.committed(0, 2);
    telemetry.committed(0, 2);
    expect(all(telemetry.quorumAcks)).toEqual([2, 5]);
    expect(telemetry.quorumAcks.quantile(1, 2)).toBe(3);
  });

  it('leaves out entries that an earlier leader appended', () => {
    elect(0, 1, 0);
    telemetry.appended(0, 1);
    telemetry.onCrash(0);
    elect(1, 2, 1);
    clock.time += 7;
    telemetry.appended(1, 2);
    clock.time += 4;
    telemetry.committed(1, 2);
    expect(all(telemetry.quorumAcks)).toEqual([1, 4]);
  });

  it('bears any index that a faulty replica reports', () => {
    elect(0, 1, 5);
    for (const index of [-1, 0, 5, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      telemetry.appended(0, index);
      telemetry.committed(0, index);
    }
    expect(telemetry.quorumAcks.count).toBe(0);
  });
});

describe('recovery', () => {
  it('lasts from the crash of the leader to the first commit of the next one', () => {
    elect(0, 1, 0);
    telemetry.committed(0, 1);
    clock.time += 10;
    telemetry.onCrash(0);
    clock.time += 5;
    elect(1, 2, 1);
    telemetry.committed(2, 1);
    clock.time += 6;
    telemetry.committed(1, 2);
    expect(all(telemetry.recovery)).toEqual([1, 11]);
  });

  it('counts from the first who stood against a leader that does not know that it is lost', () => {
    elect(0, 1, 0);
    telemetry.committed(0, 1);
    clock.time += 9;
    telemetry.onElection(2, { kind: 'became-pre-candidate', term: 2 });
    clock.time += 4;
    elect(1, 3, 1);
    clock.time += 1;
    telemetry.committed(1, 2);
    expect(all(telemetry.recovery)).toEqual([1, 5]);
  });

  it('does not count the first election, nor a candidate that the leader outlives', () => {
    elect(0, 1, 0);
    clock.time += 9;
    telemetry.onElection(2, { kind: 'became-pre-candidate', term: 2 });
    telemetry.committed(0, 1);
    telemetry.onEnd();
    expect(telemetry.recovery.count).toBe(0);
  });

  it('that has not come by the end counts with what it has lasted', () => {
    elect(0, 1, 0);
    telemetry.onElection(0, { kind: 'became-follower', term: 2 });
    clock.time += 20;
    telemetry.onEnd();
    expect(all(telemetry.recovery)).toEqual([1, 20]);
  });
});

describe('installing a snapshot', () => {
  it('lasts from the first piece sent to the server that installs it', () => {
    telemetry.onSend(1, chunk(10, 0));
    clock.time += 5;
    telemetry.onSend(1, chunk(10, 1));
    telemetry.onSend(2, chunk(10, 0));
    clock.time += 6;
    telemetry.snapshotInstalled(1, 10, true);
    // A late copy of a piece begins nothing.
    telemetry.onSend(1, chunk(10, 1));
    telemetry.snapshotInstalled(2, 10, false);
    expect(all(telemetry.snapshotInstall)).toEqual([1, 11]);
  });

  it('begins anew with another snapshot, and ignores messages that only have the name', () => {
    telemetry.onSend(1, chunk(10, 0));
    clock.time += 5;
    telemetry.onSend(1, chunk(20, 0));
    const namesake: { kind: string } = { kind: 'InstallSnapshot' };
    telemetry.onSend(1, namesake);
    clock.time += 3;
    telemetry.snapshotInstalled(1, 20, true);
    expect(all(telemetry.snapshotInstall)).toEqual([1, 3]);
  });
});

describe('the commit index', () => {
  it('is monotonic across crashes, which begin it anew', () => {
    telemetry.committed(0, 5);
    telemetry.onCrash(0);
    telemetry.committed(0, 2);
    expect(telemetry.isCommitMonotonic).toBe(true);
    telemetry.committed(0, 1);
    expect(telemetry.isCommitMonotonic).toBe(false);
  });
});

it('a copy goes its own way', () => {
  elect(0, 1, 0);
  telemetry.appended(0, 1);
  const copy = telemetry.clone(clock);
  clock.time += 4;
  copy.committed(0, 1);
  expect(all(copy.quorumAcks)).toEqual([1, 4]);
  expect(telemetry.quorumAcks.count).toBe(0);
  telemetry.committed(0, 1);
  expect(all(telemetry.quorumAcks)).toEqual([1, 4]);
});
