//! One pass over a text: the filter proposes, signatures and formats decide.

use std::ops::Range;

use super::CredentialKind;
use super::filter::{Filter, Mark, any_case, bits};
use super::format::FORMATS;
use super::signature::SIGNATURES;
use super::text::{count, until};

/// Something found.
#[derive(Clone, Debug)]
pub struct Hit {
    pub kind: &'static CredentialKind,
    pub range: Range<usize>,
}

/// Bit `n` is `SIGNATURES[n]`, and what is left is `FORMATS`.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
pub const MARKS: Filter = {
    let mut filter = Filter::EMPTY;
    let mut n = 0;
    while n < SIGNATURES.len() {
        filter = filter.with(n, &SIGNATURES[n].mark);
        n += 1;
    }
    let mut n = 0;
    while n < FORMATS.len() {
        filter = filter.with_all(SIGNATURES.len() + n, FORMATS[n].marks);
        n += 1;
    }
    filter
};

static FILTER: Filter = MARKS;
const OWN_BITS: u64 = (1 << (SIGNATURES.len() + FORMATS.len())) - 1;

/// Whether one of the [`MARKS`] may be in the text.
pub fn has_mark(text: &str) -> bool {
    FILTER.seen(text.as_bytes()) != 0
}

/// Nothing that can be recognised is shorter: `a://:b@c`.
pub const SHORTEST: usize = 8;

/// Calls `found` with each credential until it answers `true`.
pub fn scan(text: &[u8], found: &mut dyn FnMut(Hit) -> bool) {
    scan_with(&FILTER, text, found, &mut |_, _| {});
}

/// The same with a filter that has all of the [`MARKS`], whose other candidates are passed to `others`.
pub fn scan_with(filter: &Filter, text: &[u8], found: &mut dyn FnMut(Hit) -> bool, others: &mut dyn FnMut(usize, u64)) {
    if text.len() < SHORTEST {
        return;
    }
    let mut scan = Scan::new(text);
    let mut told_to = 0;
    let mut done = false;
    filter.candidates(text, |at, candidates| {
        if candidates & !OWN_BITS != 0 {
            others(at, candidates & !OWN_BITS);
        }
        for n in bits(candidates & OWN_BITS) {
            let Some(hit) = scan.judge(n, at) else {
                continue;
            };
            // What lies within an earlier find is part of it.
            if hit.range.start >= told_to.max(scan.excused_to) {
                told_to = hit.range.end;
                done = done || found(hit);
            }
        }
        done
    });
    if !done && let Some(hit) = super::devops::find_legacy_token(text) {
        found(hit);
    }
}

/// The text, and what has been learnt about its surroundings so that no part is studied twice.
pub struct Scan<'t> {
    pub text: &'t [u8],
    line: Region,
    object: Region,
    /// Values before this offset have been read by a format that reads values.
    pub read_to: usize,
    /// The same for tokens.
    pub token_to: usize,
    /// What lies before this offset is part of something harmless.
    pub excused_to: usize,
    pub kubeconfig_read: bool,
}

/// A part of the text that belongs together, and what is said in it.
#[derive(Clone, Default)]
pub struct Region {
    pub range: Range<usize>,
    facts: u64,
}

impl Region {
    pub fn says(&self, fact: Fact) -> bool {
        self.facts >> fact as u32 & 1 == 1
    }
}

impl<'t> Scan<'t> {
    pub fn new(text: &'t [u8]) -> Scan<'t> {
        Scan {
            text,
            line: Region::default(),
            object: Region::default(),
            read_to: 0,
            token_to: 0,
            excused_to: 0,
            kubeconfig_read: false,
        }
    }

    fn judge(&mut self, n: usize, at: usize) -> Option<Hit> {
        if let Some(signature) = SIGNATURES.get(n) {
            let range = signature.find(self.text, at)?;
            let kind = signature.kind_of(self.text.get(range.clone())?);
            return Some(Hit { kind, range });
        }
        let format = FORMATS.get(n.checked_sub(SIGNATURES.len())?)?;
        let mark = format.marks.iter().find(|mark| mark.is_at(self.text, at))?;
        (format.find)(self, at, at + mark.text.len())
    }

    /// The quoted string, element or line around `at`: as far as one connection string can reach.
    pub fn line(&mut self, at: usize) -> Region {
        if at >= self.line.range.end {
            let from = self.line.range.end;
            let ends = |b: &u8| b"\n\r\"'`<>".contains(b);
            let before = self.text.get(from..at).unwrap_or_default();
            count(before.len());
            let start = before.iter().rposition(ends).map_or(from, |i| from + i + 1);
            let end = until(self.text, at, ends);
            // Reaching `end` at least to the next byte keeps the part from being studied again.
            self.line = self.region(start..end.max(at + 1));
        }
        self.line.clone()
    }

    /// The innermost braces around `at`, taken to be flat; without braces, the text.
    pub fn object(&mut self, at: usize) -> Region {
        if at >= self.object.range.end {
            let from = self.object.range.end;
            let before = self.text.get(from..at).unwrap_or_default();
            count(before.len());
            let start = memchr::memrchr(b'{', before).map_or(from, |i| from + i);
            let end = until(self.text, at, |b| *b == b'}');
            self.object = self.region(start..end.max(at + 1));
        }
        self.object.clone()
    }

    pub fn region(&mut self, range: Range<usize>) -> Region {
        let part = self.text.get(range.clone()).unwrap_or_default();
        count(part.len());
        let mut facts = 0;
        FACT_FILTER.candidates(part, |at, candidates| {
            for n in bits(candidates & !facts) {
                let says = FACTS.get(n).is_some_and(|(_, marks)| marks.iter().any(|mark| mark.is_at(part, at)));
                facts |= u64::from(says) << n;
            }
            false
        });
        Region { range, facts }
    }
}

/// What surroundings can say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    AccountName,
    Server,
    AzureHost,
    CosmosHost,
    MessagingHost,
    IotHost,
    RedisHost,
    StorageEmulator,
    MessagingEmulator,
    CosmosEmulator,
    SubscriptionId,
    TenantId,
    EndpointUrl,
    Tenant,
    EntraIssuer,
    ServiceAccountIssuer,
    Clusters,
    Users,
    CurrentContext,
    ClientKeyData,
    AuthProvider,
    ClusterAdmin,
}

/// How surroundings say it, in the order of [`Fact`].
const FACTS: &[(Fact, &[Mark])] = &[
    (Fact::AccountName, &[any_case("accountname"), any_case("storagename"), any_case("storageaccount")]),
    (
        Fact::Server,
        &[
            any_case("server="),
            any_case("server ="),
            any_case("data source"),
            any_case("host="),
            any_case("hostname="),
            any_case("addr="),
            any_case("address="),
            any_case("jdbc:"),
        ],
    ),
    (
        Fact::AzureHost,
        &[
            any_case(".windows.net"),
            any_case(".azure.com"),
            any_case(".azure.net"),
            any_case(".azure.cn"),
            any_case(".azure.us"),
            any_case(".chinacloudapi.cn"),
            any_case(".usgovcloudapi.net"),
            any_case(".azuresynapse.net"),
            any_case(".database.fabric.microsoft.com"),
        ],
    ),
    (Fact::CosmosHost, &[any_case(".documents.azure"), any_case("accountendpoint")]),
    (Fact::MessagingHost, &[any_case(".servicebus."), any_case("sb://")]),
    (Fact::IotHost, &[any_case(".azure-devices")]),
    (Fact::RedisHost, &[any_case(".redis.cache."), any_case(".redis.azure."), any_case(".redisenterprise.cache.")]),
    (Fact::StorageEmulator, &[any_case("accountname=devstoreaccount1"), any_case("usedevelopmentstorage=true")]),
    (Fact::MessagingEmulator, &[any_case("usedevelopmentemulator=true")]),
    (Fact::CosmosEmulator, &[Mark { text: super::benign::COSMOS_EMULATOR_KEY, fold: false }]),
    (Fact::SubscriptionId, &[any_case("subscriptionid")]),
    (Fact::TenantId, &[any_case("tenantid")]),
    (
        Fact::EndpointUrl,
        &[
            any_case("activedirectoryendpointurl"),
            any_case("resourcemanagerendpointurl"),
            any_case("galleryendpointurl"),
        ],
    ),
    (Fact::Tenant, &[any_case("tenant")]),
    (Fact::EntraIssuer, &[any_case("sts.windows.net"), any_case("login.microsoftonline")]),
    (Fact::ServiceAccountIssuer, &[any_case("kubernetes/serviceaccount"), any_case("kubernetes.io")]),
    (Fact::Clusters, &[any_case("clusters")]),
    (Fact::Users, &[any_case("users")]),
    (Fact::CurrentContext, &[any_case("current-context")]),
    (Fact::ClientKeyData, &[any_case("client-key-data")]),
    (Fact::AuthProvider, &[any_case("auth-provider")]),
    (Fact::ClusterAdmin, &[any_case("clusteradmin_")]),
];

#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
static FACT_FILTER: Filter = {
    let mut filter = Filter::EMPTY;
    let mut n = 0;
    while n < FACTS.len() {
        assert!(FACTS[n].0 as usize == n, "facts are in the order of the enum");
        filter = filter.with_all(n, FACTS[n].1);
        n += 1;
    }
    filter
};

/// What a text as a whole says.
pub fn facts_of(text: &[u8]) -> Region {
    Scan::new(text).region(0..text.len())
}
