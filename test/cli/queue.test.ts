/**
 * Campaigns over a queue, on a real Redis server: workers, coordinators and the server die by SIGKILL, and no seed is
 * left out, none counts twice, and no trace is lost.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, faultline, jsonLines } from './faultline.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** Of the build that is tested: each has its own. */
const { queueName } = (await import(new URL('../../dist/node/queue/messages.js', import.meta.url).href)) as {
  queueName: () => string;
};
const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;
const BUG = ['raft/crash-restart-storm', '--bug', 'R44-ack-before-sync'];

/** A server of our own, with an append-only file. */
class RedisServer {
  private child: ChildProcess | undefined = undefined;
  private readonly folder = emptyFolder();

  constructor(readonly port: number) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  start(): void {
    const words = ['--port', String(this.port), '--dir', this.folder, '--appendonly', 'yes', '--save', ''];
    this.child = spawn(
      'redis-server',
      [...words, '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
      {
        stdio: 'ignore',
      },
    );
  }

  async kill(): Promise<void> {
    await kill(this.child);
  }
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await gone;
}

function start(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: 'ignore' });
}

/** The command line of a copy of the build whose threads cannot start. */
function brokenCopy(): string {
  const folder = emptyFolder();
  const root = fileURLToPath(new URL('../../', import.meta.url));
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, 'scenarios'), join(folder, 'scenarios'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'dist/node/simulation-worker.js'), "throw new Error('a broken copy');\n");
  return join(folder, 'dist/cli/main.js');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Whole lines of a ledger; empty while there is none. */
function lines(path: string): string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

function summaryOf(stdout: string) {
  const summary = jsonLines(stdout).at(-1) as unknown as {
    readonly runs: number;
    readonly failures: number;
    readonly scenarios: readonly { readonly chain: string; readonly runs: number }[];
    readonly kinds: readonly {
      readonly fingerprint: string;
      readonly count: number;
      readonly seed: string;
    }[];
  };
  return summary;
}

describe.skipIf(!HAS_REDIS)('cli: a queue', () => {
  let server: RedisServer;
  const workers: ChildProcess[] = [];
  const startWorker = (): ChildProcess => {
    const child = start('worker', '--queue', server.url, '--workers', '1');
    workers.push(child);
    return child;
  };

  beforeAll(async () => {
    server = new RedisServer(await freePort());
    server.start();
    await until(() => spawnSync('redis-cli', ['-p', String(server.port), 'ping']).status === 0);
  });

  afterAll(async () => {
    await Promise.all(workers.map(kill));
    await server.kill();
  });

  it('comes to the same hashes, failures and traces as one machine', async () => {
    startWorker();
    startWorker();
    const [here, there] = [emptyFolder(), emptyFolder()];
    const words = ['fuzz', ...BUG, '--runs', '24', '--no-minimise', '--json'];
    const one = await faultline(words, { cwd: here });
    const many = await faultline([...words, '--queue', server.url], { cwd: there });
    expect({ code: many.code, stderr: many.stderr }).toMatchObject({ code: 1 });
    const fields = ({ runs, failures, scenarios, kinds }: ReturnType<typeof summaryOf>): unknown => ({
      runs,
      failures,
      chains: scenarios.map(({ chain }) => chain),
      kinds: kinds.map(({ fingerprint, count, seed }) => [fingerprint, count, seed]),
    });
    expect(fields(summaryOf(many.stdout))).toEqual(fields(summaryOf(one.stdout)));
    const traces = (cwd: string): string[] => readdirSync(join(cwd, 'traces/found')).sort();
    expect(traces(there)).toEqual(traces(here));
    expect(await faultline(['replay', 'traces/found'], { cwd: there })).toMatchObject({ code: 0 });
  }, 120_000);

  it('draws a swarm where it is planned, and comes to the same', async () => {
    const words = ['fuzz', 'raft/swarm', '--runs', '6', '--first', '40', '--json'];
    const one = await faultline(words);
    const many = await faultline([...words, '--queue', server.url]);
    expect(summaryOf(many.stdout).scenarios).toEqual(summaryOf(one.stdout).scenarios);
  }, 120_000);

  it('whatever is killed, and however often, no seed is left out, none counts twice, and failures are whole', async () => {
    const cwd = emptyFolder();
    const ledger = join(cwd, 'night.jsonl');
    const words = ['fuzz', ...BUG, '--runs', '80', '--first', '500', '--no-minimise', '--ledger', ledger];
    const queued = [...words, '--queue', server.url];
    const coordinator = spawn(process.execPath, [MAIN, ...queued], { cwd, stdio: 'ignore' });
    await until(() => lines(ledger).length > 4);
    // A worker in the middle of its portion, the server, and then who had asked for it all.
    await kill(workers.shift());
    startWorker();
    await server.kill();
    server.start();
    const noted = lines(ledger).length;
    await until(() => lines(ledger).length > noted + 2 || coordinator.exitCode !== null);
    await kill(coordinator);
    const { code, stdout } = await faultline([...queued, '--resume', '--json'], { cwd });
    expect(code).toBe(1);
    const alone = await faultline([
      'fuzz',
      ...BUG,
      '--runs',
      '80',
      '--first',
      '500',
      '--no-minimise',
      '--json',
    ]);
    const [scenario] = summaryOf(alone.stdout).scenarios;
    // The hash of the digests of all 80 seeds, in order: one left out or counted twice would show.
    const done = lines(ledger).map((line) => JSON.parse(line) as Record<string, unknown>);
    const portions = done.filter(({ type }) => type === 'portion');
    expect(portions.reduce((sum, { runs }) => sum + (runs as number), 0)).toBe(80 + remainder(stdout));
    expect(portions.some(({ chain }) => chain === scenario?.chain)).toBe(true);
    for (const { type, savedTo } of done) {
      if (type === 'failure' && typeof savedTo === 'string')
        expect(existsSync(join(cwd, savedTo))).toBe(true);
    }
  }, 240_000);

  it('goes on without a worker that is broken, which stops with its error', async () => {
    await Promise.all(workers.splice(0).map(kill));
    const broken = spawn(process.execPath, [brokenCopy(), 'worker', '--queue', server.url, '--workers', '1']);
    workers.push(broken);
    const ended = new Promise((resolve) => broken.once('close', resolve));
    const campaign = faultline([
      'fuzz',
      ...BUG,
      '--runs',
      '8',
      '--no-minimise',
      '--json',
      '--queue',
      server.url,
    ]);
    expect(await ended).toBe(70);
    startWorker();
    const { code, stdout, stderr } = await campaign;
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(summaryOf(stdout)).toMatchObject({ runs: 8, failures: 8 });
  }, 120_000);

  it('ended by workers that all give up, it tells what was found, and writes its reports', async () => {
    await Promise.all(workers.splice(0).map(kill));
    const cwd = emptyFolder();
    const words = ['fuzz', ...BUG, '--ledger', 'night.jsonl', '--first', '900', '--no-minimise', '--json'];
    await faultline([...words, '--runs', '4'], { cwd });
    const useless = new Worker(queueName(), () => Promise.reject(new Error('no, never')), {
      connection: { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null },
    });
    const more = ['--runs', '4', '--resume', '--queue', server.url, '--reporter', 'junit=report.xml'];
    const { code, stdout, stderr } = await faultline([...words, ...more], { cwd });
    await useless.close(true);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^faultline: queue: expected workers .*, got 4 that gave up: no, never$/m);
    expect(summaryOf(stdout)).toMatchObject({ exitCode: 2, runs: 0, failures: 4, kinds: [{ count: 4 }] });
    expect(existsSync(join(cwd, 'report.xml'))).toBe(true);
  }, 120_000);

  it('ends after its time when nobody works, and says who is not there', async () => {
    await Promise.all(workers.splice(0).map(kill));
    const { code, stdout } = await faultline(['fuzz', 'raft/bridge', '--for', '2s', '--queue', server.url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0 runs in \d+ s/m);
    const nobody = await faultline(['worker', '--queue', 'redis://user:secret@127.0.0.1:1']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toMatch(
      /^faultline: --queue: expected a Redis server at redis:\/\/127.0.0.1:1, got /,
    );
  }, 60_000);

  it('takes no nonsense out of the queue for work', async () => {
    expect(await faultline(['worker', '--queue', 'localhost'])).toMatchObject({ code: 2 });
    expect(await faultline(['worker'])).toMatchObject({ code: 2 });
  });
});

/** --runs counts anew after --resume: what the second process ran beyond the eighty. */
function remainder(stdout: string): number {
  const { runs, runsBefore } = jsonLines(stdout).at(-1) as unknown as { runs: number; runsBefore: number };
  return runs + runsBefore - 80;
}
