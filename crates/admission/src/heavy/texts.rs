//! Long texts, and many of them.

use super::*;

/// A class whose text is one part repeated, as an entry of a ConfigMap.
macro_rules! repeated {
    ($($name:literal: $part:expr;)*) => {
        [$(class($name, |n, _| file(&$part.repeat(n)))),*]
    };
}

/// Parts that readers of texts could go back and forth over: marks without what they announce, signs that open
/// and are not closed, words that look like the beginning of something.
const REPEATED: &[Class] = &repeated! {
    "quotation marks": "\"";
    "apostrophes": "a='";
    "opening braces": "{";
    "opening brackets": "[";
    "opening and closing braces": "{}";
    "backslashes": "\\";
    "escaped quotation marks": "\\\"a";
    "colons": "a:";
    "colons with blanks": "a: ";
    "equal signs": "a=";
    "dashes": "-";
    "flags": " --a";
    "list items": "- ";
    "declarations": "set export ENV ARG ";
    "dollar signs": "$(";
    "percent signs": "%2";
    "tags": "<a>";
    "tags that are not closed": "<a b=\"";
    "comments of XML": "<!--";
    "elements": "<password>Corr3cthorse</password>";
    "attributes": "<a key=\"password\" value=\"Corr3cthorse\"/>";
    "empty lines": "\n";
    "lines with a name": "name: password\n";
    "lines with a name and a value": "name: password\nvalue: Corr3cthorse\n";
    "lines with flags in a list": "- --password\n- Corr3cthorse\n";
    "lines with a weak name": "token: a1b2c3d4e5f6g7h8\n";
    "lines with a password": "password=Corr3cthorse\n";
    "lines with a placeholder": "AZURE_CLIENT_SECRET=<client-secret>\n";
    "lines of a block": "password: |\n  Corr3cthorse\n";
    "lines of one anchor": "password: &a Corr3cthorse\ntoken: *a\n";
    "lines of nested keys": "azure:\n  client:\n    secret: Corr3cthorse1\n";
    "lines of a section": "[azure]\nclient_secret=Corr3cthorse1\n";
    "lines that log in": "az login --identity\n";
    "words that log in": "login --identit ";
    "lines that log in with a password": "az login --service-principal -u a -p Abcdef1ghi\n";
    "names of a server": "server=";
    "passwords without a server": "password=abc;";
    "passwords with a server": "server=a;password=Corr3cthorse;";
    "account keys": "AccountKey=";
    "shared access keys": "SharedAccessKey=abc;";
    "signatures": "sig=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrs&";
    "signatures without a key": "sig=";
    "URLs": "a://b:c@d ";
    "URLs without a host": "a://b:c@";
    "URLs with at signs": "a://b:c@@@@@@@@@@@@@@@@@@@@";
    "tokens": "eyJhbGciOiJIUzI1NiJ9.";
    "beginnings of tokens": "eyJ ";
    "tokens in one word": "eyJ-";
    "keys without a body": "-----BEGIN PRIVATE KEY-----";
    "beginnings of keys": "-----BEGIN ";
    "keys with a body": "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    "bundles": "MIIKaAIBAzCC";
    "client secrets": "clientSecret=abcdefgh1\n";
    "client secrets of one object": "tenantId=x clientSecret=abcdefgh1 ";
    "application ids": "appId=a ";
    "application ids and passwords": "{\"appId\":\"a\",\"password\":\"abcdefgh1\",\"tenant\":\"x\"}";
    "application ids of one object": "\"appId\":\"a\",\"tenant\":\"\",\"passwordx\":";
    "secrets of a cloud": "aadClientSecret: abcdefgh1\n";
    "registries": "\"a.azurecr.io\":{\"auth\":\"YTpi\"},";
    "registries without an entry": ".azurecr.";
    "registries with users": "\"a.azurecr.io\":{\"username\":\"a\",\"usernamex\":\"passwordx\",";
    "clusters and users": "clusters users current-context ";
    "tokens of a kubeconfig": "clusters:\nusers:\ncurrent-context: a\ntoken: abcdefgh1\n";
    "hosts of messaging": ".servicebus.windows ";
    "hosts of messaging and padding": ".servicebus.windows==";
    "hosts of Cosmos DB": ".documents.azure.com=";
    "hosts of App Configuration": ".azconfig.io;";
    "secrets of App Configuration": "https://a.azconfig.io;Secret=abcdefghijklmnopqrstuvwxyz0123456789;";
    "keys of AWS": "AKIAIOSFODNN7EXAMPLE ";
    "secret keys of AWS": "aws_secret_access_key=abc ";
    "marks of Entra secrets": "8Q~";
    "Entra secrets": "abc8Q~abcdefghijklmnopqrstuvwxyz0123456789 ";
    "addresses of the metadata endpoint": "169.254.169.254 ";
    "near misses of the address": "169.254.169.253,";
    "numbers in a text": "2852039167 ";
    "digits": "1";
    "dotted numbers": "0xa9.0376.";
    "excluded addresses": "NO_PROXY=169.254.169.254,";
    "rejected addresses": "iptables 169.254.169.254 DROP ";
    "assigned addresses": "A=169.254.169.254\n";
    "paths of the endpoint": "/metadata/identity";
    "words of switches": "msi=";
    "switches": "AZURE_USE_MSI=true\n";
    "Azure DevOps": "dev.azure.com abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst ";
    "words of fifty-two characters": "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst ";
    "words": "password ";
    "one long word": "password";
    "letters outside ASCII": "\u{e9}";
    "characters of four bytes": "\u{1f511}";
    "commas": "a,";
    "semicolons": "a=b;";
    "JSON members": "{\"password\":\"Corr3cthorse\"}\n";
    "nested JSON strings": "{\"a\":\"{\\\"password\\\":\\\"Corr3cthorse\\\"}\"}\n";
    "nested JSON objects": "{\"password\":";
    "escaped characters": "\\u0061";
    "commands": "curl -u a:Corr3cthorse https://example.com && ";
    "encoded commands": "powershell -EncodedCommand YQBiAGMAZABlAGYAZwBoAGkAagBrAGwAbQBuAA==\n";
    "base64 in lines": "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2w=\n";
    "base64 members": "a: cGFzc3dvcmQ9Q29ycjNjdGhvcnNlCnBhc3N3b3JkPUNvcnIzY3Rob3JzZQ==\n";
};

pub(super) const CLASSES: &[Class] = &{
    const OTHERS: &[Class] = &[
        class("blanks before an equal sign", |n, _| file(&format!("password{}=Corr3cthorse", " ".repeat(n)))),
        class("blanks between letters", |n, _| file(&format!("password{}x", " ".repeat(n)))),
        class("tabs and blanks", |n, _| file(&format!("a{}=", " \t".repeat(n)))),
        class("blanks in an argument", |n, _| argument(&format!("a{}=b", " ".repeat(n)))),
        class("commands in an argument", |n, _| argument(&"az login -p Corr3cthorse; ".repeat(n))),
        class("flags in an argument", |n, _| argument(&"--client-secret Abcdefgh1 ".repeat(n))),
        class("quotation marks in an argument", |n, _| argument(&"' ".repeat(n))),
        class("addresses in an argument", |n, _| argument(&"curl 169.254.169.253; ".repeat(n))),
        class("a heading and client secrets", |n, _| {
            file(&format!("tenantid=x\n{}", "clientsecret=abcdefgh1\n".repeat(n)))
        }),
        class("a server and passwords in one line", |n, _| file(&format!("server=a{}", ";password=".repeat(n)))),
        class("an open brace and client secrets", |n, _| {
            file(&format!("{{{}tenantId", "\"clientSecret\":\"abcdefgh1\",".repeat(n)))
        }),
        class("base64 of lines", |n, _| file(&base64(&"password=Corr3cthorse\n".repeat(n)))),
        class("base64 of base64", |n, _| {
            file(&(0..6).fold("password=Corr3cthorse\n".repeat(n), |text, _| base64(&text)))
        }),
        class("base64 of a key", |n, _| file(&base64(&"\0key=".repeat(n)))),
        class("base64 of UTF-16", |n, _| file(&base64(&"p\0a\0s\0s\0w\0o\0r\0d\0=\0C\0o\0r\0r\x003\0\n\0".repeat(n)))),
        class("random words", |n, random| {
            file(&(0..n).map(|_| random.word(12) + "=" + &random.word(20) + "\n").collect::<String>())
        }),
        class("random words of base64", |n, random| file(&(0..n).map(|_| random.word(43) + "= ").collect::<String>())),
        class("entries", |n, _| {
            create(CONFIG_MAP, "", &format!(r#""data":{{{}}}"#, each(n, |i| format!(r#""a{i}":"b""#))))
        }),
        class("entries with passwords", |n, _| {
            create(
                CONFIG_MAP,
                "",
                &format!(r#""data":{{{}}}"#, each(n, |i| format!(r#""password{i}":"Corr3cthorse""#))),
            )
        }),
        class("entries with long names", |n, random| {
            let name = "azure-client-secret-".repeat(12);
            create(
                CONFIG_MAP,
                "",
                &format!(r#""data":{{{}}}"#, each(n, |_| format!(r#""{name}{}":"x""#, random.word(6)))),
            )
        }),
        class("entries in base64", |n, _| {
            let value = base64("AZURE_CLIENT_SECRET=Abcdef1ghi");
            create(SECRET, "", &format!(r#""data":{{{}}}"#, each(n, |i| format!(r#""a{i}":"{value}""#))))
        }),
        class("an entry of a Secret in base64", |n, _| {
            create(
                SECRET,
                "",
                &format!(r#""data":{{"a":"{}"}}"#, base64(&base64(&"client_secret=Abcdef1ghi\n".repeat(n)))),
            )
        }),
        class("entries with passwords, all new", |n, _| {
            let data = |prefix: &str| {
                format!(r#""data":{{{}}}"#, each(n, |i| format!(r#""{prefix}password{i}":"Corr3cthorse""#)))
            };
            update(CONFIG_MAP, &data("a"), &data("b"))
        }),
        class("lines with passwords, all new", |n, _| {
            let data = |prefix: &str| {
                let lines: String = (0..n).map(|i| format!("{prefix}_{i}_password=Corr3cthorse\n")).collect();
                format!(r#""data":{{"a":{}}}"#, quoted(&lines))
            };
            update(CONFIG_MAP, &data("a"), &data("b"))
        }),
        class("short lines with passwords", |n, _| {
            let own = each(n, |i| format!(r#""a{i}":"b\nc=1\npassword=Corr3cthorse\n""#));
            create(CONFIG_MAP, "", &format!(r#""data":{{{own}}}"#))
        }),
        class("binary entries", |n, _| {
            create(
                CONFIG_MAP,
                "",
                &format!(
                    r#""binaryData":{{{}}}"#,
                    each(n, |i| format!(r#""a{i}":"{}""#, base64("\0\u{1}password=Corr3cthorse")))
                ),
            )
        }),
        class("an Argo CD cluster", |n, _| {
            let config = base64(&format!(
                r#"{{"execProviderConfig":{{"args":[{}]}}}}"#,
                each(n, |_| "\"--login\",\"spn\"".to_owned())
            ));
            create(
                SECRET,
                r#""labels":{"argocd.argoproj.io/secret-type":"cluster"}"#,
                &format!(r#""data":{{"config":"{config}","server":"YQ=="}}"#),
            )
        }),
    ];
    const EMPTY: Class = class("", |_, _| create(POD, "", ""));
    let mut all = [EMPTY; REPEATED.len() + OTHERS.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = if n < REPEATED.len() { REPEATED[n] } else { OTHERS[n - REPEATED.len()] };
        n += 1;
    }
    all
};

/// A ConfigMap with one entry.
fn file(text: &str) -> Input {
    create(CONFIG_MAP, "", &format!(r#""data":{{"a":{}}}"#, quoted(text)))
}

/// A Pod that runs one command.
fn argument(text: &str) -> Input {
    let own = format!(r#"{{"name":"web","command":["sh","-c",{}]}}"#, quoted(text));
    create(POD, "", &format!(r#""spec":{{"serviceAccountName":"web","containers":[{own}]}}"#))
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(text.len() * 4 / 3 + 4);
    for chunk in text.as_bytes().chunks(3) {
        let byte = |n: usize| u32::from(chunk.get(n).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_padding = digit > chunk.len();
            encoded.push(if is_padding { '=' } else { char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]) });
        }
    }
    encoded
}
