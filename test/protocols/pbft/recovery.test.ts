import { describe, expect, it } from 'vitest';
import type { DiskSlot } from '../../../src/kernel/index.js';
import {
  IDENTITY_FILE,
  PbftReplica,
  batchDigest,
  checkpointFile,
  formatPbft,
  journalFile,
  parsePbftSettings,
  recover,
  type Commit,
  type Link,
  type Promised,
  type ReadRequest,
} from '../../../src/protocols/pbft/index.js';
import { createService, makeCommand } from '../../../src/services/index.js';
import { FakeHost, image, intact, rotten, torn } from '../fake-host.js';
import {
  Bench,
  CLIENT,
  checkpoint,
  choice,
  commit,
  kinds,
  newView,
  prePrepare,
  prepare,
  prepared,
  prove,
  request,
  viewChange,
} from './fixtures.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);

/** What a replica that starts from such a disk reports. */
function startFrom(files: ReadonlyMap<string, readonly DiskSlot[]>): FakeHost {
  const host = new FakeHost(1);
  const replica = new PbftReplica(host, [0, 1, 2, 3], createService('kv'), parsePbftSettings({}));
  replica.start(image(files));
  return host;
}

/** The disk of replica 1 after it has accepted a batch; its journals in full. */
function diskOf(bench: Bench): Map<string, readonly DiskSlot[]> {
  const disk = bench.host.crashImage();
  return new Map(disk.files().map((file) => [file, disk.read(file)]));
}

describe('pbft recovery', () => {
  it('votes again for what it had voted for, and for nothing else', () => {
    const bench = new Bench(1).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch))
      .sync()
      .crash()
      .sync();
    bench.receive(prePrepare(0, 0, 1, [request(3)]));
    expect(bench.rejections()).toEqual(['a second pre-prepare']);
    bench.receive(prepare(2, 0, 1, digest)).sync();
    expect(kinds(bench.sent(2))).toContain('Commit');
  });

  it('forgets what was never durable, and so was never said', () => {
    const bench = new Bench(1).sync();
    bench.sent();
    bench.receive(prePrepare(0, 0, 1, batch));
    expect(bench.sent()).toEqual([]);
    bench
      .crash()
      .sync()
      .receive(prePrepare(0, 0, 1, [request(3)]));
    expect(bench.rejections()).toEqual([]);
  });

  it('remembers that it was prepared, so that a view change tells', () => {
    const bench = new Bench(2).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch), prepare(1, 0, 1, digest))
      .sync()
      .crash()
      .sync();
    bench.receive(viewChange(0, 1), viewChange(3, 1));
    const message = bench
      .sync()
      .sent(0)
      .find(({ kind }) => kind === 'ViewChange');
    expect(message).toMatchObject({ prepared: [{ view: 0, sequence: 1, digest }] });
  });

  it('goes on waiting for the view that it had left for', () => {
    const bench = new Bench(2).sync();
    bench.receive(viewChange(0, 1), viewChange(3, 1)).sync().crash();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, false]);
    bench.receive(prePrepare(0, 0, 1, batch)).sync();
    expect(kinds(bench.sent(3))).not.toContain('Prepare');
  });

  it('is in the view that it had entered, with its pre-prepares', () => {
    const certificate = prepared(0, [1, 3], 0, 1, digest);
    const changes = [0, 1, 3].map((signer) => viewChange(signer, 1, [certificate]));
    const bench = new Bench(2).sync();
    bench
      .receive(newView(1, 1, changes, [choice(1, 1, 1, digest)]))
      .sync()
      .crash()
      .sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
    bench.receive(prepare(3, 1, 1, digest)).sync();
    const sent = bench.sent(0).filter(({ kind }) => kind === 'Commit');
    expect(sent).toMatchObject([{ view: 1, sequence: 1, digest }] satisfies Partial<Commit>[]);
  });

  it('a primary gives no place twice', () => {
    const bench = new Bench(0, 4, { 'batch-size': 1 }).sync();
    bench.receive(request(1)).sync().crash().sync();
    bench.sent();
    bench.receive(request(2));
    expect(bench.sync().sent(1)).toMatchObject([{ kind: 'PrePrepare', sequence: 2 }]);
  });

  it('begins from its newest checkpoint, and says its digest again when that is asked for', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 1 }).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest));
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest)).sync();
    const said = bench.sent(2).find(({ kind }) => kind === 'Checkpoint');
    expect(said).toMatchObject({ sequence: 1 });
    bench.crash().sync();
    expect(bench.host.events).toContainEqual(
      expect.objectContaining({ kind: 'snapshot-installed', index: 2 }),
    );
    const digestSaid = said?.kind === 'Checkpoint' ? said.digest : 0;
    bench.receive(checkpoint(0, 1, digestSaid), checkpoint(3, 1, digestSaid));
    expect(bench.state('stable')).toEqual([1, digestSaid]);
    // What it covers goes from the disk, and the next start knows that it is stable.
    bench.sync().crash();
    expect(bench.state('stable')).toEqual([1, digestSaid]);
  });

  it('a checkpoint is on the disk before its digest is said', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 1 }).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest)).sync();
    bench.sent();
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest));
    expect(kinds(bench.sent())).not.toContain('Checkpoint');
    expect(kinds(bench.sync().sent())).toContain('Checkpoint');
  });

  it('the checkpoint before it is there until it is known on the disk to be stable', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 1 }).sync();
    for (const sequence of [1, 2]) {
      const requests = [request(sequence)];
      const chosen = batchDigest(requests);
      bench.receive(prePrepare(0, 0, sequence, requests), prepare(2, 0, sequence, chosen)).sync();
      bench.receive(commit(2, 0, sequence, chosen), commit(3, 0, sequence, chosen)).sync();
      const said = bench.sent(2).find(({ kind }) => kind === 'Checkpoint') as { readonly digest: number };
      bench.receive(checkpoint(0, sequence, said.digest), checkpoint(3, sequence, said.digest));
      const before = checkpointFile(sequence - 1);
      if (sequence > 1) expect(bench.host.files()).toContain(before);
      expect(bench.sync().host.files()).not.toContain(before);
    }
  });

  it('what a stable checkpoint covers goes, though its own is on the disk too late each time', () => {
    const settings = { 'checkpoint-interval': 1, 'batch-size': 1 };
    const execute = (bench: Bench, sequence: number): void => {
      const requests = [request(sequence)];
      const chosen = batchDigest(requests);
      bench.receive(prePrepare(0, 0, sequence, requests));
      for (const backup of [2, 3]) bench.receive(prepare(backup, 0, sequence, chosen));
      for (const other of [0, 2, 3]) bench.receive(commit(other, 0, sequence, chosen));
    };
    const fast = new Bench(1, 4, settings).sync();
    const slow = new Bench(1, 4, settings).sync();
    for (const sequence of [1, 2]) {
      execute(fast, sequence);
      execute(slow, sequence);
      const said = fast
        .sync()
        .sent(2)
        .find(({ kind }) => kind === 'Checkpoint') as { readonly digest: number };
      slow.receive(...[0, 2, 3].map((other) => checkpoint(other, sequence, said.digest)));
    }
    const go = (syncs: number): void => {
      for (let i = 0; i < syncs; i++) slow.host.completeNth(slow.replica, 0);
    };
    expect(slow.state('stable')).toMatchObject([2, expect.anything()]);
    go(4);
    expect(slow.state('store')).toMatchObject({ sequences: [1], placing: 2 });
    expect(slow.host.files()).toContain(journalFile(2));
    go(2);
    expect(slow.host.files()).not.toContain(journalFile(1));
    // The state at 1 is all that it has, and stays.
    slow.crash();
    expect(slow.state('stable')).toMatchObject([2, expect.anything()]);
    expect(slow.host.files()).toContain(checkpointFile(1));
  });

  it('completes by itself what it alone votes on, when a start finds it half promised', () => {
    const bench = new Bench(0, 1).sync();
    bench.from(CLIENT, request(1));
    bench.replica.timerFired('batch');
    bench.sync().crash((slots) => {
      const accepted = slots.findIndex(
        ({ record }) => (record as { content?: Promised }).content?.kind === 'accepted',
      );
      return accepted < 0 ? slots : slots.slice(0, accepted + 1);
    });
    expect(bench.applied()).toEqual([]);
    expect(bench.sync().applied()).toEqual([1]);
  });

  it('a torn tail is cut', () => {
    const bench = new Bench(1).sync();
    const disk = diskOf(bench.receive(prePrepare(0, 0, 1, batch)).sync());
    const journal = disk.get(journalFile(1)) ?? [];
    expect(journal).toHaveLength(2);
    const host = startFrom(new Map(disk).set(journalFile(1), [...journal.slice(0, 1), torn]));
    expect(host.events).toContainEqual({ kind: 'recovered', term: 0, lastIndex: 0, trusted: true });
  });

  it.each<[string, (disk: Map<string, readonly DiskSlot[]>) => void, string]>([
    ['is blank', (disk) => void disk.clear(), 'the disk is blank'],
    [
      'has a rotten record',
      (disk) => void disk.set(journalFile(1), [...(disk.get(journalFile(1)) ?? []).slice(0, 1), rotten]),
      'the disk is damaged',
    ],
    [
      'has lost the beginning of its only journal',
      (disk) => {
        disk.delete(journalFile(1));
        disk.set(journalFile(2), []);
      },
      'the disk is damaged',
    ],
    ['has a rotten identity', (disk) => void disk.set(IDENTITY_FILE, [rotten]), 'the disk is damaged'],
    [
      'is a new one',
      (disk) =>
        void disk.set(
          IDENTITY_FILE,
          formatPbft(1, 1).map(({ record }) => intact(record)),
        ),
      'the disk is a new one, and this cluster takes no new replicas',
    ],
  ])('a replica does not run on a disk that %s', (_, damage, reason) => {
    const disk = diskOf(
      new Bench(1)
        .sync()
        .receive(prePrepare(0, 0, 1, batch))
        .sync(),
    );
    damage(disk);
    const host = startFrom(disk);
    expect(host.events).toContainEqual({ kind: 'refused-to-run', reason });
    expect(host.timers.size).toBe(0);
  });

  it('a record that a later one says was synced is damage, though it looks torn', () => {
    const bench = new Bench(1).sync();
    bench.receive(prePrepare(0, 0, 1, batch)).sync();
    bench.receive(prepare(2, 0, 1, digest)).sync();
    const disk = diskOf(bench);
    const journal = disk.get(journalFile(1)) ?? [];
    expect(journal).toHaveLength(3);
    const host = startFrom(disk.set(journalFile(1), [journal[0] as DiskSlot, torn, journal[2] as DiskSlot]));
    expect(host.events).toContainEqual({ kind: 'refused-to-run', reason: 'the disk is damaged' });
  });
});

describe('pbft recovery without its checkpoint', () => {
  it('promises hold, the state comes from others, and reads wait for it', () => {
    const settings = { 'checkpoint-interval': 1, 'read-only': true };
    const bench = new Bench(1, 4, settings).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest));
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest)).sync();
    const said = bench.sent().find(({ kind }) => kind === 'Checkpoint') as { readonly digest: number };
    bench.receive(checkpoint(2, 1, said.digest), checkpoint(3, 1, said.digest)).sync();
    const disk = diskOf(bench);
    expect([...disk.keys()]).toContain('checkpoint-1');
    const host = new FakeHost(1);
    const replica = new PbftReplica(host, [0, 1, 2, 3], createService('kv'), parsePbftSettings(settings));
    replica.start(image(disk.set('checkpoint-1', [rotten])));
    expect(host.events).toContainEqual({ kind: 'recovered', term: 0, lastIndex: 0, trusted: true });
    expect(host.events).toContainEqual({ kind: 'reached', situation: 'pbft/checkpoint-lost' });
    const encoded = replica.encode() as { readonly stable: unknown; readonly lastExecuted: unknown };
    expect([encoded.stable, encoded.lastExecuted]).toEqual([[1, said.digest], 0]);
    const command = makeCommand(CLIENT, 9, { op: 'get', key: 'k' }, 'read-index');
    const proof = prove(CLIENT, 'readRequest', 0, 9, command.hash);
    const read: ReadRequest = { kind: 'ReadRequest', command, proof };
    replica.receive(CLIENT, read);
    host.completeAll(replica);
    expect(host.take().map(({ message }) => message.kind)).not.toContain('ReadReply');
  });

  it('has no use for a checkpoint of a configuration whose links were not durable', () => {
    const [identity] = formatPbft(1, 0);
    const saved = (sequence: number, configuration: number): [string, DiskSlot[]] => [
      checkpointFile(sequence),
      [intact({ sequence, digest: sequence, state: { configuration, index: sequence } })],
    ];
    const start = (...content: Promised[]): ReturnType<typeof recover> => {
      const base = { position: 1, synced: 0, content: { kind: 'base', promised: content } };
      return recover(
        image(
          new Map([
            [IDENTITY_FILE, [intact(identity!.record)]],
            [journalFile(1), [intact(base)]],
            saved(16, 0),
            saved(32, 1),
          ]),
        ),
      );
    };
    expect(start()).toMatchObject({ states: [{ sequence: 16 }], damaged: [32] });
    const links = [{}] as unknown as readonly Link[];
    expect(start({ kind: 'configuration', links })).toMatchObject({
      states: [{ sequence: 16 }, { sequence: 32 }],
      damaged: [],
    });
  });
});
