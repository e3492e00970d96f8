export default {
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname,
  // Left out of the bundle, so that it may start worker threads.
  serverExternalPackages: ['zipcaption'],
};
