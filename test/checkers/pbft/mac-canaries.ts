/** Stories with MACs: what correct replicas do, and what the checkers must see when one of them does not. */

import {
  parsePbftSettings,
  type Checkpointed,
  type MacNewView,
  type MacViewChange,
  type Tuple,
} from '../../../src/protocols/pbft/index.js';
import { PbftStage, proof } from './stage.js';

const SETTINGS = parsePbftSettings({ 'checkpoint-interval': 2, window: 4, proofs: 'macs' });
const BEGINNING: readonly Checkpointed[] = [{ sequence: 0, digest: 0 }];

interface Words {
  readonly prepared?: readonly Tuple[];
  readonly prePrepared?: readonly Tuple[];
  readonly stable?: number;
  readonly checkpoints?: readonly Checkpointed[];
}

export class MacStage extends PbftStage {
  private readonly said = new Map<number, MacViewChange>();

  constructor(servers = 4) {
    super(servers, { settings: SETTINGS });
  }

  leaveFor(view: number, replica: number, words: Words = {}): MacViewChange {
    const { prepared = [], prePrepared = [], stable = 0, checkpoints = BEGINNING } = words;
    const body = { kind: 'MacViewChange', view, stable, checkpoints, prepared, prePrepared } as const;
    const message: MacViewChange = { ...body, proof: proof(replica) };
    this.said.set(replica, message);
    if (this.faulty.has(replica)) return message;
    this.promise(replica, { kind: 'mac-view-change', message });
    this.send(replica, message);
    return message;
  }

  begins(
    view: number,
    digests: readonly number[],
    checkpoint: Checkpointed = { sequence: 0, digest: 0 },
    senders: readonly number[] = this.replicas.slice(0, this.quorum),
  ): MacNewView {
    const signer = proof(this.primaryOf(view));
    return {
      kind: 'MacNewView',
      view,
      viewChanges: senders.map((sender) => this.said.get(sender) as MacViewChange),
      checkpoint,
      choices: digests.map((digest, i) => ({ sequence: checkpoint.sequence + i + 1, digest, proof: signer })),
      proof: signer,
    };
  }

  /** The primary begins the view, and everybody enters it. */
  beginWith(message: MacNewView): void {
    const primary = this.primaryOf(message.view);
    for (const replica of this.replicas) {
      if (this.faulty.has(replica)) continue;
      this.promise(replica, { kind: 'mac-new-view', message });
      if (replica === primary) this.send(primary, message);
      this.emit(replica, { kind: 'became-follower', term: message.view });
    }
  }
}

export const seven: Tuple = { view: 0, sequence: 1, digest: 7 };
export const words: Words = { prepared: [seven], prePrepared: [seven] };

export const MAC_CANARIES: Readonly<Record<string, () => MacStage>> = {
  'pbft/view-change-complete: what was prepared is not told': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7);
    stage.leaveFor(1, 1, { prePrepared: [seven] });
    return stage;
  },
  'pbft/committed-prepared: with MACs, in no view are enough replicas prepared for the batch': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7, [1]);
    stage.execute(1, 3, 1, 7);
    return stage;
  },
  'pbft/view-change-complete: what was prepared in an earlier view is told': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7);
    for (const replica of stage.replicas) stage.leaveFor(1, replica, words);
    stage.beginWith(stage.begins(1, [7]));
    stage.prepareAll(1, 1, 7);
    stage.leaveFor(2, 1, words);
    return stage;
  },
  'pbft/view-change-complete: what was not prepared is told': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7, [2]);
    stage.leaveFor(1, 1, words);
    return stage;
  },
  'pbft/view-change-complete: what was pre-prepared is not told': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7, []);
    stage.leaveFor(1, 1);
    return stage;
  },
  'pbft/view-change-preservation: with MACs, what was prepared is left out': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7);
    for (const replica of stage.replicas) stage.leaveFor(1, replica, words);
    stage.beginWith(stage.begins(1, []));
    return stage;
  },
  'pbft/view-change-preservation: with MACs, nothing follows yet': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7, [1]);
    stage.leaveFor(1, 1, words);
    for (const replica of [0, 2]) stage.leaveFor(1, replica, { prePrepared: [seven] });
    stage.beginWith(stage.begins(1, []));
    return stage;
  },
  'pbft/certificates: with MACs, a new view of too few': () => {
    const stage = new MacStage();
    for (const replica of stage.replicas) stage.leaveFor(1, replica);
    stage.beginWith(stage.begins(1, [], undefined, [0, 1]));
    return stage;
  },
  'pbft/certificates: with MACs, a view change that its sender has not sent': () => {
    const stage = new MacStage();
    for (const replica of stage.replicas) stage.leaveFor(1, replica);
    const message = stage.begins(1, []);
    const invented = { ...(message.viewChanges[2] as MacViewChange), prePrepared: [seven] };
    stage.beginWith({ ...message, viewChanges: [...message.viewChanges.slice(0, 2), invented] });
    return stage;
  },
  'pbft/certificates: with MACs, a DECISION of what no quorum has committed': () => {
    const stage = new MacStage();
    stage.prepareAll(0, 1, 7);
    stage.sendCommit(1, 0, 1, 7);
    const place = { view: 0, sequence: 1, digest: 7, requests: [], commits: [] } as const;
    stage.send(1, { kind: 'Decision', ...place, proof: proof(1) });
    return stage;
  },
  'pbft/certificates: with MACs, a checkpoint that only faulty replicas have said': () => {
    const stage = new MacStage();
    stage.promise(1, { kind: 'stable', certificate: { sequence: 2, digest: 5, proofs: [] } });
    return stage;
  },
  'pbft/certificates: with MACs, such a checkpoint is first durable in the beginning of a journal': () => {
    const stage = new MacStage();
    stage.begin(1, [{ kind: 'stable', certificate: { sequence: 2, digest: 5, proofs: [] } }]);
    return stage;
  },
  'pbft/certificates: with MACs, a new view of too few is first durable in the beginning of a journal':
    () => {
      const stage = new MacStage();
      stage.faulty.add(1);
      for (const replica of [0, 2]) stage.leaveFor(1, replica);
      const message = stage.begins(1, [], undefined, [0, 2]);
      stage.begin(2, [{ kind: 'mac-new-view', message }]);
      return stage;
    },
  'pbft/promise-durable: with MACs, a view change is not on the disk': () => {
    const stage = new MacStage();
    const body = { kind: 'MacViewChange', view: 1, stable: 0, checkpoints: BEGINNING } as const;
    stage.send(1, { ...body, prepared: [], prePrepared: [], proof: proof(1) });
    return stage;
  },
  'pbft/no-equivocation: with MACs, two view changes to one view': () => {
    const stage = new MacStage();
    stage.leaveFor(1, 1);
    stage.leaveFor(1, 1, { checkpoints: [...BEGINNING, { sequence: 2, digest: 5 }] });
    return stage;
  },
};
