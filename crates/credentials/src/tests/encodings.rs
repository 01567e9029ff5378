//! Every kind of credential in every encoding, next to every excuse.

use super::super::benign::EMULATOR_KEYS;
use super::*;

/// A text with each kind of credential, and its id.
fn samples() -> Vec<(&'static str, String)> {
    let mut samples: Vec<(&str, String)> = Vec::new();
    for (n, signature) in SIGNATURES.iter().enumerate() {
        let credential = Seed::new(n as u64 + 40).credential(signature);
        samples.push((signature.kind_of(credential.as_bytes()).id, credential));
    }
    let mut seed = Seed::new(5);
    let (long, short) = (seed.key(64), seed.key(32));
    let word = format!("Q{}", seed.text(&Alphabet::of("A-Za-z0-9"), 20));
    let part = |text: &str| encode_url(text.as_bytes());
    let token =
        |claims: &str| format!("{}.{}.{}", part("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"), part(claims), part(&short));
    let pem = encode(Seed::new(6).key(200).as_bytes());
    samples.extend([
        (
            "storage-connection-string",
            format!(
                "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={long};EndpointSuffix=core.windows.net"
            ),
        ),
        (
            "cosmos-db-connection-string",
            format!("AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey={long};"),
        ),
        (
            "messaging-connection-string",
            format!("Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={short}"),
        ),
        ("iot-connection-string", format!("HostName=hub.azure-devices.net;DeviceId=d;SharedAccessKey={short}")),
        (
            "service-connection-string",
            format!("Endpoint=https://shop.service.signalr.net;AccessKey={short};Version=1.0;"),
        ),
        (
            "service-connection-string",
            format!("Endpoint=https://shop.webpubsub.azure.com;AccessKey={short};Version=1.0;"),
        ),
        ("communication-connection-string", format!("endpoint=https://shop.communication.azure.com/;accesskey={long}")),
        ("app-configuration-connection-string", format!("Endpoint=https://shop.azconfig.io;Id=abcd:x;Secret={short}")),
        (
            "azure-database-password",
            format!("Server=tcp:shop.database.windows.net,1433;Database=shop;User ID=app;Password={word};Encrypt=true"),
        ),
        ("redis-connection-string", format!("shop.redis.cache.windows.net:6380,password={short},ssl=True")),
        ("database-password", format!("Server=postgres;Database=db;User Id=u;Password={word}")),
        ("azure-url-password", format!("https://u:{word}@shop.azurewebsites.net/x")),
        ("url-password", format!("amqp://u:{word}@rabbit/x")),
        (
            "shared-access-signature",
            format!("https://shop.blob.core.windows.net/c?sv=2022-11-02&sr=c&sp=r&sig={}", short.replace('+', "%2B")),
        ),
        ("entra-token", token("{\"iss\":\"https://sts.windows.net/11111111-1111-1111-1111-111111111111/\"}")),
        (
            "service-account-token",
            token("{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system:serviceaccount:a:b\"}"),
        ),
        ("json-web-token", token("{\"iss\":\"https://example.org\",\"sub\":\"someone\"}")),
        ("private-key", format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----")),
        (
            "azure-auth-file",
            format!("{{\"clientId\":\"c\",\"clientSecret\":\"{word}\",\"subscriptionId\":\"s\",\"tenantId\":\"t\"}}"),
        ),
        (
            "azure-cloud-config",
            format!("{{\"tenantId\": \"t\", \"aadClientId\": \"c\", \"aadClientSecret\": \"{word}\"}}"),
        ),
        ("service-principal-file", format!("{{\"appId\": \"a\", \"password\": \"{word}\", \"tenant\": \"t\"}}")),
        (
            "registry-admin-login",
            format!("{{\"auths\":{{\"shop.azurecr.io\":{{\"username\":\"shop\",\"password\":\"{word}\"}}}}}}"),
        ),
        ("aws-access-key", format!("AKIA{}", seed.text(&Alphabet::of("A-Z2-7"), 16))),
        ("aws-secret-key", format!("aws_secret_access_key = {}", seed.text(&Alphabet::of("A-Za-z0-9/+"), 40))),
    ]);
    samples
}

fn finds(text: &str, id: &str) {
    let found = ids(text);
    assert!(found.contains(&id), "{id} in {text:?}: {found:?}");
    assert!(may_hold_credential(text), "{text:?}");
    finds_class(text, id);
}

fn finds_class(text: &str, id: &str) {
    let class = |id: &str| {
        let mut kinds =
            SIGNATURES.iter().map(|signature| &signature.kind).chain(PROVIDERS.iter().map(|(_, kind)| kind));
        let formats = || FORMATS.iter().flat_map(|format| format.kinds.iter().copied());
        kinds.find(|kind| kind.id == id).or_else(|| formats().find(|kind| kind.id == id)).map(|kind| kind.class)
    };
    let strongest = recognise(text).map(|kind| kind.class);
    assert!(strongest <= class(id) && strongest.is_some(), "{strongest:?} for {id} in {text:?}");
}

fn escaped(text: &str, escape: impl Fn(u8) -> Option<String>) -> String {
    text.bytes().map(|byte| escape(byte).unwrap_or_else(|| char::from(byte).to_string())).collect()
}

fn wide(text: &str, mark: &[u8], is_big: bool) -> String {
    let units = text.bytes().flat_map(|byte| if is_big { [0, byte] } else { [byte, 0] });
    encode(&mark.iter().copied().chain(units).collect::<Vec<u8>>())
}

fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(&format!("\n{indent}"))
}

/// The encodings of a text of ASCII.
fn encodings(text: &str) -> Vec<String> {
    let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
    let is_special = |byte: &u8| matches!(byte, b'+' | b'/' | b'=' | b'&' | b'<' | b'>' | b'\'' | b'~');
    let json = |byte: u8| Some(byte).filter(is_printable).map(|byte| format!("\\u{byte:04x}"));
    let once = encode(text.as_bytes());
    vec![
        text.to_owned(),
        escaped(text, json),
        escaped(text, |byte| Some(byte).filter(is_special).map(|byte| format!("\\u{byte:04X}"))),
        escaped(text, |byte| Some(byte).filter(is_special).map(|byte| format!("\\\\u{byte:04X}"))),
        escaped(text, |byte| (byte == b'/').then(|| "\\/".to_owned())),
        escaped(text, |byte| Some(byte).filter(is_printable).map(|byte| format!("\\x{byte:02x}"))),
        escaped(text, |byte| Some(byte).filter(is_special).map(|byte| format!("&#{byte};"))),
        escaped(text, |byte| Some(byte).filter(is_special).map(|byte| format!("&#x{byte:X};"))),
        encode_url(text.as_bytes()),
        encode(once.as_bytes()),
        encode(wrapped(&once, 76, "").as_bytes()),
        wrapped(&once, 64, ""),
        wrapped(&once, 76, "    "),
        wide(text, b"", false),
        wide(text, b"\xff\xfe", false),
        wide(text, b"\xfe\xff", true),
        escaped(&once, |byte| Some(byte).filter(is_special).map(|byte| format!("\\u{byte:04x}"))),
        once,
    ]
}

#[test]
fn every_credential_is_found_in_every_encoding() {
    for (id, sample) in samples() {
        for encoded in encodings(&sample) {
            for (before, after) in
                [("", ""), ("a: 1\nb: ", "\nc: 2\n"), ("{\"a\": \"", "\"}"), ("powershell -enc ", "")]
            {
                // A kind that is the text of a file is not inside the string of another unless it is encoded.
                if before.starts_with('{') && sample.contains('"') && encoded.contains('"') {
                    continue;
                }
                finds(&format!("{before}{encoded}{after}"), id);
            }
        }
    }
}

/// Harmless texts, each excused for what it says.
fn excuses() -> Vec<String> {
    vec![
        format!("DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={}", EMULATOR_KEYS[0]),
        format!("AccountEndpoint=https://localhost:8081/;AccountKey={}", EMULATOR_KEYS[1]),
        "UseDevelopmentStorage=true".to_owned(),
        "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true".to_owned(),
        "InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=https://x.in.applicationinsights.azure.com/"
            .to_owned(),
        "azure.appId=11111111-2222-3333-4444-555555555555".to_owned(),
        "appId: 11111111-2222-3333-4444-555555555555".to_owned(),
        "Application Name=.azconfig.".to_owned(),
        "password=<password>".to_owned(),
        "Server=db;Password=$(DB_PASSWORD)".to_owned(),
        "aadClientSecret: msi".to_owned(),
        "{\"clientSecret\": \"${SECRET}\", \"tenantId\": \"t\"}".to_owned(),
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
         SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
            .to_owned(),
        "docker-pullable://shop:tag@sha256:0123456789abcdef".to_owned(),
        "https://user:${PASSWORD}@host".to_owned(),
    ]
}

#[test]
fn excuses_excuse() {
    for excuse in excuses() {
        assert_eq!(ids(&excuse), [""; 0], "{excuse}");
    }
}

#[test]
fn no_excuse_hides_a_credential_next_to_it() {
    for (id, sample) in samples() {
        for excuse in excuses() {
            for text in [
                format!("{excuse}\n{sample}"),
                format!("{sample}\n{excuse}"),
                format!("{excuse} {sample}"),
                format!("a: \"{excuse}\"\nb: \"{sample}\"\n"),
            ] {
                // What else is on the line may make it another kind.
                finds_class(&text, id);
            }
            // In the pairs of one connection string.
            if sample.contains(';') && !excuse.contains(' ') {
                finds_class(&format!("{sample};{excuse}"), id);
            }
        }
    }
}

#[test]
fn the_user_of_a_registry_excuses_its_own_token_alone() {
    let token = samples().into_iter().find(|(id, _)| *id == "json-web-token").unwrap().1;
    let entry = |member: &str| {
        format!("{{\"shop.azurecr.io\":{{\"username\":\"00000000-0000-0000-0000-000000000000\",{member}}}}}")
    };
    assert_eq!(ids(&entry(&format!("\"password\":\"{token}\""))), [""; 0]);
    let auth = encode(format!("00000000-0000-0000-0000-000000000000:{token}").as_bytes());
    assert_eq!(ids(&entry(&format!("\"auth\":\"{auth}\""))), [""; 0]);
    assert_eq!(ids(&entry(&format!("\"note\":\"{token}\""))), ["json-web-token"]);
    for (id, sample) in samples().into_iter().filter(|(_, sample)| !sample.contains('"')) {
        finds(&entry(&format!("\"note\":\"{sample}\"")), id);
        finds(&entry(&format!("\"a\":{{\"b\":1}},\"note\":\"{sample}\"")), id);
        finds(&entry(&format!("\"password\":\"{token}\",\"note\":\"{sample}\"")), id);
        finds(&format!("{}\n{sample}", entry("\"a\":\"b\"")), id);
    }
    let secret = &samples()[0].1;
    assert_eq!(ids(&entry(&format!("\"password\":\"{secret}\""))), ["entra-client-secret"]);
}

#[test]
fn names_count_in_base64_too() {
    for text in
        ["AZURE_CLIENT_SECRET=fjq-1234-xyz\n", "az login -u a -p fjq-1234-xyz", "azure:\n  password: fjq-1234-xyz\n"]
    {
        let utf16 = wide(text, b"", false);
        for encoded in [encode(text.as_bytes()), utf16, encode(encode(text.as_bytes()).as_bytes())] {
            assert_eq!(ids(&format!("powershell -EncodedCommand {encoded}")), ["encoded-azure-secret"], "{text}");
        }
    }
    for text in ["AZURE_CLIENT_SECRET=$(SECRET)  \n", "DB_PASSWORD=fjq-1234-xyz\n", "az login --identity --username x"]
    {
        assert_eq!(ids(&encode(text.as_bytes())), [""; 0], "{text}");
    }
}

#[test]
fn ordinary_texts_in_base64_are_quiet() {
    let certificate = encode(&[0x30, 0x82, 3, 1, 0x30, 0x82, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    for text in [
        format!("ca.crt: {certificate}"),
        format!("caBundle: {}", encode(format!("-----BEGIN CERTIFICATE-----\n{certificate}").as_bytes())),
        encode(b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"),
        "path: /usr/local/share/ca-certificates/some-long-name".to_owned(),
        "sha: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
    ] {
        assert_eq!(ids(&text), [""; 0], "{text}");
    }
}
