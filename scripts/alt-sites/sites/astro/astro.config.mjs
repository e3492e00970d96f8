import { defineConfig } from 'astro/config';
import remarkZipcaption from 'remark-zipcaption';

// With FILL=1 the texts are filled in while the site is built; the sources stay as they are.
const fill = process.env.FILL === '1';

export default defineConfig({
  devToolbar: { enabled: false },
  markdown: {
    remarkPlugins: fill ? [[remarkZipcaption, { minConfidence: 0, roots: ['public'] }]] : [],
  },
});
