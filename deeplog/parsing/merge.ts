import { DRAIN_DEFAULTS } from './drain.js';
import { TemplateMiner, type MinerOptions } from './miner.js';
import type { ClusterState, MinerState } from './miner_state.js';
import type { Cluster } from './parser.js';
import { captureState } from './state.js';

/**
 * Joins what two parsers with the same settings have learned, so that shards parsed apart end in one set of ids.
 *
 * Feeding one parser's templates to the other would depend on the order: Drain is greedy, and a joined template is less like a
 * third one than its parts were. So a merged state keeps its parts (`sources`): the union of the templates that went in, each with
 * the number it would have in that order, and computes its templates from all of them at once, by a rule that knows no order:
 * parts of one leaf that are alike (the parser's own threshold), directly or through others, become one template, with a wildcard
 * where they differ. Union is associative and the rule is a function of it, so mergeStates is associative, ids and sizes included;
 * it is commutative up to ids. Two templates of one parser and leaf never reach the threshold (the second would not have been made),
 * so a state merged with itself keeps its templates and ids; only its sizes double.
 *
 * Spell and JaccardDrain have no such rule: their states are united, equal templates becoming one.
 * Ids: a's templates keep theirs; b's new ones follow in b's order; templates that are joined keep the smallest.
 * With `max_clusters` the largest are kept (all parts stay in `sources`).
 * Both states must have been made with `options`.
 */
export function mergeStates(a: MinerState, b: MinerState, options: MinerOptions): MinerState {
  const sources = unite(a, b);
  const created = Math.max(a.clustersCreated, highestId(sources));
  const miner = new TemplateMiner(options);
  const groups = groupAlike(sources, miner);
  const joined = groups.map((group) => join(group, miner.wildcardText));
  const limit = miner.options.drain?.maxClusters ?? DRAIN_DEFAULTS.maxClusters;
  const kept = limit === null ? joined : [...joined].sort((x, y) => y.size - x.size || x.id - y.id).slice(0, limit).reverse();
  for (const c of kept) miner.parser.adopt({ id: c.id, size: c.size, tokens: Int32Array.from(c.tokens, (t) => miner.tokens.internText(t)) });
  miner.parser.clustersCreated = created;
  const state = captureState(miner);
  return kept.length === sources.length ? state : { ...state, sources };
}

/** The parts of a state: what it was merged from, or its own templates, by id. */
function sourcesOf(state: MinerState): readonly ClusterState[] {
  return state.sources ?? [...state.clusters].sort((x, y) => x.id - y.id);
}

/** Every template of either, as often as in the one that has it more often; equal ones add their sizes. */
function unite(a: MinerState, b: MinerState): ClusterState[] {
  const out = sourcesOf(a).map((s) => ({ ...s }));
  const places = new Map<string, number[]>(); // where a template stands in `out`, and how many of them b has met
  out.forEach((s, i) => {
    const key = s.tokens.join(' ');
    const known = places.get(key);
    if (known === undefined) places.set(key, [i]);
    else known.push(i);
  });
  let next = a.clustersCreated;
  const met = new Map<string, number>();
  for (const s of sourcesOf(b)) {
    const key = s.tokens.join(' ');
    const copy = met.get(key) ?? 0;
    met.set(key, copy + 1);
    const place = places.get(key)?.[copy];
    if (place === undefined) out.push({ ...s, id: ++next });
    else out[place].size += s.size;
  }
  return out;
}

function highestId(sources: readonly ClusterState[]): number {
  let highest = 0;
  for (const s of sources) highest = Math.max(highest, s.id);
  return highest;
}

/** Templates that stand in one branch and are alike, directly or through others; groups and their members by position. */
function groupAlike(sources: readonly ClusterState[], miner: TemplateMiner): ClusterState[][] {
  const { parser, tokens } = miner;
  const clusters = sources.map((s): Cluster => ({ id: s.id, size: s.size, tokens: Int32Array.from(s.tokens, (t) => tokens.internText(t)) }));
  const parent = sources.map((_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root];
    return (parent[i] = root);
  };
  const branches = new Map<string, number[]>();
  clusters.forEach((c, i) => {
    const key = parser.branch(c.tokens);
    if (key === null) return;
    const members = branches.get(key) ?? [];
    for (const j of members) {
      const [x, y] = [find(i), find(j)];
      if (x !== y && parser.alike(c.tokens, clusters[j].tokens)) parent[Math.max(x, y)] = Math.min(x, y);
    }
    members.push(i);
    branches.set(key, members);
  });
  const groups = new Map<number, ClusterState[]>();
  sources.forEach((s, i) => {
    const root = find(i);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [s]);
    else group.push(s);
  });
  return [...groups.values()];
}

/** Sources of a and b are numbered in rising order, so a group's first member has its smallest id. */
function join(group: readonly ClusterState[], wildcard: string): ClusterState {
  const [first] = group;
  return {
    id: first.id,
    size: group.reduce((sum, s) => sum + s.size, 0),
    tokens: first.tokens.map((token, i) => (group.every((s) => s.tokens[i] === token) ? token : wildcard)),
  };
}
