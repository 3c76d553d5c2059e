/** Directed graphs over whole numbers, and their cycles. Nothing here recurses: graphs may be deep. */

export class Graph {
  /** Successors by node. */
  readonly next: number[][];

  constructor(readonly size: number) {
    this.next = Array.from({ length: size }, () => []);
  }

  add(from: number, to: number): void {
    (this.next[from] as number[]).push(to);
  }
}

/**
 * Strongly connected components of two nodes or more (Tarjan, "Depth-first search and linear graph algorithms",
 * SIAM J. Comput. 1972), each sorted. A loop of one node is no component.
 */
export function components(graph: Graph): number[][] {
  const { size, next } = graph;
  const index = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const onStack = new Uint8Array(size);
  const cursor = new Int32Array(size);
  const stack: number[] = [];
  const path: number[] = [];
  const found: number[][] = [];
  let counter = 0;
  const enter = (node: number): void => {
    index[node] = low[node] = counter++;
    stack.push(node);
    onStack[node] = 1;
    path.push(node);
  };
  for (let root = 0; root < size; root++) {
    if (index[root] !== -1) continue;
    enter(root);
    while (path.length > 0) {
      const node = path[path.length - 1] as number;
      const successors = next[node] as number[];
      const at = cursor[node] as number;
      if (at < successors.length) {
        cursor[node] = at + 1;
        const to = successors[at] as number;
        if (index[to] === -1) enter(to);
        else if (onStack[to] === 1) low[node] = Math.min(low[node] as number, index[to] as number);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== index[node]) continue;
      const component: number[] = [];
      for (;;) {
        const member = stack.pop() as number;
        onStack[member] = 0;
        component.push(member);
        if (member === node) break;
      }
      if (component.length > 1) found.push(component.sort((a, b) => a - b));
    }
  }
  return found;
}

/**
 * The nodes of a shortest path of one edge or more from `from` to `to`, without `to`; undefined when there is
 * none. Breadth first, in the order in which edges were added.
 */
export function shortestPath(graph: Graph, from: number, to: number): number[] | undefined {
  const cameFrom = new Map<number, number>();
  const queue = [from];
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as number;
    for (const successor of graph.next[node] as number[]) {
      if (successor === to) {
        const path = [node];
        for (let back = node; back !== from;) {
          back = cameFrom.get(back) as number;
          path.push(back);
        }
        return path.reverse();
      }
      if (cameFrom.has(successor) || successor === from) continue;
      cameFrom.set(successor, node);
      queue.push(successor);
    }
  }
  return undefined;
}
