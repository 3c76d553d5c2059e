import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DecisionIndex,
  Digest,
  EditedChoices,
  Family,
  RandomChoices,
  RecordedChoices,
  RecordingChoices,
  Sampler,
  type Choices,
  type Decision,
  type LinkProfile,
} from '../../src/kernel/index.js';

const link: LinkProfile = {
  delay: new Sampler({ kind: 'long-tail', minMicros: 100, medianMicros: 900, maxMicros: 90_000 }),
  lossThreshold: 400_000_000,
  corruptThreshold: 100_000_000,
  duplicateThreshold: 900_000_000,
};

type Question =
  | { ask: 'message'; from: number; to: number; hash: number }
  | { ask: 'timer'; process: number; name: string; context: string }
  | { ask: 'integer'; owner: number; subject: string }
  | { ask: 'duration'; owner: number };

const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ ask: fc.constant('message' as const), from: fc.nat(2), to: fc.nat(2), hash: fc.nat(3) }),
  fc.record({
    ask: fc.constant('timer' as const),
    process: fc.nat(2),
    name: fc.constantFrom('election', 'heartbeat'),
    context: fc.constantFrom('', '0>1:Ping', 'x'),
  }),
  fc.record({ ask: fc.constant('integer' as const), owner: fc.nat(2), subject: fc.constantFrom('a', 'b') }),
  fc.record({ ask: fc.constant('duration' as const), owner: fc.nat(2) }),
);

function put(choices: Choices, q: Question): readonly number[] {
  switch (q.ask) {
    case 'message':
      choices.message(link, q.from, q.to, 'Ping', q.hash);
      return [choices.firstDelay, choices.secondDelay];
    case 'timer':
      choices.context = q.context;
      return [choices.timer(q.process, 1, q.name, 1000, 9000)];
    case 'integer':
      return [choices.integer(Family.client, q.owner, q.subject, 'op', -5, 5, 0)];
    case 'duration':
      return [choices.duration(Family.disk, q.owner, 'wal', 'sync', link.delay)];
  }
}

function record(
  seed: string,
  questions: readonly Question[],
): { answers: unknown; decisions: Decision[]; digest: string } {
  const digest = new Digest();
  const decisions: Decision[] = [];
  const choices = new RecordingChoices(new RandomChoices(seed, digest), (decision) =>
    decisions.push(decision),
  );
  const answers = questions.map((q) => put(choices, q));
  return { answers, decisions, digest: digest.value() };
}

describe('choices', () => {
  it('recording changes no answer', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(question), (seed, questions) => {
        const plain = new RandomChoices(seed, new Digest());
        expect(record(seed, questions).answers).toEqual(questions.map((q) => put(plain, q)));
      }),
    );
  });

  it('a replay gives the recorded answers and the same digest, with no random number drawn', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(question), (seed, questions) => {
        const { answers, decisions, digest } = record(seed, questions);
        const replayDigest = new Digest();
        const replay = new RecordedChoices(new DecisionIndex(decisions), replayDigest);
        expect(questions.map((q) => put(replay, q))).toEqual(answers);
        expect(replayDigest.value()).toBe(digest);
        expect(replay.matched).toBe(questions.length);
      }),
    );
  });

  it('removing a decision gives that question the default and disturbs no other', () => {
    fc.assert(
      fc.property(fc.array(question, { minLength: 1 }), fc.nat(), (questions, choice) => {
        const { answers, decisions } = record('seed', questions);
        const removed = choice % decisions.length;
        const edited = new EditedChoices(
          new DecisionIndex(decisions.filter((_, i) => i !== removed)),
          new Digest(),
        );
        const got = questions.map((q) => put(edited, q));
        (answers as unknown[]).forEach((answer, i) => {
          if (i !== removed) expect(got[i]).toEqual(answer);
        });
        const first = questions[removed] as Question;
        if (first.ask === 'message') expect(got[removed]).toEqual([link.delay.typical, -1]);
        if (first.ask === 'integer') expect(got[removed]).toEqual([0]);
      }),
    );
  });

  it('streams are independent: a question to one process does not change the answers to another', () => {
    const ask = (choices: Choices, owner: number): number =>
      choices.integer(Family.client, owner, 'x', 'y', 0, 1e9, 0);
    const alone = new RandomChoices('s', new Digest());
    const mixed = new RandomChoices('s', new Digest());
    const expected = [ask(alone, 1), ask(alone, 1), ask(alone, 1)];
    const got = [
      ask(mixed, 1),
      (ask(mixed, 2), ask(mixed, 0), ask(mixed, 1)),
      (ask(mixed, 7), ask(mixed, 1)),
    ];
    expect(got).toEqual(expected);
  });

  it('a message whose content changed is still found by its ordinal on the link', () => {
    const { decisions } = record('z', [
      { ask: 'message', from: 0, to: 1, hash: 11 },
      { ask: 'message', from: 0, to: 1, hash: 12 },
    ]);
    const replay = new RecordedChoices(new DecisionIndex(decisions), new Digest());
    put(replay, { ask: 'message', from: 0, to: 1, hash: 911 });
    expect([replay.firstDelay]).toEqual(decisions[0]?.values.slice(0, 1));
    put(replay, { ask: 'message', from: 0, to: 1, hash: 912 });
    expect([replay.firstDelay]).toEqual(decisions[1]?.values.slice(0, 1));
    expect(replay.matched).toBe(2);
  });

  it('a clone goes on with the same answers', () => {
    fc.assert(
      fc.property(fc.array(question), fc.array(question), (before, after) => {
        const choices = new RandomChoices('c', new Digest());
        before.forEach((q) => put(choices, q));
        const copy = choices.clone(new Digest());
        expect(after.map((q) => put(copy, q))).toEqual(after.map((q) => put(choices, q)));
      }),
    );
  });
});
