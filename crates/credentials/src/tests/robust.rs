use super::super::filter::bits;
use super::super::text::STEPS;
use super::*;
use proptest::prelude::*;

/// Texts that lead every format astray, over and over.
fn hostile() -> Vec<String> {
    let mut parts: Vec<String> = SIGNATURES.iter().map(|s| s.mark.text.to_owned()).collect();
    parts.extend(FORMATS.iter().flat_map(|f| f.marks).map(|m| m.text.to_owned()));
    let joined: Vec<String> = parts
        .iter()
        .flat_map(|part| {
            ["=", ":", "\":\"", "://", "=a;", "=a;server=", "\"", "'", "{", "}", ".", "@", " ", "=AAAA", "%"]
                .map(|glue| format!("{part}{glue}"))
        })
        .collect();
    parts.extend(joined);
    parts.extend(
        [
            "a://b:c@",
            "a://b:",
            "://:@",
            "a",
            "é",
            "=",
            "eyJ=",
            "eyJhbGciOiJIUzI1NiJ9.",
            "{{",
            "${",
            "$(",
            "<",
            "<a ",
            "\"",
            "- --a\n",
            "a=",
            "[\"",
            "clusters users current-context token: x\n",
            "-----BEGIN PRIVATE KEY-----",
            "\"a.azurecr.io\":{",
            "\"a.azurecr.io\":{\"auth\":\"\"}",
            "appId: ",
            "\"appId\":\"tenant password\"",
            "<!--",
            "server=;",
            "    ",
            "\\\"",
            "password=\"",
        ]
        .map(str::to_owned),
    );
    parts
}

fn steps(text: &str) -> usize {
    STEPS.with(|steps| steps.set(0));
    recognise_all(text, &mut |_, _| {});
    STEPS.with(std::cell::Cell::get)
}

/// However long the text, each byte is read a bounded number of times.
#[test]
fn work_is_linear_in_the_text() {
    for part in hostile() {
        let text = part.repeat((2 << 10) / part.len());
        let (short, long) = (steps(&text), steps(&text.repeat(4)));
        assert!(short <= 64 * text.len(), "{part:?}: {short} steps for {} bytes", text.len());
        assert!(long <= 5 * short + 4096, "{part:?}: {short} steps, {long} for four times the text");
    }
}

#[test]
fn assignments_are_linear_in_the_text() {
    for part in hostile() {
        let count = |text: &str| {
            let mut bytes = 0;
            assignments(text, &mut |pair| bytes += pair.key.len() + pair.value.len());
            bytes
        };
        let text = part.repeat((2 << 10) / part.len());
        let (short, long) = (count(&text), count(&text.repeat(4)));
        assert!(short <= 4 * text.len(), "{part:?}");
        assert!(long <= 5 * short + 4096, "{part:?}");
    }
}

#[test]
fn bits_are_counted_from_the_lowest() {
    assert_eq!(bits(0b1001_0110).collect::<Vec<_>>(), [1, 2, 4, 7]);
    assert_eq!(bits(1 << 63).collect::<Vec<_>>(), [63]);
}

fn everything(text: &str) {
    recognise_all(text, &mut |_, at| assert!(at.end <= text.len()));
    assert!(recognise(text).is_none() || may_hold_credential(text));
    let _ = (recognise_with_base64(text), benign(text), name_strength(text));
    let _ = (is_azure_credential_variable(text), decode_base64(text, 1 << 16));
    let lines = text.lines().count().max(1);
    assignments(text, &mut |pair| assert!((1..=lines + 1).contains(&pair.line) && !pair.key.is_empty()));
    flags(text, &mut |flag, _| assert!(flag.starts_with('-')));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn survives_any_text(text in "\\PC*") {
        everything(&text);
    }

    #[test]
    fn survives_any_mixture_of_marks(parts in proptest::collection::vec(proptest::sample::select(hostile()), 0..40),
                                     cut in 0usize..400) {
        let text = parts.concat();
        everything(text.get(cut.min(text.len())..).unwrap_or(&text));
    }

    #[test]
    fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        recognise_bytes(&bytes);
    }

    #[test]
    fn base64_comes_back(bytes in proptest::collection::vec(any::<u8>(), 1..300)) {
        prop_assert_eq!(decode_base64(&encode(&bytes), 1 << 10), Some(bytes.clone()));
        prop_assert_eq!(decode_base64(&encode_url(&bytes), 1 << 10), Some(bytes));
    }

    /// Whatever surrounds a client secret, it is found unless its neighbours belong to it.
    #[test]
    fn finds_a_secret_in_any_text(before in "\\PC{0,40}", after in "\\PC{0,40}", n in 0u64..1000) {
        let secret = Seed::new(n).credential(&SIGNATURES[0]);
        let text = format!("{before} {secret} {after}");
        let mut found = false;
        recognise_all(&text, &mut |kind, _| found |= kind.id == "entra-client-secret");
        prop_assert!(found);
    }
}

/// What `secret_assignments` has to report, the slow way.
fn secrets_among_assignments(text: &str) -> Vec<(Assignment<'_>, NameStrength)> {
    let mut found = Vec::new();
    assignments(text, &mut |pair| found.extend(pair.strength.map(|strength| (pair, strength))));
    found
}

fn parts_of_configuration() -> Vec<&'static str> {
    vec![
        "password",
        "PASSWORD_",
        "client",
        "Secret",
        "apiKey",
        "pat",
        "pass",
        "wo",
        "rd",
        "name",
        "NAME",
        "value",
        "key",
        "string",
        "base64",
        "B64",
        "option",
        "a",
        "x1",
        "1",
        "7",
        "é",
        "\u{a0}",
        "\u{b}",
        "\u{2028}",
        "=",
        "=",
        ":",
        ":",
        ": ",
        ": ",
        "- ",
        "- ",
        "-",
        "--",
        "--",
        " ",
        " ",
        "  ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\"",
        "\"",
        "'",
        "'",
        "\"\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        "<",
        ">",
        "</",
        "/>",
        "#",
        " # ",
        "//",
        "://",
        "export ",
        "$env:",
        "\\",
        "_",
        ".",
        "/",
        ";",
        "!",
        "<!--",
        "name: ",
        "value: ",
        "- name: DB_PASSWORD\n",
        "  value: x\n",
        "- --password\n",
        "- --verbose\n",
        "- x\n",
        "token=",
        "ENV ",
        "ENV DB_PASSWORD x\n",
        "setx ",
        "set -x ",
        "setenv API_KEY v",
        "\\\n",
        "`\n",
        "azure:\n",
        "  azure:\n",
        "[azure]\n",
        "[other]\n",
        "<azure>",
        "</azure>",
        "|",
        ">-\n",
        "&a ",
        "!!str ",
        "=> ",
        ":= ",
        "?=",
        "az login ",
        "docker login a.azurecr.io ",
        "-p ",
        "-px ",
        "- az\n",
        "- login\n",
        "- -p\n",
        " | ",
        "; ",
        "--password-stdin",
        "ConvertTo-SecureString ",
        "Connect-AzAccount\n",
        "AZURE_X=1 ",
        "x[\"password\"] = \"",
        "set(\"",
        ".password(\"",
        "\", \"",
        "sqlcmd -P x",
        "&password=",
        "[OUTPUT]\n",
        "<match x>\n",
        "  Shared_Key x\n",
        "shared_key ",
        "DB_PASSWORD:x",
        "\\n",
        "\\\"",
        "\"a\": \"{\\\"",
        "{azure: {password: x}}",
        "\"azure\": {",
        "\"--token\", ",
        "{\"name\": \"DB_PASSWORD\",",
        "\"value\": \"x\"}",
        "<password>",
        "</password>",
        " name=\"",
        "\n\n",
        "==============================================================================",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5000) })]

    #[test]
    fn lines_are_skipped_only_where_no_secret_is_named(
        parts in proptest::collection::vec(proptest::sample::select(parts_of_configuration()), 0..24),
    ) {
        let text = parts.concat();
        let mut found = Vec::new();
        secret_assignments(&text, &mut |pair, strength| found.push((pair, strength)));
        prop_assert_eq!(found, secrets_among_assignments(&text), "{:?}", text);
    }
}

/// Addresses in addresses are not read inside each other.
#[test]
fn nested_addresses_are_read_once() {
    for part in ["aadclientsecret=http://", "clientSecret=a://", "appid:a://password=b://tenant"] {
        let text = part.repeat(20_000);
        assert!(steps(&text) <= 64 * text.len(), "{part}");
        let _ = benign(&text);
    }
    let mut text = "AZURE_CLIENT_SECRET=a://b".to_owned();
    for _ in 0..20 {
        text = format!("AZURE_CLIENT_SECRET=a://{}", encode(text.as_bytes()));
    }
    assert!(steps(&text) <= 64 * text.len());
}

/// Found by the properties above.
#[test]
fn a_member_without_a_name_is_no_assignment() {
    for text in ["\"\":0", "{\"\":\"x\"}", "- name: \"\"\n  value: x", "{\"name\":\"\",\"value\":\"x\"}"] {
        everything(text);
    }
}

/// The budget is a 1 MiB ConfigMap: ordinary text of that size costs next to nothing beyond the pass.
#[test]
fn a_large_file_needs_few_second_looks() {
    let line =
        "  - name: orders\n    image: shop.azurecr.io/orders:1.2\n    url: https://orders.shop.svc:8080/api?x=1\n";
    let text = line.repeat((1 << 20) / line.len());
    assert!(steps(&text) <= text.len() / 2, "{} steps", steps(&text));
}
