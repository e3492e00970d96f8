import fc from 'fast-check';

/*
 * Files as people, editors and generators write them, and what becomes of them when pieces go
 * missing, come twice or land somewhere else.
 */

const HTML_PIECES = [
  '<!doctype html>\r\n<html lang=en>\n<head><title>T</title></head><body>',
  '<img src="dog.jpg">',
  "<img\tsrc='cat.jpg'\r\n   class=x/>",
  '<img src=a.jpg/>',
  '<IMG SRC=b.jpg ALT>',
  "<img alt='' src=a>",
  "<img alt='image' src=a.png>",
  '<img src="a.jpg" alt="IMG_0001.jpg" width=3>',
  '<img src=x alt=photo>',
  '<img src="{{ url }}" alt="">',
  '<img src="{{ url_for("x") }}">',
  '<img {% if a %}alt="b"{% endif %} src=c.jpg>',
  '<img src=<?= $x ?> >',
  '<picture><source srcset="a.avif, b.webp 2x"><img srcset="c.jpg 3w"></picture>',
  '<input type=image src=go.png>',
  '<svg viewBox="0 0 1 1"><image href=a.png /></svg>',
  '<map name=m><area href=#></map>',
  '<noscript><img src=n.jpg></noscript>',
  '<template><p><img src=t.jpg></template>',
  '<!-- <img src=c.jpg> -->',
  '<script>const a = "<img src=s.jpg>";</script>',
  '<textarea><img src=u.jpg></textarea>',
  '<table><tr><img src=f.jpg><td>x<img src=g.jpg></table>',
  '<a href=/x><img src=l.jpg></a>',
  '<p aria-hidden=true><img src=h.jpg>',
  '</p></div></b>\r\n',
  '<h2>Überschrift 😀</h2>\u2028\u00a0',
  '<b><i><img src=m.jpg></b></i>',
  '{% for x in y %}<img src="k.jpg">{% endfor %}',
  '<![CDATA[<img src=d.jpg>]]>',
  '&amp;&lt;&copy',
  '\0\ufeff\r',
];

const MARKDOWN_PIECES = [
  '---\ntitle: x\ncover: a.jpg\n---\n',
  '# Heading\r\n\r\n',
  '![](dog.jpg)\n',
  '![image](cat.jpg "A title")\n',
  '![](<a b.jpg> (t))',
  '![photo][ref]\n\n[ref]: c.jpg\n',
  '![picture]\n\n[picture]: d.jpg\n\n',
  '![image][]\n\n[image]: e.jpg\n\n',
  '> quoted ![](q.jpg)\n> <img\n>   src=r.jpg>\n',
  '- item ![](i.jpg)\n\n  <img src="j.jpg">\n',
  '| a | b |\n|---|---|\n| ![](t.jpg) | <img src=u.jpg> |\n',
  'text[^1] ![](v.jpg)\n\n[^1]: note ![](w.jpg)\n\n',
  '[![](l.jpg)](https://example.org)\n',
  '`![](code.jpg)` and ~~![](s.jpg)~~\n',
  '```html\n<img src=f.jpg>\n```\n',
  '    ![](indented.jpg)\n',
  '<picture>\n<source srcset=p.webp>\n\n<img src=p.jpg>\n</picture>\n\n',
  '<div>\n<!-- ![](x.jpg) <img src=y.jpg>\n-->\n</div>\n\n',
  '\\![](escaped.jpg) ![a ![](inner.jpg)](outer.jpg)\n',
  '{% include x %} ![]({{url}})\n',
  '*emphasis _![](e.jpg)*_ ü😀\n\n',
  '\t\r\n\r\n',
];

const MDX_PIECES = [
  "import hero from './hero.jpg'\n\n",
  '# Heading {1 + 1}\n\n',
  '![](dog.jpg)\n\n',
  '<Image src={hero} width={3} />\n\n',
  '<img src="a.jpg" />\r\n\r\n',
  "<img alt={'image'} src='b.jpg' />\n\n",
  '<div>\n  <img src="c.jpg" {...x} /> ![photo](d.jpg)\n</div>\n\n',
  'text <b>![](e.jpg) <img src="f.jpg"/></b>\n\n',
  '{/* <img src="g.jpg" /> */}\n\n',
  '> ![](h.jpg)\n\n',
];

/** Any text that somebody may give as an alternative text. */
export const anyAlt = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '"',
          "'",
          '&',
          '&amp;',
          '<',
          '>',
          '{{',
          '}}',
          '{%',
          '`',
          '*',
          '_',
          '[',
          ']',
          '](x)',
          '|',
        ],
        ...[
          '\\',
          '\n',
          '\r\n',
          '!',
          '~~',
          'www.a.b',
          '<!--',
          '-->',
          '<?',
          '^',
          '$x$',
          'a dog',
          ' ',
        ],
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join('')),
);

interface Mutation {
  readonly at: number;
  readonly length: number;
  readonly to: number;
  readonly how: 'drop' | 'repeat' | 'move' | 'insert';
  readonly text: string;
}

const mutation = fc.record<Mutation>({
  at: fc.nat(10_000),
  length: fc.integer({ min: 1, max: 40 }),
  to: fc.nat(10_000),
  how: fc.constantFrom('drop', 'repeat', 'move', 'insert'),
  text: fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '=',
    '/',
    '[',
    ']',
    '(',
    ')',
    '`',
    '!',
    '\n',
    '\r\n',
    '{',
    '}',
    '--',
    '😀',
  ),
});

function mutate(text: string, { at, length, to, how, text: inserted }: Mutation): string {
  const start = at % (text.length + 1);
  const piece = text.slice(start, start + length);
  const rest = text.slice(0, start) + text.slice(start + length);
  switch (how) {
    case 'drop':
      return rest;
    case 'repeat':
      return text.slice(0, start) + piece + text.slice(start);
    case 'move': {
      const place = to % (rest.length + 1);
      return rest.slice(0, place) + piece + rest.slice(place);
    }
    case 'insert':
      return text.slice(0, start) + inserted + text.slice(start);
  }
}

function mutated(pieces: readonly string[], mutations: number): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }),
      fc.array(mutation, { maxLength: mutations }),
    )
    .map(([parts, changes]) => changes.reduce(mutate, parts.join('')));
}

export const mutatedHtml = mutated(HTML_PIECES, 6);
export const mutatedMarkdown = mutated(MARKDOWN_PIECES, 6);
/** Few mutations: most of them are syntax errors, and such files are left alone. */
export const mutatedMdx = mutated(MDX_PIECES, 1);
