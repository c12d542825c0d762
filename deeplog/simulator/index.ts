export { FAULTS, simulateBlockStore, VALUE_FAULTS, type Fault, type SimulatedLabel, type SimulatedLog, type SimulatorOptions } from './block_store.js';
