/** What others copy from .github does what it says: its commands are run here, against the built command line. */

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emptyFolder } from '../cli/faultline.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

interface Job {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] };
    };
  };
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

function read(path: string): unknown {
  return parse(readFileSync(join(ROOT, '.github', path), 'utf8'));
}

/** Runs a script as GitHub does, with `npx faultline` standing for the build; the exit code and both streams. */
function shell(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): { code: number; text: string } {
  const bin = join(cwd, 'bin');
  mkdirSync(bin, { recursive: true });
  const npx = join(bin, 'npx');
  writeFileSync(
    npx,
    `#!/bin/bash\n[ "$1" = --yes ] && shift\nshift\nexec '${process.execPath}' '${MAIN}' "$@"\n`,
  );
  chmodSync(npx, 0o755);
  const all = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env };
  try {
    const text = execFileSync('bash', ['-eo', 'pipefail', '-c', script], {
      cwd,
      env: all,
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { code: 0, text };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, text: stdout + stderr };
  }
}

describe('the composite action', () => {
  const action = read('actions/fuzz/action.yml') as Action;
  const [fuzz] = action.runs.steps as readonly [Step];
  const inputs = (given: Readonly<Record<string, string>>): Record<string, string> => {
    const env: Record<string, string> = { GITHUB_SHA: '0123456789abcdef' };
    for (const [name, expression] of Object.entries(fuzz.env ?? {})) {
      const input = /^\$\{\{ inputs\.(\S+) \}\}$/.exec(expression)?.[1] ?? '';
      env[name] = given[input] ?? action.inputs[input]?.default ?? 'no such input';
    }
    return env;
  };

  it('passes what passes, and leaves reports', () => {
    const cwd = emptyFolder();
    const summary = join(cwd, 'summary.md');
    const given = inputs({ scenarios: 'raft/baseline-quiet', for: '1s' });
    const { code, text } = shell(fuzz.run ?? '', cwd, { ...given, GITHUB_STEP_SUMMARY: summary });
    expect({ code, text }).toMatchObject({ code: 0 });
    // The first seed follows from the commit.
    expect(text).toMatch(/raft\/baseline-quiet +1193046\.\./);
    for (const name of ['junit.xml', 'index.html', 'report.json']) {
      expect(existsSync(join(cwd, 'faultline-report', name)), name).toBe(true);
    }
    expect(readFileSync(summary, 'utf8')).toMatch(/^### faultline fuzz: [\d,]+ runs, no failures/);
  });

  it('fails what fails, and names the seed', () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'mine.yaml'), CANARY);
    const { code, text } = shell(
      fuzz.run ?? '',
      cwd,
      inputs({ scenarios: './mine.yaml', for: '1s', first: '5' }),
    );
    expect({ code, text }).toMatchObject({ code: 1 });
    expect(text).toMatch(/^::error title=violated in mine.*%0Ain mine, seed 5, /m);
  });

  it('reads no input as code', () => {
    const cwd = emptyFolder();
    const given = inputs({ scenarios: '$(touch pwned) `touch pwned`; touch pwned', for: '1s' });
    expect(shell(fuzz.run ?? '', cwd, given).code).toBe(2);
    expect(existsSync(join(cwd, 'pwned'))).toBe(false);
    // Nor does an expression stand in a script, where GitHub would paste it.
    for (const { run } of action.runs.steps) expect(run ?? '').not.toContain('${{');
  });
});

describe('the workflow', () => {
  it('fuzzes with words that the command line knows', () => {
    const { jobs } = read('workflows/ci.yml') as Workflow;
    const script = jobs['night']?.steps.find(({ run }) => run?.includes(' fuzz ') === true)?.run ?? '';
    const short = script
      .replace('node dist/cli/main.js', 'npx faultline')
      .replace('${{ matrix.shard }}', '3')
      .replace('--for 55m', 'raft/baseline-quiet --runs 4');
    expect(shell(short, emptyFolder(), { GITHUB_RUN_NUMBER: '3' })).toMatchObject({ code: 0 });
  });

  it('hunts a share of the zoo, and shows what it found', () => {
    const { jobs } = read('workflows/ci.yml') as Workflow;
    const script = jobs['zoo']?.steps.find(({ run }) => run?.includes(' hunt ') === true)?.run ?? '';
    const short = script
      .replace('node dist/cli/main.js', 'npx faultline')
      .replace('zoo hunt', 'zoo hunt R44-ack-before-sync')
      .replace('/10 ', '/1 ')
      .replace('--cpu 2min', '--cpu 1s');
    const cwd = emptyFolder();
    const env = { GITHUB_RUN_NUMBER: '10', GITHUB_STEP_SUMMARY: join(cwd, 'summary.md') };
    expect(shell(short, cwd, env)).toMatchObject({ code: 0 });
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('`R44-ack-before-sync`');
    expect(readFileSync(join(cwd, 'hunts.jsonl'), 'utf8')).toContain('R44-ack-before-sync');
  });
});

describe('the Kubernetes job of the documentation', () => {
  it('runs its shard, and goes on with its ledger', () => {
    const page = readFileSync(join(ROOT, 'docs/scale.md'), 'utf8');
    const manifest = page.split('```yaml').find((block) => block.includes('kind: Job')) ?? '';
    const { spec } = parse(manifest.slice(0, manifest.indexOf('```'))) as Job;
    const script = spec.template.spec.containers[0]?.args[0] ?? '';
    const short = script.replace('raft/swarm --for 8h', 'raft/baseline-quiet --runs 2');
    const cwd = emptyFolder();
    const env = { JOB_COMPLETION_INDEX: '2' };
    expect(shell(short, cwd, env)).toMatchObject({ code: 0 });
    // The third of eight shards; after an eviction, the seeds behind those that are noted.
    const again = shell(short, cwd, env);
    expect(again.text).toMatch(/19\.\.27/);
  });
});

/** A control that cannot do what it must: nothing breaks in so quiet a cluster. */
const CANARY = `title: Bound to fail
description: A control that must be violated, and is not.
protocol: { name: raft }
cluster: { nodes: 3 }
workload: { clients: 1, rate: 10/s }
bounds: { end: 3s, heal-at: 1s, stop-clients-at: 2s }
expect: { outcome: violated }
`;
