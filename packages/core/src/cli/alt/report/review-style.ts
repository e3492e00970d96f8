/** Light or dark as the reader's system is; one column on a narrow screen. */
export const REVIEW_STYLE = `:root { --paper: #fafaf7; --card: #ffffff; --ink: #18181e; --faded: #5c5c66; --line: #d4d4cc; --accent: #8f3a0c; --on-accent: #ffffff; --done: #1e6b3a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #131316; --card: #1d1d22; --ink: #ececf0; --faded: #a6a6b0; --line: #3a3a43; --accent: #ffab5e; --on-accent: #1d1206; --done: #7fd49b; }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: 0 clamp(.75rem, 3vw, 2rem); }
header { padding-top: clamp(1rem, 4vw, 2.5rem); }
main { padding-bottom: 4rem; }
h1 { margin: 0; font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.25; }
header > p { max-width: 46rem; }
h2 { margin: 2.5rem 0 .75rem; font: 600 1rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.5rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
.bar p { margin: 0; font-weight: 600; }
.bar button { margin-left: auto; }
#status { margin: .5rem 0 0; min-height: 1.5em; font-weight: 600; }
.hint, .place, .facts, .sure { color: var(--faded); font-size: .9rem; }
.hint { margin: 0; }
.sure { white-space: nowrap; }
article { display: grid; grid-template-columns: minmax(0, 20rem) minmax(0, 1fr); gap: 1rem 1.5rem; margin: 0 0 1rem; padding: 1rem; border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 10px; background: var(--card); }
article[data-decision="write"], article[data-decision="decorative"] { border-left-color: var(--done); }
article[data-decision="skip"] { border-left-color: var(--faded); }
.picture img { display: block; max-width: 100%; height: auto; border-radius: 6px; }
.none { margin: 0; padding: 2rem 1rem; border: 1px dashed var(--line); border-radius: 6px; color: var(--faded); text-align: center; }
.place { margin: .1rem 0 .75rem; }
dl { margin: 0 0 .75rem; font-size: .9rem; }
dl div { display: flex; gap: .5rem; }
dt { flex: 0 0 7.5rem; color: var(--faded); }
dd { margin: 0; overflow-wrap: anywhere; }
.text > label { display: block; font-weight: 600; }
textarea { width: 100%; margin: .2rem 0; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--faded); border-radius: 6px; resize: vertical; }
.facts { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; margin: 0 0 .5rem; }
ul { list-style: none; margin: 0 0 .5rem; padding: 0; }
li { margin: .25rem 0; }
button { font: inherit; color: inherit; text-align: left; cursor: pointer; padding: .3rem .7rem; border: 1px solid var(--faded); border-radius: 6px; background: var(--card); }
button:hover { border-color: var(--accent); }
#export { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600; padding: .5rem 1rem; }
fieldset { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .5rem 0 0; padding: .4rem .75rem .6rem; border: 1px solid var(--line); border-radius: 6px; }
legend { padding: 0 .3rem; font-size: .9rem; color: var(--faded); }
input { accent-color: var(--accent); width: 1.05rem; height: 1.05rem; vertical-align: -.15rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
kbd { padding: 0 .3em; border: 1px solid var(--line); border-radius: 4px; font: inherit; font-size: .85em; }
@media (max-width: 46rem) { article { grid-template-columns: minmax(0, 1fr); } .bar button { margin-left: 0; } }
@media print { .bar, .hint, fieldset { display: none; } }
`;
