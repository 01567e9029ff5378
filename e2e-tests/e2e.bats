#!/usr/bin/env bats
# The annotated module in the real kwctl. `make e2e-tests` builds it first.
# kwctl exits 0 whatever the verdict is, so every test reads the answer.
# The cases come from e2e-tests/src/cases.rs; `make test` runs them without kwctl.

setup() {
  cd "$BATS_TEST_DIRNAME/.."
}

# evaluate REQUEST SETTINGS [SESSION]: with a session, its look-ups are replayed.
evaluate() {
  local session=()
  if [ -n "${3:-}" ]; then
    session=(--allow-context-aware --replay-host-capabilities-interactions "$3")
  fi
  run kwctl run --request-path "$1" --settings-json "$2" "${session[@]}" annotated-policy.wasm
  echo "$output"
  [ "$status" -eq 0 ]
}

allowed() {
  [[ "$output" == *'"allowed":true'* ]] && [[ "$output" != *'"warnings":['* ]]
}

warned() {
  [[ "$output" == *'"allowed":true'* ]] && [[ "$output" == *'"warnings":['*"$1"* ]]
}

denied() {
  [[ "$output" == *'"allowed":false'* ]] && [[ "$output" == *"$1"* ]]
}

# refuses SETTINGS: every key of the expected message is named, and nothing crashed.
refuses() {
  run kwctl run --request-path e2e-tests/requests/binding-anonymous-deny-group.json \
    --settings-path "test_data/settings/$1.yaml" annotated-policy.wasm
  echo "$output"
  [ "$status" -ne 0 ]
  [[ "$output" != *panic* ]]
  for key in $(sed -n 's/^\(- \)\{0,1\}`\([^`]*\)`:.*/\2/p' "test_data/settings/$1.out"); do
    [[ "$output" == *"$key"* ]]
  done
}

# generated: end-to-end cases
@test "a harmless binding is allowed" {
  evaluate e2e-tests/requests/binding-default-service-account-allow-named.json '{}'
  allowed
}

@test "a binding to unauthenticated requests is denied" {
  evaluate e2e-tests/requests/binding-anonymous-deny-group.json '{}'
  denied binding-anonymous
}

@test "a single person warns" {
  evaluate e2e-tests/requests/binding-individual-user-deny-person.json '{}'
  warned binding-individual-user
}

@test "a single person is denied under restricted" {
  evaluate e2e-tests/requests/binding-individual-user-deny-person.json '{"profile":"restricted"}'
  denied binding-individual-user
}

@test "a listed person is allowed" {
  evaluate e2e-tests/requests/binding-individual-user-allow-listed.json '{"allowedUsers":["jane@contoso.com"]}'
  allowed
}

@test "a rule that is off reports nothing" {
  evaluate e2e-tests/requests/binding-anonymous-deny-group.json '{"rules":{"binding-anonymous":"off"}}'
  allowed
}

@test "a role is looked up and its binding denied" {
  evaluate test_data/sessions/binding-role-escalates/deny-wildcard/request.json '{"clusterLookups":true,"clusterAdmins":["7d8cdf74-5f1d-4e6c-9c31-274d963d358b"]}' test_data/sessions/binding-role-escalates/deny-wildcard/session.yml
  denied binding-role-escalates
}

@test "a harmless role is looked up" {
  evaluate test_data/sessions/binding-role-escalates/allow-harmless/request.json '{"clusterLookups":true,"clusterAdmins":["7d8cdf74-5f1d-4e6c-9c31-274d963d358b"]}' test_data/sessions/binding-role-escalates/allow-harmless/session.yml
  allowed
}

@test "a look-up that was not granted warns" {
  evaluate test_data/sessions/workload-identity-no-client-id/deny-not-granted/request.json '{"clusterLookups":true}' test_data/sessions/workload-identity-no-client-id/deny-not-granted/session.yml
  warned workload-identity-no-client-id
}

@test "an account without client id warns" {
  evaluate test_data/sessions/workload-identity-no-client-id/deny-granted/request.json '{"clusterLookups":true}' test_data/sessions/workload-identity-no-client-id/deny-granted/session.yml
  warned workload-identity-no-client-id
}

@test "settings are refused: unknown-keys" {
  refuses err-unknown-keys
}

@test "settings are refused: words" {
  refuses err-words
}

@test "settings are refused: json-path" {
  refuses err-json-path
}
# end generated

# Apart from the version of kwctl, which xtask does not write.
@test "xtask writes the metadata that kwctl writes" {
  cargo run -q --locked -p xtask -- annotate --metadata metadata.yml --usage README.md \
    --output "$BATS_TEST_TMPDIR/xtask.wasm" policy.wasm
  kwctl annotate -m metadata.yml -u README.md -o "$BATS_TEST_TMPDIR/kwctl.wasm" policy.wasm
  diff <(kwctl inspect -o yaml "$BATS_TEST_TMPDIR/kwctl.wasm" | grep -v '^ *io.kubewarden.kwctl:') \
    <(kwctl inspect -o yaml "$BATS_TEST_TMPDIR/xtask.wasm")
}
