import type { Command } from 'commander'
import { collect, described, type Invoke } from './describe-command.ts'

const EXPLAIN_EXAMPLES = `policy explain --as bob --issuer corp --group analysts --operation chat --model gpt-4o-mini
  $ sallyport policy explain --batch requests.ndjson
  $ echo '{"as":{"user":"bob"},"request":{"operation":"chat","headers":{"x-team":"a"}}}' |
      sallyport policy explain --batch -
  $ sallyport policy explain --event yesterday.ndjson --request req_4bcfc223ea2c

What is not given cannot be told, which counts against the caller. Headers, tools and the size of the input have no
flag; the lines of a batch have them, as the \`tests\` of a policy do.`

/** `sallyport policy …`: a function for each command. */
export function addPolicy(policy: Command, invoke: Invoke): void {
  addTest(policy, invoke)
  addExplain(policy, invoke)
  addWhoCan(policy, invoke)
  addWhatCan(policy, invoke)
  addDiff(policy, invoke)
  addReplay(policy, invoke)
  addInit(policy, invoke)
}

function addTest(policy: Command, invoke: Invoke): void {
  described(
    policy,
    'test',
    'run the `tests` of the policy files and of other files; exit 1 when one fails',
    `policy test --min-coverage 90 --junit report.xml
  $ sallyport policy test more-tests.yaml cases/`,
  )
    .argument(
      '[files...]',
      'files or folders of more tests, run beside those of the policies. A file with roles, rules or a `policy` is asked of itself; one of tests alone, of the policies of the config',
    )
    .option('--min-coverage <percent>', 'exit 1 when fewer of the rules are exercised by a test')
    .option('--junit <file>', 'write a JUnit report for CI')
    .option('--json', 'print the results as JSON')
    .action((files, options) => invoke('policy-test', { ...options, files }))
}

/** The options that describe one caller. */
function addCaller(command: Command): Command {
  return command
    .option('--as <user>', 'who: the id that audit events have as `user.id`')
    .option('--group <group>', 'a group that the token names; may be repeated', collect)
    .option('--claim <key=value>', 'a claim of the token, its path dotted; may be repeated', collect)
    .option('--issuer <name>', 'the name that the config has for who issued the token')
    .option('--workspace <name>', 'the workspace that the token names')
    .option('--key <id>', 'the id of the API key')
    .option('--method <method>', 'how it was verified: jwt, api_key, …')
    .option('--acr <acr>', 'the `acr` of the token: how strong the sign-in was')
    .option('--mfa', 'several factors were shown')
    .option('--auth-time <seconds>', 'when the sign-in was, epoch seconds; `date +%s` prints those of now', Number)
}

function addExplain(policy: Command, invoke: Invoke): void {
  addCaller(described(policy, 'explain', 'the decision on one request, and why, rule by rule', EXPLAIN_EXAMPLES))
    .option('--operation <operation>', 'the operation: chat, embeddings, models.list, …')
    .option('--model <model>', 'the model that is asked for')
    .option('--stream', 'the answer is asked for as a stream')
    .option('--stored', 'it goes on with something stored: an earlier response, a conversation, a prompt')
    .option('--max-output-tokens <tokens>', 'the output tokens that are asked for', Number)
    .option('--ip <address>', "the client's address")
    .option('--at <time>', 'when, as an ISO time')
    .option('--upstream <name>', 'the upstream that would serve it')
    .option('--batch <file>', 'requests, one JSON object a line (`-`: from stdin); answers, one a line, in order')
    .option('--event <file>', 'the requests of recorded audit events, one a line (`-`: from stdin)')
    .option('--request <id>', 'of the events, only those of this request')
    .option('--json', 'print the answer as JSON')
    .action((options) => invoke('policy-explain', options))
}

function addWhoCan(policy: Command, invoke: Invoke): void {
  described(
    policy,
    'who-can',
    'who may reach a model or an operation, and under which conditions',
    `policy who-can --model gpt-4o --operation chat
  $ sallyport policy who-can --matrix --format markdown > access-review.md`,
  )
    .option('--model <model>', 'the model, or an alias of one')
    .option('--operation <operation>', 'the operation: chat, embeddings, models.list, …; all of them when left out')
    .option('--matrix', 'a matrix of all roles and models, for an access review')
    .option('--format <format>', 'of the matrix: text, markdown or csv', 'text')
    .option(
      '--separator <character>',
      'of CSV: `,` (as when left out), or `;` for spreadsheets that read a decimal comma',
    )
    .option('--json', 'print the answer as JSON')
    .action((options) => invoke('policy-who-can', options))
}

function addWhatCan(policy: Command, invoke: Invoke): void {
  addCaller(
    described(
      policy,
      'what-can',
      'what a role or one caller may do, and under which conditions',
      `policy what-can --role analyst
  $ sallyport policy what-can --as bob --issuer corp --group sales`,
    ),
  )
    .option('--role <role>', 'a role of the policy')
    .option('--json', 'print the answer as JSON')
    .action((options) => invoke('policy-what-can', options))
}

function addDiff(policy: Command, invoke: Invoke): void {
  described(
    policy,
    'diff',
    'the access that a change of policies gains and loses, in people, models and operations',
    `policy diff main/policies policies --fail-on-widening

Both are read against the issuers and upstreams of the config. \`git worktree add main main\` puts the branch \`main\`
into a folder of that name.`,
  )
    .argument('<old>', 'the policy files before the change: a file or a folder')
    .argument('<new>', 'the policy files after it')
    .option('--fail-on-widening', 'exit 1 when somebody gains access')
    .option('--json', 'print the answer as JSON')
    .action((before, after, options) => invoke('policy-diff', { ...options, before, after }))
}

function addReplay(policy: Command, invoke: Invoke): void {
  described(
    policy,
    'replay',
    'decide recorded audit events again, under the present policies: who would newly be denied or allowed',
    `policy replay yesterday.ndjson
  $ zcat audit-*.ndjson.gz | sallyport policy replay - --fail-on-change`,
  )
    .argument('<events>', 'audit events, one a line (`-`: from stdin)')
    .option('--fail-on-change', 'exit 1 when a request is decided differently for certain')
    .option('--assume-roles', 'take roles that rest on claims as they were held then: no event has the claims')
    .option('--json', 'print the answer as JSON')
    .action((events, options) => invoke('policy-replay', { ...options, events }))
}

function addInit(policy: Command, invoke: Invoke): void {
  described(
    policy,
    'init',
    'write a commented starter policy with tests, from flags or from a few questions',
    'policy init --issuer corp --group analysts=gpt-4o-mini,gpt-4o --mfa 12h',
  )
    .argument('[file]', 'the file to write; never one that is there', 'policies/policy.yaml')
    .option('--issuer <name>', 'the name that the config has for the issuer of the people; its only one when left out')
    .option('--group <group=models>', 'a group and the models that it may use; may be repeated', collect)
    .option('--mfa <duration>', 'ask for a sign-in with several factors, at most so long ago')
    .option('--json', 'print what was written as JSON')
    .action((file, options) => invoke('policy-init', { ...options, file }))
}
