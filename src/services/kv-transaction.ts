/**
 * Small transactions over several keys: read, write and append, all at one place of the order or not at all. The
 * unit of ordering of the store is its log, so transactions are strictly serialisable: Adya, "Weak Consistency"
 * (MIT, 1999), §4; as operations they are those of Elle (Kingsbury and Alvaro, VLDB 2020), texts in place of lists.
 */

import type { Plain } from '../kernel/index.js';

/** `r`: what the key holds then, earlier writes of the transaction included. */
export type MicroOperation =
  | readonly ['r', key: string]
  | readonly ['w', key: string, value: string]
  | readonly ['append', key: string, value: string];

/** Most operations of one transaction. */
export const MAX_MICRO_OPERATIONS = 16;

/** The operations of a transaction; undefined when they are none. */
export function readMicroOperations(ops: unknown): readonly MicroOperation[] | undefined {
  if (!Array.isArray(ops) || ops.length === 0 || ops.length > MAX_MICRO_OPERATIONS) return undefined;
  return (ops as readonly unknown[]).every(isMicroOperation) ? (ops as readonly MicroOperation[]) : undefined;
}

function isMicroOperation(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  const [kind, key, value] = given as readonly Plain[];
  if (typeof key !== 'string') return false;
  return kind === 'r' ? given.length === 2 : (kind === 'w' || kind === 'append') && typeof value === 'string';
}
