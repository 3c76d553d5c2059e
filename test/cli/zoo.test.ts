import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, faultline } from './faultline.js';

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

const HAS_PGREP = spawnSync('pgrep', ['--version']).status === 0;

/** A hunt that lasts, with its process that hunts. */
async function longHunt(ledger: string): Promise<{ readonly parent: ChildProcess; readonly child: number }> {
  const words = ['zoo', 'hunt', 'P10', '--cpu', '90s', '--workers', '1', '--ledger', ledger];
  const parent = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  for (;;) {
    const child = spawnSync('pgrep', ['-P', String(parent.pid)])
      .stdout.toString()
      .trim();
    // Long enough for its first runs: what comes before them ends it anyway.
    await pause(3000);
    if (child !== '') return { parent, child: Number(child) };
  }
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

function isThere(pid: number): boolean {
  // A process that has ended stays a zombie where nobody waits for it.
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)]);
  return /^[^Z]/.test(stdout.toString().trim());
}

describe.skipIf(!HAS_PGREP)('faultline zoo, when a process is killed', () => {
  const place = (): string => join(mkdtempSync(join(tmpdir(), 'faultline-zoo-')), 'hunts.jsonl');

  it('notes no hunt whose process died', async () => {
    const ledger = place();
    const { parent, child } = await longHunt(ledger);
    let stderr = '';
    parent.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
    const code = new Promise((resolve) => parent.once('close', resolve));
    process.kill(child, 'SIGKILL');
    expect(await code).toBe(0);
    expect(stderr).toMatch(/^P10-views-go-back: the process that hunts ended with SIGKILL: left out/m);
    expect(readFileSync(ledger, 'utf8')).toBe('');
  }, 60_000);

  it('leaves no process behind that hunts on', async () => {
    const { parent, child } = await longHunt(place());
    parent.kill('SIGKILL');
    for (let looks = 0; looks < 40 && isThere(child); looks++) await pause(250);
    const isLeft = isThere(child);
    if (isLeft) process.kill(child, 'SIGKILL');
    expect(isLeft).toBe(false);
  }, 60_000);
});

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
    // The ledger knows more than so little time allows: that is told, and is not counted.
    const hasty = ['zoo', 'hunt', 'K01', '--cpu', '10ms', '--ledger', ledger];
    expect((await faultline(hasty)).stdout).toMatch(
      /K01 .* over the budget: any\/duplicate-effect[^]*found 0 of 1 \(0 %\) within 0\.01 s/,
    );
    expect((await faultline([...hasty, '--markdown'])).stdout).toMatch(
      /^- `K01-\S+`: not by any property within 0\.01 s; `any\/duplicate-effect` after .*, over the budget$/m,
    );
    expect(linesOf((await faultline([...hasty, '--json'])).stdout)).toMatchObject([
      { all: { isWithin: false } },
      { found: 0, foundWithin10s: 0, foundIndependently: 0 },
    ]);
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
