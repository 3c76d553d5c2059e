// What is generated must be what the code says; what is linked must be there.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { INVARIANTS, SITUATIONS, renderInvariants, renderSituations } from '../src/checkers/index.js';
import { readDuration } from '../src/kernel/index.js';
import { PBFT_ATTACK_SURFACE, parsePbftSettings } from '../src/protocols/pbft/index.js';
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

/** What links into a page can name: its headings, as GitHub writes them. */
function anchorsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
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

  it('the change log counts properties, scenarios and bugs rightly', () => {
    const log = read('CHANGELOG.md');
    expect(log).toContain(`Checkers: ${INVARIANTS.length} invariants`);
    expect(log).toContain(`Scenarios: ${scenarios.size}. A zoo of ${BUGS.length} published bugs`);
  });

  it('docs/fuzzing.md counts the faults and lies of the swarms rightly', () => {
    const rows = tableBelow('docs/fuzzing.md', '## Swarms');
    expect(rows.map(([name]) => quoted(name)[0])).toEqual(['raft/swarm', 'pbft/swarm', 'stream/swarm']);
    for (const [name, drawn] of rows) {
      const { faults } = parse(read(`scenarios/${quoted(name)[0] ?? ''}.yaml`)) as {
        readonly faults: { readonly random: readonly unknown[]; readonly byzantine?: readonly unknown[] };
      };
      expect(drawn).toContain(`${faults.random.length} faults`);
      if (faults.byzantine !== undefined) expect(drawn).toContain(`${faults.byzantine.length} lies`);
    }
  });

  it('docs/adversaries.md has every lie, in place of what it is told', () => {
    const kinds = Object.fromEntries(
      PBFT_ATTACK_SURFACE.lies.map((lie) => [lie.name, lie.kinds.length > 6 ? 'any' : lie.kinds.join(', ')]),
    );
    const table = read('docs/adversaries.md').split(/\n\n(?=\| `as` )/)[1] ?? '';
    const rows = table.split('\n\n')[0]?.split('\n').slice(2) ?? [];
    const told = rows.map((row) => row.split('|').map((cell) => cell.trim()));
    expect(Object.fromEntries(told.map(([, name, of]) => [quoted(name)[0], of]))).toEqual(kinds);
  });

  it('docs/json.md has every type of line', () => {
    const files = readdirSync(resolve(root, 'src/cli')).map((file) => read(`src/cli/${file}`));
    const types = files.flatMap((text) =>
      [...text.matchAll(/\bemit\('([a-z-]+)'/g)].map(([, type = '']) => type),
    );
    expect(new Set(types).size).toBeGreaterThan(15);
    for (const type of types)
      expect(read('docs/json.md'), type).toMatch(new RegExp(`^(## |- ).*\`${type}\``, 'm'));
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

  it('every duration that documents, help and workflows give to an option is one', () => {
    const workflows = ['.github/workflows', '.github/actions/fuzz'].flatMap((folder) =>
      readdirSync(resolve(root, folder)).map((file) => `${folder}/${file}`),
    );
    const help = readdirSync(resolve(root, 'test/golden/cli')).map((file) => `test/golden/cli/${file}`);
    const given = [...pages, ...workflows, ...help].flatMap((page) =>
      [
        ...read(page).matchAll(
          /--(?:for|idle|cpu|minimise-for|timeout)[ =]([0-9][^\s`'"|,)]*)|default: ([0-9]+[a-z]+)\b/g,
        ),
      ].map(([, duration, byDefault]) => duration ?? byDefault ?? ''),
    );
    expect(given.length).toBeGreaterThan(10);
    for (const duration of given) expect(readDuration(duration), duration).toBeDefined();
  });

  it.each(pages)('every relative link of %s leads somewhere', (page) => {
    for (const [, target = '', anchor] of read(page).matchAll(
      /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g,
    )) {
      const path = target === '' ? resolve(root, page) : resolve(root, dirname(page), target);
      expect(existsSync(path), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(path), `${target}#${anchor}`).toContain(anchor);
    }
  });
});
