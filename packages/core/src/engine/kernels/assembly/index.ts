// Everything that the engine's WebAssembly module exports.
export { gemmFloat, gemmTransposed } from './gemm-float';
export { gatherInt8Columns, gemmInt8, gemmInt8Rows, packInt8 } from './gemm-int8';
export { convolve, convolveTile, depthwise, depthwiseFive, depthwiseFour, depthwiseThree, pool } from './convolution';
export { binary, clip, takeLost, unary, where } from './elementwise';
export { copyStrided, fill, gather, gatherElements } from './movement';
export { argMost, reduce, reduceWhole, topK } from './reduce';
export { layerNorm, softmax } from './normalise';
export { peakFloat, peakInt16 } from './peak';
