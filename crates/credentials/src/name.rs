//! What a name promises about its value.
//!
//! Names are compared by their letters and digits alone, in any case, so `AZURE_CLIENT_SECRET`,
//! `azure.client-secret` and `AzureClientSecret` are one name. Words begin at a separator or at a
//! capital.

/// How sure a name makes it that its value is a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameStrength {
    /// The name of an Azure secret; what it is, to stand after "holds".
    Azure(&'static str),
    /// A secret of something: `DB_PASSWORD`, `apiKey`.
    Strong,
    /// Perhaps a secret: a token, a key, a credential.
    Weak,
}

/// Variables of Azure tools, SDKs and samples that hold a secret.
pub const AZURE_VARIABLES: &[(&str, &str)] = &[
    ("AZURE_CLIENT_SECRET", CLIENT_SECRET),
    ("ARM_CLIENT_SECRET", CLIENT_SECRET),
    ("AAD_CLIENT_SECRET", CLIENT_SECRET),
    ("AAD_SERVICE_PRINCIPAL_CLIENT_SECRET", CLIENT_SECRET),
    ("AZURE_AD_CLIENT_SECRET", CLIENT_SECRET),
    ("AZURE_SP_PASSWORD", CLIENT_SECRET),
    ("SERVICE_PRINCIPAL_CLIENT_SECRET", CLIENT_SECRET),
    ("SERVICE_PRINCIPAL_PASSWORD", CLIENT_SECRET),
    ("AZURE_CLIENT_CERTIFICATE", CLIENT_CERTIFICATE),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", CLIENT_CERTIFICATE),
    ("ARM_CLIENT_CERTIFICATE", CLIENT_CERTIFICATE),
    ("ARM_CLIENT_CERTIFICATE_PASSWORD", CLIENT_CERTIFICATE),
    ("AAD_SERVICE_PRINCIPAL_CLIENT_CERTIFICATE", CLIENT_CERTIFICATE),
    ("AAD_SERVICE_PRINCIPAL_CLIENT_CERTIFICATE_PASSWORD", CLIENT_CERTIFICATE),
    ("AZURE_PASSWORD", "the password of an Entra user"),
    ("AAD_USER_PRINCIPAL_PASSWORD", "the password of an Entra user"),
    ("AZURE_CREDENTIALS", "the credentials of a service principal"),
    ("ARM_ACCESS_KEY", STORAGE_KEY),
    ("ARM_SAS_TOKEN", SAS),
    ("AZURE_STORAGE_KEY", STORAGE_KEY),
    ("AZURE_STORAGE_ACCESS_KEY", STORAGE_KEY),
    ("AZURE_STORAGE_ACCOUNT_KEY", STORAGE_KEY),
    ("AZURE_STORAGE_ACCOUNT_ACCESS_KEY", STORAGE_KEY),
    ("AZURE_STORAGE_CONNECTION_STRING", "a storage connection string"),
    ("AZURE_STORAGE_SAS_TOKEN", SAS),
    ("AZURE_ACCOUNT_KEY", STORAGE_KEY),
    ("STORAGE_ACCOUNT_KEY", STORAGE_KEY),
    ("STORAGE_KEY", STORAGE_KEY),
    ("AZBLOB_ACCOUNT_KEY", STORAGE_KEY),
    ("AZBLOB_SAS", SAS),
    ("SAS_TOKEN", SAS),
    ("AzureWebJobsStorage", "a storage connection string"),
    ("AzureWebJobsServiceBus", "a Service Bus connection string"),
    ("AZURE_SERVICEBUS_CONNECTION_STRING", "a Service Bus connection string"),
    ("SERVICEBUS_CONNECTION_STRING", "a Service Bus connection string"),
    ("EVENTHUB_CONNECTION_STRING", "an Event Hubs connection string"),
    ("EVENT_HUB_CONNECTION_STRING", "an Event Hubs connection string"),
    ("COSMOS_KEY", COSMOS_KEY),
    ("COSMOSDB_KEY", COSMOS_KEY),
    ("COSMOS_DB_KEY", COSMOS_KEY),
    ("AZURE_COSMOS_KEY", COSMOS_KEY),
    ("AZURE_COSMOS_MASTER_KEY", COSMOS_KEY),
    ("COSMOS_MASTER_KEY", COSMOS_KEY),
    ("COSMOS_CONNECTION_STRING", "a Cosmos DB connection string"),
    ("AZURE_SQL_CONNECTIONSTRING", "a connection string of an Azure database"),
    ("AZURE_OPENAI_KEY", AI_KEY),
    ("AZURE_OPENAI_API_KEY", AI_KEY),
    ("AZURE_SEARCH_KEY", "an Azure AI Search key"),
    ("AZURE_SEARCH_API_KEY", "an Azure AI Search key"),
    ("AZURE_SEARCH_ADMIN_KEY", "an Azure AI Search key"),
    ("AZURE_COGNITIVE_SERVICES_KEY", AI_KEY),
    ("AZURE_AI_SERVICES_KEY", AI_KEY),
    ("SPEECH_KEY", AI_KEY),
    ("AZURE_MAPS_KEY", "an Azure Maps key"),
    ("AZP_TOKEN", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_EXT_PAT", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_PAT", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_TOKEN", DEVOPS_TOKEN),
    ("SYSTEM_ACCESSTOKEN", DEVOPS_TOKEN),
    ("VSS_NUGET_EXTERNAL_FEED_ENDPOINTS", DEVOPS_TOKEN),
    ("ACR_PASSWORD", "the password of a container registry"),
];

/// Keys of Secrets that hold an Azure credential, beyond the variables above.
pub const AZURE_KEYS: &[(&str, &str)] = &[
    ("clientSecret", CLIENT_SECRET),
    ("aadClientSecret", CLIENT_SECRET),
    ("aadClientCertPassword", CLIENT_CERTIFICATE),
    ("azureClientSecret", CLIENT_SECRET),
    ("azureServicePrincipalClientSecret", CLIENT_SECRET),
    ("azurestoragespnclientsecret", CLIENT_SECRET),
    ("spnClientSecret", CLIENT_SECRET),
    ("azureCertificate", CLIENT_CERTIFICATE),
    ("azureCertificatePassword", CLIENT_CERTIFICATE),
    ("spnCertificate", CLIENT_CERTIFICATE),
    ("clientCertificatePassword", CLIENT_CERTIFICATE),
    ("azurestorageaccountkey", STORAGE_KEY),
    ("azurestorageaccountsastoken", SAS),
    ("accountKey", STORAGE_KEY),
    ("account-access-key", STORAGE_KEY),
    ("sasKey", SAS),
    ("sharedAccessKey", "an Azure shared access key"),
    ("armAuth.json", "the credentials of a service principal"),
];

const CLIENT_SECRET: &str = "an Entra client secret";
const CLIENT_CERTIFICATE: &str = "a client certificate's key or password";
const STORAGE_KEY: &str = "a storage account key";
const SAS: &str = "an Azure shared access signature";
const COSMOS_KEY: &str = "a Cosmos DB account key";
const AI_KEY: &str = "an Azure AI key";
const DEVOPS_TOKEN: &str = "an Azure DevOps personal access token";

/// Names that look like secrets and are none: where telemetry goes, and what the platform itself
/// hands to managed identities.
const EXEMPT_STARTS: &[&str] = &["applicationinsights", "appinsights"];
const EXEMPT: &[&str] = &["msisecret", "identityheader", "azuretokencredentials"];

/// Last words that make the whole a secret, two words without their separator.
const STRONG: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "clientsecret",
    "secretkey",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "masterkey",
    "sharedaccesskey",
    "saskey",
    "sastoken",
    "storagekey",
    "passwords",
    "apikeys",
];

/// Last words that make it one beside an Azure word only: without a credential inside, the value of
/// a connection string is benign, and by value it is recognised anyway.
const STRONG_ON_AZURE: &[&str] = &["connectionstring", "connstring", "connstr", "connectionstrings"];

const WEAK: &[&str] = &["token", "secret", "key", "credential", "credentials", "pat"];

/// What a last word of the above may belong to without being a secret.
const NOT_SECRET: &[&str] = &[
    "partitionkey",
    "rowkey",
    "primarykey",
    "foreignkey",
    "sortkey",
    "hashkey",
    "rangekey",
    "indexkey",
    "cachekey",
    "routingkey",
    "messagekey",
    "objectkey",
    "mapkey",
    "groupkey",
    "publickey",
    "pubkey",
    "hostkey",
    "knownkey",
    "authorizedkey",
    "trustedkey",
    "signerkey",
    "labelkey",
    "annotationkey",
    "taintkey",
    "topologykey",
    "nodekey",
    "sitekey",
    "configkey",
    "metadatakey",
    "instrumentationkey",
    "pullsecret",
    "imagesecret",
    "tlssecret",
    "existingsecret",
    "certsecret",
    "certificatesecret",
    "nopass",
    "bypass",
    "compass",
    "proxypass",
    "passwordkey",
    "secretkeykey",
    "tokenkey",
    "csrftoken",
    "maxtoken",
    "nexttoken",
    "pagetoken",
    "continuetoken",
    "eostoken",
    "stoptoken",
];

/// Words that say whose secret it is. Those of four letters or fewer stand alone.
const AZURE_WORDS: &[&str] = &[
    "azure",
    "aad",
    "entra",
    "msal",
    "arm",
    "acr",
    "adls",
    "azblob",
    "cosmos",
    "cosmosdb",
    "servicebus",
    "eventhub",
    "eventhubs",
    "eventgrid",
    "storage",
    "storageaccount",
    "iothub",
    "appconfiguration",
    "documentdb",
    "serviceprincipal",
    "signalr",
    "azdo",
    "azp",
];

/// Endings that may follow a secret's word: `DB_PASSWORD_VALUE`, `PASSWORD_B64`, `password2`.
const SUFFIXES: &[&str] = &["value", "base64", "b64", "plain", "plaintext", "default", "literal"];

/// What a name promises about a literal value. Ask [`super::is_benign`] about the value.
pub fn name_strength(name: &str) -> Option<NameStrength> {
    if !may_end_like_a_secret(name) {
        return None;
    }
    let whole = Words::of(name);
    let words = whole.without_suffixes();
    if !whole.may_matter() && !words.may_matter() {
        return None;
    }
    let starts_with = |start: &&str| whole.letters().starts_with(start.as_bytes());
    if EXEMPT_STARTS.iter().any(starts_with) || whole.is_one_of(EXEMPT) {
        return None;
    }
    if let Some(what) = whole.look_up(AZURE_VARIABLES) {
        return Some(NameStrength::Azure(what));
    }
    let azure = || words.has_one_of(AZURE_WORDS).then_some(NameStrength::Azure("an Azure credential"));
    if words.ends_with_one_of(NOT_SECRET) {
        return None;
    }
    if words.ends_with_one_of(STRONG) {
        return azure().or(Some(NameStrength::Strong));
    }
    if words.ends_with_one_of(STRONG_ON_AZURE) {
        return azure();
    }
    words.ends_with_one_of(WEAK).then_some(NameStrength::Weak)
}

/// What credential a variable or a Secret's key of this name holds, whatever its value.
pub fn is_azure_credential_variable(name: &str) -> Option<&'static str> {
    if !may_end_like_a_secret(name) {
        return None;
    }
    let words = Words::of(name);
    if !words.may_matter() && !words.without_suffixes().may_matter() {
        return None;
    }
    words.look_up(AZURE_VARIABLES).or_else(|| words.look_up(AZURE_KEYS)).or_else(|| match name_strength(name) {
        Some(NameStrength::Azure(what)) => Some(what),
        _ => None,
    })
}

/// Whether a name ends with these letters and digits, in any word style and case: `AWS_SECRET_ACCESS_KEY`
/// with `secretaccesskey`.
pub fn ends_with_letters(name: &str, known: &str) -> bool {
    let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    known.bytes().rev().all(|b| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(&b)))
}

/// Whether a value is a secret access key of AWS, which has a name and a length but no mark.
pub fn is_aws_secret_key(name: &str, value: &str) -> bool {
    value.trim().len() == 40 && ends_with_letters(name, "secretaccesskey")
}

/// A look at a name's end that spares nearly every name the reading of its words.
fn may_end_like_a_secret(name: &str) -> bool {
    let Some(end) = name.bytes().rposition(|b| b.is_ascii_alphabetic()) else { return false };
    let ending = name.as_bytes().get(..=end).unwrap_or_default();
    let mut letters = ending.iter().rev().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let Some(last) = letters.next() else { return false };
    if !matches!(last, b'b' | b'd' | b'e' | b'g' | b'l' | b'n' | b'r' | b's' | b't' | b'y') {
        return false;
    }
    match (letters.next().zip(letters.next()), last) {
        // `DB_PASSWORD_B64`; the digits are gone.
        (_, b'b') => true,
        (None, _) => false,
        (Some((middle, first)), last) => {
            let end = [first, middle, last];
            // Of common endings one letter more tells nearly all from `string`, `base`, `phrase` and the like.
            match &end {
                b"ing" | b"age" => letters.next() == Some(b'r'),
                b"ase" => matches!(letters.next(), Some(b'b' | b'r')),
                b"ate" => letters.next() == Some(b'c'),
                b"nts" => letters.next() == Some(b'i'),
                _ => is_end_of_secret(end) || name.len() > SUFFIXED && is_end_of_suffix(end),
            }
        }
    }
}

/// A suffix and the shortest word before it: `pwdPlain`. Shorter is `value` alone.
const SUFFIXED: usize = 7;

/// Of [`SUFFIXES`], without digits.
fn is_end_of_suffix(end: [u8; 3]) -> bool {
    matches!(&end, b"lue" | b"ase" | b"ain" | b"ext" | b"ult" | b"ral")
}

fn is_end_of_secret(end: [u8; 3]) -> bool {
    matches!(
        &end,
        b"als" | b"ass" | b"bus" | b"eys" | b"ial" | b"ken" | b"key" | b"ngs" | b"ord" | b"pat" | b"pwd" | b"rds"
            | b"ret" | b"sas" | b"son" | b"str" | b"swd"
            // Common endings, for which `may_matter` takes a longer look.
            | b"ing" | b"ase" | b"age" | b"ate" | b"nts"
    )
}

/// Longest name that is judged whole. Of longer ones, the end is.
const LONGEST: usize = 128;

/// A name's letters and digits in lower case, and where words begin, without the heap.
#[derive(Clone, Copy)]
struct Words {
    letters: [u8; LONGEST],
    length: usize,
    starts: u128,
}

impl Words {
    fn of(name: &str) -> Words {
        let bytes = name.as_bytes();
        let bytes = bytes.get(bytes.len().saturating_sub(LONGEST)..).unwrap_or_default();
        let mut words = Words { letters: [0; LONGEST], length: 0, starts: 0 };
        let mut previous = b'_';
        for (i, &byte) in bytes.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                let next_is_lower = bytes.get(i + 1).is_some_and(u8::is_ascii_lowercase);
                let hump = byte.is_ascii_uppercase()
                    && (previous.is_ascii_lowercase()
                        || previous.is_ascii_digit()
                        || previous.is_ascii_uppercase() && next_is_lower);
                if hump || !previous.is_ascii_alphanumeric() {
                    words.starts |= 1 << words.length;
                }
                if let Some(slot) = words.letters.get_mut(words.length) {
                    *slot = byte.to_ascii_lowercase();
                    words.length += 1;
                }
            }
            previous = byte;
        }
        words
    }

    fn letters(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }

    fn begins_word(&self, at: usize) -> bool {
        at < LONGEST && self.starts >> at & 1 == 1
    }

    fn is_one_of(&self, list: &[&str]) -> bool {
        list.iter().any(|word| word.as_bytes() == self.letters())
    }

    fn look_up(&self, table: &[(&str, &'static str)]) -> Option<&'static str> {
        let same = |name: &str| {
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            letters.map(|b| b.to_ascii_lowercase()).eq(self.letters().iter().copied())
        };
        table.iter().find(|(name, _)| same(name)).map(|(_, what)| *what)
    }

    /// Whether the name ends with one of these, from the beginning of a word.
    fn ends_with_one_of(&self, list: &[&str]) -> bool {
        list.iter().any(|word| {
            self.letters().ends_with(word.as_bytes())
                // Run-together names have a single word: `clientsecret`, `dbpassword`.
                && (self.begins_word(self.length - word.len())
                    || word.len() >= 6 && self.starts.count_ones() <= 1 && !WEAK.contains(word))
        })
    }

    /// Whether a word of these begins anywhere. Short ones must be the whole word.
    fn has_one_of(&self, list: &[&str]) -> bool {
        (0..self.length).filter(|at| self.begins_word(*at)).any(|at| {
            let rest = self.letters().get(at..).unwrap_or_default();
            list.iter().any(|word| {
                let end = at + word.len();
                rest.starts_with(word.as_bytes()) && (word.len() > 4 || end == self.length || self.begins_word(end))
            })
        })
    }

    /// The same without trailing numbers and suffix words.
    fn without_suffixes(&self) -> Words {
        let mut words = *self;
        for _ in 0..4 {
            let is_last = |suffix: &&&str| {
                suffix.len() < words.length
                    && words.letters().ends_with(suffix.as_bytes())
                    && words.begins_word(words.length - suffix.len())
            };
            let digits = || words.letters().iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let extra = SUFFIXES.iter().find(is_last).map_or_else(digits, |suffix| suffix.len());
            if extra == 0 || extra == words.length {
                break;
            }
            words.length -= extra;
        }
        words
    }

    /// Whether the name ends like anything in the tables; most names end otherwise, and are done.
    fn may_matter(&self) -> bool {
        let letters = self.letters();
        match letters.last_chunk::<3>() {
            // Common endings, for which it takes a longer look.
            Some(b"ing") => letters.ends_with(b"string"),
            Some(b"ase") => letters.ends_with(b"phrase"),
            Some(b"age") => letters.ends_with(b"storage"),
            Some(b"ate") => letters.ends_with(b"certificate"),
            Some(b"nts") => letters.ends_with(b"endpoints"),
            Some(end) => is_end_of_secret(*end),
            None => false,
        }
    }
}

#[cfg(test)]
#[test]
fn whatever_is_in_the_tables_may_matter() {
    let tables = AZURE_VARIABLES.iter().chain(AZURE_KEYS).map(|(name, _)| *name);
    let endings = [STRONG, STRONG_ON_AZURE, WEAK].concat();
    for name in tables.chain(endings) {
        assert!(Words::of(name).may_matter() && may_end_like_a_secret(name), "{name}");
        for suffix in SUFFIXES {
            assert!(may_end_like_a_secret(&format!("{name}_{suffix}_1")), "{name} {suffix}");
        }
    }
}
