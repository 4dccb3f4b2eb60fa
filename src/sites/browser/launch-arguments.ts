import { userAgent } from './devices.ts';

/** Defaults of Playwright that would let a hostile page do more than a visitor's browser lets it. */
export const REFUSED_DEFAULT_ARGUMENTS = ['--disable-popup-blocking', '--disable-ipc-flooding-protection'];

/** Arguments that leave a page no way out but the proxy of its own context. */
export function launchArguments(options: {
  rendererMemoryMb: number;
  contact?: string | undefined;
}): string[] {
  return [
    '--remote-debugging-port=0',
    // What belongs to no context, such as Chromium's own calls home, ends at a port where nobody listens.
    '--proxy-server=http://127.0.0.1:9',
    '--proxy-bypass-list=<-loopback>',
    // Names are resolved and judged by the proxy; Chromium itself never asks a resolver.
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    // For the few requests that belong to no page, such as Lighthouse's for robots.txt; pages say more exactly.
    `--user-agent=${userAgent(false, '156', options.contact)}`,
    '--disable-quic',
    // WebRTC knows no HTTP proxy for UDP, so it gets none. The switch has had two names.
    '--webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--disable-crash-reporter',
    '--no-pings',
    '--disable-domain-reliability',
    '--disable-client-side-phishing-detection',
    // The watch over memory kills earlier, before the heap's limit makes it thrash; this holds while our own
    // thread is busy.
    `--js-flags=--max-old-space-size=${Math.round(options.rendererMemoryMb * 1.5)}`,
  ];
}
