import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { UsageError } from '../../src/kernel/index.js';
import { defineScenario, loadScenario, toYaml } from '../../src/scenario/index.js';
import { scenarioInput } from './arbitrary.js';
import { bundledFiles, load, minimal, resolverOf } from './support.js';

/** Bad input ends as a UsageError of one printable line. Anything else escapes and fails the test. */
function scenarioOrUsageError(run: () => { readonly cluster: { readonly nodes: number } }): void {
  try {
    expect(run().cluster.nodes).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    // eslint-disable-next-line no-control-regex
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(error.message.length).toBeLessThan(1000);
  }
}

const resolve = resolverOf(bundledFiles);

const WORDS =
  '[ ] { } : , - ? # & * ! | > \' " % @ ` \n \t ~ &a *a << --- ... 0 -1 1e999 .nan null n9 leader 5ms 1/0 9999999999999999 __proto__ constructor'.split(
    ' ',
  );

/** A valid file, cut, doubled and sprinkled with signs that mean something in YAML. */
const mutated = fc
  .tuple(
    fc.constantFrom(...bundledFiles),
    fc.array(
      fc.record({
        at: fc.nat(3000),
        remove: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(40)),
        insert: fc.oneof(
          fc.constantFrom(...WORDS),
          fc.string({ unit: 'binary', maxLength: 4 }),
          fc.constant(''),
        ),
        again: fc.nat(60),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  )
  .map(([{ text }, edits]) => {
    let result = text;
    for (const { at, remove, insert, again } of edits) {
      const place = at % (result.length + 1);
      result = `${result.slice(0, place)}${insert}${result.slice(place - Math.min(again, place), place)}${result.slice(place + remove)}`;
    }
    return result;
  });

describe('scenario loading never crashes and never hangs', () => {
  test('random text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.array(fc.constantFrom(...WORDS, ' ', '  ', 'a'), { maxLength: 120 }).map((words) => words.join(' ')),
      fc.array(fc.constantFrom(...WORDS), { maxLength: 120 }).map((words) => minimal(words.join(''))),
    );
    fc.assert(
      fc.property(text, (given) => scenarioOrUsageError(() => load(given))),
      { numRuns: 2000 },
    );
  });

  test('valid files with mistakes in them', () => {
    fc.assert(
      fc.property(mutated, (text) =>
        scenarioOrUsageError(() => loadScenario(text, { path: 'scenarios/raft/mutated.yaml', resolve })),
      ),
      { numRuns: 800 },
    );
  });

  test('long repetitions of anything', () => {
    const unit = fc.oneof(
      fc.constantFrom(...WORDS),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
    );
    fc.assert(
      fc.property(unit, fc.constantFrom('', ' ', '\n', ': '), (text, glue) =>
        scenarioOrUsageError(() => load(minimal(`${text}${glue}`.repeat(3000)))),
      ),
      { numRuns: 60 },
    );
  });

  test('random options', () => {
    const key = fc.constantFrom(
      'cluster.nodes',
      'faults.random.0.on',
      'faults.schedule',
      'network.delay',
      'protocol.settings.a.b',
      'a',
      '',
      '.',
      'title.x',
    );
    const setting = fc.oneof(
      fc
        .tuple(key, fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom(...WORDS)))
        .map(([left, right]) => `${left}=${right}`),
      fc.string({ unit: 'binary', maxLength: 30 }),
    );
    const text = bundledFiles.find(({ path }) => path.endsWith('all-of-it.yaml'))?.text ?? '';
    fc.assert(
      fc.property(fc.array(setting, { minLength: 1, maxLength: 3 }), (set) =>
        scenarioOrUsageError(() => load(text, { set })),
      ),
      { numRuns: 250 },
    );
  });

  test('random values from a program', () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
    });
    fc.assert(
      fc.property(
        value,
        fc.constantFrom('cluster', 'faults', 'network', 'protocol', 'expect', 'title'),
        (given, key) => {
          scenarioOrUsageError(() => defineScenario(given as never));
          const good = { title: 'T', description: 'D', protocol: { name: 'raft' } };
          scenarioOrUsageError(() => defineScenario({ ...good, [key]: given }));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('scenario descriptions are complete', () => {
  test('whatever is defined, shown and loaded again is the same scenario', () => {
    fc.assert(
      fc.property(scenarioInput, (input) => {
        const scenario = defineScenario(input);
        const text = toYaml(scenario);
        const again = loadScenario(text, { path: 'shown.yaml' });
        expect(again).toEqual(scenario);
        expect(toYaml(again)).toBe(text);
      }),
      { numRuns: 150 },
    );
  });
});
