import { SiteHoldError } from '../../kernel/holds.ts';
import { killProcess, processTree } from './process-tree.ts';

const WATCH_MS = 100;
/** A crash that follows a kill by less than this is that kill, seen from the page. */
const ATTRIBUTION_MS = 2_000;
const MB = 1024 * 1024;

export type MemoryWatch = {
  /** Resident memory of the whole tree at the last look. */
  treeMb(): number;
  look(): void;
  explainCrash(): SiteHoldError;
  stop(): void;
};

/** Looks at a browser's processes several times a second and ends any but the browser itself above the cap. */
export function watchMemory(options: {
  browserPid: number;
  processCapMb: number;
  /** Nothing is looked at while no site is open. */
  isBusy(): boolean;
}): MemoryWatch {
  const { browserPid, processCapMb } = options;
  let treeBytes = 0;
  let lastKillAt = Number.NEGATIVE_INFINITY;
  const look = (): void => {
    const tree = processTree(browserPid);
    treeBytes = tree.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
    for (const { pid, residentBytes } of tree) {
      if (pid === browserPid || residentBytes <= processCapMb * MB) continue;
      lastKillAt = performance.now();
      killProcess(pid);
    }
  };
  const timer = setInterval(() => {
    if (options.isBusy()) look();
  }, WATCH_MS);
  timer.unref();
  return {
    treeMb: () => treeBytes / MB,
    look,
    explainCrash: () =>
      performance.now() - lastKillAt < ATTRIBUTION_MS
        ? new SiteHoldError('page_too_large', `The page used more than ${processCapMb} MB of memory.`)
        : new SiteHoldError('browser_crashed', 'The part of the browser that showed the page crashed.'),
    stop: () => clearInterval(timer),
  };
}
