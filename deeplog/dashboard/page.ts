/** The page without its data; client/main.ts fills it. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>deeplog runs</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232f6feb'/%3E%3Cpath d='M3 4 C5 12 8 12 13 12' stroke='white' stroke-width='2' fill='none' stroke-linecap='round'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/assets/style.css">
<script src="/assets/tfjs-vis.js" id="tfjs-vis" async></script>
<script type="module" src="/assets/client/main.js"></script>
</head>
<body>
<header>
  <svg class="logo" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="4"/><path d="M3 4 C5 12 8 12 13 12"/></svg>
  <h1>deeplog <span>runs</span></h1>
  <span id="live" class="pill" role="status">connecting</span>
  <span class="grow"></span>
  <button id="theme" type="button" title="Light or dark">◐</button>
</header>
<div id="layout">
  <nav aria-label="Runs">
    <div class="tools">
      <input id="filter" type="search" placeholder="Filter by stage, run or status" aria-label="Filter runs">
      <p class="hint">Click a run to see it; tick several to compare.</p>
    </div>
    <ol id="runs"></ol>
  </nav>
  <main id="main">
    <section id="empty" hidden>
      <h2>No runs yet</h2>
      <p>Every stage that trains shows up here by itself, while it trains. To have one in half a minute:</p>
      <pre>npx deeplog quickstart</pre>
      <p class="muted" id="where"></p>
    </section>
    <section id="content" hidden>
      <div id="heading"></div>
      <div id="tiles"></div>
      <div class="grid">
        <figure class="card"><figcaption id="loss-title">Loss</figcaption><div class="chart" id="loss"></div></figure>
        <figure class="card"><figcaption>Accuracy <small>next key, validation, by epoch</small></figcaption><div class="chart" id="accuracy"></div></figure>
        <figure class="card wide"><figcaption>Training loss by step <small id="steps-note"></small>
          <label class="slider">smoothing <input id="smoothing" type="range" min="0" max="0.99" step="0.01" value="0.6"><output id="smoothing-value">0.60</output></label></figcaption>
          <div class="chart" id="steps"></div></figure>
        <figure class="card" data-part="evaluation"><figcaption>Scores <small id="histogram-note"></small><small id="histogram-key"><span class="key normal"></span>normal <span class="key abnormal"></span>abnormal</small><small>log₁₀(1 + n)</small></figcaption><div class="chart half" id="normal"></div><div class="chart half" id="abnormal"></div></figure>
        <figure class="card" data-part="evaluation"><figcaption>Confusion matrix <small id="confusion-note"></small></figcaption><div class="chart" id="confusion"></div></figure>
        <figure class="card" data-part="evaluation"><figcaption>Precision <small>by recall in percent, test sessions</small></figcaption><div class="chart" id="pr"></div></figure>
        <section class="card"><h3>Reports</h3><ul id="reports"></ul></section>
        <section class="card wide" id="comparison-card"><h3 id="comparison-title">Settings</h3><div class="scroll"><table id="comparison"></table></div></section>
      </div>
    </section>
  </main>
</div>
</body>
</html>
`;
