/** What a replay came to, measured by what its trace expects. */

import type { AdaptedResult, MatchedShare, StrictResult } from '../simulator/replay.js';
import type { TraceHeader } from '../simulator/trace.js';

/**
 * `violated`: a violation where none is expected, or another one than expected. `changed`: the expected
 * violation does not come any more. `ended`: the replay was stopped from outside.
 */
export interface ReplayVerdict {
  readonly kind: 'as-expected' | 'violated' | 'diverged' | 'changed' | 'inconclusive' | 'ended';
  readonly headline: string;
  readonly lines: readonly string[];
}

interface Replayed {
  readonly header: TraceHeader;
  readonly result:
    | { readonly mode: 'strict'; readonly strict: StrictResult }
    | { readonly mode: 'adapt'; readonly adapted: AdaptedResult };
  readonly isModuleChanged: boolean;
}

/** `withoutBug`: the correct code took the place of the trace's bug, and is expected to pass. */
export function replayVerdict(replayed: Replayed, withoutBug: boolean): ReplayVerdict {
  const { header, result, isModuleChanged } = replayed;
  const note = isModuleChanged ? ['the module is another one than the one recorded'] : [];
  if (result.mode === 'strict') return strictVerdict(result.strict, header, note);
  const isExpected = !withoutBug && header.expect === 'violated';
  return adaptedVerdict(result.adapted, isExpected, note);
}

function strictVerdict(result: StrictResult, header: TraceHeader, note: readonly string[]): ReplayVerdict {
  if (result.kind === 'reproduced') {
    const what = result.verdict.invariant ?? result.verdict.status;
    return {
      kind: 'as-expected',
      headline: 'REPRODUCED',
      lines: [`${header.events} events, digest ${result.digest}, ${what}: the same as recorded`, ...note],
    };
  }
  return {
    kind: 'diverged',
    headline: 'DIVERGED',
    lines: [
      `the first difference is at event ${result.event}: ${result.what}`,
      `recorded: ${result.recorded}`,
      `replayed: ${result.replayed}`,
      ...note,
    ],
  };
}

function adaptedVerdict(
  result: AdaptedResult,
  isViolationExpected: boolean,
  note: readonly string[],
): ReplayVerdict {
  const share = shareText(result.matchedShare);
  const recorded = result.recorded.invariant ?? result.recorded.status;
  switch (result.kind) {
    case 'same': {
      const isAsExpected = isViolationExpected || result.invariant === undefined;
      return {
        kind: isAsExpected ? 'as-expected' : 'violated',
        headline: isAsExpected ? 'SAME' : 'VIOLATED',
        lines: [`${recorded} again; ${share}`, ...note],
      };
    }
    case 'other':
      return {
        kind: 'violated',
        headline: 'VIOLATED',
        lines: [
          `recorded ${recorded}, today ${result.invariant ?? result.found.status}: ${result.found.message}`,
          share,
          ...note,
        ],
      };
    case 'not-reproduced':
      return {
        kind: isViolationExpected ? 'changed' : 'as-expected',
        headline: 'NOT REPRODUCED',
        lines: [`${recorded} does not come; ${share}`, ...note],
      };
    case 'inconclusive':
      return {
        kind: 'inconclusive',
        headline: 'INCONCLUSIVE',
        lines: [`too little of the recorded run was followed: ${share}`, ...note],
      };
  }
}

/** E.g. `99.2 % of 1234 decisions found their place`. */
function shareText({ matched, of }: MatchedShare): string {
  const thousandths = of === 0 ? 1000 : Math.floor((matched * 1000) / of);
  return `${Math.floor(thousandths / 10)}.${thousandths % 10} % of ${of} decisions found their place`;
}
