import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/kernel/index.js';
import { TRACE_LIMITS, type Trace } from '../../src/simulator/trace.js';
import { encodeTrace, parseTrace } from '../../src/simulator/trace-text.js';
import { FAULTLINE_VERSION } from '../../src/simulator/version.js';
import { passingTrace, pathsOf, replaceAt, violatingRun, withEvent, withHeader } from './samples.js';

const passing = passingTrace();
const passingText = encodeTrace(passing);
const violating = violatingRun('R02-vote-sent-before-sync').trace;
const lines = encodeTrace(violating).trimEnd().split('\n');

/** The error line of a text that must be refused. */
function refusal(text: string): string {
  try {
    parseTrace(text, 'some.trace');
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.message.split('\n')).toHaveLength(1);
    expect(error.message.length).toBeLessThan(600);
    return error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  }
  throw new Error('the text was accepted');
}

/** The violating trace with one line replaced; line 1 is the header. */
function withLine(number: number, line: string): string {
  return [...lines.slice(0, number - 1), line, ...lines.slice(number), ''].join('\n');
}

function edited(number: number, from: string | RegExp, to: string): string {
  const line = lines[number - 1] ?? '';
  const changed = line.replace(from, to);
  expect(changed).not.toBe(line);
  return withLine(number, changed);
}

describe('trace text', () => {
  it('gives back the trace that was written', () => {
    expect(parseTrace(passingText, 'x')).toEqual(passing);
    expect(encodeTrace(parseTrace(passingText, 'x'))).toBe(passingText);
    expect(parseTrace(encodeTrace(violating), 'x')).toEqual(violating);
  });

  it('is the same text for the same run', () => {
    expect(encodeTrace(passingTrace())).toBe(passingText);
  });

  it('carries the whole header', () => {
    const { header } = violating;
    expect(header).toMatchObject({
      format: 'faultline-trace',
      version: 5,
      form: 'whole',
      faultline: FAULTLINE_VERSION,
      implementation: { protocol: 'raft', bug: 'R02-vote-sent-before-sync', module: undefined },
      expect: 'violated',
      minimised: null,
      verdict: { status: 'violated', invariant: 'raft/vote-durable', event: violating.events.length },
    });
    expect(header.events).toBe(violating.events.length);
    expect(header.setup.map(({ group }) => group)).toContain('p:0:clock:offset');
    expect(passing.header.expect).toBe('passed');
  });

  it('of version 2, which had no form, is read as a whole one', () => {
    const old = passingText.replace('"version":5,"form":"whole",', '"version":2,');
    expect(old).not.toBe(passingText);
    expect(parseTrace(old, 'x')).toEqual(passing);
  });

  it('carries the version of the package', () => {
    const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    expect((JSON.parse(file) as { version: string }).version).toBe(FAULTLINE_VERSION);
  });

  it('has the digest every 64 events and at the last one', () => {
    const withDigest = passing.events
      .filter(({ digest }) => digest !== undefined)
      .map(({ number }) => number);
    const last = passing.events.length;
    expect(withDigest).toEqual(
      Array.from({ length: last }, (_, i) => i + 1).filter((n) => n % 64 === 0 || n === last),
    );
    expect(passing.events.at(-1)?.digest).toBe(passing.header.digest);
  });

  it('tells state changes, history, notes and messages as data', () => {
    const changes = passing.events.flatMap((event) => event.changes.map((change) => change.event.kind));
    expect(changes).toEqual(expect.arrayContaining(['became-leader', 'appended', 'committed', 'applied']));
    const facts = passing.events.flatMap((event) => event.history.map((fact) => fact.kind));
    expect(facts).toEqual(expect.arrayContaining(['invoke', 'ok']));
    expect(passing.events.some((event) => event.notes.length > 0)).toBe(true);
    const append = passing.events.find((event) => event.label.endsWith(':AppendEntries'));
    expect(append?.message).toMatchObject({ term: 1, prevLogIndex: expect.any(Number) as number });
  });

  it('has Lamport clocks above those of the cause and of the event before on the process', () => {
    const ofProcess = new Map<number, number>();
    for (const event of passing.events) {
      const cause = passing.events[event.cause - 1]?.lamport ?? 0;
      const before = ofProcess.get(event.process) ?? 0;
      expect(event.lamport).toBe(Math.max(cause, before) + 1);
      ofProcess.set(event.process, event.lamport);
    }
    const senders = passing.events.filter((event) => event.kind === 'message' && event.cause > 0);
    expect(senders.length).toBeGreaterThan(100);
  });
});

describe('a bad trace is refused in one line that names its place', () => {
  const header = lines[0] ?? '';
  const last = lines.length;
  it.each([
    ['an empty file', '', 'some.trace:1: expected a header line, got an empty file'],
    ['no JSON', 'hello\nworld\n', "some.trace:1: expected a line of JSON, got 'hello'"],
    ['other JSON', '[1, 2]\n', 'some.trace:1: expected a map, got a list of 2'],
    ['another format', '{"format":"har"}\n', `some.trace:1: expected "format": "faultline-trace", got 'har'`],
    [
      'a future version',
      withLine(1, header.replace('"version":5', '"version":6').replace('"0.1.0"', '"9.1.0"')),
      'some.trace:1: expected trace format version 5, got version 6 (it was written by Faultline 9.1.0)',
    ],
    [
      'no version',
      withLine(1, header.replace('"version":5,', '')),
      'some.trace:1: expected a whole number as version, got nothing',
    ],
    [
      'an unknown key',
      edited(1, '"digest"', '"digets"'),
      /^some\.trace:1: expected one of format, version, .*, got the key 'digets' \(did you mean 'digest'\?\)$/,
    ],
    [
      'a missing key',
      edited(1, /"expect":"violated",/, ''),
      'some.trace:1: expect: expected one of violated, passed, got nothing',
    ],
    [
      'a wrong type deep in the scenario',
      edited(1, '"attemptTimeoutMicros":500000', '"attemptTimeoutMicros":"500ms"'),
      "some.trace:1: scenario.workload.attemptTimeoutMicros: expected a whole number from 1 to 86400000000, got '500ms'",
    ],
    [
      'a process that does not exist',
      edited(1, '"nodes":[0]', '"nodes":[7]'),
      'some.trace:1: scenario.faults.schedule[0].action.on.nodes[0]: expected a whole number from 0 to 2, got 7',
    ],
    [
      'a cluster without size',
      edited(1, /"cluster":\{"nodes":3/, '"cluster":{"nodes":-3'),
      'some.trace:1: scenario.cluster.nodes: expected a whole number from 1 to 64, got -3',
    ],
    [
      'an unknown fault',
      edited(1, '"do":"isolate"', '"do":"isolat"'),
      /^some\.trace:1: scenario\.faults\.random\[1\]\.action\.do: expected one of crash, .*, got 'isolat' \(did you mean 'isolate'\?\)$/,
    ],
    [
      'a bad setup decision',
      edited(1, '"p:0:clock:offset"', '"x"'),
      "some.trace:1: setup[0][0]: expected the key of a decision, such as m:0>2:AppendEntries, got 'x'",
    ],
    ['an event that is no map', withLine(2, '7'), 'some.trace:2: expected a map, got 7'],
    ['an empty line', withLine(2, ''), 'some.trace:2: expected a line of JSON, got an empty line'],
    [
      'a wrong type',
      edited(3, /"t":\d+/, '"t":"soon"'),
      "some.trace:3: t: expected a whole number from 0, got 'soon'",
    ],
    [
      'a fraction',
      edited(3, /"t":\d+/, '"t":0.5'),
      'some.trace:3: t: expected a whole number from 0, got 0.5',
    ],
    [
      'an unknown kind',
      edited(3, /"kind":"\w+"/, '"kind":"mesage"'),
      /^some\.trace:3: kind: expected one of message, timer, .*did you mean 'message'/,
    ],
    ['a gap in the numbers', edited(3, '"n":2', '"n":3'), 'some.trace:3: n: expected event 2, got event 3'],
    [
      'time that runs backwards',
      edited(last, /"t":\d+/, '"t":1'),
      /^some\.trace:\d+: t: expected a time of at least \d+, got 1$/,
    ],
    [
      'a cause in the future',
      edited(3, /"by":\d+/, '"by":2'),
      'some.trace:3: by: expected an earlier event, got 2',
    ],
    [
      'a process beyond the last',
      edited(3, /"p":\d+/, '"p":6'),
      'some.trace:3: p: expected a process from 0 to 5, got 6',
    ],
    [
      'a value that is no number',
      edited(2, /("t:0\.1:election","[^"]*",0,)\d+/, '$1null'),
      'some.trace:2: decisions[0][3]: expected a whole number, got nothing',
    ],
    [
      'a third delay',
      edited(2, /("t:0\.1:election","[^"]*",0,\d+)/, '$1,2,3'),
      'some.trace:2: decisions[0]: expected a decision: [group, detail, nth, value] or [group, detail, nth, delay, delay], got a list of 6',
    ],
    [
      'a change of no known kind',
      edited(2, '"recovered"', '"discovered"'),
      /^some\.trace:2: changes\[0\]\[1\]\.kind: expected one of term-changed, .*got 'discovered'/,
    ],
    [
      'a change without its fields',
      edited(2, '"trusted":true', '"trusted":1'),
      'some.trace:2: changes[0][1].trusted: expected true or false, got 1',
    ],
    [
      'a digest that is missing',
      edited(last, /,"digest":"\w+"/, ''),
      /^some\.trace:\d+: digest: expected a digest at this event, got none$/,
    ],
    [
      'another digest than the header says',
      edited(last, /"digest":"\w+"/, '"digest":"0123456789abcdef"'),
      /^some\.trace:\d+: digest: expected [0-9a-f]{16}, as the header says, got 0123456789abcdef$/,
    ],
    [
      'a missing end',
      lines.slice(0, 5).join('\n'),
      /^some\.trace:6: expected \d+ events, as the header says, got 4: the file is cut off$/,
    ],
    [
      'a line that is cut off',
      lines.slice(0, 4).join('\n') + '\n' + (lines[4] ?? '').slice(0, 20),
      /^some\.trace:5: expected a line of JSON, got '\{.*': the file is cut off$/,
    ],
    [
      'too many lines',
      [...lines, lines[1], ''].join('\n'),
      /^some\.trace:\d+: expected the end of the file after \d+ events, as the header says, got more$/,
    ],
    [
      'a line that is too long',
      withLine(2, `"${'x'.repeat(TRACE_LIMITS.lineBytes)}"`),
      `some.trace:2: expected a line of at most ${TRACE_LIMITS.lineBytes} bytes, got a longer one`,
    ],
    [
      'more events than a trace may have',
      edited(1, /"events":\d+/, '"events":2000001'),
      'some.trace:1: events: expected a whole number from 0 to 2000000, got 2000001',
    ],
    [
      'data nested without end',
      edited(2, '"kind"', `"message":${'['.repeat(1000)}${']'.repeat(1000)},"kind"`),
      'some.trace:2: message: expected data nested at most 32 deep, got deeper data',
    ],
    [
      'an unknown strategy',
      edited(1, '"strategy":"random"', '"strategy":"guessed"'),
      "some.trace:1: recipe.strategy: expected one of random, edited, guided, pct, got 'guessed'",
    ],
    [
      'an edit that is no decision',
      edited(1, '"strategy":"random"', '"strategy":"edited","rest":"benign","edits":[["m:0>1:Ping","",0]]'),
      /^some\.trace:1: recipe\.edits\[0\]: expected a decision: \[group, detail, nth, value\]/,
    ],
    [
      'a size that no run has',
      edited(1, '"minimised":null', '"minimised":{"from":"0123456789abcdef","before":{"servers":-1}}'),
      /^some\.trace:1: minimised\.before\.servers: expected/,
    ],
    [
      'a key that reaches for the prototype',
      edited(1, '"settings":{', '"settings":{"__proto__":{"x":1}'),
      /^some\.trace:1: scenario\.protocol\.settings: expected another key, got the key '__proto__'/,
    ],
    [
      'control characters',
      '{"format":"\\u001b[31m\\u202e"}\n',
      `some.trace:1: expected "format": "faultline-trace", got '\\u001b[31m\\u202e'`,
    ],
  ] as const)('%s', (_, text, expected) => {
    const found = refusal(text);
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });

  it('a text that is too long', () => {
    const text = ' '.repeat(TRACE_LIMITS.unpackedBytes + 1);
    expect(refusal(text)).toBe(
      `some.trace: expected a trace of at most ${TRACE_LIMITS.unpackedBytes} bytes, got a longer one`,
    );
  });
});

describe('a trace that is too large is not written', () => {
  it('one line', () => {
    const note = 'x'.repeat(TRACE_LIMITS.lineBytes);
    const large = withEvent(violating, 2, { notes: [note] });
    expect(() => encodeTrace(large)).toThrow(
      `event 2: expected at most ${TRACE_LIMITS.lineBytes} bytes, got more`,
    );
  });

  it('all lines together', () => {
    const event = { ...violating.events[0], notes: ['x'.repeat(1_000_000)] };
    const large = { ...violating, events: Array.from({ length: 70 }, () => event) } as Trace;
    expect(() => encodeTrace(large)).toThrow(
      `a trace: expected at most ${TRACE_LIMITS.unpackedBytes} bytes, got more`,
    );
  });

  it('what is no plain data', () => {
    const odd = withEvent(violating, 2, { message: { balance: 3n } });
    expect(() => encodeTrace(odd)).toThrow(/^event 2: expected plain data, got /);
  });
});

/** Reading ends in a trace or in a UsageError of one line; whatever it accepts, it can write again. */
function survives(text: string): void {
  let trace: Trace;
  try {
    trace = parseTrace(text, 'f');
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toMatch(/^f(:\d+)?: .*expected [^\n]*, got [^\n]*$/);
    return;
  }
  expect(parseTrace(encodeTrace(trace), 'f')).toEqual(trace);
}

const JSON_LIKE = '{}[]",:0123456789-.eEtrufalsn\\ \n';

describe('whatever a file holds, reading it ends in a trace or in one line', () => {
  const short = encodeTrace(violating);

  it('random text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), survives));
  });

  it('random JSON', () => {
    fc.assert(fc.property(fc.array(fc.json()), (values) => survives(values.join('\n'))));
  });

  it('a trace with a piece replaced', () => {
    const place = fc.integer({ min: 0, max: short.length });
    const piece = fc.oneof(
      fc.string({ unit: fc.constantFrom(...JSON_LIKE), maxLength: 6 }),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 12 }), piece, (at, length, by) => {
        survives(short.slice(0, at) + by + short.slice(at + length));
      }),
      { numRuns: 300 },
    );
  });

  it('a trace with a value replaced', () => {
    const paths = pathsOf(lines.slice(0, 12).map((line) => JSON.parse(line) as unknown));
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0.5, 1e308, 2 ** 53, 'x'.repeat(300), {}, []));
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (path, by) => {
        const [line = 0, ...rest] = path;
        const changed = replaceAt(JSON.parse(lines[line as number] ?? '') as unknown, rest, by);
        survives(withLine((line as number) + 1, JSON.stringify(changed)));
      }),
      { numRuns: 500 },
    );
  });

  it('a trace with lines dropped, doubled or swapped', () => {
    const position = fc.nat({ max: lines.length - 1 });
    fc.assert(
      fc.property(position, position, fc.constantFrom('drop', 'double', 'swap'), (a, b, how) => {
        const copy = lines.slice();
        if (how === 'drop') copy.splice(a, 1);
        else if (how === 'double') copy.splice(a, 0, copy[b] ?? '');
        else [copy[a], copy[b]] = [copy[b] ?? '', copy[a] ?? ''];
        survives(`${copy.join('\n')}\n`);
      }),
    );
  });

  it('a header alone', () => {
    survives(lines[0] ?? '');
    survives(encodeTrace(withHeader({ ...violating, events: [] }, { events: 0 })));
  });
});
