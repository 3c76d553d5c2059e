// The built command line in a child process, as a user starts it.

import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Start {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything that stdout has said so far; what it returns is sent as a signal. Others can be sent later. */
  readonly onOutput?: (stdout: string, send: (signal: NodeJS.Signals) => void) => NodeJS.Signals | undefined;
  /** Close our end of stdout after this many bytes. */
  readonly closeAfterBytes?: number;
}

/** Lines that come every ten seconds: how many there are says how slow the machine is, and nothing else. */
const PROGRESS = /^[0-9,]+ (of [0-9,]+ |runs?, [0-9.,k]+\/s, ).*\n/gm;

/** Runs `faultline …` to its end. Colour and colour variables come only from `env`. */
export function faultline(args: readonly string[], start: Start = {}): Promise<Finished> {
  const env = { PATH: process.env['PATH'] ?? '', ...start.env };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: start.cwd ?? emptyFolder(), env });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length >= (start.closeAfterBytes ?? Infinity)) child.stdout.destroy();
    const signal = start.onOutput?.(stdout, (later) => child.kill(later));
    if (signal !== undefined) child.kill(signal);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr: stderr.replace(PROGRESS, '') }));
  });
}

/** A folder with nothing in it, so that no local scenario is in the way. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'faultline-test-'));
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export type JsonLine = Readonly<Record<string, unknown>> & { readonly schema: string; readonly type: string };

/** Every line of `--json` output, parsed. */
export function jsonLines(stdout: string): JsonLine[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonLine);
}
