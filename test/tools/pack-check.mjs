// @ts-check
/**
 * The package as users get it: packed, installed into an empty folder, its command run, its entry points
 * imported, a protocol of the user's own caught. Needs a build; touches no network.
 *
 *   node test/tools/pack-check.mjs
 */

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { staleness } from './build-stamp.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'faultline-pack-'));
let failures = 0;

/**
 * Runs a command in the folder, and stops when it cannot be started.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd = folder) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (done.error !== undefined) throw done.error;
  return done;
}

/**
 * @param {string} name
 * @param {boolean} isRight
 * @param {string} [detail]
 */
function report(name, isRight, detail = '') {
  if (!isRight) failures++;
  console.log(`${isRight ? 'ok    ' : 'FAILED'} ${name}${isRight || detail === '' ? '' : `\n${detail}`}`);
}

/** Packs the package and returns the tarball's path and what is in it. */
function pack() {
  const { stdout, stderr, status } = run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    root,
  );
  if (status !== 0) throw new Error(`npm pack failed:\n${stderr}`);
  const [about] = JSON.parse(stdout);
  return {
    tarball: join(folder, about.filename.replace('@', '').replace('/', '-')),
    files: about.files.map((/** @type {{ path: string }} */ file) => file.path),
  };
}

/**
 * With npm from its cache alone; where that lacks something, unpacked beside links to what is installed here.
 * @param {string} tarball
 */
function install(tarball) {
  writeFileSync(
    join(folder, 'package.json'),
    '{ "name": "user", "version": "1.0.0", "type": "module", "private": true }\n',
  );
  const flags = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  if (run('npm', ['install', ...flags, tarball]).status === 0) return 'npm, offline';
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  const target = join(folder, 'node_modules', 'faultline');
  mkdirSync(target, { recursive: true });
  const unpacked = run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  if (unpacked.status !== 0) throw new Error(`tar failed:\n${unpacked.stderr}`);
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), link);
  }
  const bin = join(folder, 'node_modules', '.bin');
  mkdirSync(bin);
  symlinkSync(join(target, 'dist', 'cli', 'main.js'), join(bin, 'faultline'));
  return 'unpacked, with links';
}

/** @param {readonly string[]} files */
function checkFiles(files) {
  for (const needed of [
    'dist/cli/main.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/node/simulation-worker.js',
    'package.json',
    'LICENSE',
  ]) {
    report(`packs ${needed}`, files.includes(needed));
  }
  report(
    'packs scenarios',
    files.some((file) => file.startsWith('scenarios/')),
  );
  const strange = files.filter((file) => /^(src|test|traces|\.ci)\/|\.tsbuildinfo$|build-stamp/.test(file));
  report('packs nothing else', strange.length === 0, strange.join('\n'));
}

/** @param {readonly string[]} args @param {number} code @param {RegExp} output */
function checkCommand(args, code, output) {
  const { status, stdout, stderr } = run(join(folder, 'node_modules', '.bin', 'faultline'), args);
  report(
    `faultline ${args.join(' ')}`,
    status === code && output.test(stdout),
    `exit ${status}\n${stdout}${stderr}`,
  );
}

/** @param {string} name @param {string} code */
function checkImport(name, code) {
  const { status, stdout, stderr } = run(process.execPath, ['--input-type=module', '--eval', code]);
  report(`import ${name}`, status === 0, `${stdout}${stderr}`);
}

try {
  const stale = staleness();
  if (stale !== undefined) throw new Error(stale);
  const { tarball, files } = pack();
  checkFiles(files);
  report('is packed', existsSync(tarball));
  console.log(`       installed: ${install(tarball)}`);
  for (const name of ['primary-backup.mjs', 'primary-backup.yaml']) {
    copyFileSync(join(root, 'test', 'fixtures', name), join(folder, name));
  }
  checkCommand(['--version'], 0, /^\d+\.\d+\.\d+\n$/);
  checkCommand(['list'], 0, /raft\/leader-partition/);
  checkCommand(['run', 'raft/baseline-quiet', '--seeds', '1..3'], 0, /3 runs: 3 passed/);
  checkCommand(['run', './primary-backup.yaml'], 1, /VIOLATED any\/agreement/);
  checkCommand(['replay', 'traces/found'], 0, /REPRODUCED/);
  checkImport(
    'faultline',
    `
    import { loadScenario, simulate } from 'faultline';
    const { status } = simulate(await loadScenario('raft/baseline-quiet'), 1);
    if (status !== 'passed') throw new Error(status);`,
  );
  checkImport(
    'faultline/protocol',
    `
    import { raftProtocol } from 'faultline/protocol';
    if (raftProtocol().name !== 'raft') throw new Error('raft');`,
  );
  checkImport(
    'faultline/checkers',
    `
    import { INVARIANTS } from 'faultline/checkers';
    if (INVARIANTS.length === 0) throw new Error('none');`,
  );
} catch (error) {
  report(
    'pack, install, run',
    false,
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
