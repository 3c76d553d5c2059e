// The committed corpus: traces of bugs, each still telling the same story to today's code, and of mistakes of our own,
// which are mended. Only the verdict counts here: strict replay is tested on traces recorded in the test, so that a
// change of digests does not renew every file.

import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTraceFile } from '../../src/node/trace-file.js';
import { builtInImplementation, buggyImplementation, replayAdapted } from '../../src/simulator/index.js';
import { BUGS } from '../../src/zoo/index.js';
import { faultline } from '../cli/faultline.js';

const FOLDER = fileURLToPath(new URL('../../traces/', import.meta.url));
const ALL = readdirSync(FOLDER).filter((file) => file.endsWith('.trace.jsonl.gz'));
const bugOf = (file: string): string | undefined => readTraceFile(FOLDER + file).header.implementation.bug;
const FILES = ALL.filter((file) => bugOf(file) !== undefined);
const MENDED = ALL.filter((file) => bugOf(file) === undefined);

describe('the corpus', () => {
  it('has no trace of a bug that is gone, and no two of one', () => {
    const bugs = FILES.map(bugOf);
    const known = BUGS.map(({ id }) => id);
    for (const bug of bugs) expect(known).toContain(bug);
    expect(new Set(bugs).size).toBe(bugs.length);
    expect(bugs.length).toBeGreaterThan(0);
  });

  it.each(FILES)('%s: the bug is violated again, the correct code does not violate', (file) => {
    const trace = readTraceFile(FOLDER + file);
    const { scenario, implementation, verdict } = trace.header;
    const buggy = buggyImplementation(scenario, implementation.bug ?? '');
    const correct = builtInImplementation(scenario);
    expect(replayAdapted(trace, buggy)).toMatchObject({ kind: 'same' });
    // Where nothing goes on, correct code soon does other things than the trace knows of: most of it then says nothing.
    const allowed = verdict.status === 'stalled' ? ['not-reproduced', 'inconclusive'] : ['not-reproduced'];
    expect(allowed).toContain(replayAdapted(trace, correct).kind);
  });

  it.each(MENDED)('%s: what the correct code once violated, it violates no more', (file) => {
    const trace = readTraceFile(FOLDER + file);
    expect(trace.header.verdict.invariant).toBeDefined();
    expect(replayAdapted(trace, builtInImplementation(trace.header.scenario)).kind).toBe('not-reproduced');
  });

  it('on the command line, strict replay of the correct code exits with 3 and names the first different event', async () => {
    const file = FILES.find((name) => basename(name).startsWith('R44-'));
    const { code, stdout } = await faultline(['replay', `${FOLDER}${file}`, '--correct']);
    expect(code).toBe(3);
    expect(stdout).toMatch(/DIVERGED .*\n {2}the first difference is at event \d+/);
  });
});
