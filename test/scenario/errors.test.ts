import { describe, expect, test } from 'vitest';

import { serviceNames } from '../../src/services/index.js';
import { errorOf, load, minimal } from './support.js';

const NAMES = serviceNames.join(', ');
const error = (text: string): string => errorOf(() => load(text));
const scheduled = (entry: string): string => error(minimal(`faults:\n  schedule:\n    - { ${entry} }\n`));
const random = (entry: string): string => error(minimal(`faults:\n  random:\n    - { ${entry} }\n`));

describe('scenario errors: unknown words are named with the nearest valid one', () => {
  test.each([
    [
      'clutser: {}',
      "a.yaml:4:1: clutser: expected one of name, title, description, extends, protocol, cluster, model, service, workload, network, disk, clock, process, authentication, admission, authority, faults, operator, expect, bounds, swarm, got 'clutser'\ndid you mean 'cluster'?",
    ],
    [
      'cluster: { noodes: 5 }',
      "a.yaml:4:12: cluster.noodes: expected one of nodes, members, version, topology, got 'noodes'\ndid you mean 'nodes'?",
    ],
    [
      'network: { delay: { unifrom: 1ms..2ms } }',
      "a.yaml:4:21: network.delay.unifrom: expected one of constant, uniform, long-tail, got 'unifrom'\ndid you mean 'uniform'?",
    ],
    [
      'model: { disk: detectible }',
      "a.yaml:4:16: model.disk: expected one of none, detectable, amnesia, got 'detectible'\ndid you mean 'detectable'?",
    ],
    [
      'workload: { key-distribution: zpif }',
      "a.yaml:4:31: workload.key-distribution: expected uniform, zipf, zipf with an exponent such as zipf 1.5 (at most 10), or hot keys and their share such as hot 2 90%, got 'zpif'\ndid you mean 'zipf'?",
    ],
    [
      'workload: { reads: leese }',
      "a.yaml:4:20: workload.reads: expected one of log, read-index, lease, follower, session, stale, or a map of them to weights, one of them above 0, got 'leese'\ndid you mean 'lease'?",
    ],
    [
      'workload: { reads: { stail: 1 } }',
      "a.yaml:4:22: workload.reads.stail: expected one of log, read-index, lease, follower, session, stale, got 'stail'\ndid you mean 'stale'?",
    ],
    [
      'service: kw',
      `a.yaml:4:10: service: expected one of ${NAMES}, or a map of name, settings, sessions and shadow, got 'kw'\ndid you mean 'kv'?`,
    ],
    [
      'service: { nam: kv }',
      "a.yaml:4:12: service.nam: expected one of name, settings, sessions, shadow, got 'nam'\ndid you mean 'name'?",
    ],
    [
      'service: { name: kv, shadow: kv-nxt }',
      `a.yaml:4:30: service.shadow: expected one of ${NAMES}, got 'kv-nxt'\ndid you mean 'kv-next'?`,
    ],
    [
      'service: { sessions: { timeout: nevr } }',
      "a.yaml:4:33: service.sessions.timeout: expected a duration such as 150ms or 2s, at most 24h, or 'never', got 'nevr'\ndid you mean 'never'?",
    ],
    [
      'service: { name: kv, settings: { acounts: 5 } }',
      'a.yaml:4:43: service.settings.acounts: unknown kv setting, expected none',
    ],
    [
      'workload: { mix: { gte: 1, put: 1 } }',
      "a.yaml:4:20: workload.mix.gte: expected an operation of kv: one of get, put, delete, cas, append, txn, got 'gte'\ndid you mean 'get'?",
    ],
    [
      'process: { restart-after-halt: nevr }',
      "a.yaml:4:32: process.restart-after-halt: expected a duration such as 150ms or 2s, at most 24h, or 'never', got 'nevr'\ndid you mean 'never'?",
    ],
  ])('%s', (more, expected) => {
    expect(error(minimal(more))).toBe(expected);
  });
});

describe('scenario errors: wrong types and impossible values', () => {
  test.each([
    ['cluster: { nodes: 0 }', 'a.yaml:4:19: cluster.nodes: expected a whole number from 1 to 64, got 0'],
    [
      'cluster:\n  nodes: 1000000000000',
      'a.yaml:5:10: cluster.nodes: expected a whole number from 1 to 64, got 1000000000000',
    ],
    ['cluster: { nodes: 2.5 }', 'a.yaml:4:19: cluster.nodes: expected a whole number from 1 to 64, got 2.5'],
    [
      'cluster: { nodes: five }',
      "a.yaml:4:19: cluster.nodes: expected a whole number from 1 to 64, got 'five'",
    ],
    [
      'cluster: { nodes: .inf }',
      'a.yaml:4:19: expected a text, a finite number, true, false, a list or a map, got Infinity',
    ],
    ['cluster: [5]', 'a.yaml:4:1: cluster: expected a map, got a list of 1'],
    [
      'network: { delay: -5ms }',
      "a.yaml:4:19: network.delay: expected a distribution: 2ms, 1ms..5ms (lower end first), { constant: 2ms }, { uniform: 1ms..5ms } or { long-tail: { median: 1ms, max: 50ms } }, got '-5ms'",
    ],
    [
      'network: { delay: { uniform: 5ms..2ms } }',
      "a.yaml:4:30: network.delay.uniform: expected a duration or a range such as 150ms..300ms (lower end first), at most 24h, got '5ms..2ms'",
    ],
    [
      'network: { delay: { uniform: 1ms, constant: 1ms } }',
      'a.yaml:4:12: network.delay: expected exactly one of constant, uniform, long-tail, got a map',
    ],
    [
      'network:\n  delay:\n    long-tail: { median: 10ms, max: 2ms }',
      'a.yaml:5:3: network.delay: expected min, median and max in ascending order, got a map',
    ],
    [
      'network:\n  delay:\n    long-tail: { median: 10ms }',
      'a.yaml:6:5: network.delay.long-tail.max: expected a duration such as 150ms or 2s, at most 24h, got nothing',
    ],
    [
      'faults:\n  random:\n    - { every: 5..40 commits, for: 200ms, do: rollback, on: there }',
      'a.yaml:6:16: faults.random.0.every: expected lengths of time, such as 1s..3s, for a rollback, got a moment',
    ],
    ['network: { ordered: 1 }', 'a.yaml:4:21: network.ordered: expected true or false, got 1'],
    [
      'network: { loss: 0.05 }',
      'a.yaml:4:18: network.loss: expected a ratio such as 3/100 or 1%, from 0 to 1, got 0.05\nwrite a fraction or a percentage, such as 1/20 or 5%',
    ],
    [
      'network: { loss: 3/2 }',
      "a.yaml:4:18: network.loss: expected a ratio such as 3/100 or 1%, from 0 to 1, got '3/2'",
    ],
    [
      'bounds: { heal-at: 8 }',
      'a.yaml:4:20: bounds.heal-at: expected a duration such as 150ms or 2s, at most 24h, got 8\nwrite the unit: 8ms or 8s',
    ],
    [
      'bounds: { end: 30h }',
      "a.yaml:4:16: bounds.end: expected a duration of at least 1us, such as 150ms or 2s, at most 24h, got '30h'",
    ],
    [
      'bounds: { heal-at: 15s }',
      "a.yaml:4:20: bounds.heal-at: expected at most bounds.stop-clients-at (14s), got '15s'",
    ],
    [
      'bounds: { stop-clients-at: 21s }',
      "a.yaml:4:28: bounds.stop-clients-at: expected at most bounds.end (20s), got '21s'",
    ],
    [
      'workload: { clients: 1000 }',
      'a.yaml:4:22: workload.clients: expected a whole number from 0 to 256, got 1000',
    ],
    [
      'workload: { mix: { get: 0 } }',
      'a.yaml:4:13: workload.mix: expected at least one weight above 0, got a map',
    ],
    [
      'workload: { attempt-timeout: 9s }',
      "a.yaml:4:30: workload.attempt-timeout: expected at most workload.operation-timeout (5s), got '9s'",
    ],
    [
      'workload: { retry: { base: 2s } }',
      "a.yaml:4:28: workload.retry.base: expected at most workload.retry.cap (1s), got '2s'",
    ],
    [
      'model: { byzantine: 2 }',
      'a.yaml:4:21: model.byzantine: expected at most 1: tolerating f of them takes 3f + 1 nodes, and there are 5, got 2',
    ],
    [
      'faults: { damaged-disks: 3 }',
      'a.yaml:4:26: faults.damaged-disks: expected at most 2, a minority of 5 nodes, got 3',
    ],
    [
      'cluster: { members: 6 }',
      'a.yaml:4:21: cluster.members: expected at most 5, as many as there are nodes, got 6',
    ],
    [
      'cluster: { members: 3 }\nfaults: { damaged-disks: 2 }',
      'a.yaml:5:26: faults.damaged-disks: expected at most 1, a minority of 3 members, got 2',
    ],
    [
      'expect: { progress-within: 13s }',
      "a.yaml:4:28: expect.progress-within: expected at most 12s, from bounds.heal-at to bounds.end, got '13s'",
    ],
    [
      'expect: { invariant: raft/election-safety }',
      "a.yaml:4:22: expect.invariant: expected expect.outcome to be 'violated' when an invariant is named, got 'passed'",
    ],
    [
      'cluster:\n  topology:\n    regions: { eu: [n1, n2], us: n2 }',
      'a.yaml:6:34: cluster.topology.regions.us: expected every process in one place, got n2 in both eu and us',
    ],
    [
      'cluster:\n  topology:\n    regions: { EU: n1 }',
      "a.yaml:6:16: cluster.topology.regions.EU: expected a name of lower-case letters, digits and dashes that begins with a letter, got 'EU'",
    ],
    [
      'cluster:\n  topology:\n    regions: { eu: n1..n2, us: n3..n5 }\n    zones: { a: [n1, n3] }',
      "a.yaml:5:3: cluster.topology: expected every name to stand for one region, zone or rack, got 'a' for eu/a and, at n3, for us/a",
    ],
    [
      'cluster:\n  topology:\n    regions: { eu: n1 }\n    delays: [{ between: [eu, uk], extra: 5ms }]',
      "a.yaml:7:30: cluster.topology.delays.0.between.1: expected the name of a place where somebody stands: eu, got 'uk'",
    ],
  ])('%s', (more, expected) => {
    expect(error(minimal(more))).toBe(expected);
  });

  test('what must be there is missed where it should stand', () => {
    expect(error('description: D\nprotocol: { name: raft }\n')).toBe(
      'a.yaml:1:1: title: expected a text of one line, from 1 to 120 characters, got nothing',
    );
    expect(error('title: T\ndescription: D\nprotocol: {}\n')).toBe(
      'a.yaml:3:1: protocol: expected the name of a protocol such as raft, or a module, got neither',
    );
    expect(error('titel: T\ndescription: D\nprotocol: { name: raft }\n')).toMatch(
      /^a\.yaml:1:1: titel: .*\ndid you mean 'title'\?$/,
    );
  });
});

describe('scenario errors: faults', () => {
  test('an unknown verb is named with the nearest one', () => {
    expect(scheduled('at: 1s, do: crush, on: leader')).toMatch(
      /^a\.yaml:6:21: faults\.schedule\.0\.do: expected one of crash, .*, clock-drift, got 'crush'\ndid you mean 'crash'\?$/,
    );
    expect(scheduled('at: 1s, on: leader')).toMatch(
      /^a\.yaml:6:7: faults\.schedule\.0\.do: .*, got nothing$/,
    );
  });

  test.each([
    [
      'at: 1s, do: crash, on: n9',
      "a.yaml:6:32: faults.schedule.0.on: expected a server of this cluster: n1 to n5, got 'n9'",
    ],
    [
      'at: 1s, do: partition, groups: [[n1, n2], [n3, n9]]',
      "a.yaml:6:51: faults.schedule.0.groups.1: expected a server of this cluster: n1 to n5, got 'n9'",
    ],
    [
      'at: 1s, do: partition, groups: [[n1, n2], [n2, n3]]',
      'a.yaml:6:32: faults.schedule.0.groups: expected every server in one group, got one of them in two',
    ],
    [
      'at: 1s, do: partition, groups: [leader]',
      'a.yaml:6:32: faults.schedule.0.groups: expected at least 2 items, got a list of 1',
    ],
    [
      'at: 1s, do: crash, on: leeder',
      "a.yaml:6:32: faults.schedule.0.on: expected leader, followers, all, minority, random, random 2, random follower, random zone, n1, [n1, n2] or { region: NAME }, got 'leeder'\ndid you mean 'leader'?",
    ],
    [
      'at: 1s, do: crash, on: { regoin: eu }',
      "a.yaml:6:34: faults.schedule.0.on.regoin: expected one of region, zone, rack, got 'regoin'\ndid you mean 'region'?",
    ],
    [
      'at: 1s, do: crash, on: { region: eu }',
      "a.yaml:6:42: faults.schedule.0.on.region: expected a region where somebody stands: local, got 'eu'",
    ],
    [
      'at: 1s, do: crash, on: random zone',
      'a.yaml:6:32: faults.schedule.0.on: expected servers in at least two zones (cluster.topology.zones), got all of them in one',
    ],
    [
      'at: 1s, do: crash, on: random 9',
      'a.yaml:6:32: faults.schedule.0.on: expected at most 5 servers, as many as there are, got 9',
    ],
    [
      'at: 1s, do: crash, on: [n1, x2]',
      "a.yaml:6:37: faults.schedule.0.on.1: expected the name of a process such as n1 or c2, or a range such as n1..n3, got 'x2'",
    ],
    ['at: 1s, do: crash, on: c1', 'a.yaml:6:32: faults.schedule.0.on: expected servers only, got c1'],
    [
      'at: 1s, for: 1s, do: bit-rot, on: n1',
      "a.yaml:6:17: faults.schedule.0.for: expected no duration, since this fault is over at once, got 'for'",
    ],
    [
      'at: 1s, do: wipe, on: n1',
      'a.yaml:6:7: faults.schedule.0.for: expected a duration of at least 1ms, such as 150ms or 2s, at most 24h, got nothing',
    ],
    [
      'at: 9s, do: heal',
      "a.yaml:6:13: faults.schedule.0.at: expected a time before bounds.heal-at (8s), got '9s'",
    ],
    [
      'at: 1s, do: bridge, bridge: [n1, n2]',
      'a.yaml:6:29: faults.schedule.0.bridge: expected one server: n3, leader or random, got a list of 2',
    ],
    [
      'at: 1s, do: degrade, from: leader',
      'a.yaml:6:7: faults.schedule.0: expected at least one of delay, loss, duplicate, corrupt, bandwidth, queue, ordered, got none',
    ],
    [
      'at: 1s, do: clock-drift, on: n1, by: 0ppm',
      "a.yaml:6:46: faults.schedule.0.by: expected parts per million such as 200ppm or -200ppm, not 0, at most 100000ppm, got '0ppm'",
    ],
  ])('%s', (entry, expected) => {
    expect(scheduled(entry)).toBe(expected);
  });

  test('a random fault that lasts must say how long', () => {
    expect(random('every: 1s, do: crash, on: n1')).toBe(
      'a.yaml:6:7: faults.random.0.for: expected a duration or a range such as 1s..4s (lower end first), from 1ms to 24h, got nothing',
    );
    expect(random('every: 4s..1s, for: 1s, do: crash, on: n1')).toMatch(
      /^a\.yaml:6:16: faults\.random\.0\.every: .*, got '4s\.\.1s'$/,
    );
  });

  test('small clusters have no minority, no bridge and no ring', () => {
    const two = (entry: string): string =>
      error(minimal(`cluster: { nodes: 2 }\nfaults:\n  schedule:\n    - { at: 1s, ${entry} }\n`));
    expect(two('do: crash, on: minority')).toContain(
      'expected a cluster of at least 3 nodes, to have a minority, got 2',
    );
    expect(two('do: majority-ring')).toContain(
      'expected a cluster of at least 3 nodes for this fault, got 2',
    );
  });

  test('a thousand and one faults are too many', () => {
    const entries = '    - { at: 1s, do: heal }\n'.repeat(1001);
    expect(error(minimal(`faults:\n  schedule:\n${entries}`))).toBe(
      'a.yaml:5:3: faults.schedule: expected at most 1000 items, got a list of 1001',
    );
  });
});

describe('scenario errors: text that is no YAML, or too much of it', () => {
  test.each([
    [
      'malformed',
      minimal('cluster: { nodes: 5\nfoo: [}'),
      'a.yaml:5:1: not valid YAML: Flow map in block collection must be sufficiently indented and end with a }',
    ],
    [
      'a tab',
      minimal('cluster:\n\tnodes: 5\n'),
      'a.yaml:5:1: not valid YAML: Tabs are not allowed as indentation',
    ],
    ['a repeated key', minimal('title: X\n'), 'a.yaml:4:1: title: expected once, got a second time'],
    ['a second document', minimal('---\na: 1\n'), 'a.yaml:4:1: expected one YAML document, got a second one'],
    ['a number as key', minimal('7: 3\n'), 'a.yaml:4:1: expected a word as the key, got 7'],
    ['a dangerous key', minimal('__proto__: 3\n'), "a.yaml:4:1: expected a word as the key, got '__proto__'"],
    [
      'an unknown tag',
      minimal('cluster: !foo { nodes: 3 }'),
      'a.yaml:4:10: not valid YAML: Unresolved tag: !foo',
    ],
    [
      'a list',
      '- 1\n- 2\n',
      'a.yaml:1:1: expected a map of keys such as title, cluster and faults, got a list',
    ],
    ['nothing', '', 'a.yaml:1:1: expected a map of keys such as title, cluster and faults, got nothing'],
    [
      'control characters',
      'title: "a\\u001b[31m"\ndescription: D\nprotocol: { name: raft }\n',
      "a.yaml:1:8: title: expected a text of one line, from 1 to 120 characters, got 'a\\u001b[31m'",
    ],
    [
      'an alias in its own anchor',
      'a: &a [*a]\n',
      "a.yaml:1:8: expected an anchor that is complete before this, got '*a'",
    ],
    ['a huge file', '#'.repeat(300_000), 'a.yaml: expected at most 256 KiB of text'],
    [
      'a huge value',
      `title: ${'x'.repeat(20_000)}`,
      'a.yaml:1:8: expected at most 16384 characters in one value',
    ],
    ['deep flow nesting', '['.repeat(100_000), 'a.yaml:1:43: expected at most 40 levels of nesting'],
    ['deep block nesting', '- '.repeat(100_000), 'a.yaml:1:84: expected at most 40 levels of nesting'],
    [
      'very many values',
      `title: [${'1,'.repeat(60_000)}]`,
      'a.yaml:1:66672: expected at most 100000 words and signs',
    ],
  ])('%s', (_, text, expected) => {
    expect(error(text)).toBe(expected);
  });

  test('aliases that multiply are counted before they cost anything', () => {
    const ten = (name: string): string => Array.from({ length: 10 }, () => name).join(', ');
    const bomb = [
      `a: &a [${ten('x')}]`,
      `b: &b [${ten('*a')}]`,
      `c: &c [${ten('*b')}]`,
      `d: &d [${ten('*c')}]`,
      `e: &e [${ten('*d')}]`,
    ];
    expect(error(bomb.join('\n'))).toMatch(
      /^a\.yaml:[45]:\d+: expected at most 50000 values, those repeated by aliases included$/,
    );
  });
});
