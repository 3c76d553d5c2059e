// The committed corpus: one trace of every bug, each still telling the same story.

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTraceFile } from '../../src/node/trace-file.js';
import {
  builtInImplementation,
  buggyImplementation,
  replayAdapted,
  replayStrict,
} from '../../src/simulator/index.js';
import { BUGS } from '../../src/zoo/index.js';
import { faultline } from '../cli/faultline.js';

const FOLDER = fileURLToPath(new URL('../../traces/', import.meta.url));
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.trace.jsonl.gz'));

describe('the corpus', () => {
  it('has a trace of every bug of the zoo', () => {
    const bugs = FILES.map((file) => readTraceFile(FOLDER + file).header.implementation.bug);
    for (const { id } of BUGS) expect(bugs).toContain(id);
  });

  it.each(FILES)('%s: the bug is violated again, the correct code diverges and does not violate', (file) => {
    const trace = readTraceFile(FOLDER + file);
    const { scenario, implementation, verdict } = trace.header;
    const buggy = buggyImplementation(scenario, implementation.bug ?? '');
    const correct = builtInImplementation(scenario);
    expect(replayAdapted(trace, buggy)).toMatchObject({ kind: 'same' });
    expect(replayStrict(trace, correct)).toMatchObject({ kind: 'diverged' });
    // Where nothing goes on, correct code soon does other things than the trace knows of: most of it then says nothing.
    const allowed = verdict.status === 'stalled' ? ['not-reproduced', 'inconclusive'] : ['not-reproduced'];
    expect(allowed).toContain(replayAdapted(trace, correct).kind);
  });

  it('on the command line, strict replay of the correct code exits with 3 and names the first different event', async () => {
    const file = FILES.find((name) => basename(name).startsWith('R44-'));
    const { code, stdout } = await faultline(['replay', `${FOLDER}${file}`, '--correct']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/DIVERGED .*\n {2}the first difference is at event \d+/);
  });
});
