// Hints are claims about `step`. Each is compared here with what `step` does.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ILLEGAL } from '../../../src/checkers/linearizability/index.js';
import type { KvInput, KvOutput } from '../../../src/checkers/linearizability/index.js';
import { kvSubject, registerSubject } from './subjects.js';
import type { Subject } from './subjects.js';

/** States that the inputs of a subject lead to. */
function statesOf<State, Input, Output>({
  model,
  inputs,
}: Subject<State, Input, Output>): fc.Arbitrary<State> {
  return fc
    .array(inputs, { maxLength: 3 })
    .map((path) => path.reduce((state, input) => model.step(state, input, undefined) as State, model.init()));
}

function checkHints<State, Input, Output>(subject: Subject<State, Input, Output>): void {
  const { model, inputs, anyOutput } = subject;
  const { hints } = model;
  const states = statesOf(subject);
  const includes = (list: readonly State[], state: State): boolean =>
    list.some((each) => model.equals(each, state));
  fc.assert(
    fc.property(
      states,
      states,
      inputs,
      fc.option(anyOutput, { nil: undefined }),
      (state, other, input, output) => {
        const after = model.step(state, input, output);
        const legality = hints?.legality?.(input, output);
        if (legality !== undefined) {
          expect(includes(legality.states, state) === (legality.kind === 'in')).toBe(after !== ILLEGAL);
        }
        if (after === ILLEGAL) return;
        const changes = !model.equals(after, state);
        const effect = hints?.effect?.(input, output);
        if (effect === 'none') expect(changes).toBe(false);
        const otherAfter = model.step(other, input, output);
        if (effect === 'overwrite' && otherAfter !== ILLEGAL)
          expect(model.equals(after, otherAfter)).toBe(true);
        const leavesIn = hints?.leavesIn?.(input, output);
        if (leavesIn !== undefined && changes) expect(model.equals(after, leavesIn[0])).toBe(true);
        const before = hints?.statesBefore?.(after, input) ?? 'any';
        if (changes && before !== 'any') expect(includes(before, state)).toBe(true);
        if (before === 'any') expect(model.step(other, input, undefined)).toEqual(after);
        else for (const each of before) expect(model.step(each, input, undefined)).toEqual(after);
        expect(model.step(state, input, undefined)).toEqual(after);
      },
    ),
    { numRuns: 5000 },
  );
}

describe('models of the linearizability checker', () => {
  it('say of a register only what its steps do', () => checkHints(registerSubject));

  it('say of a key only what its steps do', () => checkHints(kvSubject));

  it('describe an operation in one short line', () => {
    const text = (input: KvInput, output?: KvOutput): string => kvSubject.model.describe(input, output);
    expect(text({ op: 'get', key: 'x' }, { value: 'a' })).toBe('get "x" -> "a"');
    expect(text({ op: 'get', key: 'x' }, { value: null })).toBe('get "x" -> absent');
    expect(text({ op: 'put', key: 'x', value: 'a' }, { ok: true })).toBe('put "x" "a" -> ok');
    expect(text({ op: 'delete', key: 'x' }, { existed: false })).toBe('delete "x" -> false');
    expect(text({ op: 'cas', key: 'x', expected: null, value: 'b' }, { swapped: true })).toBe(
      'cas "x" absent to "b" -> true',
    );
    expect(text({ op: 'append', key: 'x', value: 'b' })).toBe('append "x" "b" -> unknown');
    expect(text({ op: 'get', key: 'x' }, { value: 'z'.repeat(1000) })).toMatch(
      /^.{60,100}\(1000 characters\)$/,
    );
    expect(registerSubject.model.describe({ op: 'read' }, { value: null })).toBe('read -> absent');
    expect(registerSubject.model.describe({ op: 'cas', expected: 1, value: 2 }, { swapped: false })).toBe(
      'cas 1 to 2 -> false',
    );
    expect(registerSubject.model.describe({ op: 'write', value: 2 }, undefined)).toBe('write 2 -> unknown');
  });
});
