export const STYLE = `
:root { --bg: #f5f6f8; --card: #fff; --text: #1b2430; --muted: #66707f; --line: #e3e6eb; --accent: #2f6feb; --good: #2b8a3e; --bad: #c92a2a; --warn: #b35c00; --hover: #eef2f9; color-scheme: light; }
:root[data-theme=dark] { --bg: #0e1318; --card: #171d24; --text: #e4e8ee; --muted: #8d98a8; --line: #29313b; --accent: #6ea0ff; --good: #69c17d; --bad: #ff8787; --warn: #ffb35c; --hover: #1f2731; color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.45 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; height: 100vh; display: flex; flex-direction: column; }
header { display: flex; align-items: center; gap: 12px; padding: 10px 20px; background: var(--card); border-bottom: 1px solid var(--line); }
h1 { font-size: 16px; margin: 0; font-weight: 650; } h1 span { color: var(--muted); font-weight: 400; }
.logo { width: 22px; height: 22px; } .logo rect { fill: var(--accent); } .logo path { stroke: #fff; stroke-width: 2; fill: none; stroke-linecap: round; }
.grow { flex: 1; }
.pill { font-size: 12px; padding: 1px 9px; border-radius: 99px; border: 1px solid var(--line); color: var(--muted); }
.pill.on { color: var(--good); border-color: currentColor; } .pill.off { color: var(--warn); border-color: currentColor; }
button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 8px; padding: 3px 10px; cursor: pointer; } button:hover { background: var(--hover); }
#layout { flex: 1; display: grid; grid-template-columns: 300px 1fr; min-height: 0; }
nav { border-right: 1px solid var(--line); background: var(--card); display: flex; flex-direction: column; min-height: 0; }
.tools { padding: 14px 14px 4px; } input[type=search] { width: 100%; font: inherit; padding: 6px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--bg); color: inherit; }
.hint { margin: 8px 0 4px; font-size: 12px; color: var(--muted); }
#runs { list-style: none; margin: 0; padding: 6px 8px 20px; overflow-y: auto; flex: 1; }
#runs li { display: grid; grid-template-columns: 22px 1fr auto; gap: 2px 8px; padding: 8px 8px; border-radius: 10px; cursor: pointer; border-left: 3px solid transparent; }
#runs li:hover { background: var(--hover); } #runs li.chosen { background: var(--hover); border-left-color: var(--series, var(--accent)); }
#runs li:focus-visible, button:focus-visible, input:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
#runs input { margin: 3px 0 0; accent-color: var(--series, var(--accent)); }
#runs .name { font-weight: 600; } #runs .when, #runs .figures { grid-column: 2 / 4; font-size: 12px; color: var(--muted); font-variant-numeric: tabular-nums; }
.status { font-size: 11px; padding: 0 7px; border-radius: 99px; align-self: center; border: 1px solid currentColor; color: var(--muted); white-space: nowrap; }
.status.running { color: var(--accent); } .status.running::before { content: ""; display: inline-block; width: 6px; height: 6px; margin-right: 5px; border-radius: 50%; background: currentColor; animation: beat 1.2s infinite; }
.status.finished { color: var(--good); } .status.failed, .status.killed, .status.damaged { color: var(--bad); } .status.interrupted { color: var(--warn); }
@keyframes beat { 50% { opacity: .25; } }
main { overflow-y: auto; padding: 22px 26px 40px; }
#heading { display: flex; align-items: baseline; gap: 12px; flex-wrap: wrap; margin-bottom: 14px; } #heading h2 { margin: 0; font-size: 20px; font-weight: 650; } #heading .muted { font-size: 13px; }
#heading .message { flex-basis: 100%; color: var(--bad); font-size: 13px; overflow-wrap: anywhere; } #heading .message.interrupted { color: var(--warn); }
.muted { color: var(--muted); }
#tiles { display: flex; flex-wrap: wrap; gap: 12px; margin-bottom: 16px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 10px 16px; min-width: 118px; } .tile b { display: block; font-size: 19px; font-weight: 620; font-variant-numeric: tabular-nums; } .tile span { font-size: 12px; color: var(--muted); }
.tile progress { width: 100%; height: 4px; display: block; margin-top: 5px; border: 0; border-radius: 4px; overflow: hidden; background: var(--line); } .tile progress::-webkit-progress-bar { background: var(--line); } .tile progress::-webkit-progress-value { background: var(--accent); }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(390px, 1fr)); gap: 16px; align-items: start; }
.card { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 14px 18px 16px; min-width: 0; } .wide { grid-column: 1 / -1; }
figcaption, h3 { font-size: 14px; font-weight: 620; margin: 0 0 10px; display: flex; gap: 8px; align-items: baseline; flex-wrap: wrap; } figcaption small { color: var(--muted); font-weight: 400; font-size: 12px; }
.slider { margin-left: auto; font-weight: 400; font-size: 12px; color: var(--muted); display: flex; align-items: center; gap: 8px; } .slider input { width: 140px; accent-color: var(--accent); } .slider output { width: 30px; font-variant-numeric: tabular-nums; }
.chart { height: 250px; position: relative; } .chart.half { height: 140px; } .chart.half + .chart.half { margin-top: 6px; } .chart canvas { display: block; }
:root[data-theme=dark] .chart canvas { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
.confusion { height: 100%; table-layout: fixed; border-collapse: separate; border-spacing: 4px; } .confusion th { position: static; width: 5.5em; border: 0; vertical-align: middle; } .confusion td { border: 0; border-radius: 8px; text-align: center; vertical-align: middle; padding: 4px; font-size: 19px; color: var(--text); background: color-mix(in srgb, var(--tone) calc(var(--share) * 45%), var(--hover)); } .confusion td small { display: block; font-size: 12px; color: var(--muted); } .confusion .good { --tone: var(--good); } .confusion .bad { --tone: var(--bad); }
.none { position: absolute; inset: 0; display: grid; place-items: center; color: var(--muted); font-size: 13px; text-align: center; padding: 0 20px; }
#vg-tooltip-element { background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 8px; padding: 6px 10px; font-size: 12px; position: fixed; visibility: hidden; z-index: 9; box-shadow: 0 4px 16px #0003; } #vg-tooltip-element.visible { visibility: visible; } #vg-tooltip-element td.key { color: var(--muted); padding-right: 8px; }
.scroll { overflow: auto; max-height: 420px; } table { border-collapse: collapse; font-size: 13px; width: 100%; font-variant-numeric: tabular-nums; } td, th { text-align: left; padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top; } th { font-weight: 500; color: var(--muted); position: sticky; top: 0; background: var(--card); } tr.setting td:first-child { font-family: ui-monospace, monospace; font-size: 12px; } th { white-space: nowrap; } td:first-child { color: var(--muted); white-space: nowrap; }
.key.normal { background: #2f6feb; } .key.abnormal { background: #c2255c; margin-left: 8px; } .key { display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 6px; }
#reports { list-style: none; margin: 0; padding: 0; max-height: 420px; overflow: auto; } #reports li { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0; border-bottom: 1px solid var(--line); font-size: 13px; } #reports time { color: var(--muted); white-space: nowrap; }
a { color: var(--accent); text-decoration: none; overflow-wrap: anywhere; } a:hover { text-decoration: underline; }
#empty { max-width: 560px; margin: 12vh auto; text-align: center; } #empty h2 { font-size: 22px; } pre { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; font: 13px ui-monospace, monospace; }
[hidden] { display: none !important; }
@media (max-width: 860px) { body { height: auto; } #layout { grid-template-columns: 1fr; } nav { border-right: 0; border-bottom: 1px solid var(--line); max-height: 260px; } .grid { grid-template-columns: 1fr; } main { padding: 16px; } }
`;
