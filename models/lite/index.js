/**
 * The address of each file of the model. Written so that bundlers see which files belong to the
 * program: they copy them and put in the new addresses.
 */
export const files = {
  'manifest.json': new URL('./manifest.json', import.meta.url),
  'encoder.onnx': new URL('./encoder.onnx', import.meta.url),
  'decoder.onnx': new URL('./decoder.onnx', import.meta.url),
  'tokenizer.json': new URL('./tokenizer.json', import.meta.url),
};
