import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { faultline } from './faultline.js';

const corpus = (name: string): string =>
  fileURLToPath(new URL(`../../traces/${name}.trace.jsonl.gz`, import.meta.url));
const TRACE = corpus('P02-quorum-by-integer-division');

describe('cli: audit', () => {
  it('reads what the servers of a trace have signed', async () => {
    const { code, stdout } = await faultline(['audit', TRACE]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CLEAN .*P02/);
  });

  it('tells the same as JSON Lines', async () => {
    const { code, stdout } = await faultline(['audit', TRACE, '--from', 'n1,n2', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(0);
    expect(lines.map(({ type }) => type)).toEqual(['audit', 'summary']);
    expect(lines[0]).toMatchObject({ kind: 'clean', fork: null, culprits: [], asked: ['n1', 'n2'] });
  });

  it.each([
    [['audit', corpus('R23-old-term-commit')], 'expected a trace of pbft'],
    [['audit', TRACE, '--from', 'c1'], '--from: expected servers, n1 to n5'],
    [['audit', TRACE, '--from', 'n9'], "did you mean 'n1'?"],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await faultline(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
