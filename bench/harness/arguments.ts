import { parseArgs } from 'node:util';

export type Arguments = {
  name: string;
  pairs: number;
  quick: boolean;
  control: boolean;
  sites: number;
};

const DEFAULT_PAIRS = 9;
const DEFAULT_SITES = 1_000;

/** Reads `N [--pairs P] [--quick] [--control]` and what single benchmarks take; throws a sentence. */
export function readArguments(args: string[], names: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      pairs: { type: 'string' },
      quick: { type: 'boolean', default: false },
      control: { type: 'boolean', default: false },
      sites: { type: 'string' },
    },
  });
  const [name, more] = positionals;
  if (!name || more !== undefined || !names.includes(name)) {
    throw new Error(
      `npm run bench -- NAME [--pairs P] [--quick] [--control]: NAME is one of ${names.join(', ')}`,
    );
  }
  const number = (text: string | undefined, otherwise: number, option: string): number => {
    const value = text === undefined ? otherwise : Number(text);
    if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a whole number from 1`);
    return value;
  };
  const { quick, control } = values;
  return {
    name,
    quick,
    control,
    // The first pair is a warm-up and never counts.
    pairs: quick ? 2 : number(values.pairs, DEFAULT_PAIRS, '--pairs') + 1,
    sites: number(values.sites, quick ? 12 : DEFAULT_SITES, '--sites'),
  };
}
