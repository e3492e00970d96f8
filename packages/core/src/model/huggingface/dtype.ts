/**
 * Number formats of the weights, as Hugging Face's repositories name them, and what a file's name
 * ends in for each. `q8` is int8 or uint8, whatever the exporter chose for "quantized".
 */
export const DTYPE_SUFFIXES = {
  fp32: '',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  fp16: '_fp16',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const;

export type Dtype = keyof typeof DTYPE_SUFFIXES;

/** In the order of preference when the option is not set. */
export const DTYPES = Object.keys(DTYPE_SUFFIXES) as readonly Dtype[];
