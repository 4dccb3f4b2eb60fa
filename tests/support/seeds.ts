/** How often a repeated row is run: `npm run test:nightly` sets the full count. */
export function repetitions(everyDay: number): number {
  return Number(process.env.AGOS_TEST_SEEDS ?? everyDay);
}
