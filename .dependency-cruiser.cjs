/** Import rules by path and file name. Areas use only what stands left of them. */
const AREAS = [
  'journal', 'access', 'control', 'assets', 'models', 'sites', 'sandbox', 'knowledge', 'integrations', 'agents',
  'leads', 'triage', 'architect', 'outreach', 'guardian', 'onboarding', 'council', 'pipeline', 'analytics', 'learning', 'autopilot',
];
/** Names and types only: these cross the order, since a foreign key or a start may point at any area. */
const CROSSING = '(/tables\\.ts|/messages\\.ts)$';
const TESTS = '(\\.test\\.ts|^tests/)';

const areaOrder = AREAS.map((area, index) => ({
  name: `area-${area}-uses-only-what-stands-left`,
  severity: 'error',
  from: { path: `^src/${area}/`, pathNot: `${TESTS}|/tables\\.ts$` },
  to: { path: `^src/(${AREAS.slice(index + 1).join('|') || '-'})/`, pathNot: CROSSING },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { pathNot: '/tables\\.ts$' }, to: { circular: true, viaOnly: { pathNot: '/tables\\.ts$' } } },
    {
      name: 'kernel-is-pure',
      comment: 'The kernel is workflow-safe: it imports nothing but itself.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: TESTS },
      to: { pathNot: '^src/kernel/' },
    },
    {
      name: 'rules-are-pure',
      comment: 'rules.ts is bundled into workflows: kernel, other rules and types only.',
      severity: 'error',
      from: { path: '^src/.*/rules\\.ts$' },
      to: { pathNot: '^src/(kernel/|.*/rules\\.ts$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'runtime-knows-no-area',
      severity: 'error',
      from: { path: '^src/runtime/', pathNot: TESTS },
      to: { path: `^src/(${AREAS.join('|')}|api|cli|stack|adapters)/` },
    },
    {
      name: 'api-kit-knows-journal-and-access-only',
      severity: 'error',
      from: { path: '^src/api/kit/', pathNot: TESTS },
      to: { path: `^src/(${AREAS.filter((area) => area !== 'journal' && area !== 'access').join('|')})/`, pathNot: CROSSING },
    },
    ...areaOrder,
    {
      name: 'workflows-stay-in-the-sandbox',
      comment: 'Workflows import kernel, rules.ts by path, workflows/lib, messages and types of activities.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: TESTS },
      to: { path: '^(src|activities|temporal)/', pathNot: '^src/(kernel/|.*/rules\\.ts$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'src-reaches-outside-through-messages-and-gateway-type',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(api/start-server\\.ts|cli/)|${TESTS}` },
      to: { path: '^(workflows|activities|temporal)/', pathNot: '(/messages\\.ts|^temporal/gateway-type\\.ts)$' },
    },
    {
      name: 'adapters-only-in-composition-roots',
      severity: 'error',
      from: { pathNot: `^src/(adapters/|api/start-server\\.ts|cli/)|^temporal/(compose|storage)\\.ts|${TESTS}|^bench/` },
      to: { path: '^src/adapters/' },
    },
    {
      name: 'stack-only-in-cli-and-tests',
      severity: 'error',
      from: { pathNot: `^src/(stack|cli)/|${TESTS}|^bench/|^examples/` },
      to: { path: '^src/stack/' },
    },
    {
      name: 'activities-know-no-workflow-code',
      severity: 'error',
      from: { path: '^activities/', pathNot: TESTS },
      to: { path: '^workflows/', pathNot: '/messages\\.ts$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^node_modules|^examples/sites|/histories/)' },
    tsPreCompilationDeps: 'specify',
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js'] },
  },
};
