// The library as a user's tests call it.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultPlan, seed, withFaults } from '../src/fast-check.js';
import {
  DoesNotHold,
  assertHolds,
  check,
  defineScenario,
  loadAuthentication,
  loadProtocol,
  loadScenario,
  loadTrace,
  minimise,
  replay,
  simulate,
  type Protocol,
} from '../src/index.js';
import { RaftReplica, raftProtocol } from '../src/protocol.js';
import { Checker, type CheckerContext, type ViolationSink } from '../src/checkers/index.js';
import { checkPlan } from '../src/faults/index.js';
import { writeTraceFile } from '../src/node/trace-file.js';
import { buggyImplementation, builtInImplementation } from '../src/simulator/index.js';
import { recordTrace } from '../src/simulator/record-trace.js';
import { forgetfulPrimary } from './fixtures/forgetful-primary.mjs';
import { primaryBackup } from './fixtures/primary-backup.mjs';

const MINE = fileURLToPath(new URL('fixtures/primary-backup.yaml', import.meta.url));

const small = defineScenario({
  name: 'test/library',
  title: 'Three servers, two clients',
  description: 'Short enough for tests.',
  protocol: { name: 'raft' },
  cluster: { nodes: 3 },
  workload: { clients: 2 },
  faults: { schedule: [{ at: '300ms', for: '500ms', do: 'isolate', on: 'leader' }] },
  bounds: { 'heal-at': '1s', 'stop-clients-at': '2s', end: '3s' },
  expect: { 'progress-within': '2s' },
});

describe('library: a protocol of thirty lines', () => {
  it('is caught by what its clients saw, though it reports nothing of itself', async () => {
    const file = fileURLToPath(new URL('fixtures/forgetful-primary.yaml', import.meta.url));
    const scenario = await loadScenario(file);
    expect(() => assertHolds(scenario, { seeds: 3, protocol: forgetfulPrimary })).toThrow(DoesNotHold);
  });
});

describe('library: simulate', () => {
  it('gives the same outcome for the same seed, number or text', () => {
    expect(simulate(small, 7)).toEqual(simulate(small, '7'));
    expect(simulate(small, 7).digest).not.toBe(simulate(small, 8).digest);
  });

  it("runs a user's subclass of Raft", () => {
    class Forgetful extends RaftReplica {
      protected override persistTermAndVote(): void {
        // Nothing is written.
      }
    }
    const { violation } = simulate(small, 1, { protocol: raftProtocol(Forgetful) });
    expect(violation?.invariant).toMatch(/^raft\//);
  });

  it('refuses faults beyond the failure model, unless they are asked for', async () => {
    const scenario = await loadScenario('raft/amnesia-beyond-model');
    expect(() => simulate(scenario, 1)).toThrow(/faults\.schedule\.1: 'wipe'/);
    expect(simulate(scenario, 1, { beyondModel: true }).status).toBe('violated');
  });

  it.each([
    [{}, /name: expected a short name/],
    [{ name: 'x' }, /settings: expected a function, got nothing/],
    [null, /expected a protocol object, got nothing/],
  ])('refuses %j as a protocol', (protocol, message) => {
    expect(() => simulate(small, 1, { protocol: protocol as unknown as Protocol })).toThrow(message);
  });

  it('a scenario that names a module needs its protocol passed in', async () => {
    const scenario = await loadScenario(MINE);
    expect(() => simulate(scenario, 1)).toThrow(
      /expected the protocol of .*primary-backup\.mjs#primaryBackup to be passed in/,
    );
    const protocol = await loadProtocol(scenario.protocol.module ?? '');
    expect(simulate(scenario, 1, { protocol }).violation?.invariant).toBe('any/agreement');
  });
});

describe('library: authentication', () => {
  const real = { ...small, authentication: 'real' as const };

  it('a scenario with real cryptography needs it passed in, and makes the same run', async () => {
    expect(() => simulate(real, 1)).toThrow('test/library: authentication: real: expected real cryptography');
    const authentication = await loadAuthentication();
    expect(simulate(real, 1, { authentication })).toEqual(simulate(small, 1));
    expect(check(real, { seeds: 1, authentication }).holds).toBe(true);
  });

  it('so does a trace of it', async () => {
    const authentication = await loadAuthentication();
    const implementation = { ...builtInImplementation(real), authentication };
    const { trace } = recordTrace(real, { seed: '1', strategy: 'random' }, implementation);
    expect(() => replay(trace)).toThrow('expected real cryptography');
    expect(replay(trace, { authentication })).toMatchObject({ kind: 'reproduced' });
    expect(replay(trace, { authentication, adapt: true })).toMatchObject({ kind: 'same' });
  });

  it('assertHolds says so in the line that repeats a failure', async () => {
    const scenario = { ...(await loadScenario(MINE)), authentication: 'real' as const };
    const authentication = await loadAuthentication();
    const protocol = primaryBackup as Protocol;
    const error = thrownBy(() => assertHolds(scenario, { seeds: 5, protocol, authentication }));
    expect((error as Error).message).toMatch(
      /again: simulate\(scenario, "1", { protocol, authentication }\)$/,
    );
  });
});

describe('library: check and assertHolds', () => {
  it('check reports every run, and which failed', () => {
    expect(check(small, { seeds: 3 })).toMatchObject({ scenario: 'test/library', holds: true, failures: [] });
    const report = check(small, { seeds: '5..8', bug: 'R44-ack-before-sync' });
    expect(report.runs.map((run) => run.seed)).toEqual(['5', '6', '7', '8']);
    expect(report.holds).toBe(report.failures.length === 0);
  });

  it('assertHolds is silent when it holds', () => {
    assertHolds(small, { seeds: ['a', 'b'] });
  });

  it("assertHolds catches the mistake of a user's protocol, with seed, digest, invariant and the line that repeats it", async () => {
    const scenario = await loadScenario(MINE);
    const protocol = primaryBackup as Protocol;
    const error = thrownBy(() => assertHolds(scenario, { seeds: 5, protocol }));
    expect(error).toBeInstanceOf(DoesNotHold);
    const { run, message } = error as DoesNotHold;
    expect(message).toBe(
      [
        `primary-backup, seed 1: violated any/agreement`,
        `  ${run.outcome.violation?.message ?? ''}`,
        `  at ${/at .* s/.exec(message)?.[0].slice(3) ?? ''}, event ${run.outcome.events}, digest ${run.outcome.digest}`,
        `  again: simulate(scenario, "1", { protocol })`,
      ].join('\n'),
    );
    expect(simulate(scenario, run.seed, { protocol }).digest).toBe(run.outcome.digest);
  });

  it('assertHolds of a bug, which has a name, gives the command line', () => {
    const error = thrownBy(() => assertHolds(small, { bug: 'R01-vote-not-persisted', seeds: 20 }));
    expect((error as Error).message).toMatch(
      /again: faultline run test\/library --seed \S+ --bug R01-vote-not-persisted$/,
    );
  });

  it.each([
    [0, /first seed not to be after the last/],
    ['1-5', /expected a range such as 1\.\.100/],
    [[], /expected at least one seed/],
    [1.5, /expected whole numbers/],
  ])('refuses %j as seeds', (seeds, message) => {
    expect(() => check(small, { seeds })).toThrow(message);
  });

  it('a control holds when it is violated', () => {
    const control = { ...small, expect: { ...small.expect, outcome: 'violated' as const } };
    expect(check(control, { seeds: 1 }).failures[0]?.reason).toBe(
      'control: expected a violation, but the run passed',
    );
    const [broken] = check(control, { seeds: 1, bug: 'R44-ack-before-sync' }).runs;
    expect(broken).toMatchObject({
      verdict: 'passed',
      isExpectedViolation: true,
      outcome: { status: 'violated' },
    });
  });
});

describe("library: a user's own checker", () => {
  const info = {
    id: 'mine/one-leader',
    title: 'Nobody but n1 leads.',
    statement: 'became-leader(p) implies p = 0',
    protocol: 'any',
    family: 'local',
    kind: 'safety',
    failureModel: 'none',
    source: 'a test',
  } as const;

  class OnlyTheFirst extends Checker {
    override readonly info = info;
    override onProtocolEvent(process: number, event: { readonly kind: string }): void {
      if (event.kind === 'became-leader' && process !== 0) this.violate(`n${process + 1} leads`);
    }
    override clone(context: CheckerContext, sink: ViolationSink): OnlyTheFirst {
      return new OnlyTheFirst(context, sink);
    }
  }

  it('is asked beside the built-in ones', () => {
    const checkers = [
      { info, create: (context: CheckerContext, sink: ViolationSink) => new OnlyTheFirst(context, sink) },
    ];
    const { failures } = check(small, { seeds: 10, checkers });
    expect(failures.length).toBeGreaterThan(0);
    for (const { outcome } of failures) expect(outcome.violation?.invariant).toBe('mine/one-leader');
  });
});

describe('library: traces', () => {
  it('a saved trace replays strictly and adapted', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'faultline-library-')), 'x.trace.jsonl.gz');
    const { trace } = recordTrace(small, { seed: '1', strategy: 'random' }, builtInImplementation(small));
    writeTraceFile(path, trace);
    const loaded = await loadTrace(path);
    expect(replay(loaded)).toMatchObject({ kind: 'reproduced', digest: trace.header.digest });
    expect(replay(loaded, { adapt: true })).toMatchObject({ kind: 'same' });
    expect(replay(loaded, { bug: 'R44-ack-before-sync' })).toMatchObject({ kind: 'diverged' });
  });
});

describe('library: minimise', () => {
  it('a failing trace becomes a small one with a story, which replays', () => {
    const bug = 'R44-ack-before-sync';
    const { trace } = recordTrace(small, { seed: '1', strategy: 'random' }, buggyImplementation(small, bug));
    const { trace: least, story } = minimise(trace, { runs: 200 });
    expect(least.header.verdict.invariant).toBe(trace.header.verdict.invariant);
    expect(least.header.minimised?.after.decisions).toBeLessThan(25);
    expect(least.header.minimised?.story).toBe(story.fingerprint);
    expect(replay(least).kind).toBe('reproduced');
    expect(replay(least, { adapt: true, bug: 'R25-commit-to-own-last-index' }).kind).toBe('not-reproduced');
  });

  it('a trace of a run that passed is refused', () => {
    const { trace } = recordTrace(small, { seed: '1', strategy: 'random' }, builtInImplementation(small));
    expect(thrownBy(() => minimise(trace))).toMatchObject({ code: 'nothing-to-minimise' });
  });
});

describe('library: fast-check', () => {
  it('plans are within the failure model, and Raft survives them', () => {
    fc.assert(
      fc.property(faultPlan(small, { maxFaults: 4 }), seed(), (plan, value) => {
        expect(checkPlan(plan, small.model)).toEqual([]);
        expect(simulate(withFaults(small, plan), value).status).not.toBe('violated');
      }),
      { numRuns: 30 },
    );
  });

  it('a failing plan shrinks to few faults', () => {
    const crashes = fc.property(faultPlan(small, { verbs: ['crash', 'pause', 'isolate'] }), (plan) => {
      const { status } = simulate(withFaults(small, plan), 1, { bug: 'R01-vote-not-persisted' });
      return status === 'passed';
    });
    const { failed, counterexample } = fc.check(crashes, { numRuns: 200 });
    expect(failed).toBe(true);
    expect(counterexample?.[0].schedule.length).toBeLessThanOrEqual(2);
  });

  it('a model without faults has empty plans', () => {
    const model = { crash: false, network: false, disk: 'none', clock: false, byzantine: 0 } as const;
    fc.assert(fc.property(faultPlan({ ...small, model }), (plan) => plan.schedule.length === 0));
  });
});

function thrownBy(body: () => void): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}
