// Configurations: what may follow what, and that mistakes in it are caught.

import { describe, expect, it } from 'vitest';
import {
  hashPlain,
  type Authenticator,
  type ClientHost,
  type ClientOutcome,
  type Message,
  type Proof,
  type Statement,
} from '../../../src/kernel/index.js';
import { findScenarios, loadScenarioFile } from '../../../src/node/scenario-files.js';
import { Configuration, configurationOf, VIEWS } from '../../../src/protocols/pbft/configuration.js';
import { changeOf, followLink, isHandover, type Link } from '../../../src/protocols/pbft/handover.js';
import {
  PbftReplica,
  StatementType,
  batchDigest,
  parsePbftSettings,
  pbftProtocol,
  replyDigest,
  type Checkpoint,
  type PbftReplicaClass,
  type Request,
} from '../../../src/protocols/pbft/index.js';
import { membersAfter } from '../../../src/protocols/pbft/known-configuration.js';
import type { Scenario } from '../../../src/scenario/index.js';
import { builtInImplementation, simulate } from '../../../src/simulator/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Bench, commit, kinds, prePrepare, prepare, prove } from './fixtures.js';

const OPERATOR = 9;

/** Proofs that are the text of what they prove. */
class Text implements Proof {
  constructor(
    readonly signer: number,
    readonly text: string,
  ) {}
  encode(): string {
    return this.text;
  }
}
const text = ({ type, configuration, view, sequence, digest }: Statement): string =>
  [type, configuration, view, sequence, digest].join('/');
/** As a signature, and as a MAC for everybody who is given it. */
const isOf = (signer: number, proof: Proof, said: string): boolean =>
  proof.signer === signer && proof.encode() === said;
const authenticatorOf = (self: number): Authenticator => ({
  sign: (statement) => new Text(self, text(statement)),
  authenticate: (statement) => new Text(self, `MAC ${text(statement)}`),
  verify: (signer, statement, proof) =>
    isOf(signer, proof, text(statement)) || isOf(signer, proof, `MAC ${text(statement)}`),
  keyEpoch: 0,
  refreshKeys: () => 0,
  learnKeys: () => true,
  verifySignature: (signer, statement, proof) => isOf(signer, proof, text(statement)),
});

const FIRST = new Configuration(0, [0, 1, 2, 3], undefined);

function link(number: number, members: readonly number[], signers: readonly number[], of = number - 1): Link {
  const command = makeCommand(OPERATOR, number, { do: 'configuration', members, faulty: 1 });
  const asked = { type: 1, configuration: 0, view: 0, sequence: number, digest: command.hash };
  const said = { type: 5, configuration: of, view: number, sequence: 8, digest: 77 };
  const proofs = signers.map((signer) => authenticatorOf(signer).sign(said));
  return {
    request: { kind: 'Request', command, proof: authenticatorOf(OPERATOR).sign(asked) },
    boundary: { sequence: 8, digest: 77, handover: number, proofs },
  };
}

const follow = (step: Link): Configuration | undefined =>
  followLink(step, FIRST, OPERATOR, authenticatorOf(0));

it('a client counts what it was told of a read in one configuration in no other', () => {
  const told: ClientHost = {
    self: 40,
    servers: [0, 1, 2, 3, 4, 5],
    authenticator: authenticatorOf(40),
    send: () => undefined,
    draw: (_name, least) => least,
  };
  const driver = pbftProtocol().createDriver(
    parsePbftSettings({ 'read-only': true }, { servers: 6, members: 6, byzantine: 1, operator: OPERATOR }),
  );
  driver.request(told, makeCommand(40, 1, { op: 'get', key: 'k' }, 'read-index'), 1);
  const answer = (from: number, configuration: number): ClientOutcome | undefined => {
    const digest = hashPlain('old');
    const said = replyDigest(40, digest, 3);
    const type = StatementType.readReply;
    const proof = authenticatorOf(from).sign({ type, configuration, view: 0, sequence: 1, digest: said });
    return driver.receive(told, from, {
      kind: 'ReadReply',
      sequence: 1,
      result: 'old',
      digest,
      index: 3,
      proof,
    } as Message);
  };
  for (const from of [0, 1, 2]) expect(answer(from, 0)).toBeUndefined();
  driver.receive(told, 0, { kind: 'Handover', links: [link(1, [0, 1, 2, 3], [0, 1, 2, 3])] } as Message);
  expect(answer(2, 1)).toBeUndefined();
  expect(answer(0, 1)).toBeUndefined();
  expect(answer(1, 1)).toMatchObject({ kind: 'ok', result: 'old' });
});

it('a client asks the members of a configuration that it has learnt of for all that is open', () => {
  const sent: [number, string, number][] = [];
  const host: ClientHost = {
    self: 40,
    servers: [0, 1, 2, 3, 4, 5],
    authenticator: authenticatorOf(40),
    send: (to, message) => void sent.push([to, message.kind, (message as Request).command.sequence]),
    draw: (_name, least) => least,
  };
  const driver = pbftProtocol().createDriver(
    parsePbftSettings({ 'read-only': true }, { servers: 6, members: 6, byzantine: 1, operator: OPERATOR }),
  );
  driver.request(host, makeCommand(40, 1, { op: 'put', key: 'k', value: 'x' }), 1);
  driver.request(host, makeCommand(40, 2, { op: 'get', key: 'k' }, 'read-index'), 1);
  sent.length = 0;
  const handover = { kind: 'Handover', links: [link(1, [2, 3, 4, 5], [0, 1, 2, 3])] } as Message;
  driver.receive(host, 0, handover);
  const everybody = [2, 3, 4, 5].map((to) => [to, 'Request', 1]);
  expect(sent).toEqual([...everybody, [2, 'Request', 2]]);
  driver.receive(host, 1, handover);
  expect(sent).toHaveLength(5);
});

describe('a link from one configuration to the next', () => {
  it('leads on when the operator has asked and a quorum of the old one has certified', () => {
    const next = follow(link(1, [0, 1, 2, 3, 4], [0, 1, 2]));
    expect(next?.members).toEqual([0, 1, 2, 3, 4]);
    expect(next?.quorum.strong).toBe(4);
    expect(next?.firstView).toBe(VIEWS);
  });

  it.each([
    ['too few have certified', link(1, [0, 1, 2, 3, 4], [0, 1])],
    ['one of them counts twice', link(1, [0, 1, 2, 3, 4], [0, 1, 1])],
    ['a newcomer certifies its own coming', link(1, [0, 1, 2, 3, 4], [0, 1, 4])],
    ['the votes are those of another configuration', link(1, [0, 1, 2, 3, 4], [0, 1, 2], 1)],
    ['it is a later step', link(2, [0, 1, 2, 3, 4], [0, 1, 2], 0)],
    ['the members cannot bear the faulty ones', link(1, [0, 1, 2], [0, 1, 2])],
    ['a process is in it twice', link(1, [0, 1, 2, 3, 4096 + 3], [0, 1, 2])],
  ])('proves nothing when %s', (_, step) => {
    expect(follow(step)).toBeUndefined();
  });

  it('proves nothing when one of the quorum has said so to this replica alone', () => {
    const step = link(1, [0, 1, 2, 3, 4], [0, 1, 2]);
    const { boundary } = step;
    const said = { type: 5, configuration: 0, view: 1, sequence: 8, digest: 77 };
    const proofs = [...boundary.proofs.slice(0, 2), authenticatorOf(2).authenticate(said, [0])];
    expect(authenticatorOf(0).verify(2, said, proofs[2] as Proof)).toBe(true);
    expect(follow({ ...step, boundary: { ...boundary, proofs } })).toBeUndefined();
  });

  it('proves nothing for a request that another has signed', () => {
    const step = link(1, [0, 1, 2, 3, 4], [0, 1, 2]);
    const forged = { ...step.request, proof: new Text(3, step.request.proof.encode()) };
    expect(follow({ ...step, request: forged })).toBeUndefined();
  });

  it('is told from what has not its form', () => {
    expect(isHandover({ kind: 'Handover', links: [link(1, [0, 1, 2, 3], [0, 1, 2])] } as never)).toBe(true);
    expect(isHandover({ kind: 'Handover', links: [{}] } as never)).toBe(false);
    const disordered = link(1, [0, 1, 2, 3], [2, 1, 0]);
    expect(isHandover({ kind: 'Handover', links: [disordered] } as never)).toBe(false);
    expect(isHandover({ kind: 'Handover', links: 3 } as never)).toBe(false);
  });
});

describe('numbers of views', () => {
  it('tell the configuration, and primaries are counted in its members', () => {
    const later = new Configuration(3, [1, 4, 6, 7], 1);
    expect(configurationOf(later.firstView + 5)).toBe(3);
    expect([0, 1, 4, 5].map((view) => later.primaryOf(later.firstView + view))).toEqual([0, 1, 0, 1]);
    expect(later.hasView(later.firstView - 1)).toBe(false);
  });
});

describe('what the operator asks for', () => {
  it('is in the order of the processes, which is that of signers in certificates', () => {
    expect(membersAfter({ do: 'replace', from: 3, to: 0 }, [1, 2, 3, 4])).toEqual([0, 1, 2, 4]);
    expect(membersAfter({ do: 'add-voter', member: 4096 }, [1, 2, 3])).toEqual([4096, 1, 2, 3]);
    expect(membersAfter({ do: 'remove', member: 2 }, [1, 2, 3])).toEqual([1, 3]);
    expect(membersAfter({ do: 'promote', member: 2 }, [1, 2, 3])).toMatch(/pbft knows no/);
    expect(changeOf({ do: 'configuration', members: [4, 3, 2, 1], faulty: 1 })).toBeUndefined();
  });
});

it('the state has of a change what its proof is of: nothing of how it came', () => {
  const cluster = { servers: 5, members: 4, byzantine: 1, operator: OPERATOR };
  const command = makeCommand(OPERATOR, 1, { do: 'configuration', members: [0, 1, 2, 4], faulty: 1 });
  const proof = prove(OPERATOR, 'request', 0, 1, command.hash);
  const digests = (['log', 'lease'] as const).map((read) => {
    const batch: Request[] = [{ kind: 'Request', command: { ...command, read }, proof }];
    const digest = batchDigest(batch);
    const bench = new Bench(2, 4, { 'checkpoint-interval': 1, window: 2 }, cluster).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(1, 0, 1, digest), commit(0, 0, 1, digest)).sync();
    bench.receive(commit(1, 0, 1, digest)).sync();
    return bench.sent(0).flatMap((message) => (message.kind === 'Checkpoint' ? [message.digest] : []));
  });
  expect(digests[0]).toHaveLength(1);
  expect(digests[0]).toEqual(digests[1]);
});

it('the end of a configuration is waited for, though clients are silent and the primary stops', () => {
  const cluster = { servers: 5, members: 4, byzantine: 1, operator: OPERATOR };
  const command = makeCommand(OPERATOR, 1, { do: 'configuration', members: [0, 1, 2, 4], faulty: 1 });
  const batch: Request[] = [
    { kind: 'Request', command, proof: prove(OPERATOR, 'request', 0, 1, command.hash) },
  ];
  const digest = batchDigest(batch);
  const bench = new Bench(2, 4, { 'checkpoint-interval': 4, window: 8 }, cluster).sync();
  bench.receive(prePrepare(0, 0, 1, batch), prepare(1, 0, 1, digest), commit(0, 0, 1, digest)).sync();
  bench.receive(commit(1, 0, 1, digest)).sync();
  expect(bench.state('lastExecuted')).toBe(1);
  expect(bench.host.timers.get('view-change')).toBeDefined();
});

describe('the last batch of a configuration', () => {
  const cluster = { servers: 5, members: 4, byzantine: 1, operator: OPERATOR };
  const members = [0, 1, 2, 4];
  const command = makeCommand(OPERATOR, 1, { do: 'configuration', members, faulty: 1 });
  const change: Request = {
    kind: 'Request',
    command,
    proof: prove(OPERATOR, 'request', 0, 1, command.hash),
  };
  const digest = batchDigest([change]);
  const agreed = [prePrepare(0, 0, 1, [change]), prepare(1, 0, 1, digest), commit(0, 0, 1, digest)];

  it('is waited for until a quorum has come to it: who lacks it may have left the view alone', () => {
    const bench = new Bench(2, 4, { 'checkpoint-interval': 1, window: 2 }, cluster).sync();
    bench.receive(...agreed, commit(1, 0, 1, digest)).sync();
    expect(bench.state('lastExecuted')).toBe(1);
    bench.sent();
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(0))).toContain('ViewChange');
  });

  it('and no longer: then the next one has begun, and there is nothing to wait for', () => {
    const bench = new Bench(2, 4, { 'checkpoint-interval': 1, window: 2 }, cluster).sync();
    bench.receive(...agreed, commit(1, 0, 1, digest)).sync();
    const own = bench.sent(0).find((message): message is Checkpoint => message.kind === 'Checkpoint');
    if (own === undefined) throw new Error('the checkpoint was not reached');
    for (const other of [0, 1]) {
      bench.receive({ ...own, proof: prove(other, 'checkpoint', 1, 1, own.digest) });
    }
    bench.sync().sent();
    expect(bench.state('configuration')).toMatchObject([1, 1, 0]);
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(0))).not.toContain('ViewChange');
  });
});

/** The switch is not journalled. */
class ForgetsLinks extends PbftReplica {
  protected override promise(...[content, bytes]: Parameters<PbftReplica['promise']>): void {
    if (content.kind !== 'configuration') super.promise(content, bytes);
  }
}

/** Believes nobody but members about the state. */
class AsksMembersOnly extends PbftReplica {
  protected override isFormerHolder(): boolean {
    return false;
  }
}

it('one that was left behind asks all servers: those that it knows of may be gone', () => {
  const cluster = { servers: 6, members: 4, byzantine: 1, operator: OPERATOR };
  const bench = new Bench(5, 4, {}, cluster).sync();
  bench.sent();
  bench.replica.timerFired('status');
  const asked = bench.host.take().filter(({ message }) => (message as Message).kind === 'Inquiry');
  expect(asked.map(({ to }) => to)).toEqual([0, 1, 2, 3, 4]);
});

describe('a cluster that changes', () => {
  const bundled = (name: string): Scenario => loadScenarioFile(findScenarios(name)[0] ?? { path: '' });
  const calm = bundled('pbft/reconfiguration');
  const run = (scenario: Scenario, Class: PbftReplicaClass, seed: string): string | undefined => {
    const implementation = { ...builtInImplementation(scenario), protocol: pbftProtocol(Class) };
    return simulate(scenario, { strategy: 'random', seed }, { implementation }).violation?.invariant;
  };

  it('comes through all of its changes', () => {
    expect(run(calm, PbftReplica, '3')).toBeUndefined();
  });

  it('is caught letting a replica act by a configuration whose links it has not written down', () => {
    const found = ['1', '2', '3'].map((seed) => run(calm, ForgetsLinks, seed));
    expect(found).toContain('pbft/left-views');
  });

  it('hands the state on to members of whom none was one before, and is caught when it does not', () => {
    const allReplaced = bundled('pbft/all-replaced');
    expect(run(allReplaced, PbftReplica, '1')).toBeUndefined();
    expect(run(allReplaced, AsksMembersOnly, '1')).toBe('any/progress');
  });
});
