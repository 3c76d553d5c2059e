// `faultline coverage`: the table, the JSON, and when it fails.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SITUATIONS } from '../../src/checkers/index.js';
import { emptyFolder, faultline, fixture, jsonLines } from './faultline.js';

const QUIET = ['coverage', 'raft/baseline-quiet', '--seeds', '1..2'];

/** Of a scenario of Raft, those of Raft and of any protocol are asked for. */
const ASKED = SITUATIONS.filter(({ id }) => !id.startsWith('pbft/'));

describe('cli: coverage', () => {
  it('tells what is reached, then what never is, in 80 columns', async () => {
    const { code, stdout, stderr } = await faultline(['coverage', 'raft/long-pauses', '--seeds', '1..3']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [reached = '', missing = ''] = stdout.split('NEVER REACHED\n');
    expect(reached).toMatch(/^leader-paused-and-deposed +\d\/3 +\d+ raft\/long-pauses$/m);
    expect(missing).toMatch(/^ {2}raft\/untrusted-recovery\n {6}A server found damage/m);
    expect(missing).toMatch(/\n\d+ of \d+ situations reached in 3 runs\n$/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('--json has a line for each, and a summary', async () => {
    const { code, stdout } = await faultline([...QUIET, '--json']);
    const lines = jsonLines(stdout);
    const situations = lines.slice(0, -1);
    expect(code).toBe(0);
    expect(new Set(situations.map(({ id }) => id))).toEqual(new Set(ASKED.map(({ id }) => id)));
    for (const line of situations) expect(line).toMatchObject({ type: 'situation', runs: 2 });
    const unreached = situations.filter(({ count }) => count === 0).map(({ id }) => id);
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      verb: 'coverage',
      exitCode: 0,
      runs: 2,
      planned: 2,
      situations: ASKED.length,
      reached: ASKED.length - unreached.length,
      unreached,
    });
  });

  it('--require: 1 when a situation is not reached', async () => {
    const { code, stdout } = await faultline([...QUIET, '--require', '--json']);
    expect(code).toBe(1);
    expect(jsonLines(stdout).at(-1)).toMatchObject({ exitCode: 1 });
  });

  it("--require: a protocol of one's own answers for the situations of any protocol only", async () => {
    const { stdout } = await faultline([
      'coverage',
      fixture('primary-backup.yaml'),
      '--seeds',
      '1..2',
      '--json',
    ]);
    const ids = jsonLines(stdout).flatMap(({ type, id }) => (type === 'situation' ? [String(id)] : []));
    expect(ids).not.toEqual([]);
    expect(ids.filter((id) => id.startsWith('raft/'))).toEqual([]);
  });

  it('a scenario beyond its failure model is refused by name; a run that breaks is told of', async () => {
    const refused = await faultline(['coverage', 'raft/amnesia-beyond-model']);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--beyond-model');
    const forgetful = fixture('forgetful-primary.yaml');
    const broken = await faultline(['coverage', forgetful, '--seeds', '1..3'], { cwd: emptyFolder() });
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/seed \d: violated; counted as far as it went \(faultline run /);
  });

  it('--markdown prints the page of the documentation, and takes no scenario', async () => {
    const page = readFileSync(new URL('../../docs/coverage.md', import.meta.url), 'utf8');
    expect(await faultline(['coverage', '--markdown'])).toEqual({ code: 0, stdout: page, stderr: '' });
    expect((await faultline([...QUIET, '--markdown'])).code).toBe(2);
  });
});
