/** For answers that are data, never pages (OWASP REST security). The page brings its own policy. */
const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * The headers that every answer has, those of malformed requests included.
 *
 * @param more further ones, such as CORS; none replaces a header that the answer has already
 */
export function withAnswerHeaders(
  response: Response,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): Headers {
  const headers = new Headers(response.headers);
  const all = { ...securityHeaders, ...more, 'x-request-id': requestId };
  for (const [name, value] of Object.entries(all)) {
    if (name === 'vary') headers.append(name, value);
    else if (!headers.has(name)) headers.set(name, value);
  }
  return headers;
}
