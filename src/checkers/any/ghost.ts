/** What every run has, whatever its protocol: an agreed order and a history of clients. */

import type { CheckerContext } from '../checker.js';
import { AgreedOrder } from './agreed-order.js';
import { ClientHistory } from './client-history.js';

export class RunGhost {
  constructor(
    readonly context: CheckerContext,
    readonly order = new AgreedOrder(context.servers),
    readonly history = new ClientHistory(context.servers),
  ) {}

  get servers(): number {
    return this.context.servers;
  }

  clone(context: CheckerContext): RunGhost {
    return new RunGhost(context, this.order.clone(), this.history.clone());
  }
}

/** The failure model of what is promised whatever happens within the scenario's declared model. */
export const DECLARED_MODEL = 'The failure model that the scenario declares';
