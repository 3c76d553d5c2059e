/**
 * A protocol for tests of authentication, in which everything that is said is proved. Server 0 answers clients,
 * whose requests are signed, and its answers carry MACs. It signs what it did and tells the others, who keep it on
 * disk with its proof, read it back after a crash, and pass it on. From time to time everybody chooses new keys. The
 * last server lies: it speaks in the name of server 0. It is no consensus of any kind.
 */

import {
  canonical,
  hashPlain,
  type ClientDriver,
  type ClientHost,
  type ClientOutcome,
  type Command,
  type DiskImage,
  type Host,
  type Message,
  type Plain,
  type ProcessId,
  type Proof,
  type Protocol,
  type Replica,
  type Result,
  type StateMachine,
  type Statement,
} from '../../src/kernel/index.js';
import { defineScenario, type Scenario, type ScenarioInput } from '../../src/scenario/index.js';

const Kind = { request: 0, answer: 1, done: 2, newKey: 3 } as const;
const REFRESH_MICROS = 200_000;

const say = (type: number, sequence: number, digest: number): Statement => ({
  type,
  configuration: 0,
  view: 0,
  sequence,
  digest,
});

interface Request extends Message {
  readonly kind: 'Request';
  readonly command: Command;
  readonly proof: Proof;
}

interface Answer extends Message {
  readonly kind: 'Answer';
  readonly sequence: number;
  readonly result: Result;
  readonly proof: Proof;
}

/** What server 0 did at a place, or the new epoch of somebody's keys. */
interface Claim extends Message {
  readonly kind: 'Done' | 'NewKey';
  readonly by: ProcessId;
  readonly number: number;
  readonly digest: number;
  readonly proof: Proof;
}

const claimed = ({ kind, number, digest }: Claim): Statement =>
  say(kind === 'Done' ? Kind.done : Kind.newKey, number, digest);

class SealedReplica implements Replica {
  private done = 0;
  private kept: Claim[] = [];

  constructor(
    private readonly host: Host,
    private readonly members: readonly ProcessId[],
    private readonly service: StateMachine,
  ) {}

  start(disk: DiskImage): void {
    const { host } = this;
    for (const { intact, record } of disk.read('claims')) {
      if (!intact) continue;
      const claim = record as Claim;
      this.judge('read back', claim.by, claimed(claim), claim.proof);
      this.kept.push(claim);
    }
    host.emit({ kind: 'note', text: `kept: ${this.kept.length}` });
    host.setTimer('refresh', REFRESH_MICROS, 2 * REFRESH_MICROS);
    if (host.self === this.members.length - 1) host.setTimer('lie', REFRESH_MICROS, REFRESH_MICROS);
  }

  receive(from: ProcessId, message: Message): void {
    if (message.kind === 'Request') this.request(from, message as Request);
    else this.claim(message as Claim);
  }

  timerFired(name: string): void {
    const { host } = this;
    if (name === 'lie') return this.lie();
    const epoch = host.authenticator.refreshKeys();
    const proof = host.authenticator.sign(say(Kind.newKey, epoch, 0));
    this.tell({ kind: 'NewKey', by: host.self, number: epoch, digest: 0, proof });
    host.setTimer('refresh', REFRESH_MICROS, 2 * REFRESH_MICROS);
  }

  clone(host: Host): Replica {
    const copy = new SealedReplica(host, this.members, this.service.clone());
    copy.done = this.done;
    copy.kept = [...this.kept];
    return copy;
  }

  encode(): Plain {
    return { done: this.done, kept: this.kept.map(({ proof }) => proof.encode()) };
  }

  private request(from: ProcessId, { command, proof }: Request): void {
    const { host } = this;
    if (
      host.self !== 0 ||
      !this.judge('request', from, say(Kind.request, command.sequence, command.hash), proof)
    )
      return;
    const result = this.service.apply(command, 0);
    const answer = say(Kind.answer, command.sequence, hashPlain(result) | 0);
    const seal = host.authenticator.authenticate(answer, [from]);
    const message: Answer = { kind: 'Answer', sequence: command.sequence, result, proof: seal };
    host.send(from, message);
    const number = ++this.done;
    const digest = this.service.digest() | 0;
    const done = host.authenticator.sign(say(Kind.done, number, digest));
    this.tell({ kind: 'Done', by: 0, number, digest, proof: done });
  }

  private claim(claim: Claim): void {
    const { host } = this;
    if (!this.judge(claim.kind, claim.by, claimed(claim), claim.proof)) return;
    if (claim.kind === 'NewKey') {
      const isNews = host.authenticator.learnKeys(claim.by, claim.number);
      host.emit({ kind: 'note', text: `keys of ${claim.by}: ${claim.number} ${isNews ? 'learnt' : 'old'}` });
      return;
    }
    if (this.kept.some(({ number }) => number === claim.number)) return;
    this.kept.push(claim);
    host.append('claims', claim, 100);
    host.sync('claims');
    this.tell(claim);
  }

  private lie(): void {
    const { host } = this;
    const statement = say(Kind.done, 1_000_000, host.incarnation);
    const { sequence: number, digest } = statement;
    const own = host.authenticator.sign(statement);
    const forged: Proof = { signer: 0, encode: () => own.encode() };
    const others = this.members.filter((member) => member % 2 === 0);
    for (const proof of [own, forged, host.authenticator.authenticate(statement, others)]) {
      this.tell({ kind: 'Done', by: 0, number, digest, proof });
      this.tell({ kind: 'Done', by: host.self, number, digest: digest + 1, proof });
    }
    host.setTimer('lie', REFRESH_MICROS, REFRESH_MICROS);
  }

  private judge(what: string, signer: ProcessId, statement: Statement, proof: Proof): boolean {
    const isProved = this.host.authenticator.verify(signer, statement, proof);
    if (!isProved) this.host.emit({ kind: 'rejected', reason: `${what} of ${signer}` });
    return isProved;
  }

  private tell(message: Claim): void {
    for (const member of this.members) if (member !== this.host.self) this.host.send(member, message);
  }
}

class SealedDriver implements ClientDriver {
  request(host: ClientHost, command: Command): void {
    const proof = host.authenticator.sign(say(Kind.request, command.sequence, command.hash));
    const message: Request = { kind: 'Request', command, proof };
    host.send(0, message);
  }

  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined {
    const { sequence, result, proof } = message as Answer;
    const statement = say(Kind.answer, sequence, hashPlain(result) | 0);
    if (!host.authenticator.verify(from, statement, proof)) return undefined;
    return { kind: 'ok', sequence, result, index: 0 };
  }

  clone(): ClientDriver {
    return new SealedDriver();
  }
}

export const sealedProtocol: Protocol = {
  name: 'sealed',
  settings: (raw) => canonical(raw),
  createReplica: (host, members, service) => new SealedReplica(host, members, service),
  createDriver: () => new SealedDriver(),
  maxTimerMicros: () => 2 * REFRESH_MICROS,
};

export function sealedScenario(authentication: ScenarioInput['authentication']): Scenario {
  return defineScenario({
    name: 'test/sealed',
    title: 'Everything is proved',
    description: 'For tests.',
    protocol: { name: 'sealed' },
    cluster: { nodes: 4 },
    workload: { clients: 2, rate: '20/s' },
    authentication,
    faults: { random: [{ do: 'crash', on: ['n2', 'n3'], every: '200ms..400ms', for: '50ms..100ms' }] },
    bounds: { 'heal-at': '1500ms', 'stop-clients-at': '2s', end: '3s' },
    expect: { 'progress-within': 'none' },
  });
}
