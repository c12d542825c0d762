export { createAdapter, type AdapterOptions, type PlacedLine, type SessionAdapter } from './adapters.js';
export { FrozenParse, FrozenParser, PARSER_STATE, readParserFlags, type FrozenParseOptions, type ParsedLine } from './frozen_parser.js';
export { readLabels } from './labels.js';
export { rawLines, rawLogFiles } from './raw_lines.js';
export { type ParseOptions, type ParseSummary } from './parse_log.js';
export { UnfitLogError } from './unfit.js';
export { drainFilter, type FilterOptions } from './ndjson_filter.js';
export { drainSettings, type DrainFlags, type DrainSettings } from './drain_settings.js';
export { runDrain, type DrainResult } from './run_drain.js';
