/** The registry and the document that is written from it. */

import { expect, test } from 'vitest';
import {
  Checker,
  createCheckers,
  findInvariant,
  INVARIANTS,
  NO_CHECKERS,
  renderInvariants,
  ViolationSink,
  type CheckerContext,
} from '../../src/checkers/index.js';

const context: CheckerContext = {
  servers: 3,
  now: () => 0,
  isUp: () => true,
  generation: () => 0,
  durableRecords: () => [],
};

test('every invariant has an id of its own, a sentence, a statement, a model and a source', () => {
  expect(new Set(INVARIANTS.map((info) => info.id)).size).toBe(INVARIANTS.length);
  for (const info of INVARIANTS) {
    expect(info.id).toMatch(/^(any|raft|pbft)\/[a-z-]+$/);
    expect(info.id.startsWith(`${info.protocol}/`)).toBe(true);
    expect(info.title).toMatch(/^[A-Z].*\.$/);
    expect(info.statement).toMatch(/\.$/);
    expect(info.failureModel).not.toBe('');
    expect(info.source).not.toBe('');
    expect(findInvariant(info.id)).toBe(info);
  }
});

test('the document has a row and a section for every invariant, and no broken link', () => {
  const text = renderInvariants(INVARIANTS);
  for (const info of INVARIANTS) {
    expect(text).toContain(`\n### ${info.id}\n`);
    expect(text).toContain(info.statement);
  }
  const anchors = new Set(
    [...text.matchAll(/^### (.+)$/gm)].map(([, id]) => `#${(id ?? '').replace('/', '')}`),
  );
  for (const [, target] of text.matchAll(/\]\((#[^)]+)\)/g)) expect(anchors).toContain(target);
});

test('a run is watched by what fits its protocol', () => {
  const of = (protocol: string) => createCheckers(protocol, context, new ViolationSink());
  const families = (protocol: string) => [...new Set(of(protocol).invariants.map((info) => info.protocol))];
  expect(families('raft')).toEqual(['any', 'raft']);
  expect(families('pbft')).toEqual(['any', 'pbft']);
  expect(families('mine')).toEqual(['any']);
  expect(of(NO_CHECKERS).observers).toEqual([]);
  expect(of(NO_CHECKERS).clone(context, new ViolationSink()).observers).toEqual([]);
});

/** A user's own checker: nobody crashes twice. */
class CrashesOnce extends Checker {
  override readonly info = {
    id: 'mine/crashes-once',
    title: 'Nobody crashes twice.',
    statement: 'A process crashes at most once.',
    protocol: 'any',
    family: 'local',
    kind: 'liveness',
    failureModel: 'none',
    source: 'this test',
  } as const;
  private crashed: readonly number[] = [];

  override onCrash(process: number): void {
    if (this.crashed.includes(process)) this.violate(`${process} crashed again`);
    this.crashed = [...this.crashed, process];
  }

  override clone(copied: CheckerContext, sink: ViolationSink): CrashesOnce {
    const copy = new CrashesOnce(copied, sink);
    copy.crashed = this.crashed;
    return copy;
  }
}

test('a checker of the user’s own is fed, cloned and named like the built-in ones', () => {
  const sink = new ViolationSink();
  const { info } = new CrashesOnce(context, sink);
  const factory = { info, create: (own: CheckerContext, to: ViolationSink) => new CrashesOnce(own, to) };
  const set = createCheckers('raft', context, sink, { extra: [factory] });
  for (const observer of set.observers) observer.onCrash?.(1);
  const forked = new ViolationSink();
  for (const observer of set.clone(context, forked).observers) observer.onCrash?.(1);
  expect(forked.violation).toEqual({ invariant: 'mine/crashes-once', message: '1 crashed again' });
  expect(sink.violation).toBeUndefined();
  expect(set.kindOf('mine/crashes-once')).toBe('liveness');
});
