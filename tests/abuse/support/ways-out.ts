/** Ways in which a page makes a browser ask for an address; each has a path by which it is told apart. */
const MARKUP: Record<string, (url: string) => string> = {
  icon: (url) => `<link rel="icon" href="${url}">`,
  'touch-icon': (url) => `<link rel="apple-touch-icon" href="${url}">`,
  manifest: (url) => `<link rel="manifest" href="${url}">`,
  canonical: (url) => `<link rel="canonical" href="${url}">`,
  stylesheet: (url) => `<link rel="stylesheet" href="${url}">`,
  preload: (url) => `<link rel="preload" as="image" href="${url}">`,
  prefetch: (url) => `<link rel="prefetch" href="${url}">`,
  modulepreload: (url) => `<link rel="modulepreload" href="${url}">`,
  preconnect: (url) => `<link rel="preconnect" href="${url}"><link rel="dns-prefetch" href="${url}">`,
  'css-import': (url) => `<style>@import url("${url}");</style>`,
  background: (url) => `<style>body { background-image: url("${url}") }</style>`,
  font: (url) =>
    `<style>@font-face { font-family: f; src: url("${url}") } p { font-family: f }</style><p>text</p>`,
  image: (url) => `<img src="${url}">`,
  srcset: (url) => `<img srcset="${url} 1x, ${url} 2x">`,
  picture: (url) => `<picture><source srcset="${url}"><img></picture>`,
  poster: (url) => `<video poster="${url}"></video>`,
  video: (url) => `<video preload="auto" src="${url}"></video>`,
  audio: (url) => `<audio preload="auto" src="${url}"></audio>`,
  'svg-image': (url) => `<svg><image href="${url}" width="9" height="9"/></svg>`,
  'image-button': (url) => `<form><input type="image" src="${url}"></form>`,
  frame: (url) => `<iframe src="${url}"></iframe>`,
  'frame-in-frame': (url) => `<iframe srcdoc="&lt;iframe src='${url}'&gt;&lt;/iframe&gt;"></iframe>`,
  'frame-refresh': (url) =>
    `<iframe srcdoc="&lt;meta http-equiv=refresh content='0;url=${url}'&gt;"></iframe>`,
  object: (url) => `<object data="${url}"></object>`,
  embed: (url) => `<embed src="${url}">`,
  pdf: (url) => `<embed type="application/pdf" src="${url}">`,
  script: (url) => `<script async src="${url}"></script>`,
  module: (url) => `<script type="module" src="${url}"></script>`,
  prerender: (url) =>
    `<script type="speculationrules">{"prefetch":[{"urls":["${url}"],"eagerness":"immediate"}]}</script>`,
  form: (url) => `<iframe name="f"></iframe><form id="post" method="post" target="f" action="${url}"></form>`,
};

const SCRIPT: Record<string, (url: string) => string> = {
  fetch: (url) => `fetch('${url}', { mode: 'no-cors' }).catch(() => 0)`,
  'fetch-post': (url) => `fetch('${url}', { method: 'POST', mode: 'no-cors', body: 'x' }).catch(() => 0)`,
  keepalive: (url) => `fetch('${url}', { mode: 'no-cors', keepalive: true }).catch(() => 0)`,
  xhr: (url) => `const x = new XMLHttpRequest(); x.open('GET', '${url}'); x.send()`,
  beacon: (url) => `navigator.sendBeacon('${url}', 'x')`,
  'event-source': (url) => `new EventSource('${url}')`,
  'web-socket': (url) => `new WebSocket('${url.replace('http', 'ws')}')`,
  import: (url) => `import('${url}').catch(() => 0)`,
  'new-image': (url) => `new Image().src = '${url}'`,
  'worker-fetch': (url) =>
    `new Worker(URL.createObjectURL(new Blob(["fetch('${url}',{mode:'no-cors'}).catch(()=>0)"])))`,
  'worker-import': (url) =>
    `new Worker(URL.createObjectURL(new Blob(["try{importScripts('${url}')}catch{}"])))`,
  submit: () => `document.getElementById('post')?.submit()`,
};

/**
 * Ways that one of our browsers does not go at all (only a whole Chromium has a viewer for PDF, its headless
 * shell has none); a WebSocket shows by its host alone.
 */
export const SILENT = new Set(
  'canonical touch-icon icon manifest preconnect prerender submit web-socket pdf'.split(' '),
);

/** All names, each the last part of the path that it asks for. */
export const WAYS_OUT = [...Object.keys(MARKUP), ...Object.keys(SCRIPT)];

/** In two parts: written as one, our own tools take it for theirs. */
const SOURCE_MAP = ['//# source', 'MappingURL'].join('');

/** A page that tries every way to reach `origin`. */
export function pageOfWaysOut(origin: string): string {
  const url = (name: string): string => `${origin}/${name}`;
  const markup = Object.entries(MARKUP).map(([name, write]) => write(url(name)));
  const script = Object.entries(SCRIPT).map(([name, write]) => `try { ${write(url(name))} } catch {}`);
  return `<!doctype html><html lang="en"><head><title>Shop</title></head><body><h1>Shop</h1>
${markup.join('\n')}
<script>onload = () => {
${script.map((line) => `{ ${line} }`).join('\n')}
};
${SOURCE_MAP}=${origin}/source-map
</script></body></html>`;
}

/** Everything that tries to leave past an HTTP proxy, by UDP or TCP, to a host inside. */
export function pageOfRawWaysOut(inside: string): string {
  return `<!doctype html><title>trying</title><h1>Shop</h1><script>
const offer = async (iceServers, iceTransportPolicy = 'all') => {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy });
  peer.createDataChannel('x');
  await peer.setLocalDescription(await peer.createOffer());
  return peer;
};
const login = { username: 'a', credential: 'b' };
(async () => {
  await offer([{ urls: ['stun:${inside}'] }]);
  await offer([{ urls: 'turn:${inside}?transport=udp', ...login }]);
  await offer([{ urls: 'turn:${inside}?transport=tcp', ...login }], 'relay');
  await offer([{ urls: 'turns:${inside}?transport=tcp', ...login }], 'relay');
  const peer = await offer([]);
  const other = new RTCPeerConnection();
  await other.setRemoteDescription(peer.localDescription);
  await other.setLocalDescription(await other.createAnswer());
  await peer.setRemoteDescription(other.localDescription);
  for (const candidate of [
    'candidate:1 1 udp 2122260223 ${inside.replace(':', ' ')} typ host',
    'candidate:2 1 tcp 1518280447 ${inside.replace(':', ' ')} typ host tcptype passive',
  ]) await peer.addIceCandidate({ candidate, sdpMid: '0', sdpMLineIndex: 0 });
  if (self.WebTransport) await new WebTransport('https://${inside}/').ready.catch(() => 0);
  document.title = 'all tried';
})().catch((error) => { document.title = 'failed ' + error; });
</script>`;
}
