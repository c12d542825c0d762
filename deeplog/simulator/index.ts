export { FAULTS, simulateBlockStore, type Fault, type SimulatedLog, type SimulatorOptions } from './block_store.js';
