import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Load = {
  /** Time that scripts keep the main thread busy. */
  busyMs: number;
  scriptKb: number;
  styleKb: number;
  imageKb: number;
  /** How late the server answers the style sheet. */
  delayMs: number;
  /** A banner pushes the page down after it has been shown. */
  shifts: boolean;
};

/** Pages between sound and hopeless, since the example sites stand mostly at the two ends. */
const LOADS: Record<string, Load> = {
  'load-styles': { busyMs: 0, scriptKb: 0, styleKb: 250, imageKb: 0, delayMs: 300, shifts: false },
  'load-picture': { busyMs: 0, scriptKb: 0, styleKb: 5, imageKb: 1_500, delayMs: 0, shifts: false },
  'load-shift': { busyMs: 20, scriptKb: 80, styleKb: 40, imageKb: 200, delayMs: 0, shifts: true },
  'load-script': { busyMs: 150, scriptKb: 400, styleKb: 30, imageKb: 100, delayMs: 0, shifts: false },
  'load-busy': { busyMs: 500, scriptKb: 300, styleKb: 60, imageKb: 300, delayMs: 0, shifts: false },
  'load-picture-small': { busyMs: 0, scriptKb: 0, styleKb: 5, imageKb: 450, delayMs: 0, shifts: false },
  'load-picture-mid': { busyMs: 0, scriptKb: 0, styleKb: 20, imageKb: 800, delayMs: 0, shifts: false },
  'load-script-small': { busyMs: 30, scriptKb: 150, styleKb: 20, imageKb: 60, delayMs: 0, shifts: false },
  'load-script-mid': { busyMs: 70, scriptKb: 250, styleKb: 40, imageKb: 250, delayMs: 0, shifts: false },
  'load-script-large': { busyMs: 0, scriptKb: 1_200, styleKb: 100, imageKb: 0, delayMs: 0, shifts: false },
  'load-busy-small': { busyMs: 250, scriptKb: 60, styleKb: 10, imageKb: 0, delayMs: 0, shifts: false },
  'load-busy-shift': { busyMs: 300, scriptKb: 150, styleKb: 20, imageKb: 100, delayMs: 0, shifts: true },
  'load-most': { busyMs: 300, scriptKb: 600, styleKb: 200, imageKb: 1_000, delayMs: 200, shifts: false },
  'load-all': { busyMs: 400, scriptKb: 900, styleKb: 400, imageKb: 2_500, delayMs: 400, shifts: true },
};

/** Writes one site folder for each load below `root` and gives back their paths. */
export function writeHeavyPages(root: string): string[] {
  return Object.entries(LOADS).map(([name, load]) => {
    const folder = join(root, name);
    mkdirSync(join(folder, 'public'), { recursive: true });
    const routes = { '/style.css': { delay_ms: load.delayMs } };
    const site = { host: `${name}.example`, tls: 'valid', http: 'redirect', routes };
    writeFileSync(join(folder, 'site.json'), JSON.stringify(site));
    for (const [file, content] of Object.entries(filesOf(name, load))) {
      writeFileSync(join(folder, 'public', file), content);
    }
    return folder;
  });
}

function filesOf(name: string, load: Load): Record<string, string | Buffer> {
  return {
    'index.html': page(name, load),
    'style.css': filled(load.styleKb, (index) => `.unused-${index} .part { margin: ${index % 90}px }\n`),
    'script.js':
      filled(load.scriptKb, (index) => `function part${index}(a) { return a * ${index} }\n`) +
      `{ const end = performance.now() + ${load.busyMs}; while (performance.now() < end); }\n`,
    'picture.bmp': bitmap(load.imageKb),
  };
}

function page(name: string, { shifts, imageKb }: Load): string {
  // After the first paint, however late that is: before it nothing would shift.
  const banner = `new PerformanceObserver((_list, observer) => { observer.disconnect();
    setTimeout(() => document.body.prepend(Object.assign(document.createElement('div'),
      { textContent: 'News', style: 'height:300px;background:#dde' })), 100) })
    .observe({ type: 'paint', buffered: true })`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A page that loads heavily"><link rel="stylesheet" href="/style.css">
<script src="/script.js"></script></head><body><main><h1>${name}</h1>
${imageKb > 0 ? '<img src="/picture.bmp" alt="A pattern" width="380" height="300">' : ''}
<p>${'Words that fill the page. '.repeat(12)}</p></main>
${shifts ? `<script>${banner}</script>` : ''}</body></html>`;
}

function filled(kb: number, line: (index: number) => string): string {
  const lines: string[] = [];
  for (let size = 0, index = 0; size < kb * 1024; index += 1) {
    const next = line(index);
    lines.push(next);
    size += next.length;
  }
  return lines.join('');
}

/** An uncompressed picture: its size is exactly what is asked for. */
function bitmap(kb: number): Buffer {
  const width = 512;
  const height = Math.max(1, Math.round((kb * 1024) / (width * 3)));
  const pixels = Buffer.alloc(width * height * 3, 0x77);
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(54 + pixels.length, 2);
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([header, pixels]);
}
