/** The style of the docs page: system fonts, light and dark as the reader's system has it, one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff;
  --panel: #f5f6f8;
  --line: #d5d9e0;
  --text: #1b1f27;
  --quiet: #565e6c;
  --link: #0b57b0;
  --get: #0a6b2d;
  --write: #8a3d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c;
    --panel: #1e232b;
    --line: #39414d;
    --text: #e6e9ee;
    --quiet: #a4adbb;
    --link: #7fb6ff;
    --get: #74d394;
    --write: #ffb277;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif;
}
.layout { display: grid; grid-template-columns: minmax(0, 19rem) minmax(0, 52rem); gap: 2.5rem; max-width: 78rem; margin: 0 auto; padding: 0 1.25rem 4rem; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 2rem 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li { margin: 0; }
nav a { display: block; padding: 0.3rem 0; font-size: 0.9rem; text-decoration: none; overflow-wrap: anywhere; }
main { padding-top: 2rem; min-width: 0; }
a { color: var(--link); }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
h1 { margin: 0 0 0.25rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 3rem 0 0.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 1.3rem; line-height: 1.3; }
h3 { margin: 1.5rem 0 0.5rem; font-size: 1rem; }
p { margin: 0.5rem 0; }
ul { margin: 0.5rem 0; padding-left: 1.25rem; }
code, pre { font: 0.875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
p code, li code, td code, summary code { background: var(--panel); border-radius: 3px; padding: 0.1em 0.3em; }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; }
.lead { color: var(--quiet); font-size: 1.05rem; }
.quiet { color: var(--quiet); font-size: 0.9rem; }
.route { display: block; margin: 0; color: var(--quiet); font-size: 0.95rem; overflow-wrap: anywhere; }
.method { font: 700 0.8em ui-monospace, Menlo, Consolas, monospace; color: var(--write); }
.method.get { color: var(--get); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.925rem; }
th, td { padding: 0.45rem 0.75rem 0.45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; }
td:first-child code { white-space: nowrap; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; }
summary { padding: 0.5rem 1rem; cursor: pointer; }
details > div { padding: 0 1rem 0.75rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; padding: 0.5rem 1rem; background: var(--page); }
@media (max-width: 52rem) {
  .layout { display: block; }
  nav { position: static; max-height: none; padding: 1.5rem 0 0; }
  main { padding-top: 1rem; }
}
`
