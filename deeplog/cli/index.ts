export { formatCount, formatSeconds, StageConsole } from './console.js';
export { COMMON_OPTIONS, resolveOptions, type Layer, type OptionSpecs, type Values } from './options.js';
export { main, runIfMain, type Stage } from './stage.js';
