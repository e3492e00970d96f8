const SHARED = {
  'default-src': ["'none'"],
  // WebAssembly may be compiled; text may not be evaluated.
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'blob:'],
  'manifest-src': ["'self'"],
  // The captioner's worker is started from a blob, so that it is bound by this very policy.
  'worker-src': ["'self'", 'blob:'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

/** The page that keeps photos to itself: no connection but to its own address. */
export function localPolicy() {
  return serialise({ ...SHARED, 'connect-src': ["'self'"] });
}

/**
 * The page that sends photos to an API. A policy cannot be loosened by script, so the visitor's own
 * endpoint needs one that allows endpoints: https anywhere, http on this very machine.
 *
 * @param {string} [origin] the one API that is allowed instead
 */
export function remotePolicy(origin) {
  const anywhere = ['https:', 'http://localhost:*', 'http://127.0.0.1:*'];
  return serialise({ ...SHARED, 'connect-src': ["'self'", ...(origin ? [origin] : anywhere)] });
}

function serialise(policy) {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
    .join('; ');
}
