// `faultline run`: verdicts, traces, exit codes, JSON, order, signals, the watchdog.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, emptyFolder, faultline, fixture, jsonLines } from './faultline.js';

const MINE = fixture('primary-backup.yaml');
const misbehaving = (name: string): string[] => [
  '--set',
  `protocol.module=${fixture('misbehaving.mjs')}#${name}`,
];

describe('cli: run', () => {
  it('a run that passes says so, with its digest, and exits with 0', async () => {
    const { code, stdout, stderr } = await faultline(['run', 'raft/baseline-quiet', '--seed', 'a seed']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^PASSED raft\/baseline-quiet, seed a seed\n/);
    expect(stdout).toMatch(/\n {2}digest {3}[0-9a-f]{16}\n$/);
  });

  it('a violation tells invariant, message, time, event, trace, and the lines to replay and to run it again', async () => {
    const cwd = emptyFolder();
    const { code, stdout } = await faultline(
      ['run', 'raft/crash-restart-storm', '--seed', '1', '--bug', 'R44-ack-before-sync'],
      { cwd },
    );
    expect(code).toBe(1);
    const [, trace = ''] = /^ {2}trace {2}(\S+)$/m.exec(stdout) ?? [];
    expect(trace).toMatch(/^traces\/found\/raft-crash-restart-storm-1-.*\.trace\.jsonl\.gz$/);
    expect(stdout).toMatch(
      /^VIOLATED raft\/\S+\n {2}in raft\/crash-restart-storm, seed 1, bug R44-ack-before-sync, faultline \S+\n/,
    );
    expect(stdout).toMatch(/^ {2}at \d+\.\d{6} s, event [\d,]+$/m);
    expect(stdout).toContain(`  replay faultline replay ${trace}\n`);
    expect(stdout).toContain(
      '  again  faultline run raft/crash-restart-storm --seed 1 --bug R44-ack-before-sync\n',
    );
    expect(readFileSync(join(cwd, 'traces/found/.gitignore'), 'utf8')).toBe('*\n');
    const replayed = await faultline(['replay', trace], { cwd });
    expect(replayed).toMatchObject({ code: 0, stderr: '' });
    expect(replayed.stdout).toContain('REPRODUCED');
  });

  it('with real cryptography a run is the same run, and its trace replays', async () => {
    const cwd = emptyFolder();
    const args = ['run', 'raft/crash-restart-storm', '--seed', '1', '--bug', 'R44-ack-before-sync'];
    const { code, stdout } = await faultline([...args, '--set', 'authentication=real'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain(' --set authentication=real');
    const digest = /^ {2}digest .*$/m;
    const ideal = await faultline([...args, '--traces', '0'], { cwd });
    expect(digest.exec(stdout)?.[0]).toBe(digest.exec(ideal.stdout)?.[0]);
    const [, trace = ''] = /^ {2}trace {2}(\S+)$/m.exec(stdout) ?? [];
    expect(await faultline(['replay', trace], { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(await faultline(['replay', trace, '--adapt'], { cwd })).toMatchObject({ code: 0, stderr: '' });
  });

  it('a folder that --out names does not hide itself from git', async () => {
    const cwd = emptyFolder();
    await faultline(['run', 'raft/crash-restart-storm', '--bug', 'R44-ack-before-sync', '--out', '.'], {
      cwd,
    });
    expect(readdirSync(cwd)).toEqual([expect.stringMatching(/\.trace\.jsonl\.gz$/)]);
  });

  it('a bug without a scenario runs in the one in which it shows', async () => {
    const { code, stdout } = await faultline(['run', '--bug', 'R44-ack-before-sync', '--traces', '0']);
    expect(code).toBe(1);
    expect(stdout).toContain('bug R44-ack-before-sync');
  });

  it('beyond the failure model: a control that breaks passes, and what broke is listed', async () => {
    const args = ['run', 'raft/amnesia-beyond-model', '--beyond-model', '--seeds', '1..3'];
    const { code, stdout } = await faultline(args);
    expect(code).toBe(0);
    expect(stdout).toContain("'wipe' (schedule.1)");
    expect(stdout).toMatch(/broke \S+ in \d of 3 runs/);
  });

  it('a control that does not break is a failure, and says why', async () => {
    const args = ['run', 'raft/baseline-quiet', '--set', 'expect.outcome=violated'];
    const { code, stdout } = await faultline(args);
    expect(code).toBe(1);
    expect(stdout).toContain('control: expected a violation, but the run passed');
  });

  it('a pattern leaves out what is beyond its failure model, and says so', async () => {
    const { code, stdout, stderr } = await faultline(['run', 'raft/a*', 'raft/baseline-*']);
    expect(code).toBe(0);
    expect(stderr).toContain('leaving out raft/amnesia-beyond-model');
    expect(stdout).toContain('raft/all-of-it');
    expect(stdout).toContain('raft/baseline-quiet');
  });

  it('outcomes come in the order of seeds, and are the same whatever the number of workers', async () => {
    const args = ['run', 'raft/baseline-quiet', 'raft/clock-jumps', '--seeds', '1..9', '--json'];
    const [one, four] = await Promise.all([
      faultline([...args, '--workers', '1']),
      faultline([...args, '--workers', '4']),
    ]);
    expect(one.code).toBe(0);
    expect(four.stdout).toBe(one.stdout);
    const seeds = jsonLines(one.stdout)
      .slice(0, 9)
      .map(({ seed }) => seed);
    expect(seeds).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('--check-determinism passes for Raft', async () => {
    const { code, stdout } = await faultline([
      'run',
      'raft/leader-partition',
      '--seeds',
      '1..2',
      '--check-determinism',
    ]);
    expect(stdout).toContain('2 runs: 2 passed');
    expect(code).toBe(0);
  });

  it('--check-determinism names the first different event of a protocol that keeps state between runs', async () => {
    const args = ['run', MINE, ...misbehaving('forgetful'), '--seeds', '1..2', '--check-determinism'];
    const { code, stdout } = await faultline(args);
    expect(code).toBe(3);
    expect(stdout).toContain('NOT DETERMINISTIC');
    expect(stdout).toMatch(/the first different event is number \d+; what differs: /);
    expect(stdout).toMatch(/ {4}once .*event \d+ at .*\n(.*\n)* {4}then .*event \d+ at /);
  });
});

describe('cli: run with a protocol of the user', () => {
  it('catches a thirty-line protocol that acknowledges from memory, by what its clients saw alone', async () => {
    const { code, stdout } = await faultline(['run', fixture('forgetful-primary.yaml'), '--traces', '0']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/VIOLATED any\/(linearizability|exactly-once)/);
  });

  it('catches the mistake of primary-backup without a quorum', async () => {
    const cwd = emptyFolder();
    const { code, stdout } = await faultline(['run', MINE, '--seeds', '1..3'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain('VIOLATED any/agreement\n  in primary-backup, seed 1, faultline ');
    const { code: replayed } = await faultline(['replay', 'traces/found'], { cwd });
    expect(replayed).toBe(0);
  });

  it('passes when nothing cuts the servers apart', async () => {
    const { code } = await faultline(['run', MINE, '--set', 'faults.schedule=[]', '--seeds', '1..3']);
    expect(code).toBe(0);
  });

  it('tells ambient time as the violation that it is', async () => {
    const { code, stdout } = await faultline(['run', MINE, ...misbehaving('punctual')]);
    expect(code).toBe(1);
    expect(stdout).toContain('Date.now was called inside a simulation');
  });

  it.each([
    ['broken', 'TypeError: no settings today'],
    ['promising', 'Error: a broken promise'],
  ])('tells what %s code throws outside of an event as bad input, with its place', async (name, text) => {
    const { code, stdout, stderr } = await faultline(['run', MINE, ...misbehaving(name)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(
      `misbehaving.mjs#${name}: expected a protocol that works, got ${text}\n  thrown at `,
    );
  });

  it('keeps what it prints out of the results', async () => {
    const { stdout, stderr } = await faultline(['run', MINE, ...misbehaving('talkative'), '--json']);
    expect(jsonLines(stdout).map(({ type }) => type)).toEqual(['run', 'summary']);
    expect(stderr).toContain('received ClientRequest\n');
  });

  it('ends a run that loops, and saves its recipe', async () => {
    const cwd = emptyFolder();
    const args = ['run', MINE, ...misbehaving('endless'), '--timeout', '500ms', '--json'];
    const { code, stdout } = await faultline(args, { cwd });
    expect(code).toBe(4);
    const [run] = jsonLines(stdout);
    expect(run).toMatchObject({ type: 'run', verdict: 'bound-reached', status: null });
    const recipe = JSON.parse(readFileSync(join(cwd, String(run?.['savedTo'])), 'utf8')) as unknown;
    expect(recipe).toMatchObject({
      type: 'recipe',
      recipe: { seed: '1', strategy: 'random' },
      scenario: { name: 'primary-backup' },
    });
  });

  it('gives up after three runs that loop', async () => {
    const args = ['run', MINE, ...misbehaving('endless'), '--timeout', '300ms', '--seeds', '1..9'];
    const { code, stdout, stderr } = await faultline(args);
    expect(code).toBe(4);
    expect(stdout).toContain('3 of 9 runs: 3 at the bound');
    expect(stderr).toContain('the other 6 are not tried');
  });
});

describe('cli: run and the world around it', () => {
  it('SIGINT ends the run, prints what there is, and exits with 130', async () => {
    let isSent = false;
    const { code, stdout, stderr } = await faultline(
      ['run', 'raft/baseline-quiet', '--seeds', '1..100000', '--json'],
      {
        onOutput: () => {
          if (isSent) return undefined;
          isSent = true;
          return 'SIGINT';
        },
      },
    );
    expect(code).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', exitCode: 130, planned: 100000 });
  });

  it('a process that was stopped for a while goes on, and takes no run for one that hangs', async () => {
    let isSent = false;
    // On a busy machine, a run that is well may itself stand still for seconds.
    const args = ['run', 'raft/baseline-quiet', '--seeds', '1..40', '--timeout', '8s', '--json'];
    const { code, stdout } = await faultline(args, {
      onOutput: (_, send) => {
        if (isSent) return undefined;
        isSent = true;
        setTimeout(() => send('SIGCONT'), 12_000);
        return 'SIGSTOP';
      },
    });
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', verdicts: { passed: 40 } });
  }, 120_000);

  it('a slow reader gets all of it', () => {
    const { stdout } = spawnSync(
      'sh',
      ['-c', `"$0" "$1" list invariants --json | (sleep 3; cat)`, process.execPath, MAIN],
      {
        encoding: 'utf8',
      },
    );
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', exitCode: 0 });
  });

  it.skipIf(!existsSync('/dev/full'))('a disk that is full is told of, and is no violation', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"$0" "$1" list > /dev/full`, process.execPath, MAIN], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toBe('faultline: stdout: expected a place to write, got no space left\n');
  });

  it('two scenarios of one name are refused: one would take the files of the other', async () => {
    const cwd = emptyFolder();
    for (const folder of ['a', 'b']) {
      mkdirSync(join(cwd, folder));
      copyFileSync(MINE, join(cwd, folder, 'mine.yaml'));
    }
    const { code, stderr } = await faultline(['run', 'a/mine.yaml', 'b/mine.yaml'], { cwd });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "faultline: two scenarios are named 'mine': a/mine.yaml and b/mine.yaml\n",
    });
  });

  it('a place for a report that cannot be written is told before the first run', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'folder'));
    const args = ['run', 'raft/baseline-quiet', '--seeds', '1..100000', '--reporter', 'html=folder'];
    const { code, stderr } = await faultline(args, { cwd });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'faultline: folder: expected a place to write, got a folder\n',
    });
  });

  it('a report goes into a pipe that is there, and a link stays one', () => {
    const cwd = emptyFolder();
    const script = `mkfifo pipe; touch file; ln -s file link; cat pipe > read & "$0" "$1" run raft/baseline-quiet --reporter json=pipe,junit=link; wait; test -p pipe && test -L link`;
    expect(spawnSync('sh', ['-c', script, process.execPath, MAIN], { cwd }).status).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, 'read'), 'utf8'))).toMatchObject({ exitCode: 0 });
    expect(readFileSync(join(cwd, 'file'), 'utf8')).toContain('<testsuites');
  });

  it('a reader that goes away ends it quietly', async () => {
    const { code, stderr } = await faultline(
      ['run', 'raft/baseline-quiet', '--seeds', '1..100000', '--json'],
      {
        closeAfterBytes: 1,
      },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('every JSON line has its schema and type, and the last is the summary', async () => {
    const args = ['run', 'raft/baseline-quiet', '--seeds', '1..2', '--json'];
    const { stdout, stderr } = await faultline(args);
    const lines = jsonLines(stdout);
    expect(stderr).toBe('');
    expect(lines.map(({ schema, type }) => `${schema} ${type}`)).toEqual([
      'faultline/1 run',
      'faultline/1 run',
      'faultline/1 summary',
    ]);
    expect(lines[0]).toMatchObject({
      scenario: 'raft/baseline-quiet',
      seed: '1',
      verdict: 'passed',
      violation: null,
      bug: null,
    });
    expect(lines[2]).toMatchObject({
      verb: 'run',
      exitCode: 0,
      runs: 2,
      planned: 2,
      verdicts: { passed: 2 },
    });
  });

  it('nothing is saved when nothing broke', async () => {
    const cwd = emptyFolder();
    await faultline(['run', 'raft/baseline-quiet'], { cwd });
    expect(existsSync(join(cwd, 'traces'))).toBe(false);
  });
});
