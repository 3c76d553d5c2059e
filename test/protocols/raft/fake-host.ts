/** The host for one replica under test, speaking Raft. */

import type { RaftMessage } from '../../../src/protocols/raft/index.js';
import { FakeHost as AnyHost, type Act as AnyAct } from '../fake-host.js';

export { image, intact, rotten, torn } from '../fake-host.js';

export type Act = AnyAct<RaftMessage>;

export class FakeHost extends AnyHost<RaftMessage> {}
