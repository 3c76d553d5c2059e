import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { ReplayGroups, fateOf } from '../../src/report/replay-groups.js';
import type { AdaptedResult } from '../../src/simulator/replay.js';
import type { TraceHeader } from '../../src/simulator/trace.js';

const verdict = { status: 'violated', invariant: 'raft/x', event: 1, timeMicros: 1, message: '' } as const;

function replayed(
  kind: AdaptedResult['kind'],
  invariant = 'raft/x',
  story?: string,
): Parameters<ReplayGroups['add']>[0] {
  const minimised = story === undefined ? null : { story };
  const header = { verdict: { ...verdict, invariant }, minimised } as unknown as TraceHeader;
  const share = { matched: 1, of: 1 };
  const adapted: AdaptedResult = { kind, matchedShare: share, recorded: verdict, found: verdict, invariant };
  return { header, result: { mode: 'adapt', adapted } };
}

describe('groups of replayed traces', () => {
  it('count what became of them by property and story, whatever the order of the traces', () => {
    const all = [
      replayed('same'),
      replayed('not-reproduced'),
      replayed('other', 'any/a'),
      replayed('inconclusive', 'any/a'),
      replayed('same', 'raft/x', 'deadbeef'),
    ];
    const there = new ReplayGroups();
    const back = new ReplayGroups();
    for (const one of all) there.add(one);
    for (const one of [...all].reverse()) back.add(one);
    expect(back.records()).toEqual(there.records());
    expect(there.records()).toMatchObject([
      { invariant: 'any/a', traces: 2, 'fails-otherwise': 1, unclear: 1, 'as-recorded': 0 },
      { invariant: 'raft/x', story: null, traces: 2, 'as-recorded': 1, 'passes-now': 1 },
      { invariant: 'raft/x', story: 'deadbeef', traces: 1, 'as-recorded': 1 },
    ]);
    expect(there.text(new Chalk({ level: 0 }))).toMatch(/^raft\/x +deadbeef +1 +1 *$/m);
  });

  it('a strict replay came again or diverged; one that was ended says nothing', () => {
    const header = replayed('same')?.header as TraceHeader;
    const strict = (kind: 'reproduced' | 'diverged'): string =>
      fateOf({ header, result: { mode: 'strict', strict: { kind } as never } });
    expect([strict('reproduced'), strict('diverged'), fateOf(undefined)]).toEqual([
      'as-recorded',
      'diverged',
      'unclear',
    ]);
  });
});
