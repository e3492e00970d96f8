import { rehype } from 'rehype';
import rehypeZipcaption from 'rehype-zipcaption';

// With FILL=1 the texts are filled in while the site is built; the sources stay as they are.
const fill = process.env.FILL === '1';
const processor = rehype().use(rehypeZipcaption, { minConfidence: 0, roots: ['src'] });

export default function configure(eleventy) {
  eleventy.addPassthroughCopy('src/*.jpg');
  if (fill) {
    eleventy.addTransform('alternative texts', async function (html) {
      if (!this.page.outputPath?.endsWith('.html')) return html;
      return String(await processor.process({ path: this.page.inputPath, value: html }));
    });
  }
  return { dir: { input: 'src', output: 'dist' }, htmlTemplateEngine: 'njk' };
}
