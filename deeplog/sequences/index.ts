export { readEventStream, readLabelLines, readSequenceFile, readSessionSet, type SessionSet } from './read_sessions.js';
export { ABNORMAL, NORMAL, SessionTable, SessionTableBuilder, UNLABELLED, type SessionDetails } from './session_table.js';
export { distinctOf, PART, relabelSplit, splitByCount, splitByShare, writeSplit, type Split, type SplitOptions } from './split.js';
export { END, PAD, UNK, Vocabulary } from './vocabulary.js';
export { WindowBuilder, type Windows } from './windows.js';
export { numberOf, ParameterLog, type KeyRows } from './parameter_log.js';
