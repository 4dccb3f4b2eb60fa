import { durationInWords } from '../../kernel/duration.ts';
import { plainText } from '../summary/plain-text.ts';
import { figuresSection } from './figures.ts';
import { detectedSignals, findingsSection, marksOf, remainderSection } from './findings.ts';
import { html, SafeHtml, stranger } from './html.ts';
import type { ReportModel } from './model.ts';
import { canvasesOf, type Device, markedPicture, pictureStore } from './pictures.ts';
import { REPORT_STYLE } from './style.ts';
import { moment, verdictSection } from './verdict.ts';

const POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/** Renders one audit as one self-contained HTML file: no script, no request, everything of strangers escaped. */
export function renderReport(model: ReportModel): string {
  const host = hostOf(model);
  const title = model.name ?? host;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${plainText(title, 120)}: website report</title>
<style>${new SafeHtml(REPORT_STYLE)}</style>
</head>
<body>
${pictureStore(model.screenshots)}
<main>
<header><p class="kicker">Website report</p><h1>${stranger(title, 160)}</h1>
<p class="address">${stranger(model.final_url ?? model.requested_url, 300)} · ${moment(model.scanned_at)}</p></header>
${verdictSection(model)}
${summarySection(model)}
${picturesSection(model)}
${model.hold === null && findingsSection(model)}
${figuresSection(model.lighthouse)}
${model.hold === null && remainderSection(model)}
${madeSection(model)}
</main>
</body>
</html>
`.html;
}

function hostOf(model: ReportModel): string {
  const url = model.final_url ?? model.requested_url;
  return URL.canParse(url) ? new URL(url).host.replace(/^www\./, '') : url;
}

function summarySection({ summary }: ReportModel): SafeHtml | null {
  if (summary === null) return null;
  return html`<section class="summary" aria-labelledby="short"><h2 id="short">In short</h2><p>${stranger(summary.text, 1600)}</p><small>${writtenBy(summary.generated_by)}</small></section>`;
}

function writtenBy(generatedBy: string): string {
  return generatedBy === 'offline'
    ? 'Composed from the findings by fixed rules, offline; no language model took part.'
    : `Written by the language model ${generatedBy} from the findings below.`;
}

function picturesSection(model: ReportModel): SafeHtml | null {
  const canvases = canvasesOf(model.screenshots);
  const marks = marksOf(detectedSignals(model));
  const figures = (['desktop', 'phone'] as const).flatMap((device: Device) => {
    const canvas = canvases[device];
    if (canvas === undefined) return [];
    const where = device === 'phone' ? 'On a phone' : 'On a large screen';
    const picture = markedPicture(canvas, marks, `${where}, with the findings marked`);
    return [
      html`<figure class="${device}-shot"><div class="frame ${device}" tabindex="0">${picture}</div><figcaption>${where}, ${canvas.width} points wide</figcaption></figure>`,
    ];
  });
  if (figures.length === 0) return null;
  const hint =
    marks.length > 0
      ? 'The numbers are those of the findings below. A long page scrolls inside its frame.'
      : 'Nothing on it had to be marked.';
  return html`<section aria-labelledby="seen"><h2 id="seen">As visitors see it</h2><p class="lead-in">${hint}</p><div class="shots">${figures}</div></section>`;
}

/** How this report came about, so that anyone can judge it. */
function madeSection(model: ReportModel): SafeHtml {
  const rows: [string, SafeHtml | string][] = [
    ['Address asked for', stranger(model.requested_url, 300)],
    ['Address shown', model.final_url === null ? 'none' : stranger(model.final_url, 300)],
    ['Scanned', moment(model.scanned_at)],
    ...(model.duration_ms === null
      ? []
      : [['The scan took', durationInWords(model.duration_ms)] as [string, string]]),
    ['Weighed by', `${model.playbook.name}, version ${model.playbook.version}`],
    ...(model.score === null
      ? []
      : [
          ['Looked at with', 'A real browser, once as a phone and once as a large screen'] as [
            string,
            string,
          ],
        ]),
    ['Speed measured', model.lighthouse === null ? 'No' : `With Lighthouse ${model.lighthouse.version}`],
    ['Summary', model.summary === null ? 'None' : writtenBy(model.summary.generated_by)],
  ];
  return html`<section class="made" aria-labelledby="made"><h2 id="made">How this report was made</h2><dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}
