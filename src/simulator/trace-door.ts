/** Reads what stands at the servers' doors from a trace's header: see trace-scenario.ts. */

import type { AdmissionConfig, Capability } from '../services/index.js';
import { integer, list, maybe, object, text, type Shape } from './shape.js';
import { micros, positiveMicros } from './trace-values.js';

export const admissionShape: Shape<AdmissionConfig | undefined> = maybe(
  object<AdmissionConfig>({
    ratePerSecond: integer(0, 1_000_000),
    burst: integer(1, 100_000),
    inFlight: integer(0, 100_000),
    holdMicros: positiveMicros,
    brownOutPercent: integer(1, 100),
  }),
);

/** `processes`: servers and clients; the operator is the one after them. */
export function authorityShape(processes: number): Shape<readonly Capability[] | undefined> {
  return maybe(
    list(
      object<Capability>({
        holders: list(integer(0, processes), processes + 1),
        purposes: maybe(list(text(48), 100)),
        fromMicros: micros,
        untilMicros: maybe(positiveMicros),
      }),
      100,
    ),
  );
}
