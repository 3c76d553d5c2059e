/**
 * What clients ask for: the next operation of a client, drawn by weight and key, and how a get of it may be
 * served.
 *
 * Two properties make a history worth checking. Every written value is unique (`c5.12`: client 5,
 * operation 12), so an answer tells which write it saw. And a compare-and-set expects what its client
 * last saw under the key, so that it often succeeds.
 */

import { assert, Family } from '../kernel/index.js';
import type { Choices, Plain, ProcessId, ReadMode, Result } from '../kernel/index.js';
import type { MicroOperation } from './kv-transaction.js';
import type { KvOperation, KvTransaction } from './kv.js';
import type { ClientWorkload, OperationSource } from './service-kind.js';
import { chooseReadMode, weighedReadModes } from './weighted-operations.js';
import type { WorkloadConfig } from './workload-config.js';
import { KeyChooser } from './zipf.js';

/** Values that one client remembers, by key modulo this. */
const REMEMBERED_KEYS = 64;
/** A client that last saw a longer value puts where it would append, if the mix has puts at all. */
const LONG_VALUE_LENGTH = 256;
/** Most operations of a transaction, and how many operations of its client go by until it has new keys. */
const MOST_IN_TRANSACTION = 4;
const TRANSACTION_GENERATION = 24;
const TRANSACTION_KINDS = drawNames('txn.kind');
const TRANSACTION_KEYS = drawNames('txn.key');

function drawNames(what: string): readonly string[] {
  return Array.from({ length: MOST_IN_TRANSACTION }, (_, place) => `${what}.${place}`);
}

/** A workload compiled for drawing. Immutable: all clients of a run share one. */
export class Workload implements ClientWorkload {
  readonly keyNames: readonly string[];
  readonly chooser: KeyChooser;
  /** Draws of an operation are uniform in 0 … maxDraw. */
  readonly maxDraw: number;
  /** The modes that gets may ask for, each as often as it weighs. One alone: nothing is drawn. */
  readonly readModes: readonly ReadMode[];
  private readonly belowGet: number;
  private readonly belowPut: number;
  private readonly belowDelete: number;
  private readonly belowCas: number;
  private readonly belowAppend: number;

  constructor(readonly config: WorkloadConfig) {
    const weight = (name: string): number => config.mix[name] ?? 0;
    this.keyNames = Array.from({ length: config.keys }, (_, key) => `k${key}`);
    this.chooser = new KeyChooser(config.keyDistribution, config.keys);
    this.belowGet = weight('get');
    this.belowPut = this.belowGet + weight('put');
    this.belowDelete = this.belowPut + weight('delete');
    this.belowCas = this.belowDelete + weight('cas');
    this.belowAppend = this.belowCas + weight('append');
    this.maxDraw = this.belowAppend + weight('txn') - 1;
    assert(this.maxDraw >= 0, 'workload: some operation has a weight above 0');
    this.readModes = weighedReadModes(config.reads);
    assert(this.readModes.length > 0, 'workload: some read mode has a weight above 0');
    assert(config.clients > 0, 'workload: there are clients');
    assert(config.mode === 'closed' || config.ratePerSecond > 0, 'workload: an open loop has a rate above 0');
  }

  createSource(client: ProcessId): OperationGenerator {
    return new OperationGenerator(this, client);
  }

  /** The operation that a draw stands for. */
  operation(draw: number): KvOperation['op'] | 'txn' {
    if (draw < this.belowGet) return 'get';
    if (draw < this.belowPut) return 'put';
    if (draw < this.belowDelete) return 'delete';
    if (draw < this.belowCas) return 'cas';
    return draw < this.belowAppend ? 'append' : 'txn';
  }
}

/** Makes one client's operations and remembers what it saw. */
export class OperationGenerator implements OperationSource {
  /** Number of the key of the operation made last. */
  keyIndex: number;
  private readonly workload: Workload;
  private readonly client: ProcessId;
  private readonly valuePrefix: string;
  /** What was last seen: key number and value in place (key modulo size); -1 where nothing was. */
  private readonly seenKeys: number[];
  private readonly seenValues: (string | null)[];

  constructor(workload: Workload, client: ProcessId) {
    this.keyIndex = 0;
    this.workload = workload;
    this.client = client;
    this.valuePrefix = `c${client}.`;
    this.seenKeys = new Array<number>(REMEMBERED_KEYS).fill(-1);
    this.seenValues = new Array<string | null>(REMEMBERED_KEYS).fill(null);
  }

  /** Operation number `sequence` of the client. */
  next(choices: Choices, sequence: number): KvOperation | KvTransaction {
    const { workload, client } = this;
    const { chooser } = workload;
    const drawn = choices.integer(Family.client, client, sequence, 'op', 0, workload.maxDraw, 0);
    const place = choices.integer(Family.client, client, sequence, 'key', 0, chooser.maxDraw, 0);
    this.keyIndex = chooser.choose(place);
    const key = workload.keyNames[this.keyIndex] as string;
    const op = workload.operation(drawn);
    switch (op) {
      case 'get':
        return { op, key };
      case 'delete':
        return { op, key };
      case 'put':
        return { op, key, value: this.valuePrefix + sequence };
      case 'cas':
        return { op, key, expected: this.lastSeen(), value: this.valuePrefix + sequence };
      case 'append':
        if (this.hasGrownLong()) return { op: 'put', key, value: this.valuePrefix + sequence };
        return { op, key, value: this.valuePrefix + sequence };
      case 'txn':
        return { op, ops: this.transaction(choices, sequence) };
    }
  }

  /**
   * Reads and appends, on keys of their own that nothing else touches: what a key holds then tells the order of all
   * that was appended to it. Keys are left behind before they hold much.
   */
  private transaction(choices: Choices, sequence: number): MicroOperation[] {
    const { workload, client } = this;
    const { chooser } = workload;
    const generation = Math.floor(sequence / TRANSACTION_GENERATION);
    const last = choices.integer(Family.client, client, sequence, 'txn', 0, MOST_IN_TRANSACTION - 1, 0);
    const ops: MicroOperation[] = [];
    for (let place = 0; place <= last; place++) {
      const kind = choices.integer(
        Family.client,
        client,
        sequence,
        TRANSACTION_KINDS[place] as string,
        0,
        1,
        0,
      );
      const draw = TRANSACTION_KEYS[place] as string;
      const choice = chooser.choose(
        choices.integer(Family.client, client, sequence, draw, 0, chooser.maxDraw, 0),
      );
      const key = `x${choice}.${generation}`;
      ops.push(kind === 0 ? ['r', key] : ['append', key, `${this.valuePrefix}${sequence}.${place}`]);
    }
    return ops;
  }

  /** How operation number `sequence` asks to be served; undefined for one that is no get. */
  readMode(choices: Choices, sequence: number, input: Plain): ReadMode | undefined {
    if ((input as KvOperation).op !== 'get') return undefined;
    return chooseReadMode(this.workload.readModes, choices, this.client, sequence);
  }

  /** Learns from the result of an operation on key number `keyIndex`. */
  observe(keyIndex: number, input: Plain, result: Result): void {
    // The only inputs that a client sends are operations of its own generator.
    const operation = input as KvOperation;
    if (result === null || typeof result !== 'object') return;
    const answer = result as {
      readonly value?: Plain;
      readonly ok?: Plain;
      readonly existed?: Plain;
      readonly swapped?: Plain;
    };
    switch (operation.op) {
      case 'get':
      case 'append':
        if (answer.value === null || typeof answer.value === 'string') this.see(keyIndex, answer.value);
        break;
      case 'put':
        if (answer.ok === true) this.see(keyIndex, operation.value);
        break;
      case 'delete':
        if (typeof answer.existed === 'boolean') this.see(keyIndex, null);
        break;
      case 'cas':
        // A failed one tells only what is not there: keep the old belief until a read corrects it.
        if (answer.swapped === true) this.see(keyIndex, operation.value);
        break;
    }
  }

  clone(): OperationGenerator {
    const copy = new OperationGenerator(this.workload, this.client);
    copy.keyIndex = this.keyIndex;
    for (let place = 0; place < REMEMBERED_KEYS; place++) {
      copy.seenKeys[place] = this.seenKeys[place] as number;
      copy.seenValues[place] = this.seenValues[place] ?? null;
    }
    return copy;
  }

  encode(): Plain {
    const seen: Plain[] = [];
    for (let place = 0; place < REMEMBERED_KEYS; place++) {
      const key = this.seenKeys[place] as number;
      if (key >= 0) seen.push([key, this.seenValues[place] ?? null]);
    }
    return { keyIndex: this.keyIndex, seen };
  }

  /** Value last seen under the current key; null (not there) when the client has seen none. */
  private lastSeen(): string | null {
    const place = this.keyIndex % REMEMBERED_KEYS;
    return this.seenKeys[place] === this.keyIndex ? (this.seenValues[place] as string | null) : null;
  }

  private hasGrownLong(): boolean {
    if ((this.workload.config.mix['put'] ?? 0) === 0) return false;
    const value = this.lastSeen();
    return value !== null && value.length > LONG_VALUE_LENGTH;
  }

  private see(keyIndex: number, value: string | null): void {
    const place = keyIndex % REMEMBERED_KEYS;
    this.seenKeys[place] = keyIndex;
    this.seenValues[place] = value;
  }
}
