import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { createCodec } from './codec.ts';
import { parseKeyRing } from './key-ring.ts';

/** The failure converter's file; the workflow bundle must hold the same one. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(new URL('./failure-converter.ts', import.meta.url));

/** How clients, workers and the codec endpoint write and read payloads: encrypted when keys are set. */
export function createDataConverter(payloadKeys: string | undefined): DataConverter {
  if (payloadKeys === undefined) return {};
  return {
    payloadCodecs: [createCodec(parseKeyRing(payloadKeys))],
    failureConverterPath: FAILURE_CONVERTER_PATH,
  };
}
