import { Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CliError, EXIT } from './exit.ts';
import { namespaceSetup } from './namespace-setup.ts';

/** Gives the namespace of Temporal's standard variables or profile file its search attributes; answers with a sentence. */
export async function prepareNamespace(): Promise<string> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  if (!connectionOptions.address) {
    return 'Neither TEMPORAL_ADDRESS nor a profile names a server: no Temporal namespace was prepared (`agos up` does it for its own).';
  }
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
