/** The page's style: one column on a phone, several charts side by side on a desk; follows the reader's light or dark; prints on white. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1f24; --soft: #5d6570; --line: #d9dde3; --tint: #f4f6f9; --blue: #3b68c9; --red: #cf3e4f; --amber: #c47a00; --green: #2c8a57 }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e8eb; --soft: #9aa3ae; --line: #333a43; --tint: #1c2127; --blue: #7ea3f3; --red: #f07b86; --amber: #e5a84a; --green: #64c391 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--paper); max-width: 1360px; margin: 0 auto; padding: 1.2rem clamp(.8rem, 3vw, 2.4rem) 4rem; --plot-background: var(--paper) }
h1 { font-size: 1.55rem; line-height: 1.2; margin: .4rem 0 .2rem } h2 { font-size: 1.25rem; margin: 2.8rem 0 .2rem; padding-top: 1rem; border-top: 2px solid var(--ink); overflow-wrap: anywhere }
h3 { font-size: 1.02rem; margin: 1.8rem 0 .5rem } h4 { font-size: .86rem; margin: 0 0 .1rem; overflow-wrap: anywhere }
.facts, figcaption, .legend { color: var(--soft); font-size: .8rem } .facts { margin: .2rem 0; overflow-wrap: anywhere } code { font: .86em ui-monospace, SFMono-Regular, Menlo, monospace; overflow-wrap: anywhere }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .8rem 0 } dl.facts dt { font-weight: 600 } dl.facts dd { margin: 0; min-width: 0 }
nav { font-size: .88rem; margin: 1rem 0 } nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem } a { color: var(--blue) }
ul.notes { color: var(--soft); font-size: .8rem; padding-left: 1.1rem; margin: .6rem 0 }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 375px), 1fr)); gap: 1.1rem 1.6rem; align-items: start } .grid.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 265px), 1fr)) }
figure { margin: 0; min-width: 0; break-inside: avoid } figure svg { display: block; width: 100%; max-width: 480px; height: auto; margin: .2rem 0 } .small figure svg { max-width: 420px } figcaption { line-height: 1.35 }
.legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: .3rem 0 } .legend i { display: inline-block; width: .75em; height: .75em; border-radius: 50%; margin-right: .35em }
.scroll { overflow-x: auto; margin: .6rem 0 } table.numbers { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; min-width: 100% }
.numbers th, .numbers td { padding: .22rem .55rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap } .numbers thead th { color: var(--soft); font-weight: 600; vertical-align: bottom } .numbers tbody th, .numbers .text { text-align: left; font-weight: 500 }
.numbers th:first-child { position: sticky; left: 0; background: var(--paper); text-align: left } .numbers td.best { font-weight: 700 } .numbers tbody tr:hover td, .numbers tbody tr:hover th { background: var(--tint) }
.confusions { display: flex; flex-wrap: wrap; gap: .9rem 1.3rem } table.confusion { border-collapse: separate; border-spacing: 2px; font-size: .76rem; font-variant-numeric: tabular-nums; break-inside: avoid } .confusion caption { text-align: left; font-weight: 600; padding-bottom: .1rem } .confusion thead th:first-child { background: none } .confusion th { color: var(--soft); font-weight: 500; text-align: right; padding: 0 .3rem }
.confusion td { min-width: 4.6em; padding: .25rem .45rem; text-align: right; border-radius: 4px; background: var(--tint) } .confusion td.good { background: color-mix(in srgb, var(--green) calc(var(--share, 0) * 45%), var(--tint)) } .confusion td.bad { background: color-mix(in srgb, var(--red) calc(var(--share, 0) * 45%), var(--tint)) }
details { margin: 1.2rem 0 } summary { cursor: pointer; font-weight: 600; font-size: 1.02rem }
@media print { :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #ccc; --tint: #f4f6f9; --blue: #3b68c9; --red: #cf3e4f; --amber: #b26a00; --green: #2c8a57 } html { font-size: 11px } body { font-size: 10.5px; max-width: none; padding: 0 } nav { display: none } h2 { break-before: page } h2.first { break-before: auto } h3 { break-after: avoid } .scroll { overflow: visible } table.numbers { font-size: 7px } .numbers th, .numbers td { padding: .12rem .22rem } .grid { grid-template-columns: repeat(3, 1fr); gap: .8rem 1rem } .grid.small { grid-template-columns: repeat(4, 1fr) } * { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
`;
