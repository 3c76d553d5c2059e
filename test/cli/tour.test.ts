// `faultline tour`, which `npm start` runs.

import { describe, expect, it } from 'vitest';
import { faultline, jsonLines } from './faultline.js';

describe('cli: tour', () => {
  it('shows scenarios that hold, a bug that is caught, and its replays, and exits with 0', async () => {
    const { code, stdout, stderr } = await faultline(['tour']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^raft\/leader-partition +3 .* passed$/m);
    expect(stdout).toMatch(/^raft\/amnesia-beyond-model +3 .* control ok$/m);
    for (const text of ['VIOLATED raft/', 'REPRODUCED', 'NOT REPRODUCED']) expect(stdout).toContain(text);
    const wide = stdout.split('\n').filter((line) => line.length > 80 && !line.includes('.trace.jsonl.gz'));
    expect(wide).toEqual([]);
  });

  it('in JSON: runs, replays, summary', async () => {
    const { code, stdout } = await faultline(['tour', '--json']);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines.filter(({ type }) => type === 'replay').map(({ kind }) => kind)).toEqual([
      'as-expected',
      'as-expected',
    ]);
    expect(lines.at(-1)).toMatchObject({ type: 'summary', verb: 'tour', exitCode: 0, asPromised: true });
  });
});
