import * as tf from '@tensorflow/tfjs';

/**
 * UnsortedSegmentSum for the wasm backend, which lacks it: the gradient of `tf.gather`, so models with embeddings
 * could not train. x: [L, …inner], segmentIds: [L] → [numSegments, …inner]; ids outside the range are dropped.
 */
export function registerUnsortedSegmentSum(backendName: string): void {
  if (tf.getKernel('UnsortedSegmentSum', backendName) !== undefined) return;
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs;
      const numSegments = attrs?.['numSegments'];
      if (x === undefined || segmentIds === undefined || typeof numSegments !== 'number') {
        throw new TypeError('UnsortedSegmentSum needs x, segmentIds and numSegments.');
      }
      const storage = backend as tf.KernelBackend;
      const values = storage.readSync(x.dataId) as Float32Array | Int32Array;
      const ids = storage.readSync(segmentIds.dataId) as Int32Array;
      const rows = tf.util.sizeFromShape(segmentIds.shape);
      const inner = rows === 0 ? 0 : values.length / rows;
      const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
      const sums = x.dtype === 'int32' ? new Int32Array(tf.util.sizeFromShape(shape)) : new Float32Array(tf.util.sizeFromShape(shape));
      for (let row = 0; row < rows; row++) {
        const segment = ids[row];
        if (segment < 0 || segment >= numSegments) continue;
        for (let i = 0; i < inner; i++) sums[segment * inner + i] += values[row * inner + i];
      }
      return { dataId: storage.write(sums, shape, x.dtype), shape, dtype: x.dtype };
    },
  });
}
