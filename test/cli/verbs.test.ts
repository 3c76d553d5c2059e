// The other verbs: lists, scenarios, invariants, traces, completion; colour and JSON of all.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';
import { INVARIANTS } from '../../src/checkers/index.js';
import { colourLevel } from '../../src/cli/terminal.js';
import { BUGS } from '../../src/zoo/index.js';
import { emptyFolder, faultline, jsonLines } from './faultline.js';

const ESCAPE = '\u001b';

describe('cli: what there is', () => {
  it.each([
    ['help', ['--help']],
    ['help-run', ['run', '--help']],
    ['list', ['list']],
    ['list-bugs', ['list', 'bugs']],
    ['invariants', ['invariants']],
    ['show', ['show', 'raft/baseline-quiet']],
  ])('%s is as committed', async (name, args) => {
    const { code, stdout, stderr } = await faultline(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot(`../golden/cli/${name}.txt`);
    expect(stdout).not.toContain(ESCAPE);
    const widest = Math.max(...stdout.split('\n').map((line) => line.length));
    if (name !== 'show') expect(widest).toBeLessThanOrEqual(80);
  });

  it('without words: the help', async () => {
    const [bare, help] = await Promise.all([faultline([]), faultline(['--help'])]);
    expect(bare).toEqual(help);
  });

  it('--version is that of the package', async () => {
    expect(await faultline(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('what show prints is a scenario again, and runs the same', async () => {
    const cwd = emptyFolder();
    const { stdout } = await faultline(['show', 'raft/clock-jumps']);
    writeFileSync(join(cwd, 'copy.yaml'), stdout);
    const [original, copy] = await Promise.all([
      faultline(['run', 'raft/clock-jumps', '--json']),
      faultline(['run', 'copy.yaml', '--json'], { cwd }),
    ]);
    const digests = [original, copy].map((run) => jsonLines(run.stdout)[0]?.['digest']);
    expect(digests[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(digests[1]).toBe(digests[0]);
  });

  it('show --schema is JSON, and --json of every listing ends with a summary', async () => {
    const { stdout } = await faultline(['show', '--schema']);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object' });
    const verbs = [
      ['list'],
      ['list', 'bugs'],
      ['list', 'invariants'],
      ['invariants'],
      ['show', 'raft/bridge'],
      ['completion', 'zsh'],
    ];
    const outputs = await Promise.all(verbs.map((args) => faultline([...args, '--json'])));
    for (const [i, output] of outputs.entries()) {
      const lines = jsonLines(output.stdout);
      expect(lines.at(-1)).toMatchObject({
        schema: 'faultline/1',
        type: 'summary',
        verb: verbs[i]?.[0],
        exitCode: 0,
      });
      expect(lines.length).toBeGreaterThan(1);
    }
    expect(jsonLines(outputs[1]?.stdout ?? '')).toHaveLength(BUGS.length + 1);
    expect(jsonLines(outputs[3]?.stdout ?? '')).toHaveLength(INVARIANTS.length + 1);
  });

  it('show --json is the YAML form', async () => {
    const [yaml, json] = await Promise.all([
      faultline(['show', 'raft/bridge']),
      faultline(['show', 'raft/bridge', '--json']),
    ]);
    expect(jsonLines(json.stdout)[0]?.['scenario']).toEqual(parse(yaml.stdout));
  });

  it('a local scenario hides the bundled one of its name; a broken one does not hide the others', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'scenarios', 'raft'), { recursive: true });
    const mine = 'title: My own bridge\ndescription: Mine.\nprotocol: { name: raft }\n';
    writeFileSync(join(cwd, 'scenarios', 'raft', 'bridge.yaml'), mine);
    writeFileSync(join(cwd, 'scenarios', 'broken.yaml'), 'title: [');
    const { code, stdout } = await faultline(['list'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('raft/bridge\n    My own bridge\n');
    expect(stdout).toContain('broken (cannot be loaded)\n');
    expect(stdout).toContain('raft/leader-partition\n');
  });
});

describe('cli: colour', () => {
  it.each([
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, 0],
    [{ NO_COLOR: '', FORCE_COLOR: '1' }, false, 1],
    [{ FORCE_COLOR: '0' }, true, 0],
    [{ FORCE_COLOR: '3' }, false, 3],
    [{}, true, 1],
    [{}, false, 0],
    [{ TERM: 'dumb' }, true, 0],
  ] as const)('%j, terminal %s: level %i', (environment, isTerminal, level) => {
    expect(colourLevel(environment, isTerminal)).toBe(level);
  });

  it('a pipe gets none, unless it is asked for', async () => {
    const [plain, coloured, refused] = await Promise.all([
      faultline(['list', 'bugs']),
      faultline(['list', 'bugs'], { env: { FORCE_COLOR: '1' } }),
      faultline(['list', 'bugs'], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }),
    ]);
    expect(plain.stdout).not.toContain(ESCAPE);
    expect(coloured.stdout).toContain(ESCAPE);
    expect(refused.stdout).toBe(plain.stdout);
  });
});

describe('cli: traces', () => {
  let cwd = '';
  let trace = '';

  beforeAll(async () => {
    cwd = emptyFolder();
    const args = ['run', 'raft/crash-restart-storm', '--bug', 'R44-ack-before-sync', '--json'];
    const { stdout } = await faultline(args, { cwd });
    trace = String(jsonLines(stdout)[0]?.['savedTo']);
  });

  it('replay tells the story up to an event, of one node', async () => {
    const { code, stdout } = await faultline(['replay', trace, '--until', '120', '--node', 'n2'], { cwd });
    expect(code).toBe(0);
    const events = stdout.split('\n').flatMap((line) => /^ +(\d+) +\d+\.\d{6} /.exec(line)?.[1] ?? []);
    expect(events.length).toBeGreaterThan(0);
    expect(Math.max(...events.map(Number))).toBeLessThanOrEqual(120);
  });

  it('replay of a node that does not exist', async () => {
    const { code, stderr } = await faultline(['replay', trace, '--node', 'n9'], { cwd });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^faultline: expected n1 to n\d.*got 'n9'/) as string,
    });
  });

  it('--adapt finds the bug again, and with --correct it is gone', async () => {
    const [same, gone] = await Promise.all([
      faultline(['replay', trace, '--adapt'], { cwd }),
      faultline(['replay', trace, '--adapt', '--correct'], { cwd }),
    ]);
    expect({ code: same.code, said: same.stdout.includes('SAME') }).toEqual({ code: 0, said: true });
    expect({ code: gone.code, said: gone.stdout.includes('NOT REPRODUCED') }).toEqual({
      code: 0,
      said: true,
    });
  });

  it('keep promotes it, and the corpus can be replayed as a folder', async () => {
    const kept = await faultline(['keep', trace, '--to', 'corpus'], { cwd });
    expect(kept.code).toBe(0);
    expect(readdirSync(join(cwd, 'corpus'))).toHaveLength(1);
    const { code, stdout } = await faultline(['replay', '--adapt', 'corpus', '--json'], { cwd });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'replay', kind: 'as-expected', mode: 'adapt' },
      { type: 'summary', traces: 1 },
    ]);
  });

  it('a trace kept for a bug that is mended expects the mended code to pass', async () => {
    const kept = await faultline(['keep', trace, '--to', 'mended', '--expect', 'passed', '--json'], { cwd });
    const path = String(jsonLines(kept.stdout)[0]?.['path']);
    const [mended, still] = await Promise.all([
      faultline(['replay', path, '--adapt', '--correct'], { cwd }),
      faultline(['replay', path, '--adapt'], { cwd }),
    ]);
    expect([mended.code, still.code]).toEqual([0, 1]);
  });

  it('an edited trace diverges: exit code 3, with the first difference and both contexts', async () => {
    const lines = gunzipSync(readFileSync(join(cwd, trace)))
      .toString()
      .trimEnd()
      .split('\n');
    const edited = lines.map((line, i) =>
      i === 50 ? line.replace(/"t":(\d+)/, (_, t) => `"t":${Number(t) + 1}`) : line,
    );
    writeFileSync(join(cwd, 'edited.trace.jsonl'), `${edited.join('\n')}\n`);
    const { code, stdout } = await faultline(['replay', 'edited.trace.jsonl'], { cwd });
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /DIVERGED edited\.trace\.jsonl\n {2}the first difference is at event 50: the virtual time\n/,
    );
    expect(stdout).toMatch(/ {2}recorded: event 50 at (.*\n)* {2}replayed: event 50 at /);
  });

  it('a corpus that is not there, or is empty, is bad input', async () => {
    mkdirSync(join(cwd, 'empty'));
    const [missing, empty] = await Promise.all([
      faultline(['replay', '--adapt', 'no-corpus'], { cwd }),
      faultline(['replay', '--adapt', 'empty'], { cwd }),
    ]);
    expect(missing.code).toBe(2);
    expect(empty).toEqual({
      code: 2,
      stdout: '',
      stderr: 'faultline: empty: expected a folder with traces, got none in it\n',
    });
  });
});
