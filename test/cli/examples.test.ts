// What the documents show of the command line is what it says: each block of a console that has an answer is run.

import { copyFileSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { emptyFolder, faultline, fixture } from './faultline.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Step {
  readonly command: string;
  /** Lines; `…` stands for any number of them. */
  readonly answer: readonly string[];
}

const pages = ['README.md', ...readdirSync(resolve(ROOT, 'docs')).map((file) => `docs/${file}`)];

/** The blocks with an answer, each with the page and the line where it begins. */
const examples = pages.flatMap((page) => {
  const text = readFileSync(resolve(ROOT, page), 'utf8');
  return [...text.matchAll(/^```console\n(.*?)^```/gms)].flatMap((block): [string, Step[]][] => {
    const steps = stepsOf(block[1] ?? '');
    const place = `${page}:${text.slice(0, block.index).split('\n').length}`;
    return steps.some(({ answer }) => answer.length > 0) ? [[place, steps]] : [];
  });
});

function stepsOf(block: string): Step[] {
  return block
    .split(/^\$ faultline /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...answer] = step.trimEnd().split('\n');
      return { command, answer };
    });
}

/** Where a reader is who has installed the package and copied its example. */
function folderOfReader(): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules', 'faultline'), 'dir');
  for (const name of ['primary-backup.mjs', 'primary-backup.yaml'])
    copyFileSync(fixture(name), join(folder, name));
  return folder;
}

/** True for an answer that is told so, but for what `…` stands for. */
function isToldSo(told: readonly string[], answer: readonly string[]): boolean {
  const [first, ...rest] = told;
  if (first === undefined) return answer.length === 0;
  if (first.trim() === '…')
    return answer.some((_, i) => isToldSo(rest, answer.slice(i))) || rest.length === 0;
  return answer[0] === first && isToldSo(rest, answer.slice(1));
}

describe('examples in the documents', () => {
  it('are found', () => {
    const places = examples.map(([place]) => place.replace(/:.*/, ''));
    expect(places).toEqual(expect.arrayContaining(['README.md', 'docs/minimising.md', 'docs/protocols.md']));
  });

  it.each(examples)('%s is what the command line says', { timeout: 120_000 }, async (_, steps) => {
    const cwd = folderOfReader();
    for (const { command, answer } of steps) {
      const { stdout, stderr } = await faultline(command.split(' '), { cwd });
      const said = `${stdout}${stderr}`.trimEnd().split('\n');
      if (answer.length > 0 && !isToldSo(answer, said)) expect(said).toEqual(answer);
    }
  });
});
