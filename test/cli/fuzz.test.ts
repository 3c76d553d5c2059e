// `faultline fuzz`: budgets, failures by kind, going on after any end, a killed campaign.

import { spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTraceFile } from '../../src/node/trace-file.js';
import { buggyImplementation, mutationsOf, simulate } from '../../src/simulator/index.js';
import { emptyFolder, faultline, fixture, jsonLines } from './faultline.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const SHORT = ['--set', 'bounds.end=6s', '--set', 'bounds.heal-at=3s', '--set', 'bounds.stop-clients-at=5s'];
const BUG = ['raft/crash-restart-storm', '--bug', 'R44-ack-before-sync'];

interface LedgerLine {
  readonly type: string;
  readonly scenario: string;
  readonly position: number;
  readonly runs: number;
  readonly chain: string;
  readonly seed: string;
  readonly savedTo: string;
}

function ledgerOf(path: string): LedgerLine[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n'))
    .split('\n')
    .map((line) => JSON.parse(line) as LedgerLine);
}

describe('cli: fuzz', () => {
  it('runs as many seeds as it may, scenario by scenario, and says so', async () => {
    const { code, stdout } = await faultline([
      'fuzz',
      'raft/baseline-quiet',
      'raft/lossy-network',
      ...SHORT,
      '--runs',
      '10',
      '--first',
      '70',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^raft\/baseline-quiet +70\.\.75 +6 /m);
    expect(stdout).toMatch(/^raft\/lossy-network +70\.\.73 +4 /m);
    expect(stdout).toMatch(/\n10 runs in \d+ s \([\d.]+\/s\): no failures\n$/);
  });

  it('tells of a failure whose trace cannot be saved, and then what is wrong', async () => {
    const words = ['fuzz', ...BUG, '--runs', '4', '--no-minimise', '--json'];
    const free = emptyFolder();
    const [first] = jsonLines((await faultline(words, { cwd: free })).stdout).filter(
      ({ type, savedTo }) => type === 'failure' && savedTo !== null,
    );
    const path = String(first?.['savedTo']);
    const cwd = emptyFolder();
    mkdirSync(join(cwd, path), { recursive: true });
    const { code, stdout, stderr } = await faultline(words, { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(path);
    const lines = jsonLines(stdout);
    expect(lines.filter(({ type }) => type === 'failure')[0]).toMatchObject({
      seed: first?.['seed'],
      savedTo: null,
    });
    expect(lines.at(-1)).toMatchObject({ type: 'summary', exitCode: 2 });
    expect(Number(lines.at(-1)?.['failures'])).toBeGreaterThan(0);
    const run = await faultline(['run', ...BUG, '--seed', String(first?.['seed'])], { cwd });
    expect(run.code).toBe(2);
    expect(run.stdout).toMatch(/^VIOLATED /m);
  });

  it('ends with the first failure when asked to, and its trace replays', async () => {
    const cwd = emptyFolder();
    const { code, stdout } = await faultline(['fuzz', ...BUG, '--until-failure'], { cwd });
    expect(code).toBe(1);
    const [, trace = ''] = /^ {2}saved {2}(\S+)$/m.exec(stdout) ?? [];
    expect(stdout).toMatch(/^VIOLATED raft\/\S+ \([0-9a-f]{8}: \d+ times?\)$/m);
    expect(await faultline(['replay', trace], { cwd })).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends after its time', async () => {
    const began = performance.now();
    const { code, stdout } = await faultline(['fuzz', 'raft/baseline-quiet', ...SHORT, '--for', '1s']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/no failures\n$/);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('in JSON tells each failure once, and kinds and hashes in the summary', async () => {
    const { code, stdout } = await faultline(['fuzz', ...BUG, '--runs', '8', '--json']);
    expect(code).toBe(1);
    const lines = jsonLines(stdout);
    const summary = lines[lines.length - 1] as Record<string, unknown>;
    expect(lines.filter(({ type }) => type === 'failure')).toHaveLength(8);
    expect(summary).toMatchObject({ type: 'summary', verb: 'fuzz', exitCode: 1, runs: 8, failures: 8 });
    expect(summary['kinds']).toHaveLength(1);
  });

  it('in two parts it comes to the same hashes as in one', async () => {
    const cwd = emptyFolder();
    const run = (...more: string[]) => faultline(['fuzz', 'raft/baseline-quiet', ...SHORT, ...more], { cwd });
    await run('--runs', '12', '--ledger', 'one.jsonl');
    await run('--runs', '4', '--ledger', 'two.jsonl');
    const { stdout } = await run('--runs', '8', '--ledger', 'two.jsonl', '--resume');
    expect(stdout).toContain('8 runs in');
    expect(stdout).toContain(', after 4 before: no failures');
    expect(ledgerOf(join(cwd, 'two.jsonl'))).toEqual(ledgerOf(join(cwd, 'one.jsonl')));
  });

  it('says why the trace of the failure that ends it could not be saved', async () => {
    const cwd = emptyFolder();
    const trace = 'traces/found/raft-all-of-it-4-raft-commit-current-term.trace.jsonl.gz';
    mkdirSync(join(cwd, trace), { recursive: true });
    const words = [
      'fuzz',
      'raft/all-of-it',
      '--bug',
      'R23',
      '--first',
      '4',
      '--until-failure',
      '--no-minimise',
    ];
    const { code, stderr } = await faultline(words, { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(`${trace}: expected a place to write, got a folder`);
  });

  it('goes on after a failure was noted: exit code and last line are those of the whole campaign', async () => {
    const cwd = emptyFolder();
    const words = ['fuzz', 'raft/baseline-quiet', ...SHORT, '--ledger', 'night.jsonl', '--no-minimise'];
    expect(await faultline([...words, '--runs', '4'], { cwd })).toMatchObject({ code: 0 });
    const [header, portion] = readFileSync(join(cwd, 'night.jsonl'), 'utf8').split('\n');
    const failure = {
      type: 'failure',
      scenario: 'raft/baseline-quiet',
      seed: '2',
      verdict: 'violated',
      invariant: 'raft/vote-once',
      message: 'n1 voted twice',
      events: 99,
      savedTo: null,
      again: 'faultline run raft/baseline-quiet --seed 2',
    };
    writeFileSync(join(cwd, 'night.jsonl'), `${header}\n${JSON.stringify(failure)}\n${portion}\n`);
    const reports = ['--reporter', 'json=a.json,junit=a.xml,html=a.html'];
    const { code, stdout } = await faultline([...words, '--runs', '4', '--resume', ...reports], { cwd });
    expect(stdout).toMatch(/\n4 runs in .*, after 4 before: 1 failure of 1 kind\n$/);
    expect(code).toBe(1);
    // The reports too.
    expect(JSON.parse(readFileSync(join(cwd, 'a.json'), 'utf8'))).toMatchObject({
      exitCode: 1,
      scenarios: [{ runs: 8, passed: 7 }],
      kinds: [{ count: 1, failures: [{ seed: '2', message: 'n1 voted twice', again: failure.again }] }],
    });
    expect(readFileSync(join(cwd, 'a.xml'), 'utf8')).toContain('tests="8" failures="1"');
    expect(readFileSync(join(cwd, 'a.html'), 'utf8')).toContain('faultline fuzz: 1 failure<');
  });

  it('counts a failure once that was noted before its portion was, and is found again', async () => {
    const cwd = emptyFolder();
    const words = ['fuzz', ...BUG, '--ledger', 'night.jsonl', '--no-minimise', '--runs', '4', '--json'];
    await faultline(words, { cwd });
    const path = join(cwd, 'night.jsonl');
    const noted = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    // A kill between the failures and the portion that they were found in.
    writeFileSync(path, `${noted.slice(0, -1).join('\n')}\n`);
    const lines = jsonLines((await faultline([...words, '--resume'], { cwd })).stdout);
    expect(lines.filter(({ type }) => type === 'failure')).toEqual([]);
    expect(lines.at(-1)).toMatchObject({ exitCode: 1, runs: 4, failures: 4, failuresBefore: 4 });
    expect(lines.at(-1)?.['kinds']).toMatchObject([{ count: 4 }]);
    expect(readFileSync(path, 'utf8')).toBe(`${noted.join('\n')}\n`);
  });

  it('killed at any moment, it goes on with no seed left out, none noted twice and every failure whole', async () => {
    const cwd = emptyFolder();
    const args = ['fuzz', ...BUG, '--ledger', 'night.jsonl', '--workers', '2'];
    const ledger = join(cwd, 'night.jsonl');
    for (const millis of [900, 1400, 2000]) {
      const more = existsSync(ledger) ? ['--resume'] : [];
      const child = spawn(process.execPath, [MAIN, ...args, ...more], { cwd, stdio: 'ignore' });
      await new Promise((resolve) => setTimeout(resolve, millis));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('close', resolve));
    }
    const more = existsSync(ledger) ? ['--resume'] : [];
    expect(await faultline([...args, '--runs', '8', ...more], { cwd })).toMatchObject({ code: 1 });
    const lines = ledgerOf(ledger);
    const portions = lines.filter(({ type }) => type === 'portion');
    let next = 0;
    for (const { position, runs } of portions) {
      expect(position).toBe(next);
      next += runs;
    }
    const failures = lines.filter(({ type }) => type === 'failure');
    const seeds = failures.map(({ seed }) => Number(seed)).sort((a, b) => a - b);
    expect(new Set(seeds).size).toBe(seeds.length);
    // Each seed of this bug fails: all that are noted as run are there as failures.
    for (let seed = 1; seed <= next; seed++) expect(seeds).toContain(seed);
    const saved = failures.map(({ savedTo }) => savedTo).filter((path) => (path as string | null) !== null);
    expect(saved.length).toBeGreaterThan(0);
    expect(await faultline(['replay', ...saved], { cwd })).toMatchObject({ code: 0 });
  }, 120_000);

  it("does not go on with a user's module that was changed", async () => {
    const cwd = emptyFolder();
    copyFileSync(fixture('primary-backup.yaml'), join(cwd, 'primary-backup.yaml'));
    // Out here nothing is called faultline.
    const contracts = new URL('../../dist/protocol.js', import.meta.url).href;
    const text = readFileSync(fixture('primary-backup.mjs'), 'utf8');
    writeFileSync(
      join(cwd, 'primary-backup.mjs'),
      text.replace("from 'faultline/protocol'", `from '${contracts}'`),
    );
    const words = ['fuzz', 'primary-backup.yaml', '--runs', '4', '--no-minimise', '--ledger', 'night.jsonl'];
    await faultline(words, { cwd });
    expect((await faultline([...words, '--resume'], { cwd })).stdout).toContain(', after 4 before');
    appendFileSync(join(cwd, 'primary-backup.mjs'), '// Another one.\n');
    const { code, stderr } = await faultline([...words, '--resume'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^faultline: night.jsonl:1: expected a campaign with the module of '.*' as it is/);
  });

  it('is told what is wrong in one line', async () => {
    const cwd = emptyFolder();
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await faultline(['fuzz', 'raft/baseline-quiet', ...args], { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      return stderr.split('\n')[0] ?? '';
    };
    expect(await wrong('--for', '1ms')).toBe("faultline: --for: expected at least 1s, got '1ms'");
    expect(await wrong('--resume')).toBe(
      'faultline: --resume: expected --ledger FILE, the campaign to go on with',
    );
    expect(await wrong('--resume', '--ledger', 'none.jsonl')).toBe(
      'faultline: none.jsonl: expected a ledger to go on with, got no such file or folder',
    );
    expect(await wrong('--runs', '0')).toMatch(/--runs: expected a whole number from 1/);
    const shown = await faultline(['show', 'raft/baseline-quiet'], { cwd });
    writeFileSync(join(cwd, 'mine.yaml'), shown.stdout);
    expect(await wrong('mine.yaml')).toMatch(
      /: two scenarios are named 'raft\/baseline-quiet': \/.* and mine.yaml$/,
    );
  });

  it('makes each kind of failure small at its end, unless it is told not to', async () => {
    const cwd = emptyFolder();
    const words = ['fuzz', ...BUG, '--runs', '4', '--workers', '1'];
    const { code, stdout } = await faultline([...words, '--json'], { cwd });
    expect(code).toBe(1);
    const lines = jsonLines(stdout);
    const [small] = lines.filter(({ type }) => type === 'minimised');
    expect(small).toMatchObject({ isCut: false, after: { decisions: expect.any(Number) as number } });
    const kinds = lines.at(-1)?.['kinds'] as readonly Record<string, unknown>[];
    expect(kinds[0]?.['minimised']).toMatchObject({ savedTo: small?.['savedTo'] });
    const replayed = await faultline(['replay', String(small?.['savedTo'])], { cwd });
    expect(replayed.code).toBe(0);
    const plain = await faultline([...words, '--no-minimise'], { cwd });
    expect(plain.stdout).not.toContain('small ');
    expect(plain.stdout).toContain('saved ');
  });

  it('is refused before its first run without a place for traces, and leaves no ledger behind', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'file'), '');
    for (const words of [
      ['--out', 'file'],
      ['--reporter', 'json=file/report.json'],
      ['--queue', 'redis://127.0.0.1:1'],
    ]) {
      const fuzz = ['fuzz', 'raft/baseline-quiet', '--runs', '1', '--ledger', 'new.jsonl'];
      expect(await faultline([...fuzz, ...words], { cwd })).toMatchObject({ code: 2, stdout: '' });
      expect(existsSync(join(cwd, 'new.jsonl'))).toBe(false);
    }
  });
});

describe('cli: fuzz --strategy', () => {
  const GUIDED = ['fuzz', ...BUG, '--strategy', 'guided', '--runs', '40', '--no-minimise', '--json'];

  it('guided: whatever the workers, the same runs, each the same again from its recipe in another process', async () => {
    const cwd = emptyFolder();
    const one = jsonLines((await faultline([...GUIDED, '--workers', '1', '--out', '.'], { cwd })).stdout);
    const two = jsonLines((await faultline([...GUIDED, '--workers', '2', '--recheck', '1'], { cwd })).stdout);
    const chain = (lines: typeof one) => (lines.at(-1)?.['scenarios'] as { chain: string }[])[0]?.chain;
    expect(chain(two)).toBe(chain(one));
    const failures = one.filter(({ type }) => type === 'failure');
    const paths = failures.map(({ savedTo }) => savedTo as string | null).filter((path) => path !== null);
    expect(await faultline(['replay', ...paths], { cwd })).toMatchObject({ code: 0 });
    const traces = paths.map((path) => readTraceFile(join(cwd, path)));
    expect(traces.some(({ header }) => mutationsOf(header.recipe).length > 0)).toBe(true);
    for (const { header } of traces) {
      const { scenario, recipe, digest } = header;
      const implementation = buggyImplementation(scenario, 'R44-ack-before-sync');
      expect(simulate(scenario, recipe, { implementation }).digest).toBe(digest);
      expect(failures).toContainEqual(expect.objectContaining({ recipe }));
    }
  });

  it('guided: of a kind, each trace is of a shorter run than those before, within a portion as well', async () => {
    const lines = jsonLines((await faultline(GUIDED)).stdout);
    const failures = lines.filter(({ type, savedTo }) => type === 'failure' && savedTo !== null);
    const shortest = new Map<unknown, number>();
    for (const { invariant, message, events } of failures) {
      const kind = `${String(invariant)} ${String(message).replace(/\d+|".*"/g, '#')}`;
      expect(events).toBeLessThan(shortest.get(kind) ?? Infinity);
      shortest.set(kind, events as number);
    }
    expect(shortest.size).toBeGreaterThan(0);
  });

  it('guided: the line of a failure runs it again', async () => {
    const cwd = emptyFolder();
    const lines = jsonLines((await faultline([...GUIDED, '--first', '7'], { cwd })).stdout);
    const failure = lines.findLast(({ type }) => type === 'failure') as Record<string, unknown>;
    const words = (failure['again'] as string).split(' ').slice(1);
    const again = jsonLines((await faultline([...words, '--no-minimise', '--json'], { cwd })).stdout);
    const { recipe, message, events } = failure;
    expect(again.findLast(({ type }) => type === 'failure')).toMatchObject({ recipe, message, events });
  });

  it('pct: the line of a failure runs that seed again', async () => {
    const words = ['fuzz', ...BUG, '--strategy', 'pct', '--no-minimise', '--json', '--shard', '2/3'];
    const lines = jsonLines((await faultline([...words, '--runs', '3'])).stdout);
    const failure = lines.findLast(({ type }) => type === 'failure') as Record<string, unknown>;
    expect(failure['again']).toMatch(/ --strategy pct --first 7 --runs 1 --shard 2\/3 --bug \S+$/);
    const again = (failure['again'] as string).split(' ').slice(1);
    const { recipe, events, seed } = failure;
    const { stdout } = await faultline([...again, '--no-minimise', '--json']);
    expect(jsonLines(stdout).find(({ type }) => type === 'failure')).toMatchObject({ seed, recipe, events });
    expect(jsonLines(stdout).at(-1)).toMatchObject({ strategy: 'pct', runs: 1 });
  });

  it('guided: a campaign that was cut goes on where it was, and no other strategy goes on with it', async () => {
    const cwd = emptyFolder();
    const run = (strategy: string, ...more: string[]) =>
      faultline(['fuzz', 'raft/baseline-quiet', ...SHORT, '--strategy', strategy, ...more], { cwd });
    await run('guided', '--runs', '64', '--ledger', 'one.jsonl');
    await run('guided', '--runs', '32', '--ledger', 'two.jsonl');
    await run('guided', '--runs', '32', '--ledger', 'two.jsonl', '--resume');
    expect(ledgerOf(join(cwd, 'two.jsonl'))).toEqual(ledgerOf(join(cwd, 'one.jsonl')));
    const other = await run('swarm', '--runs', '4', '--ledger', 'two.jsonl', '--resume');
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('two.jsonl:1: expected strategy "swarm", got "guided"');
  });

  it('is told in one line when it is unknown, or cannot go to a queue', async () => {
    const wrong = async (...args: string[]): Promise<readonly string[]> => {
      const { code, stderr } = await faultline(['fuzz', 'raft/baseline-quiet', ...args]);
      expect(code).toBe(2);
      return stderr.trimEnd().split('\n');
    };
    const [what, hint] = await wrong('--strategy', 'giuded');
    expect(what).toMatch(/^faultline: --strategy: expected one of swarm, .*, got 'giuded'$/);
    expect(hint).toBe("  did you mean 'guided'?");
    expect(await wrong('--strategy', 'guided', '--queue', 'redis://127.0.0.1:1')).toEqual([
      'faultline: --queue: expected --strategy swarm, got --strategy guided',
    ]);
  });
});
