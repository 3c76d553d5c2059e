// What is generated must be what the code says; what is linked must be there.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { INVARIANTS, SITUATIONS, renderInvariants, renderSituations } from '../src/checkers/index.js';
import { parsePbftSettings } from '../src/protocols/pbft/index.js';
import { parseRaftSettings } from '../src/protocols/raft/index.js';
import { BUGS } from '../src/zoo/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

/** Bundled scenarios by name, with their titles. */
const scenarios = new Map(
  readdirSync(resolve(root, 'scenarios'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => [file.slice(0, -'.yaml'.length), /^title: (.*)$/m.exec(read(`scenarios/${file}`))?.[1]]),
);

/** Rows of the first table below a heading: their cells, without the head. */
function tableBelow(page: string, heading: string): string[][] {
  const section = read(page).split(`\n${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** What stands in backticks in a cell. */
function quoted(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
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

  it.each([
    ['Raft', 20],
    ['PBFT', 10],
  ])('every claim of the README about %s names scenarios that are there', (protocol, claims) => {
    const rows = tableBelow('README.md', `## What ${protocol} has here`);
    expect(rows.length).toBeGreaterThan(claims);
    for (const [, claim, shownBy] of rows) {
      const names = quoted(shownBy);
      expect(names, claim).not.toEqual([]);
      for (const name of names) expect(scenarios.has(name), `${claim ?? ''}: ${name}`).toBe(true);
    }
  });

  it('docs/scenarios.md lists every bundled scenario by its title, once, and no other', () => {
    const rows = tableBelow('docs/scenarios.md', '## Bundled scenarios');
    const listed = rows.map(([, name, title]) => [quoted(name)[0], title?.replace(' _Control._', '')]);
    const sorted = (list: unknown[][]) => list.map(String).sort((a, b) => (a < b ? -1 : 1));
    expect(sorted(listed)).toEqual(sorted([...scenarios]));
  });

  it('docs/raft.md has every setting of Raft', () => {
    const settings = tableBelow('docs/raft.md', '## Settings').map(([name]) => quoted(name)[0] ?? '');
    expect(() => parseRaftSettings({ nothing: 1 })).toThrow(
      `protocol.settings.nothing: unknown raft setting, expected one of ${settings.join(', ')}`,
    );
  });

  it('the defaults that docs/raft.md gives are the defaults', () => {
    const rows = tableBelow('docs/raft.md', '## Settings');
    const written = Object.fromEntries(
      rows.map(([name, byDefault]) => [quoted(name)[0] ?? '', parse(quoted(byDefault)[0] ?? '') as unknown]),
    );
    expect(parseRaftSettings(written)).toEqual(parseRaftSettings({}));
  });

  it('docs/pbft.md has every setting of PBFT, with its default', () => {
    const rows = tableBelow('docs/pbft.md', '## Settings');
    const settings = rows.map(([name]) => quoted(name)[0] ?? '');
    expect(() => parsePbftSettings({ nothing: 1 })).toThrow(
      `protocol.settings.nothing: unknown pbft setting, expected one of ${settings.join(', ')}`,
    );
    const written = rows.flatMap(([name, byDefault]) => {
      const [value] = quoted(byDefault);
      return value === undefined ? [] : [[quoted(name)[0] ?? '', parse(value) as unknown] as const];
    });
    expect(parsePbftSettings(Object.fromEntries(written))).toEqual(parsePbftSettings({}));
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
