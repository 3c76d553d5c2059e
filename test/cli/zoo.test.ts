import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultline } from './faultline.js';

interface Line {
  readonly type: string;
  readonly bug?: string;
  readonly all?: {
    readonly seeds: number;
    readonly cpuMicros: number;
    readonly found: { invariant: string } | null;
  };
}

const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('faultline zoo', () => {
  it('lists the bugs', async () => {
    const { code, stdout } = await faultline(['zoo']);
    expect(code).toBe(0);
    expect(stdout).toContain('R23-old-term-commit');
  });

  it('hunts, and with a ledger hunts nothing twice', async () => {
    const ledger = join(mkdtempSync(join(tmpdir(), 'faultline-zoo-')), 'hunts.jsonl');
    const hunt = ['zoo', 'hunt', 'K01', 'R01', '--cpu', '20s', '--workers', '1', '--ledger', ledger];
    const first = linesOf((await faultline([...hunt, '--json'])).stdout);
    const [one] = first;
    expect(first.map(({ type }) => type)).toEqual(['detection', 'detection', 'summary']);
    expect(one).toMatchObject({ bug: 'K01-nothing-is-a-repetition', scenario: 'stream/swarm' });
    expect(one?.all?.found?.invariant).toBe('any/duplicate-effect');
    expect(one?.all?.cpuMicros).toBeGreaterThan(10_000);
    const noted = readFileSync(ledger, 'utf8');
    expect(linesOf((await faultline([...hunt, '--json'])).stdout)).toEqual(first);
    expect(readFileSync(ledger, 'utf8')).toBe(noted);
    const page = await faultline([...hunt, '--markdown']);
    expect(page.stdout).toContain('| `K01-nothing-is-a-repetition` |');
  }, 120_000);

  it.each([
    [['zoo', 'hnt'], "WHAT: expected hunt, or nothing to list the bugs, got 'hnt'"],
    [['zoo', 'hunt', 'R999'], 'unknown bug'],
    [['zoo', 'hunt', '--share', '3/2'], '--share: expected I/N'],
    [['zoo', 'hunt', '--cpu', '5'], '--cpu: expected'],
  ])('refuses %s', async (words, message) => {
    const { code, stderr } = await faultline(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
