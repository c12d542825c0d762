import { readFile } from 'node:fs/promises';
import { deflateSync, inflateSync } from 'node:zlib';
import { hashOfValue, writeJson } from '../artifacts/index.js';
import { DataError, messageOf } from '../common/index.js';
import { DRAIN_DEFAULTS } from './drain.js';
import { extraDelimitersOf, SPELL_TAU, TemplateMiner, type MinerOptions, type ParserName } from './miner.js';
import { readDrain3Snapshot } from './drain3_snapshot.js';
import { requireSameSettings, type MinerState } from './miner_state.js';

interface StateFile {
  readonly schema: 'deeplog.drain_state/1';
  readonly parser: ParserName;
  readonly config_hash: string;
  readonly config: ReturnType<typeof settingsOf>;
  readonly encoding: 'none' | 'zlib+base64';
  readonly state: MinerState | string;
}

/** What the tree depends on; a state only fits a miner with the same. */
function settingsOf(options: MinerOptions): Record<string, unknown> {
  const drain = { ...DRAIN_DEFAULTS, ...options.drain };
  return {
    ...(options.parser === 'spell'
      ? { tau: options.tau ?? SPELL_TAU, max_clusters: drain.maxClusters }
      : { sim_th: drain.simTh, depth: drain.depth, max_children: drain.maxChildren, max_clusters: drain.maxClusters, parametrize_numeric_tokens: drain.parametrizeNumericTokens }),
    extra_delimiters: extraDelimitersOf(options),
    masking: (options.masking ?? []).map((m) => [m.regexPattern, m.maskWith]),
    mask_prefix: options.maskPrefix ?? '<',
    mask_suffix: options.maskSuffix ?? '>',
  };
}

export function captureState(miner: TemplateMiner): MinerState {
  const { parser, tokens } = miner;
  return {
    clustersCreated: parser.clustersCreated,
    clusters: Array.from(parser.store.byRecency(), (c) => ({ id: c.id, size: c.size, tokens: Array.from(c.tokens, (t) => tokens.text(t)) })),
    tree: parser.saveTree(),
  };
}

/** Fills a fresh miner. */
export function restoreState(miner: TemplateMiner, state: MinerState): void {
  const { parser, tokens } = miner;
  for (const c of state.clusters) parser.store.put({ id: c.id, size: c.size, tokens: Int32Array.from(c.tokens, (t) => tokens.internText(t)) });
  parser.restoreTree(state.tree);
  parser.clustersCreated = state.clustersCreated;
}

/** Tokens beyond this many are looked through for those of forgotten templates. */
const MANY_TOKENS = 1 << 17;

/** With a limit on templates, their tokens must not stay for ever: drops those of forgotten ones once there are many. */
export function dropForgottenTokens(miner: TemplateMiner): void {
  const limited = (miner.options.drain?.maxClusters ?? null) !== null;
  if (!limited || miner.tokens.size < MANY_TOKENS) return;
  let living = 0;
  for (const c of miner.parser.store.byRecency()) living += c.tokens.length;
  if (living * 2 > miner.tokens.size) return;
  const state = captureState(miner);
  miner.renew((fresh) => restoreState(fresh, state));
}

/** The inverse of {@link settingsOf}. */
function optionsOf(parser: ParserName, config: Readonly<Record<string, unknown>>): MinerOptions {
  const c = config as { tau: number; sim_th: number; depth: number; max_children: number; max_clusters: number | null; parametrize_numeric_tokens: boolean; extra_delimiters: string[]; masking: [string, string][]; mask_prefix: string; mask_suffix: string };
  return {
    parser,
    ...(parser === 'spell'
      ? { tau: c.tau, drain: { maxClusters: c.max_clusters } }
      : { drain: { simTh: c.sim_th, depth: c.depth, maxChildren: c.max_children, maxClusters: c.max_clusters, parametrizeNumericTokens: c.parametrize_numeric_tokens } }),
    extraDelimiters: c.extra_delimiters,
    masking: c.masking.map(([regexPattern, maskWith]) => ({ regexPattern, maskWith })),
    maskPrefix: c.mask_prefix,
    maskSuffix: c.mask_suffix,
  };
}

/** Saves atomically; `compress` packs the state as Drain3 does (zlib, base64). */
export async function saveState(miner: TemplateMiner, file: string, compress: boolean): Promise<void> {
  await writeState(captureState(miner), miner.options, file, compress);
}

/** Saves a state that is no miner's, such as a merged one. */
export async function writeState(state: MinerState, options: MinerOptions, file: string, compress: boolean): Promise<void> {
  const config = settingsOf(options);
  await writeJson(file, {
    schema: 'deeplog.drain_state/1',
    parser: options.parser ?? 'drain',
    config_hash: hashOfValue(config),
    config,
    encoding: compress ? 'zlib+base64' : 'none',
    state: compress ? deflateSync(JSON.stringify(state)).toString('base64') : state,
  } satisfies StateFile);
}

/**
 * A miner that goes on from a saved state, or from a Drain3 snapshot (plain or compressed).
 * @throws DataError when the file is neither, or was made with other settings (they are named).
 */
export async function loadState(file: string, options: MinerOptions): Promise<TemplateMiner> {
  const miner = new TemplateMiner(options);
  const parsed = await readStateText(file);
  try {
    restoreState(miner, stateIn(parsed, file, options));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${file}: the parser state in it is damaged (${messageOf(error)}). Parse again without --state.`);
  }
  return miner;
}

/**
 * A saved state and the settings it was made with.
 * @throws DataError when the file holds none; Drain3's snapshots do not name their masks.
 */
export async function readState(file: string): Promise<{ state: MinerState; options: MinerOptions }> {
  const parsed = await readStateText(file);
  const saved = parsed as Partial<StateFile> | null;
  if (typeof parsed !== 'object' || saved?.config === undefined) throw new DataError(`${file}: does not say which settings it was made with. Give states that \`drain\` saved (parse once with --state ${file} to turn a Drain3 snapshot into one).`);
  const options = optionsOf(saved.parser ?? 'drain', saved.config);
  return { state: stateIn(parsed, file, options), options };
}

async function readStateText(file: string): Promise<unknown> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new DataError(`${file}: the parser state cannot be read (${messageOf(error)}). Check --state.`);
  }
  try {
    return JSON.parse(text.startsWith('{') ? text : inflateSync(Buffer.from(text, 'base64')).toString('utf8'));
  } catch {
    throw new DataError(`${file}: is neither a saved parser state nor a Drain3 snapshot (JSON, or zlib in base64).`);
  }
}

function stateIn(parsed: unknown, file: string, options: MinerOptions): MinerState {
  if (typeof parsed !== 'object' || parsed === null) throw new DataError(`${file}: is neither a saved parser state nor a Drain3 snapshot.`);
  const parser = options.parser ?? 'drain';
  if ('py/object' in parsed && parser !== 'drain') throw new DataError(`${file}: Drain3 snapshots are read for --parser drain only.`);
  if ('py/object' in parsed) return readDrain3Snapshot(parsed, file, settingsOf(options));
  const saved = parsed as Partial<StateFile>;
  if (saved.schema !== 'deeplog.drain_state/1' || saved.state === undefined) throw new DataError(`${file}: is no parser state of this version (schema ${String(saved.schema)}). Parse again without --state.`);
  if (saved.parser !== parser) throw new DataError(`${file}: holds what ${saved.parser ?? 'another parser'} learned, not ${parser}. Use --parser ${saved.parser ?? ''}, or start afresh without --state.`);
  requireSameSettings(saved.config ?? {}, settingsOf(options), file);
  return typeof saved.state === 'string' ? JSON.parse(inflateSync(Buffer.from(saved.state, 'base64')).toString('utf8')) as MinerState : saved.state;
}
