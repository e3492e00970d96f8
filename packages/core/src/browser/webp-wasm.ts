/**
 * The WebAssembly of the WebP decoder, fetched from beside the page's bundle, where the build copies
 * `@jsquash/webp/codec/dec/webp_dec.wasm` to. Only needed where the browser's own decoder is not
 * used.
 */
export async function fetchWebpWasm(): Promise<Uint8Array> {
  const url = new URL('webp_dec.wasm', import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
