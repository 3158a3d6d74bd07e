// The style of report.html: readable on a phone and on paper, light and dark.

/** Inline style sheet. Colours of series are told apart in both schemes and without colour by their marks. */
export const STYLE = `
:root { color-scheme: light dark; --page: #fcfcfb; --ink: #1c1c1a; --soft: #5d5d57; --line: #dcdcd6; --card: #ffffff;
  --accent: #1f5fae; --warn-ink: #6b4300; --warn: #fff3d6; --warn-line: #e2b04a;
  --s0: #1f5fae; --s1: #b3471b; --s2: #2c7a4b; --s3: #7a3fa0; --s4: #8a6d00; --s5: #0d7f86; --other: #8d8d86; }
@media (prefers-color-scheme: dark) { :root { --page: #171716; --ink: #ecebe6; --soft: #a9a89f; --line: #3a3a37;
  --card: #1f1f1d; --accent: #86b6f0; --warn-ink: #ffdf9c; --warn: #3a2d0d; --warn-line: #8a6a1d;
  --s0: #86b6f0; --s1: #f09a72; --s2: #7fcf9d; --s3: #c9a0e6; --s4: #e0c45c; --s5: #6fd0d6; --other: #85847c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.soft { color: var(--soft); font-size: .9rem; }
code, .mono { font: .9em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.notice { margin: 1rem 0; padding: .75rem 1rem; background: var(--warn); color: var(--warn-ink);
  border: 1px solid var(--warn-line); border-radius: .5rem; max-width: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem; margin: 1rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; min-width: 0; }
.card h4 { margin: 0; font-size: 1.05rem; display: flex; flex-wrap: wrap; gap: .4rem .6rem; align-items: center; }
.card h4 span:first-child { flex-basis: 100%; overflow-wrap: anywhere; } .card .big + .soft { white-space: nowrap; }
.card .use { color: var(--soft); font-size: .9rem; margin: .25rem 0 .75rem; }
.tag { font-size: .75rem; font-weight: 600; padding: .05rem .5rem; border-radius: 1rem; border: 1px solid var(--line); color: var(--soft); }
.tag.warn { background: var(--warn); color: var(--warn-ink); border-color: var(--warn-line); }
.big { font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem .8rem; margin: .75rem 0 0; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.set { display: flex; flex-wrap: wrap; gap: .3rem; margin: .5rem 0; }
.set code { background: var(--page); border: 1px solid var(--line); border-radius: .3rem; padding: .05rem .4rem; }
ul.warnings { margin: .75rem 0 0; padding-left: 1.1rem; font-size: .88rem; color: var(--soft); }
.scroll { overflow-x: auto; margin: .5rem 0 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card); }
.scroll:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .4rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td { min-width: 4rem; } td.cell { min-width: 11rem; } td.num, th.num { text-align: right; white-space: nowrap; }
td.keep { white-space: nowrap; } td.long { min-width: 14rem; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } figcaption { color: var(--soft); font-size: .88rem; }
svg.chart { width: 100%; height: auto; display: block; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
svg.chart text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg.chart .grid { stroke: var(--line); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: .5rem 0; font-size: .85rem; }
.legend svg { width: 1.1rem; height: .8rem; vertical-align: middle; margin-right: .35rem; }
.c0 { --c: var(--s0); } .c1 { --c: var(--s1); } .c2 { --c: var(--s2); } .c3 { --c: var(--s3); } .c4 { --c: var(--s4); }
.c5 { --c: var(--s5); } .co { --c: var(--other); }
.series path { stroke: var(--c); stroke-width: 2; fill: none; } .series .bar { stroke: var(--c); stroke-width: 1.5; }
.series .dot { stroke: var(--c); stroke-width: 2; fill: var(--c); } .series .dot.screen { fill: var(--card); }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dt { margin-top: .4rem; } svg.chart text { font-size: 21px; } }
@media print { .scroll { overflow: visible; } .card { break-inside: avoid; } }
`;
