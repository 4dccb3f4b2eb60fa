import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CliError, EXIT } from './exit.ts';
import { namespaceSetup } from './namespace-setup.ts';

/** Gives the namespace of the standard environment variables its search attributes; answers with a sentence. */
export async function prepareNamespace(): Promise<string> {
  if (!process.env.TEMPORAL_ADDRESS) {
    return 'TEMPORAL_ADDRESS is not set: no Temporal namespace was prepared (`agos up` does it for its own server).';
  }
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
  try {
    const made = await namespaceSetup.ensure(connection, namespace);
    if (made.outcome === 'refused') {
      throw new CliError(EXIT.refused, `The namespace lacks search attributes. Run: ${made.command}`);
    }
    return `Temporal namespace ${namespace}: search attributes ${made.outcome}.`;
  } finally {
    await connection.close();
  }
}
