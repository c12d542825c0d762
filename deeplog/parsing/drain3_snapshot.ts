import { DataError } from '../common/index.js';
import { requireSameSettings, type MinerState, type NodeState } from './miner_state.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/**
 * The state inside a Drain3 snapshot: its Drain object as jsonpickle writes it (`py/object`, `py/state`, keys as `json://1`).
 * @throws DataError when a part is missing or was made with other settings.
 */
export function readDrain3Snapshot(parsed: object, file: string, settings: Readonly<Record<string, unknown>>): MinerState {
  const drain = fieldsOf(parsed as JsonObject, file);
  requireSameSettings({
    sim_th: drain.sim_th,
    depth: drain.log_cluster_depth,
    max_children: drain.max_children,
    ...('parametrize_numeric_tokens' in drain ? { parametrize_numeric_tokens: drain.parametrize_numeric_tokens } : {}),
    ...('max_clusters' in drain ? { max_clusters: drain.max_clusters } : {}),
    ...('extra_delimiters' in drain ? { extra_delimiters: itemsOf(drain.extra_delimiters, file) } : {}),
  }, settings, file);
  const wildcard = `${String(settings.mask_prefix)}*${String(settings.mask_suffix)}`;
  if (typeof drain.param_str === 'string' && drain.param_str !== wildcard) throw new DataError(`${file}: marks parameters as ${drain.param_str}, the masks here as ${wildcard}. Set mask_prefix and mask_suffix to match.`);

  const store = fieldsOf(objectAt(drain, 'id_to_cluster', file), file);
  const clusters = Object.values(objectAt(store, '_Cache__data', file, store)).map((entry) => {
    const cluster = fieldsOf(entry as JsonObject, file);
    return { id: Number(cluster.cluster_id), size: Number(cluster.size), tokens: itemsOf(cluster.log_template_tokens, file).map(String) };
  });
  const order = recencyOf(store);
  if (order) clusters.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));

  const node = (entry: Json): NodeState => {
    const fields = fieldsOf(entry as JsonObject, file);
    return {
      children: Object.entries(objectAt(fields, 'key_to_child_node', file)).map(([token, child]) => [plainKey(token), node(child)] as const),
      clusters: itemsOf(fields.cluster_ids, file).map(Number),
    };
  };
  const tree = node(drain.root_node).children.map(([count, child]) => [Number(count), child] as const);
  return { clustersCreated: Number(drain.clusters_counter), clusters, tree };
}

/** An object's attributes: in `py/state`, as they are or as the second half of a slots tuple, or beside `py/object`. */
function fieldsOf(entry: JsonObject, file: string): JsonObject {
  if (entry === null || typeof entry !== 'object' || 'py/id' in entry) throw new DataError(`${file}: this Drain3 snapshot shares objects in a way that cannot be read. Save it again with a current Drain3.`);
  const state = entry['py/state'];
  if (state === undefined) return entry;
  if (state !== null && typeof state === 'object' && 'py/tuple' in state) return (state['py/tuple'] as Json[])[1] as JsonObject;
  return state as JsonObject;
}

function objectAt(fields: JsonObject, key: string, file: string, otherwise?: JsonObject): JsonObject {
  const value = fields[key] ?? otherwise;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new DataError(`${file}: this Drain3 snapshot has no ${key}. Save it again with a current Drain3.`);
  return value;
}

function itemsOf(value: Json | undefined, file: string): Json[] {
  if (Array.isArray(value)) return value;
  if (value !== null && typeof value === 'object' && Array.isArray(value['py/tuple'])) return value['py/tuple'];
  throw new DataError(`${file}: expected a list in this Drain3 snapshot, got ${JSON.stringify(value)}.`);
}

/** jsonpickle writes keys that are not text as `json://…`. */
function plainKey(key: string): string {
  return key.startsWith('json://') ? String(JSON.parse(key.slice(7))) : key;
}

/** The least recently used cache keeps its order in an OrderedDict. */
function recencyOf(store: JsonObject): number[] | null {
  const order = store._LRUCache__order as { 'py/reduce'?: Json[] } | undefined;
  const pairs = order?.['py/reduce']?.at(-1) as { 'py/tuple'?: { 'py/tuple': Json[] }[] } | null | undefined;
  return pairs?.['py/tuple']?.map((pair) => Number(pair['py/tuple'][0])) ?? null;
}
