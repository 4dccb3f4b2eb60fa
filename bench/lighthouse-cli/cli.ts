import { serveCalls } from '../harness/serve-calls.mjs';
import { cliSide, type Scores } from '../lighthouse-agreement/sides.ts';

/** The plain command line in a process of its own, one site after the other, a new Chromium for each. */
const stop = new AbortController();

serveCalls(
  {
    scan: async ({ chromium, address, urls }: { chromium: string; address: string; urls: string[] }) => {
      const side = cliSide(chromium, address, stop.signal);
      const scores: Scores[] = [];
      for (const url of urls) scores.push(await side.measure(url));
      return scores;
    },
  },
  async () => stop.abort(),
);
