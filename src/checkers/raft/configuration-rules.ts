/** Which event concerns which property of configurations. */

import type { LogIndex } from '../../protocols/raft/index.js';
import type { Membership, ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { ConfigurationEffective } from './configuration-effective.js';
import { ConfigurationIntersection } from './configuration-intersection.js';
import { ConfigurationStep } from './configuration-step.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

export class ConfigurationRules {
  private readonly configurationIntersection: ConfigurationIntersection;
  private readonly configurationStep: ConfigurationStep;
  private readonly configurationEffective: ConfigurationEffective;

  constructor(
    private readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.configurationIntersection = new ConfigurationIntersection(ghost, sink);
    this.configurationStep = new ConfigurationStep(ghost, sink);
    this.configurationEffective = new ConfigurationEffective(ghost, sink);
  }

  onChanged(process: ProcessId, server: ServerGhost, index: LogIndex, configuration: Membership): void {
    const { memory } = server;
    const isProposed = server.isLeader && index === memory.last && index > server.configurationIndex;
    if (isProposed) {
      this.configurationIntersection.onProposed(process, server, index, configuration);
      this.configurationStep.onProposed(process, server, index, configuration);
      this.ghost.configurationSeen(index, memory.termAt(index), configuration);
    }
    this.configurationEffective.onChanged(process, server, index, configuration);
    this.ghost.configurationIs(server, index, configuration);
  }

  onCommitted(process: ProcessId, server: ServerGhost): void {
    this.configurationEffective.onCommit(process, server);
  }
}
