import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readTraceFile } from '../../src/node/trace-file.js';
import { encodeTrace } from '../../src/simulator/trace-text.js';
import { passingTrace, violatingRun } from '../simulator/samples.js';

const WRITER = fileURLToPath(new URL('killed-writer.mjs', import.meta.url));
const MOST_CALLS = 40;
const trace = passingTrace();
const older = violatingRun('R02-vote-sent-before-sync').trace;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-kill-'));
  writeFileSync(join(folder, 'source'), encodeTrace(trace));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes in a child that is killed at this call; its standard output when it survived. */
function writeAndKill(target: string, call: number): string | undefined {
  const child = spawnSync(process.execPath, [WRITER, join(folder, 'source'), target, String(call)], {
    encoding: 'utf8',
  });
  if (child.signal === 'SIGKILL') return undefined;
  expect(child.stderr).toBe('');
  return child.stdout;
}

describe('a writer that is killed (kill -9) at any call to the file system', () => {
  it('leaves nothing or the whole trace under its final name', () => {
    const endings: string[] = [];
    for (let call = 1; call <= MOST_CALLS; call++) {
      const target = join(folder, `new-${call}.gz`);
      const printed = writeAndKill(target, call);
      const isThere = readdirSync(folder).includes(`new-${call}.gz`);
      if (isThere) expect(readTraceFile(target)).toEqual(trace);
      endings.push(isThere ? 'whole' : 'nothing');
      if (printed !== undefined) {
        expect(printed).toBe(`done ${call - 1}\n`);
        break;
      }
    }
    // Killed before the rename: nothing. Killed after it: whole. And the last child survived.
    expect(endings.length).toBeLessThan(MOST_CALLS);
    expect(endings.filter((ending) => ending === 'nothing').length).toBeGreaterThanOrEqual(5);
    expect(endings.filter((ending) => ending === 'whole').length).toBeGreaterThanOrEqual(3);
  });

  it('leaves the old trace or the new one where there was one before', () => {
    const target = join(folder, 'replaced.gz');
    const seen = new Set<string>();
    for (let call = 1; call <= MOST_CALLS; call++) {
      writeFileSync(target, encodeTrace(older));
      const printed = writeAndKill(target, call);
      const found = readTraceFile(target);
      expect([older.header.digest, trace.header.digest]).toContain(found.header.digest);
      seen.add(found.header.digest);
      if (printed !== undefined) break;
    }
    expect(seen.size).toBe(2);
    expect(readFileSync(target).length).toBeGreaterThan(0);
  });
});
