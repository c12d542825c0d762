export { ArrowFileWriter, readBatches } from './arrow_file.js';
export { codeVersion } from './code_version.js';
export { AtomicFile, readJson, writeAtomic, writeChunks, writeJson } from './atomic.js';
export { EVENTS_SCHEMA, EventsBuilder } from './events.js';
export { checkOutput, describeMachine, hashFile, hashInputs, hashOfValue, openOutput, readManifest, writeManifest, type Manifest, type ManifestFacts } from './manifest.js';
export { arrowToParquet } from './parquet.js';
export { readSessions, SESSIONS_SCHEMA, SessionsBuilder, type SessionRecord } from './sessions.js';
export { readTensors, writeTensors, type NamedTensors } from './tensors.js';
