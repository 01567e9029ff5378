#!/usr/bin/env bats
# The annotated module in the real kwctl. `make e2e-tests` builds it first.
# kwctl exits 0 whatever the verdict is, so every test reads the answer.

setup() {
  cd "$BATS_TEST_DIRNAME/.."
}

evaluate() {
  run kwctl run annotated-policy.wasm --request-path "e2e-tests/requests/$1" --settings-json "${2:-{\}}"
}

@test "a harmless object is allowed" {
  evaluate allow-configmap.json
  echo "$output"
  [ "$status" -eq 0 ]
  [[ "$output" == *'"allowed":true'* ]]
}

@test "a binding to everybody is denied, with the rule's name" {
  evaluate deny-binding-anonymous.json
  echo "$output"
  [ "$status" -eq 0 ]
  [[ "$output" == *'"allowed":false'* ]]
  [[ "$output" == *binding-anonymous* ]]
}

@test "settings with mistakes are refused, not a crash" {
  evaluate allow-configmap.json '{"noSuchSetting": 1}'
  echo "$output"
  [ "$status" -ne 0 ]
  [[ "$output" == *noSuchSetting* ]]
  [[ "$output" != *panic* ]]
}

@test "xtask writes the metadata that kwctl writes" {
  cargo run -q --locked -p xtask -- annotate --metadata metadata.yml --usage README.md \
    --output "$BATS_TEST_TMPDIR/xtask.wasm" policy.wasm
  kwctl annotate -m metadata.yml -u README.md -o "$BATS_TEST_TMPDIR/kwctl.wasm" policy.wasm
  diff <(kwctl inspect -o yaml "$BATS_TEST_TMPDIR/kwctl.wasm") <(kwctl inspect -o yaml "$BATS_TEST_TMPDIR/xtask.wasm")
}
