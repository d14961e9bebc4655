#!/usr/bin/env bash
# What action.yml runs: `sharded-registry verify` with the inputs of the action, which are in the environment. Each is one quoted
# argument, an option and its value in one word, so that a value can be neither a command nor another option.
set -euo pipefail

reports=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/conformance-XXXXXX")
printf 'reports=%s\n' "$reports" >> "$GITHUB_OUTPUT"

# The command of the project itself if it has one, else one that is installed for this job alone.
main=node_modules/sharded-registry/dist/conformance/cli/main.js
if [ ! -f "$main" ]; then
  tools=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/sharded-registry-XXXXXX")
  echo '::group::Install sharded-registry'
  if [ -n "${INPUT_PACKAGE:-}" ]; then
    npm install --prefix "$tools" --no-audit --no-fund -- "$INPUT_PACKAGE"
    main=$tools/node_modules/sharded-registry/dist/conformance/cli/main.js
  else
    main=$ACTION_PATH/dist/conformance/cli/main.js
    [ -f "$main" ] || npm ci --prefix "$ACTION_PATH" --no-audit --no-fund
  fi
  echo '::endgroup::'
fi

args=()
option() { [ -z "$2" ] || args+=("$1=$2"); }
option --profile "${INPUT_PROFILE:-}"
option --only "${INPUT_ONLY:-}"
option --spec "${INPUT_SPEC:-}"
option --seed "${INPUT_SEED:-}"
option --runs "${INPUT_RUNS:-}"
option --expected-failures "${INPUT_EXPECTED_FAILURES:-}"
args+=("--json=$reports/verdict.json" "--junit=$reports/verdict.xml" "--markdown=$reports/verdict.md" "--html=$reports/verdict.html" "--badge=$reports/verdict.svg")
# After two dashes nothing is an option, whatever it is called.
[ -z "${INPUT_ADAPTER:-}" ] || args+=(-- "$INPUT_ADAPTER")

# What a registry says must not be taken for commands of the runner: nothing is, until this is repeated.
silence=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$silence"
status=0
node "$main" verify "${args[@]}" || status=$?
printf '::%s::\n' "$silence"

printf 'exit-code=%s\n' "$status" >> "$GITHUB_OUTPUT"
if [ -f "$reports/verdict.json" ]; then
  node -e 'const { verdict } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); console.log(`verdict=${["conformant", "not conformant"].find((one) => one === verdict) ?? "inconclusive"}`)' "$reports/verdict.json" >> "$GITHUB_OUTPUT"
  cat "$reports/verdict.md" >> "$GITHUB_STEP_SUMMARY"
fi
exit "$status"
