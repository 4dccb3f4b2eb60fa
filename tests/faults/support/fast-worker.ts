import { runWorker } from '../../../temporal/run-worker.ts';
import { composeScanner } from '../../../temporal/scanner.ts';
import { createFastScanner } from './fast-scanner.ts';

/** The product's worker, in which stored sites are scanned without a browser. */
await runWorker({
  openScanner: (config, clock, telemetry) => {
    const real = composeScanner(config, clock, telemetry);
    return { ...real, scanner: createFastScanner(real.scanner, process.env.AGOS_TEST_SCANS ?? '') };
  },
});
