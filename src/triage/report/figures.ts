import type { LighthouseMetrics, LighthouseScores } from '../../sites/lighthouse/facts.ts';
import { html, type SafeHtml } from './html.ts';
import type { ReportModel } from './model.ts';

type Grade = 'good' | 'fair' | 'poor';

const SCORES: { key: keyof LighthouseScores; name: string; asks: string }[] = [
  { key: 'performance', name: 'Speed on a phone', asks: 'How soon the page shows and reacts' },
  { key: 'accessibility', name: 'Open to everyone', asks: 'Whether people with disabilities can use it' },
  { key: 'best_practices', name: 'Sound craft', asks: 'Whether it is built safely and without errors' },
  { key: 'seo', name: 'Ready for search engines', asks: 'Whether it tells them what it is about' },
];

type Measure = {
  key: keyof LighthouseMetrics;
  name: string;
  unit: 'seconds' | 'shift';
  good: number;
  fair: number;
};

/** Bounds of good and fair are Lighthouse's own for phones. */
const MEASURES: Measure[] = [
  { key: 'fcp_ms', name: 'Until the first text or picture appears', unit: 'seconds', good: 1800, fair: 3000 },
  {
    key: 'lcp_ms',
    name: 'Until the main part of the page is there',
    unit: 'seconds',
    good: 2500,
    fair: 4000,
  },
  { key: 'speed_index_ms', name: 'Until the screen looks complete', unit: 'seconds', good: 3400, fair: 5800 },
  { key: 'tbt_ms', name: 'Time in which taps get no answer', unit: 'seconds', good: 200, fair: 600 },
  { key: 'cls', name: 'How much the content jumps while it loads', unit: 'shift', good: 0.1, fair: 0.25 },
];

/** The measured figures, each by what it means. */
export function figuresSection(lighthouse: ReportModel['lighthouse']): SafeHtml | null {
  if (lighthouse === null) return null;
  const scores = SCORES.map(({ key, name, asks }) => scoreCard(lighthouse.scores[key], name, asks));
  const rows = MEASURES.map((measure) => measureRow(measure, lighthouse.metrics[measure.key]));
  return html`<section aria-labelledby="figures"><h2 id="figures">Measured on a phone</h2>
<p class="lead-in">Each figure goes from 0 to 100; 90 and more is good, below 50 is poor. Measured with Lighthouse ${lighthouse.version}, the open tool that browsers bring along, on an emulated phone of middle price.</p>
<div class="scores">${scores}</div>
<table class="measures"><caption>What a visitor waits for</caption><tbody>${rows}</tbody></table></section>`;
}

function scoreCard(score: number | null, name: string, asks: string): SafeHtml {
  const grade: Grade = score === null ? 'fair' : score >= 90 ? 'good' : score >= 50 ? 'fair' : 'poor';
  const shown = score === null ? 'not told' : String(Math.round(score));
  return html`<div class="score-card ${score === null ? 'none' : grade}"><div class="score-value">${shown}</div><div class="bar"><span style="width:${score === null ? 0 : Math.round(score)}%"></span></div><strong>${name}</strong><small>${asks}</small></div>`;
}

function measureRow({ name, unit, good, fair }: Measure, value: number | null): SafeHtml {
  if (value === null) return html`<tr><th scope="row">${name}</th><td>not told</td><td></td></tr>`;
  const grade: Grade = value <= good ? 'good' : value <= fair ? 'fair' : 'poor';
  const shown = unit === 'seconds' ? `${(value / 1000).toFixed(1)} seconds` : value.toFixed(2);
  const words = { good: 'good', fair: 'could be better', poor: 'poor' }[grade];
  return html`<tr><th scope="row">${name}</th><td>${shown}</td><td><span class="grade ${grade}">${words}</span></td></tr>`;
}
