// @ts-check
// The build stamp: a digest of every file in src/, written beside the compiled code. Tests of the built
// command line run dist/, so they must never run against code older than src/.
//
//   node test/tools/build-stamp.mjs prepare   before tsc: drop outputs whose source is gone
//   node test/tools/build-stamp.mjs write     after tsc: record what was compiled
//   node test/tools/build-stamp.mjs verify    exit 1 with one line when dist/ is stale or missing

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sourceFolder = join(root, 'src');
const outputFolder = join(root, 'dist');
const stampFile = join(outputFolder, '.build-stamp');
const buildInfoFile = join(outputFolder, '.tsbuildinfo');
const executable = join(outputFolder, 'cli', 'main.js');

/**
 * Every file below a folder, as sorted paths with forward slashes, relative to that folder.
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The sources tsc compiles: TypeScript, but no declarations. */
function sources() {
  return filesBelow(sourceFolder).filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'));
}

/**
 * sha256 over the paths and contents of src/, each with its length so that no two trees collide.
 * @returns {string}
 */
export function sourceDigest() {
  const hash = createHash('sha256');
  for (const path of filesBelow(sourceFolder)) {
    const content = readFileSync(join(sourceFolder, path));
    hash.update(`${path.length}:${path}${content.length}:`);
    hash.update(content);
  }
  return hash.digest('hex');
}

/**
 * Why dist/ must not be trusted, or undefined when it is what src/ compiles to.
 * @returns {string | undefined}
 */
export function staleness() {
  if (!existsSync(stampFile)) return 'dist/ is missing or its build did not finish: run `npm run build`';
  if (readFileSync(stampFile, 'utf8').trim() !== sourceDigest()) {
    return 'dist/ is older than src/: run `npm run build`';
  }
  const missing = sources().find((path) => !existsSync(join(outputFolder, path.replace(/\.tsx?$/, '.js'))));
  return missing === undefined
    ? undefined
    : `dist/ lacks the output of src/${missing}: run \`npm run build\``;
}

/**
 * tsc never deletes: a renamed source would leave its old output behind, importable and packed. And an
 * incremental tsc does not emit again what was deleted by hand, so then it has to start afresh.
 */
function prepare() {
  rmSync(stampFile, { force: true });
  const stems = new Set(sources().map((path) => path.replace(/\.tsx?$/, '')));
  const outputs = filesBelow(outputFolder);
  for (const path of outputs) {
    const stem = path.replace(/\.(js|js\.map|d\.ts|d\.ts\.map)$/, '');
    if (stem !== path && !stems.has(stem)) rmSync(join(outputFolder, path));
  }
  const present = new Set(outputs);
  const complete = [...stems].every((stem) => present.has(`${stem}.js`) && present.has(`${stem}.d.ts`));
  if (!complete) rmSync(buildInfoFile, { force: true });
}

function write() {
  if (existsSync(executable)) chmodSync(executable, 0o755);
  writeFileSync(stampFile, `${sourceDigest()}\n`);
}

function verify() {
  const reason = staleness();
  if (reason === undefined) return;
  console.error(reason);
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const verbs = new Map([
    ['prepare', prepare],
    ['write', write],
    ['verify', verify],
  ]);
  const verb = verbs.get(process.argv[2] ?? '');
  if (verb === undefined) {
    console.error('usage: node test/tools/build-stamp.mjs prepare|write|verify');
    process.exitCode = 2;
  } else {
    verb();
  }
}
