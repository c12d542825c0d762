export { formatCount, formatSeconds, StageConsole, writeOut } from './console.js';
export { describeEngine, ENGINE_OPTIONS, engineOptions, EXPORT_FORMATS, FORMAT_OPTIONS, LOG_KEY_MODEL_OPTIONS, LOGBERT_SIZE_OPTION, logBertSize, logKeyOptions, SPLIT_OPTIONS } from './engine_options.js';
export { COMMON_OPTIONS, resolveOptions, type Layer, type OptionSpecs, type Values } from './options.js';
export { readMatrix } from './matrix_file.js';
export { commandOf, invocation } from './invocation.js';
export { main, runIfMain, type Stage, type StageGroup } from './stage.js';
export { interruptSignal, trainingReporter } from './training_console.js';
export { resolveRunOptions, RUN_OPTIONS } from './run_options.js';
export { withRun, type RunHandle } from './with_run.js';
