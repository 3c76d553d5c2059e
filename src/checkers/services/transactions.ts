/** What transactions of the key-value store promise: one order of all of them, and no cycle in what they saw. */

import type { Command, HistoryEvent, Plain, ProcessId } from '../../kernel/index.js';
import { MAX_VALUE_LENGTH, readMicroOperations, type MicroOperation } from '../../services/index.js';
import { errorOf } from '../any/client-history.js';
import { DECLARED_MODEL, type RunGhost } from '../any/ghost.js';
import { textsIn } from '../any/written-texts.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import type { RecordedOperation } from '../history/recorded.js';
import { judgeTransactions } from '../history/transactions.js';
import { processName } from '../names.js';
import { SERVICE_ANSWERS, ServiceAnswers, type Specification } from './answers.js';
import type { ServiceJudge, ServiceJudges } from './judge.js';

export const TRANSACTION_CYCLES: InvariantInfo = {
  id: 'any/transaction-cycles',
  title: 'What transactions saw of each other has no cycle: they seem to happen one after another.',
  statement:
    'Judged at the end, over the first 16,384 transactions of reads and appends: no read shows a text that nobody appended, that a failed transaction appended (G1a), or the middle of a transaction (G1b); of two reads of one key one begins the other; no two transactions append to the same version that both read (lost update); and the graph of dependencies (write-write, write-read, read-write, and real time) has no cycle (G0, G1c, G-single, G2). Judged by what clients saw alone. Holds for the service `kv` where clients send transactions.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source:
    'Adya, "Weak Consistency" (MIT, 1999), §4; Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from Experimental Observations" (VLDB 2020)',
};

/** Transactions of a run that are judged. */
const TRANSACTIONS_MAX = 16_384;
/** Begins every text that clients append, and is nowhere else in one. */
const MARK = 'c';

type Recording = { -readonly [Field in keyof RecordedOperation]: RecordedOperation[Field] };

class TransactionCycles implements ServiceJudge {
  private operations: Recording[] = [];
  /** Client and sequence of each, for people. */
  private names: string[] = [];
  /** Of the open ones, by client and sequence: the place in `operations`. */
  private readonly open = new Map<string, number>();
  private position = 0;

  constructor(
    private readonly servers: number,
    private readonly sink: ViolationSink,
  ) {}

  onPlace(): void {
    // What clients see is what counts.
  }

  onHistory({ kind, client, sequence, input, output }: HistoryEvent): void {
    const position = this.position++;
    const name = `${client}.${sequence}`;
    if (kind === 'invoke') {
      this.invoke(client, name, input, position);
      return;
    }
    const place = this.open.get(name);
    if (place === undefined) return;
    this.open.delete(name);
    if (kind === 'unknown') return;
    const ended = { ...(this.operations[place] as Recording), return: position };
    const isOk = kind === 'ok' && errorOf(output) === undefined;
    ended.outcome = isOk ? 'ok' : 'fail';
    if (isOk) ended.output = seenBy(input, output);
    this.operations[place] = ended;
  }

  onEnd(): void {
    if (this.operations.length === 0) return;
    // Nothing but transactions of reads and appends is recorded, so their shape is right.
    const report = judgeTransactions(this.operations, { order: 'strict' });
    const [found] = report.anomalies;
    if (report.verdict !== 'invalid' || found === undefined) return;
    this.sink.report(TRANSACTION_CYCLES.id, `${found.kind}: ${found.message}; ${this.namesOf(found.lines)}`);
  }

  clone(ghost: RunGhost, sink: ViolationSink): TransactionCycles {
    const copy = new TransactionCycles(ghost.servers, sink);
    copy.operations = this.operations.slice();
    copy.names = this.names.slice();
    for (const [name, place] of this.open) copy.open.set(name, place);
    copy.position = this.position;
    return copy;
  }

  private invoke(client: ProcessId, name: string, input: Plain, position: number): void {
    const ops = opsOf(input);
    if (ops === undefined || this.operations.length >= TRANSACTIONS_MAX) return;
    if (ops.some(([kind]) => kind === 'w')) return;
    const id = this.operations.length;
    this.open.set(name, id);
    this.names.push(name);
    this.operations.push({
      id,
      line: id + 1,
      // Several of one client may be open at a time, and their order is none of its program.
      process: id,
      f: 'txn',
      key: undefined,
      input: ops.map(([kind, key, value = null]) => [kind, key, value]),
      outcome: 'info',
      output: null,
      call: position,
      return: Infinity,
    });
  }

  /** Lines are numbers of transactions here. */
  private namesOf(lines: readonly number[]): string {
    const names = lines.map((line) => {
      const [client, sequence] = (this.names[line - 1] ?? '').split('.');
      return `line ${line} is operation ${sequence ?? ''} of ${processName(Number(client), this.servers)}`;
    });
    return names.join(', ');
  }
}

function opsOf(input: Plain): readonly MicroOperation[] | undefined {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const { op, ops } = input as { readonly op?: Plain; readonly ops?: Plain };
  return op === 'txn' ? readMicroOperations(ops) : undefined;
}

/** The transaction with what its reads saw, as lists of texts. */
function seenBy(input: Plain, output: Plain): Plain {
  const { reads } = output as { readonly reads: readonly (string | null)[] };
  let next = 0;
  return (opsOf(input) ?? []).map(([kind, key, value = null]) => {
    if (kind !== 'r') return [kind, key, value];
    return [kind, key, textsIn(reads[next++] ?? '', MARK)];
  });
}

/** Of the keys that transactions touch; by its own reading of them. */
class TransactionSpecification implements Specification {
  private values = new Map<string, string>();

  apply({ input }: Command): Plain | undefined {
    const ops = opsOf(input);
    if (ops === undefined) return undefined;
    const before = new Map<string, string | undefined>();
    const reads: (string | null)[] = [];
    let isTooLong = false;
    for (const [kind, key, value = ''] of ops) {
      const held = this.values.get(key);
      if (kind === 'r') {
        reads.push(held ?? null);
        continue;
      }
      if (!before.has(key)) before.set(key, held);
      const next = kind === 'w' ? value : (held ?? '') + value;
      isTooLong ||= next.length > MAX_VALUE_LENGTH;
      this.values.set(key, next);
    }
    if (!isTooLong) return { reads };
    for (const [key, value] of before) {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, value);
    }
    return { error: 'value-too-long' };
  }

  clone(): TransactionSpecification {
    const copy = new TransactionSpecification();
    copy.values = new Map(this.values);
    return copy;
  }
}

export const TRANSACTION_JUDGES: ServiceJudges = {
  history: 'kv',
  invariants: [SERVICE_ANSWERS, TRANSACTION_CYCLES],
  create: (ghost, sink, { mix }) =>
    (mix['txn'] ?? 0) === 0
      ? []
      : [
          new ServiceAnswers(ghost, sink, new TransactionSpecification()),
          new TransactionCycles(ghost.servers, sink),
        ],
};
