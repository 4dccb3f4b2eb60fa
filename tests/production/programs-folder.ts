import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the images' health checks use of their own small tools. */
const SMALL_TOOLS: Record<string, string> = {
  nc: '#!/bin/bash\nexec 3<>"/dev/tcp/$2/$3"\n',
  wget: `#!/bin/sh\nexec node -e 'fetch(process.argv[1]).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))' "$4"\n`,
};

/** One folder that every user may run programs from, by the names that they have in the images. */
export async function gatherPrograms(folder: string, programs: Record<string, string>): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, path] of Object.entries({ ...programs, node: process.execPath })) {
    await copyFile(path, join(folder, name));
    await chmod(join(folder, name), 0o755);
  }
  for (const [name, script] of Object.entries(SMALL_TOOLS)) {
    await writeFile(join(folder, name), script, { mode: 0o755 });
  }
  return `${folder}:/usr/local/bin:/usr/bin:/bin`;
}
