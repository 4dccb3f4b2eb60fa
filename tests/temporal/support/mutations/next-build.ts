import { sleep } from '@temporalio/workflow';
import { triageRoom as triageRoomBefore } from '../../../../workflows/index.ts';

export * from '../../../../workflows/index.ts';

/** Every workflow as it is, but that a triage begins with a timer: it cannot go on with a run of the build before. */
export async function triageRoom(
  ...input: Parameters<typeof triageRoomBefore>
): ReturnType<typeof triageRoomBefore> {
  await sleep(1);
  return triageRoomBefore(...input);
}
