// `faultline check`: verdicts, exit codes, JSON, errors.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HISTORY_MODELS } from '../../src/checkers/index.js';
import { HISTORY_MODEL_NAMES } from '../../src/cli/words.js';
import { emptyFolder, faultline, jsonLines } from './faultline.js';

const GOOD = `{"process":0,"type":"invoke","f":"write","value":1}
{"process":0,"type":"ok","f":"write","value":1}
{"process":1,"type":"invoke","f":"read","value":null}
{"process":1,"type":"ok","f":"read","value":1}
`;
const BAD = GOOD.replace('"ok","f":"read","value":1', '"ok","f":"read","value":2');

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = emptyFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('faultline check', () => {
  it('says what is valid and what is not, and exits with 1', async () => {
    const cwd = folderWith({ good: GOOD, bad: BAD });
    const { code, stdout, stderr } = await faultline(['check', '--model', 'register', 'good', 'bad'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe(
      'VALID good\n  linearizable: 2 operations, 0 of unknown outcome\n  steps 2\n' +
        'INVALID bad\n  not-linearizable: not linearizable: no order explains the first 2 completions,\n' +
        '  the last of which is operation 1, read -> 2 (line 3)\n' +
        '  the shortest prefix that fails ends with line 3; the longest order found has 1\n  operations\n  steps 1\n' +
        '\n2 histories: 1 valid, 1 invalid, 0 unknown\n',
    );
  });

  it('--json: one line a history, then the summary', async () => {
    const { code, stdout } = await faultline(['check', '--model', 'register', 'good', '--json'], {
      cwd: folderWith({ good: GOOD }),
    });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'history', file: 'good', model: 'register', operations: 2, verdict: 'valid', failure: null },
      {
        type: 'summary',
        verb: 'check',
        exitCode: 0,
        histories: 1,
        verdicts: { valid: 1, invalid: 0, unknown: 0 },
      },
    ]);
  });

  it('a bound that is reached is exit code 4', async () => {
    const rows: string[] = [];
    for (let process = 0; process < 12; process++)
      rows.push(`{"process":${process},"type":"invoke","f":"write","value":${process}}`);
    for (let process = 0; process < 12; process++)
      rows.push(`{"process":${process},"type":"ok","f":"write","value":${process}}`);
    for (const value of [3, 4]) {
      rows.push(
        '{"process":90,"type":"invoke","f":"read","value":null}',
        `{"process":90,"type":"ok","f":"read","value":${value}}`,
      );
    }
    const cwd = folderWith({ hard: rows.join('\n') });
    const { code, stdout } = await faultline(
      ['check', '--model', 'register', '--consistency', 'sequential', '--max-steps', '3', 'hard'],
      { cwd },
    );
    expect({ code, word: stdout.split(' ')[0] }).toEqual({ code: 4, word: 'UNKNOWN' });
  });

  it.each([
    [['check', 'good'], `faultline: check: expected --model, one of ${HISTORY_MODEL_NAMES.join(', ')}\n`],
    [
      ['check', '--model', 'regster', 'good'],
      `faultline: --model: expected one of ${HISTORY_MODEL_NAMES.join(', ')}, got 'regster'\n  did you mean 'register'?\n`,
    ],
    [
      ['check', '--model', 'register', 'nope'],
      'faultline: nope: expected a history, got no such file or folder\n',
    ],
    [['check', '--model', 'queue', 'good'], 'faultline: good:1: expected enqueue or dequeue, not write\n'],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, stderr } = await faultline(args, { cwd: folderWith({ good: GOOD }) });
    expect({ code, stderr }).toEqual({ code: 2, stderr: message });
  });

  it('lists its models', async () => {
    expect(HISTORY_MODEL_NAMES).toEqual(HISTORY_MODELS.map(({ name }) => name));
    const { code, stdout } = await faultline(['check', '--models']);
    expect(code).toBe(0);
    for (const name of HISTORY_MODEL_NAMES) expect(stdout).toContain(name);
  });
});
