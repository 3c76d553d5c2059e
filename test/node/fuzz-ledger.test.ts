import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  FuzzLedger,
  chainOf,
  type LedgerFailure,
  type LedgerHeader,
  type LedgerPortion,
} from '../../src/node/fuzz-ledger.js';

const HEADER: LedgerHeader = {
  faultline: '1.2.3',
  scenarios: { 'raft/a': 'aaaa', 'raft/b': 'bbbb' },
  bug: null,
  first: 1,
  shard: 0,
  of: 1,
  strategy: 'swarm',
};
const FAILURE: LedgerFailure = {
  scenario: 'raft/a',
  seed: '3',
  verdict: 'violated',
  invariant: 'raft/vote-once',
  message: 'n1 voted twice',
  events: 99,
  savedTo: null,
  again: 'faultline run raft/a --seed 3',
};
const PORTION: LedgerPortion = { scenario: 'raft/a', position: 0, runs: 4, events: 400, chain: 'c0ffee' };

const place = (): string => join(mkdtempSync(join(tmpdir(), 'faultline-ledger-')), 'campaign.jsonl');

function written(): string {
  const path = place();
  const ledger = FuzzLedger.create(path, HEADER);
  ledger.failure(FAILURE);
  ledger.portion(PORTION);
  ledger.close();
  return path;
}

function reopened(path: string, header = HEADER) {
  const { ledger, before } = FuzzLedger.resume(path, header);
  ledger.close();
  return before;
}

describe('fuzz ledger', () => {
  it('says when it is opened again what was written, and takes more', () => {
    const path = written();
    const { ledger, before } = FuzzLedger.resume(path, HEADER);
    expect(before).toEqual({ failures: [FAILURE], portions: [PORTION] });
    ledger.portion({ ...PORTION, position: 4 });
    ledger.close();
    expect(reopened(path).portions.map(({ position }) => position)).toEqual([0, 4]);
  });

  it('cut off anywhere, it keeps every whole line, and the next one is whole as well', () => {
    const whole = readFileSync(written());
    const header = whole.indexOf('\n') + 1;
    for (let length = 0; length <= whole.length; length++) {
      const path = place();
      writeFileSync(path, whole.subarray(0, length));
      const lines = whole.subarray(0, length).toString().split('\n').length - 1;
      const { ledger, before } = FuzzLedger.resume(path, HEADER);
      expect(before.failures.length + before.portions.length).toBe(Math.max(0, lines - 1));
      ledger.failure({ ...FAILURE, seed: '4' });
      ledger.close();
      const after = reopened(path);
      expect(after.failures.map(({ seed }) => seed)).toEqual([
        ...before.failures.map(({ seed }) => seed),
        '4',
      ]);
    }
    expect(header).toBeGreaterThan(0);
  });

  it('is begun once: another beginning names --resume', () => {
    const path = written();
    expect(() => FuzzLedger.create(path, HEADER)).toThrow(/expected a new ledger, got a file of that name/);
  });

  it('is one process at a time: a second one is told which, and cuts nothing off', () => {
    const path = place();
    const ledger = FuzzLedger.create(path, HEADER);
    ledger.failure(FAILURE);
    // As the second one would find it while the first one writes.
    appendFileSync(path, '{"type":"portion","scen');
    const text = readFileSync(path, 'utf8');
    const held = `${path}: expected a file that nobody else writes, got one that process ${process.pid} writes`;
    expect(() => FuzzLedger.resume(path, HEADER)).toThrow(held);
    expect(readFileSync(path, 'utf8')).toBe(text);
    ledger.close();
    expect(reopened(path).failures).toHaveLength(1);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is taken over from a process that is gone, also where another has its number, and not from elsewhere', () => {
    const path = written();
    const { pid } = spawnSync(process.execPath, ['--version']);
    const host = hostname();
    for (const holder of [
      { pid, host, start: '1' },
      { pid: process.pid, host, start: 'another' },
    ]) {
      writeFileSync(`${path}.lock`, JSON.stringify(holder));
      expect(reopened(path).failures).toHaveLength(1);
    }
    writeFileSync(`${path}.lock`, JSON.stringify({ pid, host: 'elsewhere', start: '1' }));
    expect(() => reopened(path)).toThrow(`got one that process ${pid} on elsewhere writes`);
  });

  it('gives its lock back where it cannot be opened', () => {
    const path = written();
    expect(() => FuzzLedger.create(path, HEADER)).toThrow(/expected a new ledger/);
    expect(() => reopened(path, { ...HEADER, first: 100 })).toThrow(/expected first 100/);
    expect(reopened(path).failures).toHaveLength(1);
  });

  it('of another campaign is refused, by what differs', () => {
    const path = written();
    expect(() => reopened(path, { ...HEADER, first: 100 })).toThrow(`${path}:1: expected first 100, got 1`);
    const scenarios = { ...HEADER.scenarios, 'raft/b': 'changed' };
    expect(() => reopened(path, { ...HEADER, scenarios })).toThrow(/expected scenarios .*changed/);
  });

  it("with another file of a user's module is refused; one from before they were noted is not", () => {
    const path = place();
    const header = { ...HEADER, modules: { 'raft/a': 'a'.repeat(64) } };
    FuzzLedger.create(path, header).close();
    expect(reopened(path, header).portions).toEqual([]);
    const other = { ...HEADER, modules: { 'raft/a': 'b'.repeat(64) } };
    expect(() => reopened(path, other)).toThrow(
      `${path}:1: expected a campaign with the module of 'raft/a' as it is (sha256 bbbbbbbbbbbb), got another one (aaaaaaaaaaaa)`,
    );
    expect(reopened(written(), other).portions).toEqual([PORTION]);
  });

  it('with a line that is none of its own is refused, by its number', () => {
    for (const junk of ['junk', '{"type":"portion"}', '[]', '{"type":"portion","scenario":1}']) {
      const path = written();
      appendFileSync(path, `${junk}\n`);
      expect(() => reopened(path)).toThrow(`${path}:4: expected a line of a campaign's ledger`);
    }
  });

  it('takes no other file without a line end for its own torn header, and leaves it as it is', () => {
    for (const content of ['no ledger at all', '{"a":1}', '{"schema":"faultline-hunts/1"']) {
      const path = place();
      writeFileSync(path, content);
      expect(() => reopened(path)).toThrow(`${path}:1: expected a line`);
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
  });

  it('with a portion that is missing or there twice is refused, by its line', () => {
    for (const position of [0, 3, 8]) {
      const path = written();
      const other = { type: 'portion', ...PORTION, scenario: 'raft/b' };
      const next = { type: 'portion', ...PORTION, position };
      appendFileSync(path, `${JSON.stringify(other)}\n${JSON.stringify(next)}\n`);
      expect(() => reopened(path)).toThrow(`${path}:5: expected a line of a campaign's ledger`);
    }
  });

  it('chains portions: the same runs give the same hash, others another', () => {
    const once = chainOf(chainOf('', ['a', 'b']), ['c']);
    expect(chainOf(chainOf('', ['a', 'b']), ['c'])).toBe(once);
    expect(chainOf(chainOf('', ['a']), ['b', 'c'])).toBe(once);
    expect(chainOf(chainOf('', ['b', 'a']), ['c'])).not.toBe(once);
  });
});
