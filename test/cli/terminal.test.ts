/** What the command line shows of work that takes long. */

import { afterEach, expect, test, vi } from 'vitest';
import { Terminal } from '../../src/cli/terminal.js';

interface Written {
  readonly terminal: Terminal;
  readonly lines: string[];
}

function terminalOn(isTTY: boolean): Written {
  const lines: string[] = [];
  const stream = { isTTY, columns: 20, write: (text: string) => lines.push(text), on: () => undefined };
  return { terminal: new Terminal({ ...stream, write: () => 0 }, stream, {}, false), lines };
}

/** Progress is told ten times a second, for half a minute. */
function work(isTTY: boolean): string[] {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const { terminal, lines } = terminalOn(isTTY);
  for (now = 100; now <= 30_000; now += 100) terminal.progress(`${now / 100} of 300 runs, and more to come`);
  return lines;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('a terminal has one line of progress, cut to its width', () => {
  const lines = work(true);
  expect(lines).toHaveLength(300);
  expect(lines[99]).toContain('100 of 300 runs, an');
  expect(lines[99]).not.toContain('and');
  expect(lines.every((line) => line.startsWith('\r') && !line.includes('\n'))).toBe(true);
});

test('a log has a line of it now and then, and none of what is soon over', () => {
  const lines = work(false);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['100', '200', '300']);
  expect(lines.every((line) => line.endsWith('come\n'))).toBe(true);
});
