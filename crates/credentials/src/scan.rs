//! One pass over a text: the filter proposes, signatures and formats decide.

use std::ops::Range;

use super::encoded;
use super::escape::{self, Unescaped};
use super::filter::{Filter, Mark, any_case, bits};
use super::format::FORMATS;
use super::signature::SIGNATURES;
use super::text::{count, until};
use super::{Class, CredentialKind};

/// A credential in a text.
#[derive(Clone, Debug)]
pub struct Hit {
    pub kind: &'static CredentialKind,
    pub range: Range<usize>,
}

impl Hit {
    /// Whether the range is a file or an entry of one, which can hold other credentials.
    fn is_container(&self) -> bool {
        self.kind.class == Class::Registry || self.kind.is_kubeconfig()
    }

    /// Whether `other` is the same credential, or a part of it.
    fn covers(&self, other: &Hit) -> bool {
        let is_apart = self.range.end <= other.range.start || other.range.end <= self.range.start;
        // The password of a URL may be a key of Azure, which says more.
        let is_generic = self.kind.class >= Class::Key && other.kind.class == Class::Azure;
        !is_apart && !is_generic && (self.is_container() == other.is_container())
    }
}

/// Bit `n` is `SIGNATURES[n]`, then `FORMATS`, then the escapes.
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
    filter.with_all(ESCAPE_BIT, escape::MARKS)
};

/// The bit of the escapes in [`MARKS`], the last of them.
pub const ESCAPE_BIT: usize = SIGNATURES.len() + FORMATS.len();

static FILTER: Filter = MARKS;
const OWN_BITS: u64 = (1 << (ESCAPE_BIT + 1)) - 1;

/// Whether one of the [`MARKS`] may be in the text.
pub(crate) fn has_mark(text: &str) -> bool {
    FILTER.seen(text.as_bytes()) != 0
}

/// Nothing that can be recognised is shorter: `a://:b@c`.
pub(crate) const SHORTEST: usize = 8;

/// How many layers of base64 are opened: a value in a Secret in a manifest.
const LAYERS: usize = 2;

/// Every credential in the text, in the order of their first bytes.
pub(crate) fn scan(text: &[u8]) -> Vec<Hit> {
    scan_with(&FILTER, text, &mut |_, _| {})
}

/// The same with a filter that has all of the [`MARKS`], whose other candidates are passed to `others`.
pub(crate) fn scan_with(filter: &Filter, text: &[u8], others: &mut dyn FnMut(usize, u64)) -> Vec<Hit> {
    scan_layer(filter, text, LAYERS, others)
}

/// The same in what a layer of base64 covers.
pub(crate) fn scan_inside(text: &[u8], layers: usize) -> Vec<Hit> {
    scan_layer(&FILTER, text, layers, &mut |_, _| {})
}

fn scan_layer(filter: &Filter, text: &[u8], layers: usize, others: &mut dyn FnMut(usize, u64)) -> Vec<Hit> {
    let (mut found, escaped) = scan_as_written(filter, text, others, layers);
    if let Some(unescaped) = escaped.then(|| Unescaped::of(text)).flatten() {
        // Base64 is read here alone: escapes may be in it.
        let (mut more, _) = scan_as_written(&FILTER, &unescaped.text, &mut |_, _| {}, layers);
        unescaped.translate(&mut more);
        found = merged(found, more);
    }
    found
}

/// Whether an address holds a credential. Formats that ask whether a value is harmless are left out: an address in an
/// address would ask again, as deep as the text is long.
pub(crate) fn holds_in_address(text: &[u8]) -> bool {
    let mut scan = Scan::new(text);
    let mut found = false;
    FILTER.candidates(text, |at, candidates| {
        for n in bits(candidates & OWN_BITS).filter(|n| *n != ESCAPE_BIT) {
            let format = n.checked_sub(SIGNATURES.len()).and_then(|n| FORMATS.get(n));
            let asks = format.and_then(|format| format.kinds.first()).is_some_and(|kind| ASKING.contains(&kind.id));
            found = found || !asks && scan.look(n, at).is_some();
        }
        found
    });
    found
}

/// The first kinds of the formats that ask whether a value is harmless.
const ASKING: &[&str] = &[
    "azure-cloud-config",
    "azure-auth-file",
    "service-principal-file",
    "registry-admin-login",
    "kubeconfig-cluster-admin",
];

/// Every credential in the text without a look at escapes, and whether there are any.
fn scan_as_written(
    filter: &Filter,
    text: &[u8],
    others: &mut dyn FnMut(usize, u64),
    layers: usize,
) -> (Vec<Hit>, bool) {
    let mut found = Vec::new();
    let mut escaped = false;
    if text.len() < SHORTEST {
        return (found, escaped);
    }
    let mut scan = Scan::new(text);
    filter.candidates(text, |at, candidates| {
        if candidates & !OWN_BITS != 0 {
            others(at, candidates & !OWN_BITS);
        }
        for n in bits(candidates & OWN_BITS) {
            if n == ESCAPE_BIT {
                escaped = escaped || escape::is_at(text, at);
            } else if let Some(hit) = scan.look(n, at)
                && !scan.is_part(&hit)
            {
                add(&mut found, hit);
            }
        }
        false
    });
    let mut inside = Vec::new();
    encoded::find(text, layers, &mut |hit| {
        if !scan.is_part(&hit) {
            inside.push(hit);
        }
    });
    (merged(found, inside), escaped)
}

/// Adds a hit to those found so far. Few formats find what is ahead, so the place is near the end.
fn add(found: &mut Vec<Hit>, hit: Hit) {
    let mut at = found.len();
    while at.checked_sub(1).and_then(|i| found.get(i)).is_some_and(|known| known.range.start > hit.range.start) {
        at -= 1;
    }
    let nearby = at.saturating_sub(2)..(at + 1).min(found.len());
    if !found.get(nearby).unwrap_or_default().iter().any(|known| known.covers(&hit)) {
        found.insert(at, hit);
    }
}

/// The hits of two lists, each in order, without those of `more` that are in `first`.
fn merged(first: Vec<Hit>, more: Vec<Hit>) -> Vec<Hit> {
    if first.is_empty() || more.is_empty() {
        return if first.is_empty() { more } else { first };
    }
    let mut all: Vec<Hit> = Vec::with_capacity(first.len() + more.len());
    let (mut first, mut more) = (first.into_iter().peekable(), more.into_iter());
    for hit in more.by_ref() {
        while let Some(known) = first.next_if(|known| known.range.start <= hit.range.start) {
            all.push(known);
        }
        let last = all.get(all.len().saturating_sub(2)..).unwrap_or_default();
        if !last.iter().chain(first.peek()).any(|known| known.covers(&hit)) {
            all.push(hit);
        }
    }
    all.extend(first);
    all
}

/// The text, and what has been learnt about its surroundings so that no part is studied twice.
pub struct Scan<'t> {
    pub text: &'t [u8],
    line: Region,
    object: Region,
    /// The format that looks at the text now.
    format: usize,
    /// For each format, the offset that it has read values up to. A value that one has read can be another's.
    read_to: [usize; FORMATS.len()],
    /// Logins to registries, in order.
    pub logins: Vec<Login>,
    /// Whether the text is a kubeconfig with a credential.
    pub is_kubeconfig: bool,
}

/// An entry of a Docker configuration.
pub struct Login {
    pub entry: Range<usize>,
    /// The values that are the login itself.
    pub own: [Range<usize>; 3],
    /// Whether it is an Entra token in exchange, which expires soon.
    pub is_exchanged: bool,
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
            format: 0,
            read_to: [0; FORMATS.len()],
            logins: Vec::new(),
            is_kubeconfig: false,
        }
    }

    fn look(&mut self, n: usize, at: usize) -> Option<Hit> {
        if let Some(signature) = SIGNATURES.get(n) {
            let range = signature.find(self.text, at)?;
            let kind = signature.kind_of(self.text.get(range.clone())?);
            return Some(Hit { kind, range });
        }
        self.format = n.checked_sub(SIGNATURES.len())?;
        let format = FORMATS.get(self.format)?;
        let mark = format.marks.iter().find(|mark| mark.is_at(self.text, at))?;
        (format.find)(self, at, at + mark.text.len())
    }

    /// The offset that the format has read values up to.
    pub fn read_to(&self) -> usize {
        self.read_to.get(self.format).copied().unwrap_or_default()
    }

    pub fn set_read_to(&mut self, at: usize) {
        if let Some(read_to) = self.read_to.get_mut(self.format) {
            *read_to = at;
        }
    }

    /// Whether a credential is a part of one that has been found, or harmless there.
    fn is_part(&self, hit: &Hit) -> bool {
        if self.is_kubeconfig && matches!(hit.kind.class, Class::Kubernetes | Class::Key) && !hit.kind.is_kubeconfig() {
            return true;
        }
        let behind = self.logins.partition_point(|login| login.entry.start <= hit.range.start);
        let Some(login) = behind.checked_sub(1).and_then(|i| self.logins.get(i)) else { return false };
        let is_own = login.own.iter().any(|own| own.start <= hit.range.start && hit.range.end <= own.end);
        is_own && (!login.is_exchanged || matches!(hit.kind.id, "json-web-token" | "entra-token"))
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
    SubscriptionId,
    TenantId,
    ClientId,
    EndpointUrl,
    Tenant,
    EntraIssuer,
    ServiceAccountIssuer,
    Clusters,
    Users,
    Contexts,
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
    (Fact::SubscriptionId, &[any_case("subscriptionid")]),
    (Fact::TenantId, &[any_case("tenantid")]),
    (Fact::ClientId, &[any_case("clientid")]),
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
    (Fact::Contexts, &[any_case("contexts")]),
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
pub(crate) fn facts_of(text: &[u8]) -> Region {
    Scan::new(text).region(0..text.len())
}
