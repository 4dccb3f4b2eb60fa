import { plainText } from '../summary/plain-text.ts';

/** HTML that is safe to put into a page as it is. */
export class SafeHtml {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
}

type Part = SafeHtml | string | number | null | false | Part[];

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(part: Part): string {
  if (part instanceof SafeHtml) return part.html;
  if (Array.isArray(part)) return part.map(render).join('');
  if (part === null || part === false) return '';
  // Signs that turn or hide text never reach the page, whoever wrote them.
  const visible = String(part).replace(/[\p{Cf}\p{Cc}]/gu, ' ');
  return visible.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
}

/** Builds HTML from a template; every value is escaped unless it is safe HTML already. */
export function html(strings: TemplateStringsArray, ...values: Part[]): SafeHtml {
  return new SafeHtml(
    strings.map((text, i) => text + (i < values.length ? render(values[i] ?? null) : '')).join(''),
  );
}

/** Text of a stranger: shortened, without control signs, and kept from turning the text around it. */
export function stranger(text: string, chars = 300): SafeHtml {
  return html`<bdi>${plainText(text, chars)}</bdi>`;
}
