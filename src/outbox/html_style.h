/*
 * html_style: the one style sheet of all pages. Colours say what the words beside them say, too;
 * each pair of text and ground has a contrast of 4.5 and more, by day and by night
 * (tests/browser measures it). Included by html.c alone.
 */
#ifndef OUTBOX_HTML_STYLE_H
#define OUTBOX_HTML_STYLE_H

/* What a page is made of: main; header.top; section; h1, h2, h3; p.lead, the status in a sentence;
 * .muted and .num; .badge with good, bad, wait or plain, a word with a ground; .bar with i.done,
 * .unchanged, .warning, .error and .skipped, each with style="flex:COUNT", and ul.key, which says
 * it in words; ol.steps, what to do; dl.facts; details; tables, where td[data-th] names its column
 * on a phone; .strip, an i for each day. */
static const char *const html_style[] = {
    /* colours by day and by night */
    ":root{color-scheme:light dark;--ground:#f5f6f7;--card:#fff;--ink:#1b1f24;--soft:#56606c;"
    "--line:#d7dbe0;--link:#0b5394;--done:#1f7a43;--unchanged:#7a8694;--warning:#8a5a00;"
    "--error:#b3261e;--skipped:#5b4b9a;--goodground:#e3f3e8;--badground:#fbe6e4;"
    "--waitground:#fbf0d9;--plainground:#e8ebef}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1c2125;--ink:#e7e9eb;"
    "--soft:#a7b0ba;--line:#373f47;--link:#8fbcff;--done:#79d29a;--unchanged:#8a95a1;"
    "--warning:#f0c368;--error:#ff948a;--skipped:#b9a9f5;--goodground:#17331f;"
    "--badground:#431c19;--waitground:#3b2e10;--plainground:#2b3239}}\n",
    /* everywhere */
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%}\n"
    "body{margin:0;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif;"
    "overflow-wrap:anywhere}\n"
    "main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
    "h1,h2,h3{line-height:1.25;margin:0}\n"
    "h1{font-size:1.65rem;font-weight:650}\n"
    "h2{font-size:1.2rem;font-weight:650;margin-bottom:.75rem}\n"
    "h3{font-size:1rem;font-weight:650}\n"
    "p{margin:.4rem 0}\n"
    "a{color:var(--link);text-underline-offset:.15em}\n"
    "a:focus-visible,summary:focus-visible,[tabindex]:focus-visible"
    "{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}\n"
    "code,.code{font-family:ui-monospace,\"SF Mono\",\"DejaVu Sans Mono\",Consolas,monospace;"
    "font-size:.9em}\n"
    "code.command{display:inline-block;background:var(--plainground);padding:.1rem .45rem;"
    "border-radius:4px}\n"
    ".muted{color:var(--soft)}\n"
    ".num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
    "header.top{margin-bottom:1.25rem}\n"
    "header.top .eyebrow{color:var(--soft);font-size:.9rem;margin:0 0 .25rem}\n"
    ".lead{font-size:1.1rem;margin:.6rem 0 0}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:8px;"
    "padding:1.1rem 1.25rem;margin:0 0 1rem}\n"
    "section section{border:0;border-top:1px solid var(--line);border-radius:0;"
    "padding:1rem 0 0;margin:1rem 0 0}\n"
    ".badge{display:inline-block;padding:.05rem .55rem;border-radius:99px;font-size:.85rem;"
    "font-weight:600;white-space:nowrap}\n"
    ".badge.good{background:var(--goodground);color:var(--done)}\n"
    ".badge.bad{background:var(--badground);color:var(--error)}\n"
    ".badge.wait{background:var(--waitground);color:var(--warning)}\n"
    ".badge.plain{background:var(--plainground);color:var(--ink)}\n",
    /* outcomes, steps, facts and tables */
    ".bar{display:flex;gap:2px;height:1.1rem;border-radius:4px;overflow:hidden;"
    "background:var(--plainground)}\n"
    ".bar i{min-width:4px}\n"
    "i.done{background:var(--done)}i.unchanged{background:var(--unchanged)}"
    "i.warning{background:var(--warning)}i.error{background:var(--error)}"
    "i.skipped{background:var(--skipped)}\n"
    "ul.key{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;padding:0;"
    "margin:.8rem 0 0}\n"
    "ul.key i{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;"
    "margin-right:.45rem}\n"
    "ul.key b{font-variant-numeric:tabular-nums}\n"
    "ol.steps{margin:0;padding-left:1.4rem}ol.steps li{margin:.45rem 0;padding-left:.2rem}\n"
    "ul.plain{margin:.4rem 0;padding-left:1.2rem}ul.plain li{margin:.3rem 0}\n"
    "dl.facts{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.4rem 1.25rem;"
    "margin:0}\n"
    "dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;min-width:0}\n"
    "details{margin:.6rem 0 0}\n"
    "summary{cursor:pointer;color:var(--link);padding:.15rem 0}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem;margin:.5rem 0 0}\n"
    "caption{text-align:left;color:var(--soft);padding:0 0 .4rem}\n"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;"
    "border-bottom:1px solid var(--line)}\n"
    "th:last-child,td:last-child{padding-right:0}\n"
    "thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);"
    "overflow-wrap:normal}\n"
    "tbody th{font-weight:600}\n"
    "th.num,td.num{text-align:right}\n"
    /* days: a sign on a ground, in a grid with a column for each week */
    ".strip,.week,.legend{list-style:none;padding:0;margin:.8rem 0}\n"
    ".strip{display:grid;grid-auto-flow:column;grid-template-rows:repeat(7,1.4rem);"
    "grid-auto-columns:1.4rem;gap:3px}\n"
    ".from2>:first-child{grid-row-start:2}.from3>:first-child{grid-row-start:3}"
    ".from4>:first-child{grid-row-start:4}.from5>:first-child{grid-row-start:5}"
    ".from6>:first-child{grid-row-start:6}.from7>:first-child{grid-row-start:7}\n"
    ".days{display:flex;flex-wrap:wrap;gap:0 2.5rem}tbody th .muted{font-weight:400}"
    ".runs tbody th{white-space:nowrap}\n"
    ".days .legend{flex-direction:column;flex-wrap:nowrap;justify-content:center}\n"
    ".week{display:flex;gap:3px;margin:0}\n"
    ".legend{display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;font-size:.92rem;margin-bottom:0}\n"
    ".legend li{display:flex;gap:.45rem;align-items:center}\n"
    ".day{position:relative;display:inline-grid;place-items:center;width:1.4rem;height:1.4rem;"
    "flex:none;border-radius:3px;font-size:.8rem;font-weight:700;line-height:1;"
    "background:var(--plainground);color:var(--ink)}\n"
    ".day.none{background:none;border:1px solid var(--line)}"
    ".day.clean{background:var(--goodground);color:var(--done)}"
    ".day.problems{background:var(--waitground);color:var(--warning)}"
    ".day.held{background:var(--plainground);color:var(--skipped);"
    "box-shadow:inset 0 0 0 2px var(--skipped)}"
    ".day.refused{background:var(--error);color:var(--card)}\n"
    ".unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);"
    "white-space:nowrap}\n"
    "footer{color:var(--soft);font-size:.9rem;margin-top:1.5rem}\n",
    /* a phone: rows of a table become cards */
    "@media(max-width:40rem){\n"
    "main{padding:1rem .75rem 2rem}section{padding:.9rem .9rem}\n"
    "h1{font-size:1.35rem}dl.facts{grid-template-columns:1fr;gap:0}"
    "dl.facts dd{margin:0 0 .6rem}\n"
    "table,tbody,tr,td,tbody th{display:block}caption{display:block}\n"
    "thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\n"
    "tr{border-bottom:1px solid var(--line);padding:.5rem 0}\n"
    "td,tbody th,th.num,td.num{border:0;padding:.1rem 0;text-align:left;white-space:normal}\n"
    "td[data-th],tbody th[data-th]{display:grid;grid-template-columns:6rem 1fr;gap:.6rem}\n"
    "td[data-th]::before,tbody th[data-th]::before{content:attr(data-th);color:var(--soft);"
    "font-weight:400}\n"
    "td:empty{display:none}\n"
    ".runs td.num{display:inline-grid;grid-template-columns:5.2rem auto;width:49%}\n"
    ".strip{grid-template-rows:repeat(7,1.15rem);grid-auto-columns:1.15rem}"
    ".strip .day{width:1.15rem;height:1.15rem}}\n",
    /* paper */
    "@media print{\n"
    "@page{size:A4;margin:16mm 15mm}\n"
    ":root{color-scheme:light;--ground:#fff;--card:#fff;--ink:#000;--soft:#444c55;"
    "--line:#c3c8ce;--link:#0b3d6e;--done:#1f7a43;--unchanged:#7a8694;--warning:#7a4f00;"
    "--error:#a01e17;--skipped:#4b3d85;--goodground:#e3f3e8;--badground:#fbe6e4;"
    "--waitground:#fbf0d9;--plainground:#e8ebef}\n"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
    "body{font-size:10pt}main{max-width:none;padding:0}.runs{font-size:8pt}"
    ".runs th,.runs td{padding-right:.5rem}\n"
    "section{border:0;border-top:1px solid var(--line);border-radius:0;padding:.8rem 0}\n"
    "h2,h3{break-after:avoid}tr,li,dl.facts dd{break-inside:avoid}thead{display:table-header-group}"
    "\n"
    "details::details-content{content-visibility:visible;display:block;block-size:auto}\n"
    "summary{color:var(--soft)}a{text-decoration:none}}\n",
};

#endif
