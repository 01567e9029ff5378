//! Values that cannot be credentials by construction, under any name.

use super::alphabet::{ALPHANUMERIC, Alphabet};
use super::text::{contains_fold, find, starts_with_fold};
use text::is_guid;

/// Why a value is harmless.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Benign {
    Empty,
    /// Filled in later from elsewhere: `$(X)`, `${X}`, `{{ }}`, a Key Vault reference.
    Reference,
    /// A placeholder: `<client-secret>`, `changeme`, `xxxx`.
    Placeholder,
    /// A boolean, a short number or a duration; `msi`, which AKS writes for "no secret".
    Plain,
    /// A GUID, resource id, digest, public key or certificate.
    Identifier,
    /// A file path or the address of something, without a password.
    Location,
    /// A constant that its vendor published: emulator keys, Application Insights strings.
    Public,
}

/// Says whether the form of a value proves that it is not a credential.
///
/// For findings that rest on a *name*: what [`super::recognise`] finds is a credential whatever
/// this says about the rest of the text.
pub fn is_benign(value: &str) -> bool {
    benign(value).is_some()
}

/// As [`is_benign`], with the reason.
pub fn benign(value: &str) -> Option<Benign> {
    let value = unquoted(value.trim());
    if value.is_empty() {
        return Some(Benign::Empty);
    }
    if is_reference(value) {
        return Some(Benign::Reference);
    }
    if is_placeholder(value) {
        return Some(Benign::Placeholder);
    }
    if is_plain(value) {
        return Some(Benign::Plain);
    }
    if is_published(value) {
        return Some(Benign::Public);
    }
    if is_guid(unbraced(value)) || is_digest(value) || is_public_key(value) {
        return Some(Benign::Identifier);
    }
    if is_path(value) || is_address(value) || is_connection(value) && is_settings_without_secret(value) {
        return Some(Benign::Location);
    }
    None
}

/// Whether a value is a placeholder, as sample manifests have: `<client-secret>`,
/// `your-key-here`, `changeme`. Other placeholders say that there is nothing (`none`) or that something
/// was taken out (`xxxx`).
pub fn is_unfilled(value: &str) -> bool {
    const NOTES: &[&str] = &["<", "[", "your", "replace", "change", "insert", "enter", "put", "add", "fill", "todo"];
    let value = unquoted(value.trim());
    is_placeholder(value) && NOTES.iter().any(|note| starts_with_fold(value.as_bytes(), note.as_bytes()))
}

fn unquoted(value: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value)
}

const NAME: Alphabet = Alphabet::of("A-Za-z0-9_");

/// Prefixes that only stand before the address of a secret.
const REFERENCE_PREFIXES: &[&str] = &[
    "@microsoft.keyvault(",
    "@microsoft.appconfiguration(",
    "secretref:",
    "vault:",
    "keyvault:",
    "azurekeyvault@",
    "env:",
    "$env:",
    "file:",
    "enc[aes256_gcm,",
];

/// `$(X)`, `${X}`, `{{ x }}`, `$X`, `%X%`, `#{X}#`, `__X__`, or the address of a kept secret.
pub fn is_reference(value: &str) -> bool {
    let bytes = value.as_bytes();
    let encloses = |open: &str, close: &str| {
        find(bytes, open.as_bytes()).is_some_and(|at| {
            let rest = bytes.get(at + open.len()..).unwrap_or_default();
            find(rest, close.as_bytes()).is_some()
        })
    };
    let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| NAME.contains(b));
    // A shell variable: upper case, so that a password that begins with $ stays one.
    let is_variable = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
            && name.bytes().all(|b| NAME.contains(b) && !b.is_ascii_lowercase())
    };
    let wrapped = |open: &str, close: &str| {
        let inner = value.strip_prefix(open).and_then(|v| v.strip_suffix(close));
        inner.is_some_and(is_name)
    };
    encloses("$(", ")")
        || encloses("${", "}")
        || encloses("{{", "}}")
        || encloses("#{", "}#")
        || wrapped("%", "%")
        || wrapped("__", "__")
        || value.strip_prefix('$').is_some_and(is_variable)
        || REFERENCE_PREFIXES.iter().any(|prefix| starts_with_fold(bytes, prefix.as_bytes()))
        || (contains_fold(bytes, b".vault.azure.net/") && contains_fold(bytes, b"/secrets/"))
}

/// Words that are not used as secrets. Compared without case and separators.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "changeit",
    "replaceme",
    "todo",
    "tbd",
    "tba",
    "fixme",
    "placeholder",
    "redacted",
    "masked",
    "hidden",
    "none",
    "null",
    "nil",
    "undefined",
    "unset",
    "na",
    "empty",
    "dummy",
    "notused",
    "unused",
    "example",
];

/// How placeholders begin, compared the same way.
const PLACEHOLDER_STARTS: &[&str] = &[
    "your",
    "replace",
    "changeme",
    "changethis",
    "insert",
    "enteryour",
    "putyour",
    "addyour",
    "fillin",
    "placeholder",
    "base64of",
    "base64encoded",
];

/// What placeholders contain, compared the same way.
const PLACEHOLDER_PARTS: &[&str] = &["goeshere", "changeme", "replaceme", "placeholder", "redacted"];

/// `<client-secret>`, `[password]`, `REPLACE_ME`, `your-secret-here`, `xxxx`, `***`, `...`
pub fn is_placeholder(value: &str) -> bool {
    let bytes = value.as_bytes();
    let framed = |open: char, close: char| {
        let inner = value.strip_prefix(open).and_then(|v| v.strip_suffix(close));
        inner.is_some_and(|v| !v.contains([open, close, '"', '=', ',']))
    };
    let (Some(first), true) = (bytes.first(), bytes.len() >= 2) else {
        return false;
    };
    let repeated = bytes.len() >= 3 && bytes.iter().all(|b| b == first);
    if framed('<', '>') || framed('[', ']') || repeated {
        return true;
    }
    // Longer values are not placeholders, and the buffer avoids an allocation.
    let mut buffer = [0; 64];
    let mut len = 0;
    for byte in bytes.iter().filter(|b| b.is_ascii_alphanumeric()) {
        let Some(slot) = buffer.get_mut(len) else {
            return false;
        };
        *slot = byte.to_ascii_lowercase();
        len += 1;
    }
    let word = buffer.get(..len).unwrap_or_default();
    let masked = len > 0 && word.iter().all(|b| *b == b'x') || len == 0;
    masked
        || PLACEHOLDERS.iter().any(|p| p.as_bytes() == word)
        || PLACEHOLDER_STARTS.iter().any(|p| word.starts_with(p.as_bytes()))
        || PLACEHOLDER_PARTS.iter().any(|p| find(word, p.as_bytes()).is_some())
}

const PLAIN_WORDS: &[&str] = &["true", "false", "yes", "no", "on", "off", "enabled", "disabled", "y", "n", "msi"];

fn is_plain(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let count = digits.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let unit = digits.get(count..).unwrap_or_default();
    let short_number =
        (1..6).contains(&count) && matches!(unit, "" | "ms" | "s" | "m" | "h" | "d" | "Mi" | "Gi" | "Ki" | "%");
    short_number || PLAIN_WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// The keys of the storage and the Cosmos DB emulator.
pub(crate) const EMULATOR_KEYS: &[&str] = &[
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
];
/// What the emulators of Service Bus and Event Hubs take for a key.
const MESSAGING_EMULATOR_KEY: &str = "SAS_KEY_VALUE";

pub(crate) fn is_emulator_key(value: &[u8]) -> bool {
    EMULATOR_KEYS.iter().any(|key| key.as_bytes() == value)
}

/// A key that its vendor published, or pairs that name a secret with such a key alone.
fn is_published(value: &str) -> bool {
    const NAMES: &[&str] =
        &["accountname", "usedevelopmentstorage", "usedevelopmentemulator", "instrumentationkey", "ingestionendpoint"];
    let is_named = || NAMES.iter().any(|name| contains_fold(value.as_bytes(), name.as_bytes()));
    is_emulator_key(value.as_bytes()) || value.contains('=') && is_named() && is_settings_without_secret(value)
}

fn unbraced(value: &str) -> &str {
    value.strip_prefix('{').and_then(|v| v.strip_suffix('}')).unwrap_or(value)
}

fn is_digest(value: &str) -> bool {
    ["sha256:", "sha512:", "sha1:", "md5:", "sha256-", "sha384-", "sha512-"]
        .iter()
        .any(|prefix| value.starts_with(prefix))
}

fn is_public_key(value: &str) -> bool {
    let starts = |prefix: &str| value.starts_with(prefix);
    if starts("ssh-rsa ") || starts("ssh-ed25519 ") || starts("ecdsa-sha2-") || starts("sk-ssh-") {
        return true;
    }
    starts("-----BEGIN ") && !value.contains("PRIVATE KEY")
}

const PATH: Alphabet = Alphabet::of("A-Za-z0-9._/@:$~ \\-");

/// Extensions of files that people keep credentials in, so that `client.pem` is a file's name.
const EXTENSIONS: &[&str] = &[
    "pem",
    "key",
    "crt",
    "cer",
    "cert",
    "pfx",
    "p12",
    "jks",
    "json",
    "yaml",
    "yml",
    "toml",
    "ini",
    "conf",
    "config",
    "cfg",
    "txt",
    "env",
    "properties",
    "xml",
    "token",
    "secret",
    "pub",
    "asc",
    "gpg",
    "kubeconfig",
    "sh",
    "py",
    "js",
    "sock",
];

/// Several pairs, as in a connection string.
fn is_connection(value: &str) -> bool {
    value.contains('=') && value.trim_end_matches(';').contains(';')
}

fn is_path(value: &str) -> bool {
    let spelt = value.bytes().all(|b| PATH.contains(b));
    let rooted = ["/", "./", "../", "~/"].iter().any(|root| value.starts_with(root));
    let drive = matches!(value.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let file =
        value.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && EXTENSIONS.contains(&extension));
    spelt && (rooted || drive || file)
}

/// Endings of hosts that are an address, not a word with dots.
const HOST_ENDINGS: &[&str] = &[
    ".azure.com",
    ".azure.net",
    ".windows.net",
    ".azure.cn",
    ".azure.us",
    ".chinacloudapi.cn",
    ".usgovcloudapi.net",
    ".azurecr.io",
    ".azurewebsites.net",
    ".microsoft.com",
    ".microsoftonline.com",
    ".azmk8s.io",
    ".svc",
    ".local",
    ".internal",
    ".com",
    ".net",
    ".org",
    ".io",
];

fn is_address(value: &str) -> bool {
    if let Some((scheme, rest)) = value.split_once("://") {
        let named = !scheme.is_empty() && scheme.bytes().all(|b| ALPHANUMERIC.contains(b) || b"+.-:".contains(&b));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let password = authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !is_reference(password) && !is_placeholder(password));
        return named && !password && !rest.contains(' ') && super::recognise(value).is_none();
    }
    let host = value.split([':', '/']).next().unwrap_or_default();
    let spelt = host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
    spelt && HOST_ENDINGS.iter().any(|ending| host.len() > ending.len() && host.ends_with(ending))
}

/// Words in the keys of a connection string that stand before a secret.
const SECRET_KEYS: &[&str] = &["password", "pwd", "key", "secret", "signature", "token", "sig"];

/// `Endpoint=sb://x;Authentication=ManagedIdentity`: pairs, and none of them a secret.
fn is_settings_without_secret(value: &str) -> bool {
    value.split(';').filter(|pair| !pair.trim().is_empty()).all(|pair| {
        let Some((key, of)) = pair.split_once('=') else {
            return false;
        };
        let key = key.trim().as_bytes();
        let secret = SECRET_KEYS.iter().any(|word| contains_fold(key, word.as_bytes()));
        let named = key.iter().all(|b| NAME.contains(*b) || *b == b' ' || *b == b'-');
        // SharedAccessKeyName and the like name a secret and are none.
        let only_named = key.len() > 4 && contains_fold(key, b"name");
        let of = of.trim();
        let is_harmless = || {
            of.is_empty()
                || is_reference(of)
                || is_placeholder(of)
                || is_guid(of)
                || is_emulator_key(of.as_bytes())
                || of == MESSAGING_EMULATOR_KEY
        };
        // The end of a key in base64 is not a pair.
        let is_pair = key.len() < 40 && !of.trim_matches('=').is_empty() || key.len() < 24;
        named && is_pair && (!secret || only_named || is_harmless())
    })
}
