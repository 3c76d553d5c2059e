/** How processes are called: in a file of its own, because all contracts need it. */

/** Number of a process: servers are 0 … n-1, clients follow. Routing is by process. */
export type ProcessId = number;
