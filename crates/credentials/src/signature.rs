//! Keys that carry their own mark: a few fixed characters at a fixed offset.
//!
//! The table follows Microsoft's public model (github.com/microsoft/security-utilities,
//! `PreciselyClassifiedSecurityKeys`): same positions, alphabets, lengths and neighbours. A random
//! string of the right length passes a check with odds of one in millions, so no entropy is needed.

use std::ops::Range;

use super::alphabet::{ALPHANUMERIC, Alphabet, BASE64, BASE64_ANY, BASE64_URL};
use super::filter::{Mark, exact};
use super::{Class, CredentialKind};
use text::docs_only;

/// Between `min` and `max` characters of one alphabet.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub alphabet: Alphabet,
    pub min: usize,
    pub max: usize,
}

/// One key format.
#[derive(Debug)]
pub struct Signature {
    pub kind: CredentialKind,
    /// Rule numbers in Microsoft's model.
    pub source: &'static str,
    pub mark: Mark,
    /// The part before the mark. It has a fixed length.
    pub before: &'static [Run],
    /// The parts after it. Only the last can vary in length; it takes as much as it can.
    pub after: &'static [Run],
    /// What must not stand to the left or right of the whole.
    pub left: Alphabet,
    pub right: Alphabet,
}

const fn run(count: usize, alphabet: Alphabet) -> Run {
    Run { alphabet, min: count, max: count }
}

const fn azure(id: &'static str, what: &'static str) -> CredentialKind {
    CredentialKind { id, what, class: Class::Azure }
}

const CLIENT_SECRET: Alphabet = Alphabet::of("~.A-Za-z0-9_-");
const CLIENT_SECRET_EDGE: Alphabet = Alphabet::of("~.A-Za-z0-9_+/-");
const BASE64_EDGE: Alphabet = Alphabet::of("A-Za-z0-9+/_=-");
const HEX_OR_DASH: Alphabet = Alphabet::of("0-9a-f-");
const A_TO_D: Alphabet = Alphabet::of("A-D");
const A_TO_L: Alphabet = Alphabet::of("A-L");
const A_TO_P: Alphabet = Alphabet::of("A-P");
const LETTER: Alphabet = Alphabet::of("A-Za-z");
/// The last character of base64 that encodes 64 bytes: four of its bits are spare.
const LAST_OF_64: Alphabet = Alphabet::of("AQgw");
const EQUALS: Alphabet = Alphabet::of("=");
const NOTHING: Alphabet = Alphabet::of("");

const BEFORE_64: &[Run] = &[run(76, BASE64)];
const AFTER_64: &[Run] = &[run(5, BASE64), run(1, LAST_OF_64), run(2, EQUALS)];
const BEFORE_32: &[Run] = &[run(33, BASE64)];
const AFTER_32: &[Run] = &[run(1, A_TO_P), run(5, BASE64), run(1, EQUALS)];

/// A 64-byte key in base64 with its mark at character 76.
const fn key64(kind: CredentialKind, source: &'static str, mark: &'static str) -> Signature {
    Signature {
        kind,
        source: docs_only(source),
        mark: exact(mark),
        before: BEFORE_64,
        after: AFTER_64,
        left: BASE64_ANY,
        right: BASE64_EDGE,
    }
}

/// A 32-byte key in base64 with its mark at character 33.
const fn key32(kind: CredentialKind, source: &'static str, mark: &'static str) -> Signature {
    Signature {
        kind,
        source: docs_only(source),
        mark: exact(mark),
        before: BEFORE_32,
        after: AFTER_32,
        left: BASE64_ANY,
        right: BASE64_EDGE,
    }
}

pub const SIGNATURES: &[Signature] = &[
    Signature {
        kind: azure("entra-client-secret", "an Entra client secret"),
        source: docs_only("SEC101/156"),
        mark: exact("Q~"),
        before: &[run(3, CLIENT_SECRET), run(1, Alphabet::of("78"))],
        after: &[Run { alphabet: CLIENT_SECRET, min: 31, max: 34 }],
        left: CLIENT_SECRET_EDGE,
        right: CLIENT_SECRET_EDGE,
    },
    key64(azure("storage-account-key", "a storage account key"), "SEC101/152", "+ASt"),
    key64(azure("cosmos-db-key", "a Cosmos DB account key"), "SEC101/160", "ACDb"),
    key64(azure("batch-key", "an Azure Batch account key"), "SEC101/163", "+ABa"),
    key64(azure("ml-classic-key", "an Azure ML web service (classic) key"), "SEC101/170", "+AMC"),
    key64(azure("api-management-key", "an API Management key"), "SEC101/181 to 184", "APIM"),
    key32(azure("service-bus-key", "a Service Bus access key"), "SEC101/171", "+ASb"),
    key32(azure("event-hubs-key", "an Event Hubs access key"), "SEC101/172", "+AEh"),
    key32(azure("relay-key", "an Azure Relay access key"), "SEC101/173", "+ARm"),
    key32(azure("iot-key", "an IoT Hub, device or provisioning key"), "SEC101/178 to 180", "AIoT"),
    key32(azure("event-grid-key", "an Event Grid access key"), "SEC101/199", "AZEG"),
    key32(azure("redis-key", "an Azure Cache for Redis access key"), "SEC101/154", "AzCa"),
    Signature {
        kind: azure("container-registry-key", "a container registry admin or token password"),
        source: docs_only("SEC101/176"),
        mark: exact("+ACR"),
        before: &[run(42, BASE64)],
        after: &[run(1, A_TO_D), run(5, BASE64)],
        left: BASE64_ANY,
        right: BASE64_EDGE,
    },
    Signature {
        kind: azure("search-key", "an Azure AI Search key"),
        source: docs_only("SEC101/166, 167"),
        mark: exact("AzSe"),
        before: &[run(42, ALPHANUMERIC)],
        after: &[run(1, A_TO_D), run(5, ALPHANUMERIC)],
        left: BASE64_ANY,
        right: BASE64_EDGE,
    },
    Signature {
        kind: azure("functions-key", "an Azure Functions access key"),
        source: docs_only("SEC101/158"),
        mark: exact("AzFu"),
        before: &[run(44, BASE64_URL)],
        after: &[run(5, BASE64_URL), run(1, LAST_OF_64), run(2, EQUALS)],
        left: BASE64_URL,
        right: BASE64_URL,
    },
    Signature {
        kind: azure("annotated-key", "an Azure service key"),
        source: docs_only("SEC101/177, 197 to 245"),
        mark: exact("JQQJ9"),
        before: &[run(52, ALPHANUMERIC)],
        after: &[
            run(1, Alphabet::of("9DH")),
            run(1, ALPHANUMERIC),
            run(1, A_TO_L),
            run(16, ALPHANUMERIC),
            run(1, LETTER),
            run(7, ALPHANUMERIC),
        ],
        left: ALPHANUMERIC,
        right: NOTHING,
    },
    Signature {
        kind: azure("databricks-token", "an Azure Databricks access token"),
        source: docs_only("SEC101/110"),
        mark: exact("dapi"),
        before: &[],
        after: &[Run { alphabet: HEX_OR_DASH, min: 32, max: 34 }],
        left: HEX_OR_DASH,
        right: HEX_OR_DASH,
    },
];

/// Common annotated keys name their service in four characters at [`PROVIDER_AT`].
pub const PROVIDERS: &[(&str, CredentialKind)] = &[
    ("ACOG", azure("ai-services-key", "an Azure AI or Azure OpenAI key")),
    ("AZAC", azure("app-configuration-key", "an App Configuration access key")),
    ("AZCS", azure("communication-services-key", "a Communication Services key")),
    ("AZDO", azure("devops-token", "an Azure DevOps personal access token")),
    ("AZEG", azure("event-grid-key", "an Event Grid access key")),
    ("AZFR", azure("fluid-relay-key", "an Azure Fluid Relay key")),
    ("AZMP", azure("maps-key", "an Azure Maps key")),
    ("AZMR", azure("mixed-reality-key", "an Azure Mixed Reality key")),
    ("msql", azure("sql-administrator-key", "an Azure SQL administrator password")),
];

/// Offset of the provider's name in a common annotated key.
pub const PROVIDER_AT: usize = 76;

impl Signature {
    /// The bounds of the key whose mark is at `mark_at`, if all its parts match.
    pub fn find(&self, text: &[u8], mark_at: usize) -> Option<Range<usize>> {
        if !self.mark.is_at(text, mark_at) {
            return None;
        }
        let lead: usize = self.before.iter().map(|run| run.min).sum();
        let start = mark_at.checked_sub(lead)?;
        if start > 0 && text.get(start - 1).is_some_and(|b| self.left.contains(*b)) {
            return None;
        }
        take(self.before, text, start)?;
        let end = take(self.after, text, mark_at + self.mark.text.len())?;
        let closed = !text.get(end).is_some_and(|b| self.right.contains(*b));
        closed.then_some(start..end)
    }

    /// The kind of a key this signature found: annotated keys name their service.
    pub fn kind_of(&'static self, key: &[u8]) -> &'static CredentialKind {
        if self.mark.text != "JQQJ9" {
            return &self.kind;
        }
        let provider = key.get(PROVIDER_AT..PROVIDER_AT + 4).unwrap_or_default();
        PROVIDERS.iter().find(|(name, _)| name.as_bytes() == provider).map_or(&self.kind, |(_, kind)| kind)
    }

    /// The format as a regular expression, for the documentation.
    pub fn pattern(&self) -> String {
        let mut out = String::new();
        self.before.iter().for_each(|run| run.describe(&mut out));
        out.push_str(&self.mark.text.replace('+', "\\+"));
        self.after.iter().for_each(|run| run.describe(&mut out));
        out
    }
}

impl Run {
    fn describe(&self, out: &mut String) {
        let name = self.alphabet.name;
        out.push_str(&match (name.len(), self.min, self.max) {
            (1, min, _) => name.repeat(min),
            (_, 1, 1) => format!("[{name}]"),
            (_, min, max) if min == max => format!("[{name}]{{{min}}}"),
            (_, min, max) => format!("[{name}]{{{min},{max}}}"),
        });
    }
}

/// Passes over `runs` from `at`, and says where they end.
fn take(runs: &[Run], text: &[u8], mut at: usize) -> Option<usize> {
    for run in runs {
        let rest = text.get(at..)?;
        let count = rest.iter().take(run.max).take_while(|b| run.alphabet.contains(**b)).count();
        if count < run.min {
            return None;
        }
        at += count;
    }
    Some(at)
}
