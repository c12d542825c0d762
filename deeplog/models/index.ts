export { encode, encoderParameters, gelu, layerNorm, layerNormParameters, type EncoderShape } from './encoder.js';
export { dense, denseParameters } from './dense.js';
export { constant, glorotUniform, normal, orthogonal, type Initialiser } from './initialisers.js';
export { logKeyModel, type LogKeyOptions } from './log_key.js';
export { weightedCrossEntropy } from './losses.js';
export { lstmParameters, lstmSequence } from './lstm.js';
export { tokenEncoderModel } from './token_encoder.js';
export { parameterValueModel, type ParameterValueOptions } from './parameter_values.js';
