// Bad input: one line that says what, where and what would be right, and exit code 2.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, faultline, fixture, jsonLines } from './faultline.js';

const CASES: readonly (readonly [string, readonly string[], string])[] = [
  ['a verb that does not exist', ['rnu'], "faultline: unknown command 'rnu'\n  did you mean 'run'?\n"],
  ['its help', ['rnu', '--help'], "faultline: unknown command 'rnu'\n  did you mean 'run'?\n"],
  ['help of it', ['help', 'shrink'], "faultline: unknown command 'shrink'\n  see 'faultline --help'\n"],
  [
    'a bug by a number in other letters',
    ['run', '--bug', 'r44'],
    "faultline: unknown bug 'r44'\n  did you mean 'R44'?\n",
  ],
  [
    'an option that does not exist',
    ['run', '--sede', '3'],
    "faultline: unknown option '--sede'\n  did you mean '--seed'?\n",
  ],
  [
    'a scenario that does not exist',
    ['run', 'raft/leader-partion'],
    "faultline: unknown scenario 'raft/leader-partion'\n  did you mean 'raft/leader-partition'?\n",
  ],
  [
    'a scenario without its group',
    ['run', 'leader-partition'],
    "faultline: unknown scenario 'leader-partition'\n  did you mean 'raft/leader-partition'?\n",
  ],
  [
    'a pattern that matches nothing',
    ['run', 'zzz/*'],
    "faultline: no scenario matches 'zzz/*'\n  'faultline list' shows all\n",
  ],
  [
    'no scenario at all',
    ['run'],
    "faultline: missing argument 'NAME'\n  'faultline list' shows the scenarios\n",
  ],
  [
    'a scenario file that is not there',
    ['run', './nope.yaml'],
    'faultline: nope.yaml: expected a scenario file, got no such file or folder\n',
  ],
  [
    'a trace file that is not there',
    ['replay', 'nope.gz'],
    'faultline: nope.gz: expected a trace file, or a folder of them, got no such file or folder\n',
  ],
  [
    'an option without its value',
    ['run', 'raft/bridge', '--seed'],
    "faultline: option '--seed <S>' argument missing\n  see 'faultline --help'\n",
  ],
  [
    'seeds in the wrong order',
    ['run', 'raft/bridge', '--seeds', '9..3'],
    'faultline: --seeds: expected the first seed not to be after the last, got 9..3\n',
  ],
  [
    'seeds that are no range',
    ['run', 'raft/bridge', '--seeds', 'all'],
    "faultline: --seeds: expected a range such as 1..100, got 'all'\n",
  ],
  [
    'too many seeds',
    ['run', 'raft/bridge', '--seeds', '1..9999999'],
    'faultline: --seeds: expected at most 1000000 seeds, got 9999999\n',
  ],
  [
    'seed and seeds',
    ['run', 'raft/bridge', '--seed', '1', '--seeds', '1..2'],
    'faultline: --seed and --seeds exclude each other\n',
  ],
  [
    'no workers',
    ['run', 'raft/bridge', '--workers', '0'],
    "faultline: --workers: expected a whole number from 1 to 256, got '0'\n",
  ],
  [
    'a time without a unit',
    ['run', 'raft/bridge', '--timeout', '5'],
    "faultline: --timeout: expected a duration such as 150ms or 2s, at most 24h, got '5'\n",
  ],
  [
    'a key that does not exist',
    ['run', 'raft/bridge', '--set', 'cluster.nodez=3'],
    "faultline: --set cluster.nodez=3: cluster.nodez: expected one of nodes, members, version, topology, got 'nodez'\n  did you mean 'nodes'?\n",
  ],
  [
    'a value of the wrong type',
    ['run', 'raft/bridge', '--set', 'cluster.nodes=x'],
    "faultline: --set cluster.nodes=x: cluster.nodes: expected a whole number from 1 to 64, got 'x'\n",
  ],
  [
    'a setting that the protocol refuses',
    ['run', 'raft/bridge', '--set', 'protocol.settings.heartbeat=1s'],
    'faultline: --set protocol.settings.heartbeat=1s: protocol.settings.heartbeat: expected more than 0 and less than the election time-out\n',
  ],
  [
    'a list that does not exist',
    ['list', 'bugz'],
    "faultline: WHAT: expected one of scenarios, bugs, invariants, got 'bugz'\n  did you mean 'bugs'?\n",
  ],
  [
    'a shell that is not known',
    ['completion', 'fisch'],
    "faultline: SHELL: expected one of bash, zsh, fish, got 'fisch'\n  did you mean 'fish'?\n",
  ],
  [
    'too many words',
    ['show', 'a', 'b'],
    "faultline: too many arguments for 'show'. Expected 1 argument but got 2.\n  see 'faultline --help'\n",
  ],
];

describe('cli: bad input ends with one clear line and exit code 2', () => {
  it.each(CASES)('%s', async (_name, args, stderr) => {
    expect(await faultline(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('a bug that does not exist: all are listed, the nearest is named', async () => {
    const { code, stderr } = await faultline(['run', 'raft/bridge', '--bug', 'R23-old-term-comit']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^faultline: unknown bug 'R23-old-term-comit'\n {2}did you mean 'R23-old-term-commit'\?\n$/,
    );
  });

  it('a local scenario with a typo: file, line and column', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'scenarios'));
    writeFileSync(
      join(cwd, 'scenarios', 'mine.yaml'),
      'title: Mine\nclustr: { nodes: 3 }\nprotocol: { name: raft }\n',
    );
    const { code, stdout, stderr } = await faultline(['run', 'mine'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^faultline: scenarios\/mine\.yaml:2:1: clustr: expected one of .*\n {2}did you mean 'cluster'\?\n$/,
    );
  });

  it('a plan beyond the failure model: refused, and the entry is named', async () => {
    const { code, stderr } = await faultline(['run', 'raft/amnesia-beyond-model']);
    expect(code).toBe(2);
    expect(stderr).toContain("raft/amnesia-beyond-model: faults.schedule.1: 'wipe' (schedule.1)");
    expect(stderr).toContain('--beyond-model');
  });

  it.each([
    ['incomplete', "createDriver: expected a function, got nothing\n  did you mean it by 'createDrivers'?"],
    ['factory', 'expected a protocol object, got a function\n  give the protocol object itself'],
    ['endles', "exports no 'endles'\n  did you mean 'endless'?"],
  ])('a module whose export %s is no protocol', async (name, text) => {
    const module = `${fixture('misbehaving.mjs')}#${name}`;
    const args = ['run', fixture('primary-backup.yaml'), '--set', `protocol.module=${module}`];
    const { code, stdout, stderr } = await faultline(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
  });

  it('a mistake in Faultline itself: a stack, a request to report it, and exit code 70', async () => {
    const sabotage = `
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      fs.statSync = () => { throw new RangeError('sabotage'); };
      syncBuiltinESMExports();`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(sabotage)}` };
    const { code, stdout, stderr } = await faultline(['replay', 'x', '--json'], { env });
    expect(code).toBe(70);
    expect(stderr).toMatch(
      /^faultline: internal error: .*\nRangeError: sabotage\n +at (.*\n)+Please report it/,
    );
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'error', code: 'internal' },
      { type: 'summary', exitCode: 70 },
    ]);
  });

  it('with --json, the error is told in JSON as well', async () => {
    const { code, stdout } = await faultline(['run', 'raft/nope', '--json']);
    expect(code).toBe(2);
    expect(jsonLines(stdout)).toMatchObject([
      { schema: 'faultline/1', type: 'error', code: 'unknown-scenario' },
      { schema: 'faultline/1', type: 'summary', verb: 'run', exitCode: 2 },
    ]);
  });
});
