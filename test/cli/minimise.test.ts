import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { minimise as minimiseVerb } from '../../src/cli/minimise.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { emptyFolder, faultline, fixture, jsonLines } from './faultline.js';

const corpus = (name: string): string =>
  fileURLToPath(new URL(`../../traces/${name}.trace.jsonl.gz`, import.meta.url));

interface Minimum {
  readonly savedTo: string;
  readonly runs: number;
  readonly isCut: boolean;
  readonly after: Readonly<Record<string, number>>;
}

async function minimise(cwd: string, path: string, ...words: string[]): Promise<Minimum> {
  const { code, stdout } = await faultline(['minimise', path, '--json', ...words], { cwd });
  expect(code).toBe(0);
  const [line] = jsonLines(stdout);
  expect(line).toMatchObject({ type: 'minimised', path });
  return line as unknown as Minimum;
}

describe('cli: minimise', () => {
  it('makes a trace small, whatever the number of workers, and another process replays the small one', async () => {
    const cwd = emptyFolder();
    const path = corpus('R05-duplicate-vote-counted');
    const one = await minimise(cwd, path, '--workers', '1', '--out', 'one');
    const three = await minimise(cwd, path, '--workers', '3', '--out', 'three');
    expect(one.isCut).toBe(false);
    expect({ ...three, savedTo: '' }).toEqual({ ...one, savedTo: '' });
    expect(one.after['decisions']).toBeLessThanOrEqual(25);
    const replayed = await faultline(['replay', '--json', one.savedTo, three.savedTo], { cwd });
    expect(replayed.code).toBe(0);
    const [first, second] = jsonLines(replayed.stdout);
    expect(first).toMatchObject({ kind: 'as-expected', bug: 'R05-duplicate-vote-counted' });
    expect(second).toMatchObject({ kind: 'as-expected', digest: first?.['digest'] });
  });

  it('a small trace that is minimised again stays as it is', async () => {
    const cwd = emptyFolder();
    const first = await minimise(cwd, corpus('R44-ack-before-sync'));
    expect(first.savedTo).toMatch(/^traces\/found\/.*-min\.trace\.jsonl\.gz$/);
    const second = await minimise(cwd, first.savedTo, '--out', 'again');
    expect(second.after['decisions']).toBe(first.after['decisions']);
  });

  it('says how much there was to tell, and how much is left', async () => {
    const cwd = emptyFolder();
    const { code, stdout } = await faultline(['minimise', corpus('K20-no-fencing'), '--runs', '40'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}decisions +[\d,]+ {2}→ {2}\d+$/m);
    expect(stdout).toMatch(/^40 runs tried; the budget was used up before the search was through$/m);
    expect(stdout).toMatch(/faultline replay traces\/found\/\S+-min\.trace\.jsonl\.gz/);
    expect(readdirSync(join(cwd, 'traces', 'found')).filter((name) => name.endsWith('.gz'))).toHaveLength(1);
  });

  it("minimises a run of a user's own protocol", async () => {
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const out = emptyFolder();
    const words = [
      'run',
      fixture('forgetful-primary.yaml'),
      '--seeds',
      '1..20',
      '--traces',
      '1',
      '--out',
      out,
    ];
    await faultline(words, { cwd });
    const [name = ''] = readdirSync(out).filter((file) => file.endsWith('.gz'));
    const small = await minimise(cwd, join(out, name), '--out', out, '--runs', '300');
    expect(small.after['decisions']).toBeLessThanOrEqual(25);
    expect((await faultline(['replay', small.savedTo], { cwd })).code).toBe(0);
  });

  it('saves what it has when a signal ends the search', async () => {
    // In this process: so the signal comes when there is something to save, however fast the machine is.
    const verb = (await import(new URL('../../dist/cli/minimise.js', import.meta.url).href)) as {
      readonly minimise: typeof minimiseVerb;
    };
    const lines: (readonly [string, unknown])[] = [];
    const terminal = {
      json: true,
      closed: new AbortController().signal,
      progress: () => {
        if (process.listenerCount('SIGINT') > 0 && lines.length === 0) process.emit('SIGINT');
        lines.push(['progress', undefined]);
      },
      note: () => undefined,
      summarize: () => undefined,
      emit: (type: string, fields: unknown) => lines.push([type, fields]),
    } as unknown as Terminal;
    const path = corpus('K20-no-fencing');
    const options = { workers: 1, timeout: 30_000_000, for: 300_000_000, runs: 100_000, out: emptyFolder() };
    const code = await verb.minimise(terminal, [path], { ...options, json: true });
    expect(code).toBe(130);
    const small = lines.find(([type]) => type === 'minimised')?.[1] as Minimum;
    expect(small).toMatchObject({ isCut: true });
    expect((await faultline(['replay', small.savedTo])).code).toBe(0);
  }, 60_000);

  it('refuses what is no trace of a failure', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'some.txt'), 'hello\n');
    for (const [words, message] of [
      [['minimise', 'none.gz'], 'none.gz'],
      [['minimise', 'some.txt'], "some.txt:1: expected a line of JSON, got 'hello'"],
      [['minimise', corpus('R25-commit-to-own-last-index'), '--for', '1ms'], '--for: expected at least 1s'],
      [['minimise'], 'TRACE'],
    ] as const) {
      const { code, stderr } = await faultline(words, { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});

describe('cli: show --story', () => {
  it('tells a trace of the corpus as numbered lines that end with the violation', async () => {
    const { code, stdout } = await faultline(['show', corpus('R25-commit-to-own-last-index'), '--story']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}1\. +0\.\d+ s \S/);
    expect(stdout).toMatch(/becomes leader of term 1/);
    expect(stdout).toMatch(/→ violated raft\/state-machine-safety/);
  });

  it('as JSON has its beats and its fingerprint', async () => {
    const { stdout } = await faultline(['show', corpus('K20-no-fencing'), '--story', '--json']);
    expect(jsonLines(stdout)[0]).toMatchObject({
      type: 'story',
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      end: expect.stringContaining('any/lock-fencing') as string,
    });
  });

  it.each([
    [['show', '--story'], '--story'],
    [['show', '--story', 'raft/quiet'], 'raft/quiet'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await faultline(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
