import type { Region } from '../signals/types.ts';
import { html, type SafeHtml } from './html.ts';
import { imageSize } from './image-size.ts';
import type { ReportModel, ReportPicture } from './model.ts';

/** Width in CSS points at which each screenshot was taken; regions of evidence use the same points. */
const WIDTHS = { phone: 390, desktop: 1280 } as const;
const MARGIN = { phone: 24, desktop: 60 } as const;
const LEAST = { phone: { width: 390, height: 170 }, desktop: { width: 720, height: 230 } } as const;

export type Device = Region['screenshot'];
export type Mark = { number: number; region: Region };

type Canvas = { device: Device; width: number; height: number };

/** The size in points of the pictures at hand. */
export function canvasesOf(screenshots: ReportModel['screenshots']): Partial<Record<Device, Canvas>> {
  const found: Partial<Record<Device, Canvas>> = {};
  for (const device of ['phone', 'desktop'] as const) {
    const picture = screenshots[device];
    const size = picture === null ? null : imageSize(picture.bytes);
    if (size === null || size.width === 0 || size.height === 0) continue;
    found[device] = {
      device,
      width: WIDTHS[device],
      height: Math.round((size.height * WIDTHS[device]) / size.width),
    };
  }
  return found;
}

/** Each picture once, to be shown from many places: the report stays one file of moderate size. */
export function pictureStore(screenshots: ReportModel['screenshots']): SafeHtml {
  const canvases = Object.values(canvasesOf(screenshots));
  const images = canvases.map(({ device, width, height }) => {
    const picture = screenshots[device] as ReportPicture;
    const data = `data:${picture.mime};base64,${Buffer.from(picture.bytes).toString('base64')}`;
    return html`<image id="shot-${device}" href="${data}" width="${width}" height="${height}" preserveAspectRatio="xMidYMin slice"/>`;
  });
  return html`<svg class="store" aria-hidden="true" width="0" height="0"><defs>${images}</defs></svg>`;
}

/** The whole picture with every mark that lies on it. */
export function markedPicture(canvas: Canvas, marks: readonly Mark[], label: string): SafeHtml {
  const onIt = marks.filter(
    (mark) => mark.region.screenshot === canvas.device && liesOn(mark.region, canvas),
  );
  const { width, height } = canvas;
  return html`<svg class="shot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><use href="#shot-${canvas.device}"/>${onIt.map((mark) => markShape(mark, canvas))}</svg>`;
}

/** The part of the picture around one piece of evidence; null when it lies below the picture. */
export function closeUp(canvas: Canvas, mark: Mark, label: string): SafeHtml | null {
  if (!liesOn(mark.region, canvas)) return null;
  const margin = 2 * MARGIN[canvas.device];
  const box = clamp(mark.region, canvas);
  const width = between(LEAST[canvas.device].width, box.width + margin, canvas.width);
  const height = Math.min(canvas.height, between(LEAST[canvas.device].height, box.height + margin, width));
  const x = window(box.x, box.width, width, canvas.width);
  const y = window(box.y, box.height, height, canvas.height);
  return html`<svg class="closeup ${canvas.device}" viewBox="${x} ${y} ${width} ${height}" role="img" aria-label="${label}"><use href="#shot-${canvas.device}"/>${markShape(mark, canvas)}</svg>`;
}

function between(least: number, value: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}

/** Where a window of this size starts so that the box stands in its middle and the picture fills it. */
function window(start: number, length: number, size: number, whole: number): number {
  const middle = start + Math.min(length, size) / 2;
  return Math.round(Math.max(0, Math.min(whole - size, middle - size / 2)));
}

function liesOn(region: Region, canvas: Canvas): boolean {
  return region.y < canvas.height - 4 && region.x < canvas.width - 2 && region.y + region.height > 0;
}

function clamp(region: Region, canvas: Canvas): Region {
  const x = Math.max(2, region.x);
  const y = Math.max(2, region.y);
  return {
    ...region,
    x,
    y,
    width: Math.max(10, Math.min(region.x + region.width, canvas.width - 2) - x),
    height: Math.max(10, Math.min(region.y + region.height, canvas.height - 2) - y),
  };
}

function markShape({ number, region }: Mark, canvas: Canvas): SafeHtml {
  const box = clamp(region, canvas);
  const radius = canvas.device === 'phone' ? 11 : 20;
  const cx = Math.min(canvas.width - radius - 2, Math.max(radius + 2, box.x));
  const cy = Math.min(canvas.height - radius - 2, Math.max(radius + 2, box.y));
  return html`<rect class="mark" x="${Math.round(box.x)}" y="${Math.round(box.y)}" width="${Math.round(box.width)}" height="${Math.round(box.height)}" rx="4"/><circle class="pin" cx="${Math.round(cx)}" cy="${Math.round(cy)}" r="${radius}"/><text class="pin-text" x="${Math.round(cx)}" y="${Math.round(cy + radius * 0.36)}" font-size="${Math.round(radius * 1.1)}" text-anchor="middle">${number}</text>`;
}
