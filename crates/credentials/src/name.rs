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
    ("MICROSOFT_PROVIDER_AUTHENTICATION_SECRET", CLIENT_SECRET),
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
    ("ADO_PAT", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_EXT_PAT", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_PAT", DEVOPS_TOKEN),
    ("AZURE_DEVOPS_TOKEN", DEVOPS_TOKEN),
    ("SYSTEM_ACCESSTOKEN", DEVOPS_TOKEN),
    ("VSS_NUGET_EXTERNAL_FEED_ENDPOINTS", DEVOPS_TOKEN),
    ("ACR_PASSWORD", ACR_PASSWORD),
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

pub(crate) const ACR_PASSWORD: &str = "the password of a container registry";
pub(crate) const CLIENT_SECRET: &str = "an Entra client secret";
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
    "sharedkey",
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

/// Words that make a weak last word a token of Azure DevOps.
const DEVOPS_WORDS: &[&str] = &["azdo", "vsts", "azp", "azuredevops", "azurepipelines"];

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
    "pluginclientsecret",
    "pluginserversecret",
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

/// The Azure words that name a part of a text. Others use `storage` and `arm` for parts of their own.
const AZURE_PARENTS: &[&str] = &[
    "azure",
    "aad",
    "entra",
    "msal",
    "acr",
    "adls",
    "azblob",
    "cosmos",
    "servicebus",
    "eventhub",
    "eventgrid",
    "storageaccount",
    "iothub",
    "appconfiguration",
    "serviceprincipal",
    "signalr",
    "azdo",
    "azp",
];

/// Whether a name that encloses others says that they are about Azure.
pub(crate) fn is_azure_parent(name: &str) -> bool {
    let words = Words::of(name);
    // A host is not a part of a configuration: `acr.example.com` in Docker's.
    words.has_one_of(AZURE_PARENTS) && !words.has_one_of(&["azurecr"]) && super::benign(name).is_none()
}

/// What a name promises inside a part of a text that an Azure word names. Both together are the name.
pub(crate) fn name_strength_in(parent: &str, name: &str) -> Option<NameStrength> {
    if !may_end_like_a_secret(name.as_bytes()) {
        return None;
    }
    match name_strength(name) {
        Some(NameStrength::Azure(what)) => Some(NameStrength::Azure(what)),
        strength => name_strength(&format!("{parent}_{name}")).or(strength),
    }
}

/// Endings that may follow a secret's word: `DB_PASSWORD_VALUE`, `PASSWORD_B64`, `password2`.
const SUFFIXES: &[&str] = &["value", "base64", "b64", "plain", "plaintext", "default", "literal"];

/// Hadoop's names of secrets end with the storage account: `fs.azure.account.key.shop.dfs.core.windows.net`.
fn without_host(name: &str) -> &str {
    let Some(rest) = name.strip_suffix(".windows.net") else { return name };
    // The account, the service and `core` are three labels more.
    rest.rsplitn(4, '.').nth(3).unwrap_or(name)
}

/// What a name promises about a literal value. Ask [`super::is_benign`] about the value.
pub fn name_strength(name: &str) -> Option<NameStrength> {
    let name = without_host(name);
    if !may_end_like_a_secret(name.as_bytes()) {
        return None;
    }
    let whole = Words::of(name);
    let words = whole.without_suffixes();
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
    if words.ends_with_one_of(&["token", "pat"]) && words.has_one_of(DEVOPS_WORDS) {
        return Some(NameStrength::Azure(DEVOPS_TOKEN));
    }
    words.ends_with_one_of(WEAK).then_some(NameStrength::Weak)
}

/// What credential a variable or a Secret's key of this name holds, whatever its value.
pub fn is_azure_credential_variable(name: &str) -> Option<&'static str> {
    if !may_end_like_a_secret(name.as_bytes()) {
        return None;
    }
    let words = Words::of(name);
    words.look_up(AZURE_VARIABLES).or_else(|| words.look_up(AZURE_KEYS)).or_else(|| match name_strength(name) {
        Some(NameStrength::Azure(what)) => Some(what),
        _ => None,
    })
}

/// Whether a name ends with these letters and digits, in any word style and case: `AWS_SECRET_ACCESS_KEY`
/// with `secretaccesskey`.
pub fn ends_with_letters(name: &str, known: &str) -> bool {
    let mut letters = name.bytes().rev().filter(u8::is_ascii_alphanumeric);
    known
        .bytes()
        .rev()
        .filter(u8::is_ascii_alphanumeric)
        .all(|b| letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(&b)))
}

/// Whether a value is the name of a Secret or of a key of one: its variable says so, and the value is spelt like the
/// names that people choose. `secret-key: db-password` is a reference, `SECRET_KEY: a8f3…` is not. A name of a key
/// of anything else, such as `PROJECT_KEY: orders`, is spelt the same way.
pub fn names_a_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    if !is_chosen_name(value) || !may_end_like_a_secret(name.as_bytes()) {
        return false;
    }
    let words = Words::of(name);
    words.ends_with_one_of(&["secretkey"])
        || name_strength(name) == Some(NameStrength::Weak) && words.ends_with_one_of(&["key"])
}

/// Whether a value is a name in Kubernetes that nothing but a person chose: words, and at most one number of two digits.
fn is_chosen_name(value: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.len() <= 24 && word.bytes().all(|b| b.is_ascii_lowercase());
    let is_number = |word: &str| (1..3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    let mut numbers = 0;
    value.len() <= 63
        && value.split(['-', '.', '_']).enumerate().all(|(at, word)| {
            numbers += usize::from(at > 0 && is_number(word));
            is_word(word) || at > 0 && is_number(word)
        })
        && numbers <= 1
}

/// Whether a value is a secret access key of AWS, which has a name and a length but no mark.
pub fn is_aws_secret_key(name: &str, value: &str) -> bool {
    value.trim().len() == 40 && ends_with_letters(name, "secretaccesskey")
}

/// How names that are in the tables end, by their last letters. The compiler collects it from the tables, and it
/// rejects nearly every name without reading its words.
struct Endings {
    /// For each position from the end and each letter, the endings that have it there.
    at: [[u64; 26]; ENDING],
    count: usize,
}

/// Letters of an ending. Fewer would accept `string` and `base`.
const ENDING: usize = 4;

#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
static ENDINGS: Endings = {
    let mut endings = Endings { at: [[0; 26]; ENDING], count: 0 };
    let mut n = 0;
    while n < AZURE_VARIABLES.len() {
        endings = endings.with(AZURE_VARIABLES[n].0);
        n += 1;
    }
    n = 0;
    while n < AZURE_KEYS.len() {
        endings = endings.with(AZURE_KEYS[n].0);
        n += 1;
    }
    let lists = [STRONG, STRONG_ON_AZURE, WEAK, SUFFIXES];
    n = 0;
    while n < lists.len() {
        let mut m = 0;
        while m < lists[n].len() {
            endings = endings.with(lists[n][m]);
            m += 1;
        }
        n += 1;
    }
    endings
};

impl Endings {
    /// Adds the end of `name`, whose trailing digits say nothing.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    const fn with(mut self, name: &str) -> Endings {
        let name = name.as_bytes();
        let mut letters = [b'*'; ENDING];
        let (mut at, mut taken) = (name.len(), 0);
        while at > 0 && taken < ENDING {
            at -= 1;
            if name[at].is_ascii_alphabetic() {
                letters[taken] = name[at].to_ascii_lowercase();
                taken += 1;
            } else if name[at].is_ascii_digit() && taken > 0 {
                break;
            }
        }
        assert!(taken > 0 && self.count < 64, "an ending is a bit of 64");
        let (mut position, mut known) = (0, !0);
        while position < ENDING {
            let mut letter = 0;
            while letter < 26 {
                if letters[position] == b'*' || letters[position] == b'a' + letter as u8 {
                    known &= self.at[position][letter];
                }
                letter += 1;
            }
            position += 1;
        }
        if known != 0 {
            return self;
        }
        position = 0;
        while position < ENDING {
            let mut letter = 0;
            while letter < 26 {
                if letters[position] == b'*' || letters[position] == b'a' + letter as u8 {
                    self.at[position][letter] |= 1 << self.count;
                }
                letter += 1;
            }
            position += 1;
        }
        self.count += 1;
        self
    }

    /// Whether the last of these letters and digits, given from the last on, may end a name in the tables.
    fn allow(&self, letters: impl Iterator<Item = u8>) -> bool {
        let mut left = !0;
        let mut letters = letters.skip_while(u8::is_ascii_digit);
        for position in &self.at {
            left &= match letters.next() {
                Some(byte) => letter(byte).and_then(|letter| position.get(letter)).copied().unwrap_or(!0),
                // The name is shorter: whether it is in the tables is seen there.
                None => return left != !0,
            };
            if left == 0 {
                return false;
            }
        }
        true
    }
}

fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'))
}

/// Whether [`name_strength`] and [`is_azure_credential_variable`] may say something of a name that ends so. Never
/// wrongly says no.
pub(crate) fn may_end_like_a_secret(name: &[u8]) -> bool {
    name.ends_with(b".windows.net") || ENDINGS.allow(name.iter().rev().copied().filter(u8::is_ascii_alphanumeric))
}

/// The longest name that is read as a whole. Of longer ones, the end is read.
const LONGEST_NAME: usize = 128;

/// Whether two names have the same first letter. The second is in lower case.
fn starts_alike(name: &[u8], letters: &[u8]) -> bool {
    name.first().map(u8::to_ascii_lowercase) == letters.first().copied()
}

/// A name's letters and digits in lower case, and where words begin, without the heap.
#[derive(Clone, Copy)]
struct Words {
    letters: [u8; LONGEST_NAME],
    length: usize,
    starts: u128,
}

impl Words {
    fn of(name: &str) -> Words {
        let bytes = name.as_bytes();
        let bytes = bytes.get(bytes.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
        let mut words = Words { letters: [0; LONGEST_NAME], length: 0, starts: 0 };
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
        at < LONGEST_NAME && self.starts >> at & 1 == 1
    }

    fn is_one_of(&self, list: &[&str]) -> bool {
        list.iter().any(|word| word.as_bytes() == self.letters())
    }

    fn look_up(&self, table: &[(&str, &'static str)]) -> Option<&'static str> {
        let same = |name: &str| {
            // Nearly all differ in the first letter, which costs less to see.
            if !starts_alike(name.as_bytes(), self.letters()) {
                return false;
            }
            let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
            letters.map(|b| b.to_ascii_lowercase()).eq(self.letters().iter().copied())
        };
        table.iter().find(|(name, _)| same(name)).map(|(_, what)| *what)
    }

    /// Whether the name ends with one of these, from the beginning of a word.
    fn ends_with_one_of(&self, list: &[&str]) -> bool {
        let last = self.letters().last();
        list.iter().any(|word| {
            word.as_bytes().last() == last
                && self.letters().ends_with(word.as_bytes())
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
                starts_alike(word.as_bytes(), rest)
                    && rest.starts_with(word.as_bytes())
                    && (word.len() > 4 || end == self.length || self.begins_word(end))
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
}

#[cfg(test)]
#[test]
fn whatever_is_in_the_tables_may_matter() {
    let tables = AZURE_VARIABLES.iter().chain(AZURE_KEYS).map(|(name, _)| *name);
    let endings = [STRONG, STRONG_ON_AZURE, WEAK].concat();
    for name in tables.chain(endings) {
        assert!(may_end_like_a_secret(name.as_bytes()), "{name}");
        for suffix in SUFFIXES {
            assert!(may_end_like_a_secret(format!("{name}_{suffix}_1").as_bytes()), "{name} {suffix}");
        }
    }
}
