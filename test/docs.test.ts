// What is generated must be what the code says; what is linked must be there.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { INVARIANTS, SITUATIONS, renderInvariants, renderSituations } from '../src/checkers/index.js';
import { BUGS } from '../src/zoo/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(resolve(root, 'docs')).map((file) => `docs/${file}`),
];

describe('documentation', () => {
  it('docs/invariants.md is what `faultline invariants --markdown` prints', () => {
    expect(read('docs/invariants.md')).toBe(renderInvariants(INVARIANTS));
  });

  it('docs/coverage.md is what `faultline coverage --markdown` prints', () => {
    expect(read('docs/coverage.md')).toBe(renderSituations(SITUATIONS));
  });

  it('the README counts the stated properties rightly', () => {
    expect(read('README.md')).toContain(`[${INVARIANTS.length} stated properties]`);
  });

  it('docs/zoo.md names every bug', () => {
    const zoo = read('docs/zoo.md');
    for (const bug of BUGS) expect(zoo).toContain(bug.id);
  });

  it.each(pages)('every relative link of %s leads somewhere', (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      expect(existsSync(resolve(root, dirname(page), target)), target).toBe(true);
    }
  });
});
