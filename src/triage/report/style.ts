/** The look of a report: one sheet, for screens of any width, dark ones and paper. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--line:#dfe4ea;--paper:#fff;--ground:#f4f6f8;--tint:#eef2f6;--good:#1c7c4a;--fair:#9a6200;--poor:#b3261e;--mark:#d9272e;--accent:#23539b;--radius:14px}
@media (prefers-color-scheme:dark){:root{--ink:#e8edf3;--soft:#9dabba;--line:#2f3a47;--paper:#18202a;--ground:#0f151c;--tint:#212b37;--good:#5fcf93;--fair:#f0b65a;--poor:#ff8a80;--accent:#8ab6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1080px;margin:0 auto;padding:24px 16px 56px}
header{padding:12px 4px 20px}
h1{font-size:clamp(1.6rem,1.2rem + 2.4vw,2.5rem);line-height:1.15;margin:4px 0 6px;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 14px;letter-spacing:-.01em}
h3{font-size:1.06rem;margin:0;line-height:1.3}
p{margin:0 0 10px}
small,.who,.lead-in,figcaption,.address{color:var(--soft)}
.kicker{font-size:.78rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--accent);margin:0}
.address{margin:0;overflow-wrap:anywhere}
section{background:var(--paper);border:1px solid var(--line);border-radius:var(--radius);padding:22px;margin:0 0 18px}
.store{position:absolute}
.verdict{display:grid;grid-template-columns:auto 1fr;gap:24px;align-items:center;border-left:6px solid var(--soft)}
.verdict.qualified{border-left-color:var(--good)}.verdict.awaiting{border-left-color:var(--fair)}.verdict.held{border-left-color:var(--poor)}
.verdict p:last-child{margin-bottom:0}
.decision{font-size:1.35rem;font-weight:650;line-height:1.25;margin-bottom:6px}
.qualified .decision{color:var(--good)}.awaiting .decision{color:var(--fair)}.held .decision{color:var(--poor)}
.reason{margin-bottom:6px}
.sign{width:84px;height:84px;border-radius:50%;display:grid;place-items:center;font-size:2.6rem;font-weight:700;color:var(--poor);background:var(--tint)}
.ring{width:132px;height:132px;display:block}
.ring circle{fill:none;stroke-width:11}.ring-back{stroke:var(--tint)}.ring-score{stroke:var(--accent);stroke-linecap:round}
.qualified .ring-score{stroke:var(--good)}.awaiting .ring-score{stroke:var(--fair)}
.ring-bar{stroke:var(--ink);stroke-width:2.5}
.ring-value{font-size:30px;font-weight:700;fill:var(--ink)}.ring-of{font-size:11px;fill:var(--soft)}
.summary p{font-size:1.06rem;line-height:1.65}
.shots{display:grid;grid-template-columns:minmax(0,2.4fr) minmax(0,1fr);gap:18px;align-items:start}
.shots figure,.closeups figure{margin:0}
.frame{border:1px solid var(--line);border-radius:10px;overflow:auto;max-height:640px;background:#fff}
.shot,.closeup{display:block;width:100%;height:auto}
figcaption{font-size:.86rem;margin-top:7px}
.mark{fill:#d9272e;fill-opacity:.09;stroke:var(--mark);stroke-width:3}
.desktop .mark,.frame.desktop .mark{stroke-width:5}
.pin{fill:#d9272e;stroke:#fff;stroke-width:2}.pin-text{fill:#fff;font-weight:700;font-family:inherit}
.findings{list-style:none;margin:0;padding:0}
.finding{padding:20px 0;border-top:1px solid var(--line);break-inside:avoid}
.finding:first-child{border-top:0;padding-top:2px}.finding:last-child{padding-bottom:0}
.finding-head{display:grid;grid-template-columns:auto 1fr auto;gap:12px;align-items:center;margin-bottom:8px}
.number{width:30px;height:30px;border-radius:50%;background:#d9272e;color:#fff;font-weight:700;display:grid;place-items:center;font-size:.92rem}
.points{font-size:.85rem;font-weight:600;background:var(--tint);border-radius:99px;padding:3px 11px;white-space:nowrap}
.evidence{margin:0 0 12px;padding:0 0 0 18px}.evidence li{margin-bottom:5px;overflow-wrap:anywhere}.evidence .more{color:var(--soft)}
code{display:block;font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--soft);background:var(--tint);border-radius:7px;padding:6px 9px;margin-top:4px;overflow-wrap:anywhere}
.closeups{display:flex;flex-wrap:wrap;gap:14px;margin:0 0 12px}
.closeups figure{flex:1 1 300px;max-width:520px}
.closeups figure:has(.phone){flex:0 1 300px}
.closeup{border:1px solid var(--line);border-radius:10px;background:#fff}
.help{margin:0}
.scores{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px;margin-bottom:18px}
.score-card{background:var(--tint);border-radius:12px;padding:14px}
.score-card strong,.score-card small{display:block;line-height:1.35}
.score-value{font-size:1.9rem;font-weight:700;line-height:1.1}
.bar{height:6px;border-radius:9px;background:var(--line);margin:8px 0 10px;overflow:hidden}.bar span{display:block;height:100%;border-radius:9px}
.good .score-value,.grade.good{color:var(--good)}.fair .score-value,.grade.fair{color:var(--fair)}.poor .score-value,.grade.poor{color:var(--poor)}
.good .bar span{background:var(--good)}.fair .bar span{background:var(--fair)}.poor .bar span{background:var(--poor)}
.none .score-value{font-size:1.1rem;color:var(--soft)}
.measures{width:100%;border-collapse:collapse}.measures caption{text-align:left;font-weight:600;padding-bottom:6px}
.measures th,.measures td{text-align:left;font-weight:400;padding:8px 8px 8px 0;border-top:1px solid var(--line);vertical-align:top}
.measures td{white-space:nowrap}.grade{font-weight:600}
.remainder{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:24px}
.fine,.unknown{list-style:none;margin:0;padding:0}
.fine li,.unknown li{padding:4px 0 4px 26px;position:relative}
.fine li::before{content:"✓";position:absolute;left:2px;color:var(--good);font-weight:700}
.unknown li::before{content:"?";position:absolute;left:4px;color:var(--fair);font-weight:700}
.unknown small{display:block}
.empty{margin:0}
.made dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0}
.made dt{color:var(--soft)}.made dd{margin:0;overflow-wrap:anywhere}
@media (max-width:720px){main{padding:12px 10px 40px}section{padding:17px 15px}.verdict{gap:16px}.verdict>svg.ring{width:96px;height:96px}.sign{width:56px;height:56px;font-size:1.8rem}.decision{font-size:1.15rem}.shots{grid-template-columns:minmax(0,1fr)}.shots .phone-shot{max-width:300px}.scores{grid-template-columns:repeat(2,minmax(0,1fr))}.frame{max-height:520px}.made dl{grid-template-columns:1fr;gap:0}.made dd{margin-bottom:9px}.measures td{white-space:normal}}
@media print{:root{--ground:#fff}body{font-size:12px}main{max-width:none;padding:0}section{border:0;border-top:1px solid var(--line);border-radius:0;padding:14px 0;margin:0}.frame{max-height:none;overflow:visible}.shots{grid-template-columns:2.4fr 1fr}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
