import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOST, type ProtocolEvent } from '../../src/kernel/index.js';
import { buggyImplementation } from '../../src/simulator/implementation.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { skeletonOf } from '../../src/simulator/skeleton.js';
import { storyOf } from '../../src/simulator/story.js';
import { StoryLog } from '../../src/simulator/story-log.js';
import { decisionWording, wordingOf, wordsOf } from '../../src/simulator/story-words.js';
import { decisionsOf } from '../../src/simulator/trace.js';
import { checkProtocol } from '../../src/simulator/user-protocol.js';
import { raftProtocol } from '../../src/protocols/raft/index.js';
import { SMALL, passingTrace, violatingRun } from './samples.js';

const nameOf = (process: number): string => `n${process + 1}`;
const words = wordsOf(undefined);

function append(index: number, term: number): ProtocolEvent {
  return { kind: 'appended', index, term, hash: 1 };
}

describe('the story of a trace', () => {
  it('tells faults, leaders and the violation, in their order', () => {
    const { trace } = violatingRun('R25-commit-to-own-last-index');
    const { beats, end } = storyOf(trace, undefined);
    expect(end).toMatch(/^violated raft\/[a-z-]+: /);
    expect(beats.some(({ text }) => /^n\d becomes leader of term \d+$/.test(text))).toBe(true);
    const events = beats.map(({ event }) => event);
    expect(events).toEqual([...events].sort((a, b) => a - b));
    const notes = trace.events.flatMap(({ notes: all }) => all).filter((note) => / cut off from /.test(note));
    const told = beats.map(({ text }) => text);
    if (beats.length < 40) for (const note of notes) expect(told).toContain(note.replace(/ \([^()]*\)$/, ''));
  });

  it('tells every edit of an edited run, and no decision that nobody made', () => {
    const decisions = decisionsOf(passingTrace('7'));
    const message = decisions.find(({ group }) => group.startsWith('m:0>1:')) as (typeof decisions)[number];
    const edits = [{ ...message, values: [LOST] }];
    const recipe = { seed: '7', strategy: 'edited', rest: 'benign', edits } as const;
    const { trace } = recordTrace(SMALL, recipe, buggyImplementation(SMALL, 'R25-commit-to-own-last-index'));
    const lost = storyOf(trace, undefined).beats.filter(({ text }) => / from n\d to n\d /.test(text));
    expect(lost.map(({ text }) => text)).toEqual([expect.stringMatching(/^\w+ from n1 to n2 is lost$/)]);
  });

  it('leaves out the middle of a long one, and says how much', () => {
    const trace = passingTrace('9');
    const note = (text: string): object => ({ notes: [text] });
    const events = trace.events.map((event) => ({ ...event, ...note(`thing ${event.number} (schedule.0)`) }));
    const { beats, omitted } = storyOf({ ...trace, events }, undefined);
    expect(beats).toHaveLength(40);
    expect(beats[0]?.text).toBe('thing 1');
    expect(omitted).toBeGreaterThan(trace.events.length - 41);
  });

  it('has a fingerprint that does not depend on who, when and how often', () => {
    const { trace } = violatingRun('R25-commit-to-own-last-index');
    const told = storyOf(trace, undefined);
    const later = trace.events.map((event) => ({ ...event, timeMicros: event.timeMicros + 1000 }));
    expect(storyOf({ ...trace, events: later }, undefined).fingerprint).toBe(told.fingerprint);
    const other = violatingRun('R02-vote-sent-before-sync').trace;
    expect(storyOf(other, undefined).fingerprint).not.toBe(told.fingerprint);
    expect(skeletonOf("n1 asks 'x' 12 of c3")).toBe(skeletonOf("n2 asks 'y' 7 of c1"));
  });
});

describe('words of a story', () => {
  it("are the protocol's own", () => {
    const event = { kind: 'became-leader', term: 3, lastIndex: 0 } as const;
    expect(wordingOf(1, event, words, nameOf)?.text).toBe('n2 becomes leader of term 3');
    const own = wordsOf({ term: 'view', leader: 'primary' });
    expect(wordingOf(1, event, own, nameOf)?.text).toBe('n2 becomes primary of view 3');
  });

  it.each([
    ['m:0>2:AppendEntries', [LOST], 'AppendEntries from n1 to n3 is lost'],
    ['m:0>2:AppendEntries', [-2], 'AppendEntries from n1 to n3 is corrupted on the way'],
    ['m:0>2:AppendEntries', [1500], 'AppendEntries from n1 to n3 takes 0.001500 s'],
    ['m:0>2:Vote', [1000, 2000], 'Vote from n1 to n3 arrives twice, after 0.001000 s and 0.002000 s'],
    ['t:1.2:election', [150_000], 'n2 sets its timer election to 0.150000 s'],
    ['d:0:wal:sync', [300], 'n1 takes 0.000300 s to sync wal'],
    ['d:0:wal:crash-survival', [2], 'on the disk of n1, crash survival of wal is 2'],
    ['c:2:4:think', [9], 'n3 waits 0.000009 s'],
    ['c:2:4:op', [9], undefined],
    ['p:0:clock:offset', [-9], 'the clock of n1 has offset -9'],
  ])('%s = %j', (group, values, expected) => {
    expect(decisionWording({ group, detail: '', nth: 0, values }, nameOf)).toBe(expected);
  });

  it('of a user protocol are checked', () => {
    const protocol = { ...raftProtocol(), name: 'mine' };
    expect(checkProtocol({ ...protocol, words: { term: 'epoch' } }, './x#y')).toMatchObject({ name: 'mine' });
    expect(() => checkProtocol({ ...protocol, words: { term: 7 } }, './x#y')).toThrow(
      './x#y: words.term: expected a word in small letters, got 7',
    );
    expect(() => checkProtocol({ ...protocol, words: { terms: 'x' } }, './x#y')).toThrow(
      "got the key 'terms'",
    );
    expect(() => checkProtocol({ ...protocol, words: 'x' }, './x#y')).toThrow(
      'words: expected an object with',
    );
  });
});

describe('who has which entries', () => {
  it('is told where it differs, and not again', () => {
    const log = new StoryLog(3);
    for (const server of [0, 1, 2]) log.learn(server, append(1, 1));
    log.learn(0, { kind: 'committed', index: 1, term: 1 });
    expect(log.news(words, nameOf)).toEqual({ text: 'entry 1 is committed', weight: 'side' });
    log.learn(0, append(2, 1));
    log.learn(0, append(3, 1));
    log.learn(2, append(2, 2));
    const text =
      'entry 1 is committed; entries 2 to 3 of term 1 are on n1 only; entry 2 of term 2 is on n3 only';
    expect(log.news(words, nameOf)).toEqual({ text, weight: 'main' });
    expect(log.news(words, nameOf)).toBeUndefined();
    const recovered = { kind: 'recovered', term: 1, lastIndex: 1, trusted: true } as const;
    expect(log.lost(0, recovered, words)).toBe('it has lost entries 2 to 3');
    log.learn(0, recovered);
    expect(log.news(words, nameOf)?.text).toBe('entry 1 is committed; entry 2 of term 2 is on n3 only');
  });

  it('agrees with logs kept the plain way', () => {
    const step = fc.record({
      server: fc.nat(2),
      term: fc.integer({ min: 1, max: 2 }),
      cut: fc.nat(8),
      adds: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const log = new StoryLog(3);
        const plain: number[][] = [[], [], []];
        for (const { server, term, cut, adds } of steps) {
          const own = plain[server] as number[];
          if (adds) {
            own.push(term);
            log.learn(server, append(own.length, term));
          } else {
            own.splice(cut);
            log.learn(server, { kind: 'truncated', index: cut + 1 });
          }
        }
        const text = log.news(words, nameOf)?.text ?? '';
        const length = Math.max(...plain.map((own) => own.length));
        let runs = 0;
        for (let i = 0; i < length; i++) {
          const held = plain.map((own) => own[i] ?? 0).join();
          if (held !== plain.map((own) => own[i - 1] ?? 0).join()) runs++;
          if (new Set(plain.map((own) => own[i])).size > 1) expect(text).not.toBe('');
        }
        const isSame = plain.every((own) => own.join() === plain[0]?.join());
        if (isSame) expect(text).toBe('');
        if (text !== '') expect(runs).toBeGreaterThan(0);
      }),
    );
  });
});
