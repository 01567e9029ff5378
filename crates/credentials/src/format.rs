//! Credentials that are composed: connection strings, signed URLs, tokens, key files, JSON files.
//!
//! Each format has marks that lead to it and a function that looks around a mark. Such a function
//! reads a bounded number of bytes, or a part of the text that no other call reads again
//! ([`Scan::line`], [`Scan::object`], [`Scan::read_to`]).

use std::ops::Range;

use super::alphabet::{ALPHANUMERIC, Alphabet, BASE64, BASE64_URL};
use super::benign::{benign, is_emulator_key, is_placeholder, is_reference};
use super::filter::{Mark, any_case, exact};
use super::scan::{Fact, Hit, Login, Scan, facts_of};
use super::text::{count, find, find_fold, starts_with_fold, until};
use super::{Class, CredentialKind, assignments, decode_base64};
use text::{docs_only, is_guid};

/// A composed credential.
#[derive(Debug)]
pub struct Format {
    pub kinds: &'static [&'static CredentialKind],
    /// What it looks like, for people.
    pub shape: &'static str,
    pub marks: &'static [Mark],
    /// Looks around a mark that begins and ends at these offsets.
    pub find: fn(&mut Scan, usize, usize) -> Option<Hit>,
}

pub const FORMATS: &[Format] = &[
    Format {
        kinds: &[&STORAGE_CONNECTION, &COSMOS_CONNECTION],
        shape: docs_only("`AccountKey=` with 64 bytes of base64; the emulators' published keys are excused"),
        marks: &[any_case("accountkey"), any_case("storagekey")],
        find: account_key,
    },
    Format {
        kinds: &[&MESSAGING_CONNECTION, &IOT_CONNECTION, &SHARED_ACCESS_KEY],
        shape: docs_only("`SharedAccessKey=` with 32 or 64 bytes of base64"),
        marks: &[any_case("sharedaccesskey")],
        find: shared_access_key,
    },
    Format {
        kinds: &[&APP_CONFIGURATION_CONNECTION],
        shape: docs_only("`Endpoint=https://*.azconfig.io;Id=*;Secret=*`"),
        marks: &[any_case(".azconfig.")],
        find: app_configuration,
    },
    Format {
        kinds: &[&MESSAGING_CONNECTION],
        shape: docs_only(
            "a key of 32 bytes in base64 on the line of a `*.servicebus.windows.net` name, at most 300 bytes after it",
        ),
        marks: &[any_case(".servicebus.windows")],
        find: messaging_key_nearby,
    },
    Format {
        kinds: &[&COSMOS_CONNECTION],
        shape: docs_only(
            "a key of 64 bytes in base64 on the line of a `*.documents.azure.com` name, at most 300 bytes after it",
        ),
        marks: &[any_case(".documents.azure.com")],
        find: cosmos_key_nearby,
    },
    Format {
        kinds: &[&SERVICE_CONNECTION],
        shape: docs_only(
            "a key of 32 bytes in base64 on the line of a SignalR or Web PubSub name, at most 300 bytes after it",
        ),
        marks: &[any_case(".signalr."), any_case(".webpubsub.azure.")],
        find: service_key_nearby,
    },
    Format {
        kinds: &[&SHARED_ACCESS_SIGNATURE],
        shape: docs_only(
            "`sig=` with 32 bytes of base64, percent-encoded or not, in a query or a SharedAccessSignature",
        ),
        marks: &[any_case("sig="), any_case("dsas_secret=")],
        find: shared_access_signature,
    },
    Format {
        kinds: &[&AZURE_DATABASE_PASSWORD, &REDIS_CONNECTION, &DATABASE_PASSWORD],
        shape: docs_only(
            "`Password=` or `Pwd=` in a string that also names a server (ADO.NET, ODBC, JDBC, libpq, Redis)",
        ),
        marks: &[any_case("password"), any_case("pwd")],
        find: database_password,
    },
    Format {
        kinds: &[&AZURE_URL_PASSWORD, &URL_PASSWORD],
        shape: docs_only("`scheme://user:password@host`"),
        marks: &[exact("://")],
        find: url_password,
    },
    Format {
        kinds: &[&ENTRA_TOKEN, &SERVICE_ACCOUNT_TOKEN, &BEARER_TOKEN],
        shape: docs_only("a signed JSON Web Token: three parts in base64url"),
        marks: &[exact("eyJ"), exact("eyAi"), exact("ewog")],
        find: json_web_token,
    },
    Format {
        kinds: &[&PRIVATE_KEY],
        shape: docs_only("`-----BEGIN PRIVATE KEY-----` of any flavour, with a body"),
        marks: &[exact("-----BEGIN ")],
        find: pem_private_key,
    },
    Format { kinds: &[&PKCS12], shape: "a PKCS#12 bundle in base64", marks: &[exact("IBAzCC")], find: pkcs12 },
    Format {
        kinds: &[&CLOUD_CONFIG],
        shape: docs_only(
            "`aadClientSecret` or `aadClientCertPassword` in a cloud provider's `azure.json`, in JSON or YAML, unless `msi`",
        ),
        marks: &[any_case("aadclientsecret"), any_case("aadclientcertpassword")],
        find: cloud_config,
    },
    Format {
        kinds: &[&SDK_AUTH_FILE],
        shape: docs_only(
            "`clientSecret` or `clientCertificate` beside `tenantId`, `subscriptionId` or an Azure endpoint URL",
        ),
        marks: &[any_case("clientsecret"), any_case("clientcertificate")],
        find: sdk_auth_file,
    },
    Format {
        kinds: &[&SERVICE_PRINCIPAL_FILE],
        shape: docs_only("`appId`, `password` and `tenant` together, as `az ad sp create-for-rbac` prints them"),
        marks: &[any_case("appid")],
        find: service_principal_file,
    },
    Format {
        kinds: &[&REGISTRY_ADMIN, &REGISTRY_SERVICE_PRINCIPAL, &REGISTRY_TOKEN],
        shape: docs_only("an entry for `*.azurecr.*` in a Docker configuration; the null GUID with a token is excused"),
        marks: &[any_case(".azurecr.")],
        find: docker_config,
    },
    Format {
        kinds: &[
            &KUBECONFIG_ADMIN,
            &KUBECONFIG_KEY,
            &KUBECONFIG_TOKEN,
            &KUBECONFIG_PASSWORD,
            &KUBECONFIG_AUTH_PROVIDER,
            &KUBECONFIG_CLIENT_SECRET,
        ],
        shape: docs_only("a kubeconfig with a client key, token, password, auth provider or client secret"),
        marks: &[exact("current-context"), exact("client-key-data"), exact("clusters")],
        find: kubeconfig,
    },
    Format {
        kinds: &[&AWS_ACCESS_KEY],
        shape: docs_only("`AKIA` and its kin with 16 characters; documentation examples are excused"),
        marks: &[exact("AKIA"), exact("ASIA"), exact("ABIA"), exact("ACCA"), exact("A3T")],
        find: aws_access_key,
    },
    Format {
        kinds: &[&AWS_SECRET_KEY],
        shape: docs_only("`aws_secret_access_key` with 40 characters of base64; documentation examples are excused"),
        marks: &[any_case("secret_access_key"), any_case("secretaccesskey"), any_case("secret-access-key")],
        find: aws_secret_key,
    },
    Format {
        kinds: &[&COMMUNICATION_CONNECTION],
        shape: docs_only(
            "a key of 64 bytes in base64 on the line of a `*.communication.azure.com` name, at most 300 bytes after it",
        ),
        marks: &[any_case(".communication.azure.")],
        find: communication_key_nearby,
    },
    Format {
        kinds: &[&ENTRA_REFRESH_TOKEN],
        shape: docs_only("`0.A` or `1.A` with 50 characters, and `.Ag` with 250, of base64url"),
        marks: &[exact(".Ag")],
        find: entra_refresh_token,
    },
];

macro_rules! kinds {
    ($($name:ident = $class:ident $id:literal $what:literal;)*) => {
        $(static $name: CredentialKind = CredentialKind { id: $id, what: $what, class: Class::$class };)*
    };
}

kinds! {
    STORAGE_CONNECTION = Azure "storage-connection-string" "a storage connection string with its account key";
    COSMOS_CONNECTION = Azure "cosmos-db-connection-string" "a Cosmos DB connection string with its account key";
    MESSAGING_CONNECTION = Azure "messaging-connection-string" "a Service Bus or Event Hubs connection string with its key";
    IOT_CONNECTION = Azure "iot-connection-string" "an IoT Hub connection string with its key";
    SHARED_ACCESS_KEY = Azure "shared-access-key" "an Azure shared access key";
    SERVICE_CONNECTION = Azure "service-connection-string" "a SignalR or Web PubSub connection string with its key";
    COMMUNICATION_CONNECTION = Azure "communication-connection-string" "a Communication Services connection string with its key";
    ENTRA_REFRESH_TOKEN = Azure "entra-refresh-token" "a refresh token issued by Microsoft Entra";
    APP_CONFIGURATION_CONNECTION = Azure "app-configuration-connection-string" "an App Configuration connection string with its secret";
    SHARED_ACCESS_SIGNATURE = Azure "shared-access-signature" "an Azure shared access signature";
    AZURE_DATABASE_PASSWORD = Azure "azure-database-password" "a connection string with the password of an Azure database";
    REDIS_CONNECTION = Azure "redis-connection-string" "an Azure Cache for Redis connection string with its key";
    DATABASE_PASSWORD = Password "database-password" "a connection string with a database password";
    AZURE_URL_PASSWORD = Azure "azure-url-password" "a URL with a password for an Azure service";
    URL_PASSWORD = Password "url-password" "a URL with a password";
    ENTRA_TOKEN = Azure "entra-token" "an access token issued by Microsoft Entra";
    SERVICE_ACCOUNT_TOKEN = Kubernetes "service-account-token" "a Kubernetes service account token";
    BEARER_TOKEN = Key "json-web-token" "a bearer token (JWT)";
    PRIVATE_KEY = Key "private-key" "a private key";
    PKCS12 = Key "pkcs12-bundle" "a certificate bundle with its private key (PKCS#12)";
    CLOUD_CONFIG = Azure "azure-cloud-config" "a cloud provider configuration with a service principal's secret";
    SDK_AUTH_FILE = Azure "azure-auth-file" "an Azure credentials file with a service principal's secret";
    SERVICE_PRINCIPAL_FILE = Azure "service-principal-file" "a service principal with its password";
    REGISTRY_ADMIN = Registry "registry-admin-login" "a login with the admin account of an Azure container registry";
    REGISTRY_SERVICE_PRINCIPAL = Registry "registry-service-principal-login" "a login to an Azure container registry with a service principal's secret";
    REGISTRY_TOKEN = Registry "registry-token-login" "a login to an Azure container registry with a repository token's password";
    KUBECONFIG_ADMIN = Kubernetes "kubeconfig-cluster-admin" "a kubeconfig of the AKS local admin account";
    KUBECONFIG_KEY = Kubernetes "kubeconfig-client-key" "a kubeconfig with a client key";
    KUBECONFIG_TOKEN = Kubernetes "kubeconfig-token" "a kubeconfig with a token";
    KUBECONFIG_PASSWORD = Kubernetes "kubeconfig-password" "a kubeconfig with a password";
    KUBECONFIG_AUTH_PROVIDER = Kubernetes "kubeconfig-auth-provider" "a kubeconfig with tokens of an auth provider";
    KUBECONFIG_CLIENT_SECRET = Kubernetes "kubeconfig-client-secret" "a kubeconfig with a service principal's secret";
    AWS_ACCESS_KEY = Aws "aws-access-key" "an AWS access key ID";
    AWS_SECRET_KEY = Aws "aws-secret-key" "an AWS secret access key";
}

fn hit(kind: &'static CredentialKind, range: Range<usize>) -> Option<Hit> {
    Some(Hit { kind, range })
}

fn slice(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}

/// How many of the bytes at `at` belong to `alphabet`, counting to `most`.
fn length_of(text: &[u8], at: usize, alphabet: &Alphabet, most: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let rest = rest.get(..most).unwrap_or(rest);
    until(rest, 0, |b| !alphabet.contains(*b))
}

fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The place after `=` in a connection string, whose key ends at `at`.
fn after_equals(text: &[u8], at: usize) -> Option<usize> {
    let at = skip_blanks(text, at);
    (text.get(at) == Some(&b'=')).then(|| skip_blanks(text, at + 1))
}

/// The end of the base64 at `at` if it encodes exactly 32 or 64 bytes.
fn whole_key(text: &[u8], at: usize) -> Option<usize> {
    let end = match length_of(text, at, &BASE64, 87) {
        43 if slice(text, at + 43..at + 44) == b"=" => at + 44,
        86 if slice(text, at + 86..at + 88) == b"==" => at + 88,
        _ => return None,
    };
    (text.get(end) != Some(&b'=')).then_some(end)
}

/// The value assigned to a key that ends at `at`, in JSON, YAML, properties or a connection string.
/// Reads no value twice.
fn assigned(scan: &mut Scan, at: usize) -> Option<Range<usize>> {
    if at < scan.read_to() {
        return None;
    }
    let text = scan.text;
    let mut at = skip_quote(text, at).map_or(at, |(after, _)| after);
    at = skip_blanks(text, at);
    if !matches!(text.get(at), Some(b':' | b'=')) {
        return None;
    }
    at = skip_blanks(text, at + 1);
    let (start, quote) = skip_quote(text, at).map_or((at, None), |(after, q)| (after, Some(q)));
    let ends = |b: &u8| match quote {
        Some(quote) => *b == quote || matches!(b, b'\n'),
        None => b" \t\r\n,;&\"'<>}".contains(b),
    };
    let mut end = until(text, start, ends);
    // The brace that ends `${X}` belongs to the value.
    if quote.is_none() && slice(text, start..end).contains(&b'{') {
        end += length_of(text, end, &CLOSING_BRACE, 2);
    }
    scan.set_read_to(end);
    if quote.is_some() && end > start && text.get(end - 1) == Some(&b'\\') {
        end -= 1;
    }
    (end > start).then_some(start..end)
}

const CLOSING_BRACE: Alphabet = Alphabet::of("}");

/// Steps over a quotation mark, which JSON inside a string writes as `\"`.
fn skip_quote(text: &[u8], at: usize) -> Option<(usize, u8)> {
    match text.get(at..)? {
        [b'\\', quote @ (b'"' | b'\''), ..] => Some((at + 2, *quote)),
        [quote @ (b'"' | b'\''), ..] => Some((at + 1, *quote)),
        _ => None,
    }
}

/// Whether a value can be a secret at all.
fn is_secret(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|value| benign(value).is_none())
}

/// The same where even a path or a number would be a password.
fn is_password(value: &[u8]) -> bool {
    std::str::from_utf8(value)
        .is_ok_and(|value| !value.is_empty() && !is_reference(value) && !is_placeholder(value) && !is_format(value))
}

/// `%s` is a hole in a format string; `p%40ss` is a password.
fn is_format(value: &str) -> bool {
    let escapes = |part: &str| part.bytes().take_while(u8::is_ascii_hexdigit).count() >= 2;
    value.split('%').skip(1).any(|part| !escapes(part))
}

fn account_key(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let start = after_equals(scan.text, end)?;
    let end = whole_key(scan.text, start).filter(|end| end - start == 88)?;
    let line = scan.line(at);
    let is_public = is_emulator_key(slice(scan.text, start..end)) && !line.says(Fact::AzureHost);
    let kind = if line.says(Fact::CosmosHost) { &COSMOS_CONNECTION } else { &STORAGE_CONNECTION };
    (!is_public).then_some(Hit { kind, range: start..end })
}

fn shared_access_key(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let start = after_equals(scan.text, end)?;
    let end = whole_key(scan.text, start)?;
    let line = scan.line(at);
    let kind = if line.says(Fact::IotHost) {
        &IOT_CONNECTION
    } else if line.says(Fact::MessagingHost) {
        &MESSAGING_CONNECTION
    } else {
        &SHARED_ACCESS_KEY
    };
    hit(kind, start..end)
}

fn app_configuration(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    if at < scan.read_to() {
        return None;
    }
    let line = scan.line(at).range;
    scan.set_read_to(line.end);
    count(line.len());
    let rest = slice(scan.text, end..line.end);
    let start = end + find_fold(rest, b"secret=")? + b"secret=".len();
    let length = length_of(scan.text, start, &BASE64, 256);
    (length >= 32).then_some(Hit { kind: &APP_CONFIGURATION_CONNECTION, range: start..start + length })
}

/// How far after a host's name a key without mark is looked for.
const NEARBY: usize = 300;

fn messaging_key_nearby(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    hit(&MESSAGING_CONNECTION, key_nearby(scan.text, end, 43)?)
}

fn service_key_nearby(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    hit(&SERVICE_CONNECTION, key_nearby(scan.text, end, 43)?)
}

fn communication_key_nearby(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    hit(&COMMUNICATION_CONNECTION, key_nearby(scan.text, end, 86)?)
}

/// Parts of base64url between points. No part contains a point, so each byte is read for two marks at most.
fn entra_refresh_token(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    // Some have a digit before the mark.
    let first_end = match text.get(at.checked_sub(2)?..at)? {
        [b'.', digit] if digit.is_ascii_digit() => at - 2,
        _ => at,
    };
    let length = slice(text, 0..first_end).iter().rev().take_while(|b| BASE64_URL.contains(**b)).count();
    count(length);
    let first = first_end - length;
    let start = first.checked_sub(2)?;
    let is_start = matches!(text.get(start..=first)?, [b'0' | b'1', b'.', b'A']);
    let is_inside = start > 0 && text.get(start - 1).is_some_and(|b| JWT_EDGE.contains(*b));
    if !is_start || is_inside || length <= 50 {
        return None;
    }
    let length = length_of(text, end, &BASE64_URL, usize::MAX);
    count(length);
    (length >= 250).then_some(Hit { kind: &ENTRA_REFRESH_TOKEN, range: start..end + length })
}

fn cosmos_key_nearby(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    hit(&COSMOS_CONNECTION, key_nearby(scan.text, end, 86)?)
}

/// The first padded base64 of exactly `length` characters that begins on this line, nearby.
fn key_nearby(text: &[u8], from: usize, length: usize) -> Option<Range<usize>> {
    let window = slice(text, from..text.len().min(from + NEARBY));
    let window = window.split(|b| *b == b'\n').next()?;
    count(window.len());
    let padding: &[u8] = if length == 86 { b"==" } else { b"=" };
    memchr::memchr_iter(b'=', window).find_map(|equals| {
        let start = equals.checked_sub(length)?;
        let body = slice(window, start..equals);
        let before = slice(window, start.checked_sub(1)?..start);
        // `sha256-` introduces a digest; a signature is found as one.
        let lead = slice(window, 0..start);
        let other = lead.ends_with(b"sha256-") || lead.ends_with(b"sig=");
        let rest = window.get(equals..)?;
        let whole = rest.starts_with(padding)
            && rest.get(padding.len()) != Some(&b'=')
            && body.iter().all(|b| BASE64.contains(*b))
            && !before.iter().any(|b| BASE64.contains(*b));
        (whole && !other).then(|| from + start..from + equals + padding.len())
    })
}

fn shared_access_signature(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    let before = slice(text, at.saturating_sub(14)..at);
    // JSON writes & as \u0026, XML as &amp;.
    let opens = match before.last() {
        None => true,
        Some(b) => b"?;&=\"' \n".contains(b) || before.ends_with(b"\\u0026"),
    };
    if !opens {
        return None;
    }
    let mut here = end;
    for _ in 0..43 {
        here += match text.get(here..)? {
            [b'%', high, low, ..] if is_escaped_base64(*high, *low) => 3,
            [b'+' | b'/', ..] => 1,
            [b, ..] if ALPHANUMERIC.contains(*b) => 1,
            // Logic Apps sign in base64url, without padding, with this version of theirs.
            [b'-' | b'_', ..] if is_logic_apps(before) => 1,
            _ => return None,
        };
    }
    let rest = text.get(here..)?;
    let padding = match rest {
        [b'=', ..] => 1,
        [b'%', b'3', b'D' | b'd', ..] => 3,
        [next, ..] if BASE64_URL.contains(*next) => return None,
        _ if is_logic_apps(before) => 0,
        _ => return None,
    };
    hit(&SHARED_ACCESS_SIGNATURE, end..here + padding)
}

/// `%2B` and `%2F`, the two of base64 that URLs must escape.
fn is_escaped_base64(high: u8, low: u8) -> bool {
    high == b'2' && matches!(low, b'B' | b'b' | b'F' | b'f')
}

fn is_logic_apps(before: &[u8]) -> bool {
    before.ends_with(b"sv=1.0&") || before.ends_with(b"sv=1.0\\u0026") || before.ends_with(b"sv=1.0&amp;")
}

fn database_password(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    let opens = at == 0 || text.get(at - 1).is_some_and(|b| b";,?& \t\n\"':".contains(b));
    let start = after_equals(text, end)?;
    if !opens || start < scan.read_to() {
        return None;
    }
    let line = scan.line(at);
    if !line.says(Fact::Server) && !line.says(Fact::RedisHost) {
        return None;
    }
    let (start, quote) = skip_quote(text, start).map_or((start, None), |(at, q)| (at, Some(q)));
    let redis = line.says(Fact::RedisHost);
    let ends = |b: &u8| match quote {
        Some(quote) => *b == quote || *b == b'\n',
        None => b";& \t\r\n\"'<>`".contains(b) || redis && *b == b',',
    };
    let end = until(text, start, ends);
    scan.set_read_to(end);
    let value = slice(text, start..end);
    // `password= sslmode=require`: the blank ended an empty password.
    let next_pair = matches!(text.get(start - 1), Some(b' ' | b'\t')) && value.contains(&b'=');
    if next_pair || !is_password(value) {
        return None;
    }
    let kind = if redis {
        &REDIS_CONNECTION
    } else if line.says(Fact::AzureHost) {
        &AZURE_DATABASE_PASSWORD
    } else {
        &DATABASE_PASSWORD
    };
    hit(kind, start..end)
}

/// What cannot be in the user part of a URL, and in its password.
const ENDS_USER: Alphabet = Alphabet::of(" \t\r\n\"'`<>/@:,;");
const ENDS_PASSWORD: Alphabet = Alphabet::of(" \t\r\n\"'`<>/@");

fn url_password(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    if at == 0 || !text.get(at - 1).is_some_and(|b| ALPHANUMERIC.contains(*b)) {
        return None;
    }
    let colon = until(text, end, |b| ENDS_USER.contains(*b));
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let start = colon + 1;
    let at_sign = until(text, start, |b| ENDS_PASSWORD.contains(*b));
    if text.get(at_sign) != Some(&b'@') || !is_password(slice(text, start..at_sign)) {
        return None;
    }
    // A password may hold an unescaped @; the host begins after the last.
    let rest = text.get(at_sign + 1..)?;
    let length = rest.iter().take(512).position(|b| b" \t\r\n\"'`<>/?#,;".contains(b)).unwrap_or(rest.len().min(512));
    let host = slice(rest, 0..length);
    let host = host.rsplit(|b| *b == b'@').next().unwrap_or_default();
    let host = host.split(|b| *b == b':').next().unwrap_or_default();
    // An image by digest: docker-pullable://name:tag@sha256:...
    if host.is_empty() || host == b"sha256" || host == b"sha512" {
        return None;
    }
    let kind = if is_azure_host(host) { &AZURE_URL_PASSWORD } else { &URL_PASSWORD };
    hit(kind, start..at_sign)
}

const AZURE_DOMAINS: &[&str] = &[
    "windows.net",
    "azure.com",
    "azure.net",
    "azure.cn",
    "azure.us",
    "azurecr.io",
    "azurecr.cn",
    "azurecr.us",
    "visualstudio.com",
    "azurewebsites.net",
    "azure-devices.net",
    "azuresynapse.net",
    "azuredatabricks.net",
    "azmk8s.io",
    "usgovcloudapi.net",
    "chinacloudapi.cn",
    "azconfig.io",
    "database.fabric.microsoft.com",
];

fn is_azure_host(host: &[u8]) -> bool {
    AZURE_DOMAINS.iter().any(|domain| {
        host.len().checked_sub(domain.len()).is_some_and(|start| {
            starts_with_fold(slice(host, start..host.len()), domain.as_bytes())
                && (start == 0 || host.get(start - 1) == Some(&b'.'))
        })
    })
}

const JWT_PART: Alphabet = Alphabet::of("0-9A-Za-z_=-");
const JWT_EDGE: Alphabet = Alphabet::of("0-9A-Za-z_.-");

/// The claims of the tokens that every tutorial shows, in base64.
const TUTORIAL_CLAIMS: &[&[u8]] = &[
    // {"sub":"1234567890","name":"John Doe","iat":1516239022}, with and without "admin":true.
    b"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ",
    b"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWUsImlhdCI6MTUxNjIzOTAyMn0",
    b"eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWV9",
];

fn json_web_token(scan: &mut Scan, at: usize, _: usize) -> Option<Hit> {
    let text = scan.text;
    if at > 0 && text.get(at - 1).is_some_and(|b| JWT_EDGE.contains(*b)) {
        return None;
    }
    if at < scan.read_to() {
        return None;
    }
    let header = at + length_of(text, at, &JWT_PART, usize::MAX);
    let payload = header + 1 + length_of(text, header + 1, &JWT_PART, usize::MAX);
    let signature = payload + 1 + length_of(text, payload + 1, &JWT_PART, usize::MAX);
    scan.set_read_to(header);
    let dot = |at: usize| text.get(at) == Some(&b'.');
    // {"alg":"HS256"}, the shortest header in use, takes 20 characters.
    let long_enough = header - at >= 20 && payload - header > 24 && signature - payload > 24;
    let claims = slice(text, header + 1..payload);
    if !dot(header) || !dot(payload) || !long_enough || claims.first() != Some(&b'e') {
        return None;
    }
    if TUTORIAL_CLAIMS.contains(&claims) {
        return None;
    }
    let decoded = std::str::from_utf8(claims).ok().and_then(|c| decode_base64(c, 1 << 14));
    let says = facts_of(&decoded.unwrap_or_default());
    let kind = if says.says(Fact::EntraIssuer) {
        &ENTRA_TOKEN
    } else if says.says(Fact::ServiceAccountIssuer) {
        &SERVICE_ACCOUNT_TOKEN
    } else {
        &BEARER_TOKEN
    };
    hit(kind, at..signature)
}

const PEM_LABEL: Alphabet = Alphabet::of("A-Z0-9 ");

fn pem_private_key(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    let label_end = end + length_of(text, end, &PEM_LABEL, 40);
    let label = slice(text, end..label_end);
    let body = label_end + 5;
    let private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
    if !private || slice(text, label_end..body) != b"-----" {
        return None;
    }
    // A body, perhaps after headers, distinguishes a key from a sentence about keys.
    let window = slice(text, body..text.len().min(body + 400));
    count(window.len());
    let window = slice(window, 0..find(window, b"-----").unwrap_or(window.len()));
    let longest = window.split(|b| !BASE64.contains(*b)).map(<[u8]>::len).max()?;
    (longest >= 40).then_some(Hit { kind: &PRIVATE_KEY, range: at..body + window.len() })
}

fn pkcs12(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let start = at.checked_sub(6)?;
    match slice(scan.text, start..at) {
        [b'M', b'I', b'I'..=b'L', a, b, b'A' | b'Q' | b'g' | b'w'] if BASE64.contains(*a) && BASE64.contains(*b) => {
            hit(&PKCS12, start..end)
        }
        _ => None,
    }
}

fn cloud_config(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    let value = assigned(scan, end)?;
    is_secret(slice(scan.text, value.clone())).then_some(Hit { kind: &CLOUD_CONFIG, range: value })
}

fn sdk_auth_file(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    // aadClientSecret, azureClientSecret and the like are other words.
    if at > 0 && text_before_is_word(scan.text, at) {
        return None;
    }
    let value = assigned(scan, end)?;
    if !is_secret(slice(scan.text, value.clone())) {
        return None;
    }
    let object = scan.object(at);
    let azure = object.says(Fact::EndpointUrl)
        || object.says(Fact::TenantId) && object.says(Fact::SubscriptionId)
        || object.says(Fact::TenantId) && object.says(Fact::ClientId);
    azure.then_some(Hit { kind: &SDK_AUTH_FILE, range: value })
}

fn text_before_is_word(text: &[u8], at: usize) -> bool {
    text.get(at - 1).is_some_and(|b| ALPHANUMERIC.contains(*b))
}

fn service_principal_file(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    if at < scan.read_to() {
        return None;
    }
    let text = scan.text;
    let after = skip_quote(text, end).map_or(end, |(after, _)| after);
    if !matches!(text.get(skip_blanks(text, after)), Some(b':' | b'=')) {
        return None;
    }
    let object = scan.object(at);
    // One look at each object.
    scan.set_read_to(object.range.end);
    let is_password = |value: &Range<usize>| is_secret(slice(text, value.clone()));
    let value = object.says(Fact::Tenant).then(|| field(text, &object.range, "password", is_password))??;
    hit(&SERVICE_PRINCIPAL_FILE, value)
}

/// The first value of a key, spelt exactly so, in an object, that is `wanted`.
fn field(
    text: &[u8],
    object: &Range<usize>,
    key: &str,
    wanted: impl Fn(&Range<usize>) -> bool,
) -> Option<Range<usize>> {
    let mut from = object.start;
    let mut part = Scan::new(slice(text, 0..object.end));
    while let Some(at) = find(slice(text, from..object.end), key.as_bytes()).map(|i| from + i) {
        let after = at + key.len();
        let alone = at == 0 || !text_before_is_word(text, at);
        if alone && let Some(value) = assigned(&mut part, after).filter(&wanted) {
            return Some(value);
        }
        from = after;
    }
    None
}

const REGISTRY_NAME: Alphabet = Alphabet::of("A-Za-z0-9-");
/// What follows the name of a registry of Azure.
const REGISTRY_DOMAINS: &[&[u8]] = &[b"azurecr.io", b"azurecr.cn", b"azurecr.us"];
const REGISTRY_REST: Alphabet = Alphabet::of("A-Za-z0-9./:_-");
const NULL_GUID: &str = "00000000-0000-0000-0000-000000000000";

fn docker_config(scan: &mut Scan, at: usize, end: usize) -> Option<Hit> {
    let text = scan.text;
    if at < scan.read_to() {
        return None;
    }
    // "name.azurecr.io": {
    let suffix = end + length_of(text, end, &REGISTRY_NAME, 16);
    let is_azure = REGISTRY_DOMAINS.iter().any(|domain| slice(text, at + 1..suffix).eq_ignore_ascii_case(domain));
    let close = suffix + length_of(text, suffix, &REGISTRY_REST, 128);
    let (colon, _) = skip_quote(text, close)?;
    let colon = skip_space(text, colon);
    let brace = skip_space(text, colon + 1);
    if !is_azure
        || slice(text, suffix..suffix + 1) == b"."
        || text.get(colon) != Some(&b':')
        || text.get(brace) != Some(&b'{')
    {
        return None;
    }
    let entry = brace..object_end(text, brace);
    scan.set_read_to(entry.end);

    let name_length =
        slice(text, at.saturating_sub(63)..at).iter().rev().take_while(|b| REGISTRY_NAME.contains(**b)).count();
    let registry = slice(text, at - name_length..at);

    let of_key = |key| field(text, &entry, key, |_| true);
    let read = |range: &Option<Range<usize>>| std::str::from_utf8(slice(text, range.clone()?)).ok();
    let (auth, user, password) = (of_key("auth"), of_key("username"), of_key("password"));
    let pair = read(&auth)
        .and_then(|auth| decode_base64(auth, 1 << 14))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    let (auth_user, auth_password) = pair.split_once(':').unwrap_or_default();
    let user_name = read(&user).unwrap_or(auth_user);
    let secret = read(&password).unwrap_or(auth_password);
    let own = [auth, password, of_key("identitytoken")].map(Option::unwrap_or_default);
    if user_name == NULL_GUID {
        // An Entra token in exchange: short-lived. Anything else in the entry is what it is.
        scan.logins.push(Login { entry, own, is_exchanged: true });
        return None;
    }
    if user_name.is_empty() || !is_secret(secret.as_bytes()) {
        return None;
    }
    let kind = if is_guid(user_name) {
        &REGISTRY_SERVICE_PRINCIPAL
    } else if user_name.as_bytes().eq_ignore_ascii_case(registry) {
        &REGISTRY_ADMIN
    } else {
        &REGISTRY_TOKEN
    };
    scan.logins.push(Login { entry: entry.clone(), own, is_exchanged: false });
    hit(kind, entry)
}

/// The brace that closes the object at `open`, or the end of the text.
fn object_end(text: &[u8], open: usize) -> usize {
    let (mut depth, mut is_quoted, mut at) = (0_usize, false, open);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if text.get(at + 1) == Some(&b'\\') => at += 1,
            b'"' => is_quoted = !is_quoted,
            b'{' if !is_quoted => depth += 1,
            b'}' if !is_quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    count(at - open);
    at
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

fn kubeconfig(scan: &mut Scan, at: usize, _: usize) -> Option<Hit> {
    if scan.read_to() > 0 {
        return None;
    }
    scan.set_read_to(scan.text.len());
    let whole = scan.region(0..scan.text.len());
    let is_kubeconfig = whole.says(Fact::Users)
        && whole.says(Fact::Clusters)
        && (whole.says(Fact::CurrentContext) || whole.says(Fact::ClientKeyData) || whole.says(Fact::Contexts));
    if !is_kubeconfig {
        return None;
    }
    let text = std::str::from_utf8(scan.text).ok()?;
    let mut kind: Option<&'static CredentialKind> = None;
    assignments(text, &mut |pair| {
        let found = match pair.key {
            "client-key-data" => &KUBECONFIG_KEY,
            "token" => &KUBECONFIG_TOKEN,
            "password" => &KUBECONFIG_PASSWORD,
            "access-token" | "refresh-token" | "id-token" => &KUBECONFIG_AUTH_PROVIDER,
            "--client-secret"
            | "client-secret"
            | "AZURE_CLIENT_SECRET"
            | "AAD_SERVICE_PRINCIPAL_CLIENT_SECRET"
            | "--password" => &KUBECONFIG_CLIENT_SECRET,
            _ => return,
        };
        if kind.is_none() && benign(pair.value).is_none() {
            kind = Some(found);
        }
    });
    let kind = match kind {
        Some(_) if whole.says(Fact::ClusterAdmin) => &KUBECONFIG_ADMIN,
        Some(kind) => kind,
        None if whole.says(Fact::AuthProvider) => &KUBECONFIG_AUTH_PROVIDER,
        None => return None,
    };
    // The tokens and keys inside are this credential; a key of Azure next to them is another.
    scan.is_kubeconfig = true;
    hit(kind, at..scan.text.len())
}

const AWS_ID: Alphabet = Alphabet::of("A-Z2-7");
const AWS_SECRET: Alphabet = Alphabet::of("A-Za-z0-9/+=");

fn aws_access_key(scan: &mut Scan, at: usize, _: usize) -> Option<Hit> {
    let text = scan.text;
    let length = length_of(text, at, &ALPHANUMERIC, 21);
    let id = slice(text, at..at + 20);
    let opens = at == 0 || !text_before_is_word(text, at);
    let tail = slice(text, at + 4..at + 20);
    let right = length == 20 && tail.iter().all(|b| AWS_ID.contains(*b));
    (opens && right && !id.ends_with(b"EXAMPLE")).then_some(Hit { kind: &AWS_ACCESS_KEY, range: at..at + 20 })
}

fn aws_secret_key(scan: &mut Scan, _: usize, end: usize) -> Option<Hit> {
    let value = assigned(scan, end)?;
    let secret = slice(scan.text, value.clone());
    let right = secret.len() == 40 && secret.iter().all(|b| AWS_SECRET.contains(*b));
    (right && !secret.ends_with(b"EXAMPLEKEY")).then_some(Hit { kind: &AWS_SECRET_KEY, range: value })
}
