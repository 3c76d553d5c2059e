import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeHash } from '../../src/node/code-hash.js';
import { HuntLedger, type LedgeredHunt } from '../../src/node/hunt-ledger.js';

const MISS: LedgeredHunt = {
  bug: 'R23-old-term-commit',
  figure: 'independent',
  scenario: 'raft/swarm',
  code: 'c1',
  content: 's1',
  first: 1,
  strategy: 'swarm',
  seeds: 40,
  useless: 1,
  cpuMicros: 2_000_000,
  isStuck: false,
  finding: null,
};
const FOUND: LedgeredHunt = {
  ...MISS,
  seeds: 55,
  cpuMicros: 3_000_000,
  finding: { seed: '55', invariant: 'any/agreement', message: 'two entries', events: 900 },
};

const fresh = (): string => join(mkdtempSync(join(tmpdir(), 'faultline-hunts-')), 'deep', 'hunts.jsonl');

describe('a ledger of hunts', () => {
  it('gives back the latest hunt of a bug, in this process and in the next one', () => {
    const path = fresh();
    const ledger = HuntLedger.open(path);
    expect(ledger.find(MISS)).toBeUndefined();
    ledger.note(MISS);
    expect(ledger.find(MISS)).toEqual(MISS);
    ledger.note(FOUND);
    ledger.close();
    const again = HuntLedger.open(path);
    expect(again.find(MISS)).toEqual(FOUND);
    again.close();
  });

  it('knows nothing of a hunt with other code, another scenario, another first seed or another figure', () => {
    const ledger = HuntLedger.open(undefined);
    ledger.note(MISS);
    for (const other of [
      { code: 'c2' },
      { content: 's2' },
      { first: 2 },
      { figure: 'all' as const },
      { bug: 'R44' },
    ]) {
      expect(ledger.find({ ...MISS, ...other })).toBeUndefined();
    }
    ledger.close();
  });

  it('passes over what a kill left of a write, and goes on behind it', () => {
    const path = fresh();
    const ledger = HuntLedger.open(path);
    ledger.note(MISS);
    ledger.close();
    appendFileSync(path, '{"schema":"faultline-hun');
    const again = HuntLedger.open(path);
    expect(again.find(MISS)).toEqual(MISS);
    again.note(FOUND);
    again.close();
    const third = HuntLedger.open(path);
    expect(third.find(MISS)).toEqual(FOUND);
    third.close();
  });

  it('refuses a file that is none, with the line', () => {
    const path = fresh();
    HuntLedger.open(path).close();
    writeFileSync(path, '{"schema":"faultline-ledger/1"}\n');
    expect(() => HuntLedger.open(path)).toThrow(`${path}:1: expected a line of a ledger of hunts`);
    expect(readFileSync(path, 'utf8')).toBe('{"schema":"faultline-ledger/1"}\n');
  });

  it('takes no line of another file for one that a kill tore', () => {
    for (const content of ['some notes\n', 'some notes', '{"schema":"faultline-ledger/1","ty', '{"a":1}']) {
      const path = fresh();
      HuntLedger.open(path).close();
      writeFileSync(path, content);
      expect(() => HuntLedger.open(path)).toThrow(`${path}:1: expected a line of a ledger of hunts`);
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
  });

  it('tells programs apart', () => {
    expect(codeHash()).toMatch(/^[0-9a-f]{16}$/);
    expect(codeHash()).toBe(codeHash());
  });
});
