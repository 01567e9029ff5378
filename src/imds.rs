//! What reaching for the node's identity looks like in a text: the address of the instance metadata
//! service (IMDS) however it is spelled, its token path, the host agent of the node (WireServer), and the
//! switches and sign-in commands of tools that use it.
//!
//! Every variable, argument and ConfigMap entry passes through here, so a text without any of it costs
//! one pass each and no allocation.

use credentials::{Mark, any_case, ends_with_letters, exact};
use memchr::{memchr_iter, memchr2_iter, memchr3_iter};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The address on every Azure (and AWS) node.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// Azure's host agent, which hands out the settings of the node's extensions. Its DNS server has the same address,
/// so the address alone is not a finding.
const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// A name that resolves to [`ADDRESS`].
const HOST_NAME: &str = "metadata.azure.internal";
/// [`ADDRESS`] as the first label of a name that a public DNS service answers: `169-254-169-254.nip.io`.
const DASHES: &str = "169-254-169-254.";
const HEXADECIMAL: &str = "a9fea9fe.";
/// Where IMDS hands out tokens.
const TOKEN_PATH: &str = "/metadata/identity";
/// Every text that [`mentions_endpoint`] accepts has one of these: the first number of an address in decimal,
/// hexadecimal or octal and the first digit of the next, the beginning of all of it as one number, the path or the
/// name. Numbers alone are in nearly every long text, which would then be read for nothing.
pub const ENDPOINT_MARKS: &[Mark] = &[
    exact("169.2"),
    exact("169.1"),
    exact("169.0"),
    exact("169-2"),
    any_case("a9f"),
    any_case("a9.2"),
    any_case("a9.1"),
    any_case("a9.0"),
    exact("251.2"),
    exact("251.1"),
    exact("251.0"),
    exact("25177"),
    exact("28520"),
    exact("168.6"),
    exact("168.4"),
    exact("168.0"),
    any_case("a83f"),
    any_case("a8.6"),
    any_case("a8.4"),
    any_case("a8.0"),
    exact("250.6"),
    exact("250.4"),
    exact("250.0"),
    exact("25017"),
    exact("28227"),
    any_case(TOKEN_PATH),
    any_case(HOST_NAME),
];
/// Every text that [`hints_at_switch`] accepts has one of these.
pub const SWITCH_MARKS: &[Mark] =
    &[any_case("msi"), any_case("identity"), any_case("imds"), exact("login"), any_case("azaccount")];
/// Longest spelling of an address that is looked at, to each side of the digits that gave it away.
const LONGEST_ADDRESS: usize = 64;

/// Whether `text` names the metadata endpoint: an address in any spelling that URL parsers and `inet_aton` accept, its
/// token path or its name. Lists of hosts that bypass a proxy are left alone.
pub fn mentions_endpoint(text: &str) -> bool {
    mentions_address(text)
        || memchr_iter(b'/', text.as_bytes()).any(|at| starts_with_fold(text, at, TOKEN_PATH))
        || mentions_name(text)
}

/// Whether `host`, to which an HTTP request goes, is the metadata endpoint or the host agent.
pub fn is_endpoint_host(host: &str) -> bool {
    let host = host.trim().trim_start_matches('[').trim_end_matches(']');
    is_address(host, WIRE_SERVER) || mentions_endpoint(host)
}

/// Whether `name` is a list of hosts that bypass the proxy: `NO_PROXY`, `no-proxy`, `http.nonProxyHosts`.
fn is_proxy_exception(name: &str) -> bool {
    // Compared from the end: the prefix says which protocol.
    ["noproxy", "nonproxyhosts"].iter().any(|known| ends_with_letters(name, known))
}

fn mentions_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut read_to = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, b)| matches!(b, b'9' | b'1' | b'8' | b'0' | b'2')) {
        if at < read_to {
            continue;
        }
        let Some(address) = given_away(bytes, at) else { continue };
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':');
        let before = bytes.get(at.saturating_sub(LONGEST_ADDRESS)..at).unwrap_or_default();
        let after = bytes.get(at..).unwrap_or_default();
        let start = at - before.iter().rev().take_while(|b| part(b)).count();
        let end = at + after.iter().take(LONGEST_ADDRESS).take_while(|b| part(b)).count();
        let token = text.get(start..end).unwrap_or_default();
        let is_named = is_address(token, address)
            && match address {
                ADDRESS => {
                    // A route to a single host is about the network, not a request.
                    !bytes.get(end..).is_some_and(|rest| rest.starts_with(b"/32"))
                }
                _ => is_requested(bytes, start, end, token),
            };
        if is_named && !is_in_proxy_exception(text, start) && !is_firewall_rule(text, start) {
            return true;
        }
        read_to = end;
    }
    false
}

/// The address that the digit at `at` may be part of. It ends what every spelling contains: the first number in
/// decimal (`169`), hexadecimal (`a9`) or octal (`251`), or the beginning of the address as one decimal number.
fn given_away(text: &[u8], at: usize) -> Option<Ipv4Addr> {
    let before = text.get(..at).unwrap_or_default();
    let is_after = |digits: &[&[u8]]| digits.iter().any(|digits| before.ends_with(digits));
    match text.get(at)? {
        b'9' => is_after(&[b"16", b"a", b"A", b"28520", b"285203"]).then_some(ADDRESS),
        b'1' => is_after(&[b"25"]).then_some(ADDRESS),
        b'8' => is_after(&[b"16", b"a", b"A"]).then_some(WIRE_SERVER),
        b'0' => is_after(&[b"25", b"28227340"]).then_some(WIRE_SERVER),
        _ => is_after(&[b"28"]).then_some(WIRE_SERVER),
    }
}

/// Whether the address of the host agent from `start` to `end` is asked for a page, rather than for a name as a DNS
/// server.
fn is_requested(text: &[u8], start: usize, end: usize, token: &str) -> bool {
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    // IPv6 is in brackets.
    let (before, after) = (before.strip_suffix(b"[").unwrap_or(before), after.strip_prefix(b"]").unwrap_or(after));
    let has_scheme = [b"http://".as_slice(), b"https://"].iter().any(|scheme| {
        before
            .len()
            .checked_sub(scheme.len())
            .and_then(|at| before.get(at..))
            .is_some_and(|part| part.eq_ignore_ascii_case(scheme))
    });
    // Of the agent, and of the plug-in next to it.
    let has_port = [":80", ":32526"].iter().any(|port| token.ends_with(port));
    let has_path = matches!(after, [b'/', b, ..] if b.is_ascii_alphabetic() || *b == b'?');
    has_scheme || has_port || has_path
}

/// Whether a run of letters, digits, dots and colons holds the address, perhaps between other words:
/// `host:80:169.254.169.254`, `169.254.169.254:80`, `169.254.169.254.nip.io`.
fn is_address(token: &str, address: Ipv4Addr) -> bool {
    is_ipv6(token, address)
        || token.split(':').any(|part| {
            let host = part.trim_end_matches('.');
            ipv4(host) == Some(address) || address == ADDRESS && is_wildcard_dns(host)
        })
}

/// Public DNS services answer `169.254.169.254.<their domain>` with the address in the name.
fn is_wildcard_dns(host: &str) -> bool {
    host.split_once("169.254.169.254.").is_some_and(|(before, domain)| {
        (before.is_empty() || before.ends_with('.')) && domain.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// Whether a host name for the address is in the text: Azure's, or one of a public DNS service with the address in
/// dashes or in hexadecimal.
fn mentions_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_name = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric());
    let has = |at: usize, name: &str| {
        starts_with_fold(text, at, name) && !is_name(at.checked_sub(1).and_then(|before| bytes.get(before)))
    };
    memchr3_iter(b'1', b'm', b'M', bytes).any(|at| {
        has(at, HOST_NAME) && !is_name(bytes.get(at + HOST_NAME.len()))
            || has(at, DASHES) && bytes.get(at + DASHES.len()).is_some_and(u8::is_ascii_alphabetic)
    }) || memchr2_iter(b'a', b'A', bytes)
        .any(|at| has(at, HEXADECIMAL) && bytes.get(at + HEXADECIMAL.len()).is_some_and(u8::is_ascii_alphabetic))
}

/// The address inside an IPv6 one: mapped, compatible, or behind the well-known NAT64 prefix.
fn is_ipv6(token: &str, address: Ipv4Addr) -> bool {
    let Ok(token) = token.parse::<Ipv6Addr>() else { return false };
    let [a, b, c, d, e, f, high, low] = token.segments();
    let prefix = [a, b, c, d, e, f];
    let known = [[0, 0, 0, 0, 0, 0xffff], [0; 6], [0x64, 0xff9b, 0, 0, 0, 0]].contains(&prefix);
    known && [high.to_be_bytes(), low.to_be_bytes()].concat() == address.octets()
}

/// An IPv4 address as `inet_aton` reads it: one to four numbers, each decimal, octal or hexadecimal,
/// the last one filling what is left.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let mut address: u64 = 0;
    let count = host.split('.').count();
    for (index, part) in host.split('.').enumerate() {
        let value = number(part)?;
        let last = index + 1 == count;
        let bits = if last { 8 * 4_u32.checked_sub(u32::try_from(index).ok()?)? } else { 8 };
        if index > 3 || value >> bits != 0 {
            return None;
        }
        address = address << bits | value;
    }
    u32::try_from(address).ok().map(Ipv4Addr::from)
}

fn number(part: &str) -> Option<u64> {
    let (digits, radix) = match part.as_bytes() {
        [b'0', b'x' | b'X', ..] => (part.get(2..)?, 16),
        [b'0', _, ..] => (part.get(1..)?, 8),
        _ => (part, 10),
    };
    // `from_str_radix` also takes a sign.
    let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

/// Whether what comes before `at` on its line is a list of hosts assigned to such a name.
fn is_in_proxy_exception(text: &str, at: usize) -> bool {
    const FARTHEST: usize = 1024;
    let before = text.as_bytes().get(at.saturating_sub(FARTHEST)..at).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(before, |end| before.get(end + 1..).unwrap_or_default());
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let Some(sign) = line.rfind('=').or_else(|| line.rfind(": ")) else { return false };
    let (name, list) = line.split_at(sign);
    let name = name.trim_end_matches(['"', '\'', ' ']);
    let name = name.rsplit([' ', '\t', '"', '\'', ',', '{']).next().unwrap_or_default();
    is_list_of_hosts(list.trim_start_matches(['=', ':', ' ', '"', '\''])) && is_proxy_exception(name)
}

/// Whether `value` can be a list of hosts, rather than a URL or a command.
fn is_list_of_hosts(value: &str) -> bool {
    let goes_on = |word: &str| {
        let host = word.trim_end();
        host.len() == word.len() || host.is_empty() || host.ends_with([',', '|'])
    };
    !value.contains("://")
        && value.split_inclusive(|c: char| c.is_ascii_whitespace()).all(goes_on)
        && !value.contains([';', '&', '`', '('])
}

/// Whether `name` is set to a list of hosts that bypass the proxy.
pub fn excludes_from_proxy(name: &str, value: &str) -> bool {
    is_proxy_exception(name) && is_list_of_hosts(value.trim())
}

/// Whether the command around `at` blocks the address: `iptables ... -d 169.254.169.254 -j DROP`.
fn is_firewall_rule(text: &str, at: usize) -> bool {
    const FARTHEST: usize = 512;
    let bytes = text.as_bytes();
    let before = bytes.get(at.saturating_sub(FARTHEST)..at).unwrap_or_default();
    if !before.ends_with(b"-d ") && !before.ends_with(b"--destination ") {
        return false;
    }
    let after = bytes.get(at..(at + FARTHEST).min(bytes.len())).unwrap_or_default();
    let ends = |b: &u8| b"\n;&|".contains(b);
    let before = before.rsplit(ends).next().unwrap_or_default();
    let after = after.split(ends).next().unwrap_or_default();
    let says = |part: &[u8], word: &[u8]| memchr::memmem::find(part, word).is_some();
    says(before, b"iptables") && [b"DROP".as_slice(), b"REJECT"].iter().any(|verdict| says(after, verdict))
}

/// A variable, key or flag that sends an SDK or tool to the node's identity.
pub struct Switch {
    /// Its letters and digits in lower case; names are compared by these alone.
    name: &'static str,
    when: When,
    /// What it does, to stand after the place.
    pub what: &'static str,
}

enum When {
    /// Whatever it is set to.
    Set,
    On,
    Is(&'static str),
}

const REDIRECTS: &str = "redirects SDKs to another source of managed-identity tokens";
const TURNS_ON: &str = "turns on the managed identity of the node";
const SIGNS_IN: &str = "signs in with the managed identity of the node";
const PICKS: &str = "picks a managed identity of the node";

const fn switch(name: &'static str, when: When, what: &'static str) -> Switch {
    Switch { name, when, what }
}

const SWITCHES: &[Switch] = &[
    switch("azurepodidentityauthorityhost", When::Set, REDIRECTS),
    switch("msiendpoint", When::Set, REDIRECTS),
    switch("armmsiendpoint", When::Set, REDIRECTS),
    switch("imdsendpoint", When::Set, REDIRECTS),
    switch("azureusemsi", When::On, TURNS_ON),
    switch("armusemsi", When::On, TURNS_ON),
    switch("armusemanagedidentityextension", When::On, TURNS_ON),
    switch("azureusemanagedidentityextension", When::On, TURNS_ON),
    switch("azureusemanagedidentity", When::On, TURNS_ON),
    switch("usemanagedidentityextension", When::On, TURNS_ON),
    switch("usevmmanagedidentity", When::On, TURNS_ON),
    switch("azureuserassignedidentityclientid", When::Set, PICKS),
    switch("aadloginmethod", When::Is("msi"), SIGNS_IN),
    switch("login", When::Is("msi"), SIGNS_IN),
    switch("l", When::Is("msi"), SIGNS_IN),
    switch("azuretokencredentials", When::Is("managedidentitycredential"), SIGNS_IN),
    switch("azurestorageauthtype", When::Is("msi"), SIGNS_IN),
    switch("azcopyautologintype", When::Is("msi"), SIGNS_IN),
    switch("logintype", When::Is("msi"), SIGNS_IN),
];

/// The switch that setting `name` to `value` operates. A value from elsewhere (`None`) is taken to be
/// whatever the switch needs, unless it needs a certain word.
pub fn switch_of(name: &str, value: Option<&str>) -> Option<&'static Switch> {
    if !may_be_switch(name) {
        return None;
    }
    SWITCHES.iter().filter(|switch| is_same_name(name, switch.name)).find(|switch| match (&switch.when, value) {
        (When::Set, value) => value.is_none_or(|value| !value.trim().is_empty()),
        (When::On, value) => value.is_none_or(is_true),
        (When::Is(word), value) => value.is_some_and(|value| value.trim().eq_ignore_ascii_case(word)),
    })
}

/// Checks the first letter, so that nearly no name is compared with the table.
fn may_be_switch(name: &str) -> bool {
    let first = name.bytes().find(u8::is_ascii_alphanumeric);
    first.is_some_and(|first| matches!(first.to_ascii_lowercase(), b'a' | b'i' | b'l' | b'm' | b'u'))
}

/// Whether `name` is that of a switch, whatever it is set to.
pub fn is_switch(name: &str) -> bool {
    may_be_switch(name) && SWITCHES.iter().any(|switch| is_same_name(name, switch.name))
}

/// Whether `text` might operate a switch: whether it has one of the words that all of them have.
pub fn hints_at_switch(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr2_iter(b'i', b'I', bytes).any(|at| {
        let preceded = at.checked_sub(2).is_some_and(|start| starts_with_fold(text, start, "ms"));
        preceded || starts_with_fold(text, at, "identity") || starts_with_fold(text, at, "imds")
    })
}

/// Whether a command in the text signs in with the identity of the node: `az login -i`, `azcopy login --identity`,
/// `Connect-AzAccount -Identity`. Lists of words in YAML and JSON are read as well.
pub fn signs_in_with_identity(text: &str) -> bool {
    // What all sign-in commands have in common.
    let is_possible = memchr3_iter(b'l', b'o', b'L', text.as_bytes()).any(|at| {
        starts_with_fold(text, at, "login")
            || starts_with_fold(text, at, "onnect-")
            || starts_with_fold(text, at, "ount")
    });
    if !is_possible {
        return false;
    }
    let mut command = SignIn::in_shell();
    let mut rest = text;
    loop {
        let end = rest.find(['\n', ';', '&', '|']).unwrap_or(rest.len());
        let (part, more) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if part.split(is_between_words).any(|word| command.reads(word)) {
            return true;
        }
        let mut signs = more.chars();
        let Some(sign) = signs.next() else { return false };
        rest = signs.as_str();
        let goes_on = sign == '\n'
            && (part.trim_end().ends_with(['\\', '`', '^', ',']) || rest.trim_start_matches(' ').starts_with("- "));
        if !goes_on {
            command = SignIn::in_shell();
        }
    }
}

fn is_between_words(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | '=')
}

/// The words of one command so far, as far as they may sign in with an identity.
#[derive(Clone, Copy, Debug)]
pub struct SignIn(Words);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// None yet, and the program may be the image's.
    Nothing,
    Other,
    /// The program is `az` or one of its relatives.
    Azure,
    /// `login`, perhaps of another program.
    Login,
    AzureLogin,
    /// A command of PowerShell that signs in.
    Connect,
}

impl SignIn {
    /// The command of a container, word by word. Its program may be in the image.
    pub fn in_container() -> Self {
        SignIn(Words::Nothing)
    }

    fn in_shell() -> Self {
        SignIn(Words::Other)
    }

    /// Adds a word; returns whether it chooses the identity of the node.
    pub fn reads(&mut self, word: &str) -> bool {
        let is = |known: &str| word.eq_ignore_ascii_case(known);
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        let program = name.split_once('.').map_or(name, |(program, _)| program);
        let begins = |prefix: &str| word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        self.0 = match (self.0, word) {
            (words, "" | "-" | "\\" | "^") => words,
            (Words::Nothing | Words::Other | Words::Login, _) if matches!(program, "az" | "azcopy" | "azd") => {
                Words::Azure
            }
            _ if begins("Connect-") || is("Add-AzAccount") || is("Login-AzAccount") => Words::Connect,
            (Words::Nothing | Words::Azure, "login") => Words::AzureLogin,
            (Words::Other, "login") => Words::Login,
            (Words::Nothing, _) => Words::Other,
            (words, _) => words,
        };
        match self.0 {
            Words::Login => word == "--identity",
            // Flags can be cut as long as they are unambiguous.
            Words::AzureLogin => {
                word == "-i" || word.len() > 2 && "--identity".starts_with(word) || word == "--managed-identity"
            }
            Words::Connect => {
                let flag = word.split_once(':').map_or(word, |(flag, _)| flag);
                let is_short_for = |known: &str, shortest: usize| {
                    flag.len() >= shortest
                        && known.get(..flag.len()).is_some_and(|start| start.eq_ignore_ascii_case(flag))
                };
                is_short_for("-Identity", "-Id".len()) || is_short_for("-ManagedIdentity", "-ManagedI".len())
            }
            Words::Nothing | Words::Other | Words::Azure => false,
        }
    }
}

fn is_true(value: &str) -> bool {
    // What Go's and .NET's parsers and shell scripts take for true.
    ["true", "1", "t", "yes", "y", "on"].iter().any(|word| value.trim().eq_ignore_ascii_case(word))
}

fn is_same_name(name: &str, letters: &str) -> bool {
    let mut known = letters.bytes();
    name.len() >= letters.len()
        && name.bytes().filter(u8::is_ascii_alphanumeric).all(|b| known.next() == Some(b.to_ascii_lowercase()))
        && known.next().is_none()
}

/// Whether `word`, in lower case, is at `at` in any mixture of cases.
fn starts_with_fold(text: &str, at: usize, word: &str) -> bool {
    // Callers have found the first letter. The second rules out nearly every place.
    let second = |text: &str, at: usize| text.as_bytes().get(at + 1).map(u8::to_ascii_lowercase);
    if second(text, at) != second(word, 0) {
        return false;
    }
    let part = text.as_bytes().get(at..).and_then(|rest| rest.get(..word.len()));
    part.is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value_hints::ValueHints;

    #[test]
    fn spellings_of_the_address() {
        for text in [
            "169.254.169.254",
            "http://169.254.169.254/metadata/instance?api-version=2021-02-01",
            "http://169.254.169.254:80",
            "169.254.169.254.",
            "--resolve=imds:80:169.254.169.254",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0xA9.0xFE.0xA9.0xFE/",
            "http://0251.0376.0251.0376",
            "http://00251.0xfe.169.0376",
            "http://025177524776/",
            "http://169.254.43518/",
            "http://169.16689662/",
            "http://0xa9.16689662/",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]:80",
            "[0:0:0:0:0:FFFF:A9FE:A9FE]",
            "[::a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "http://169.254.169.254.nip.io/",
            "curl -H Metadata:true $HOST/metadata/identity/oauth2/token",
            "iptables -A OUTPUT -d 169.254.169.254 -j DROP; curl 169.254.169.254",
            "iptables -t nat -A PREROUTING -d 169.254.169.254 -j DNAT --to-destination 127.0.0.1:8181",
            "NO_PROXY=* curl 169.254.169.254/x",
            "NO_PROXY=a; curl 169.254.169.254",
            "NO_PROXY=http://169.254.169.254",
            "http://169-254-169-254.nip.io/",
            "http://imds.a9fea9fe.nip.io/",
            "http://metadata.azure.internal/",
            "curl http://168.63.129.16",
            "curl '168.63.129.16/machine?comp=goalstate'",
            "168.63.129.16:32526/vmSettings",
            "http://0xa83f8110/",
            "http://0250.077.0201.020/?comp=versions",
            "http://2822734096/",
            "http://[::ffff:a83f:8110]/x",
        ] {
            assert!(mentions_endpoint(text) && has_hint(text), "{text}");
        }
    }

    /// A short text and a file are looked at differently.
    fn has_hint(text: &str) -> bool {
        let file = format!("{}{text}{}", " ".repeat(1000), " ".repeat(1000));
        [ValueHints::read(text), ValueHints::read(&file)].iter().all(|(hints, _)| hints.any(ValueHints::NODE_IDENTITY))
    }

    #[test]
    fn every_way_to_write_the_address_has_a_mark() {
        for address in [ADDRESS, WIRE_SERVER] {
            let [a, b, c, d] = address.octets().map(u32::from);
            for parts in
                [vec![a, b, c, d], vec![a, b, c << 8 | d], vec![a, b << 16 | c << 8 | d], vec![u32::from(address)]]
            {
                let written = |radix: usize| {
                    move |part: &u32| match radix {
                        0 => part.to_string(),
                        1 => format!("{part:#x}"),
                        2 => format!("0X{part:010X}"),
                        _ => format!("0{part:o}"),
                    }
                };
                for radixes in 0..4_usize.pow(2) {
                    let (first, others) = parts.split_first().unwrap();
                    let rest = others.iter().map(written(radixes % 4));
                    let all: Vec<String> = std::iter::once(written(radixes / 4)(first)).chain(rest).collect();
                    let text = format!("http://{}/", all.join("."));
                    assert!(mentions_endpoint(&text) && has_hint(&text), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_the_address() {
        for text in [
            "",
            "169",
            "169.254.169.253",
            "169.254.169.254/32",
            "168.63.129.16",
            "forward . 168.63.129.16:53",
            "nameserver 168.63.129.16\n",
            "168.63.129.16/32",
            "169-254-169-254",
            "xmetadata.azure.internal",
            "192.168.0.1",
            "1169.254.169.254",
            "169.254.169.254.1.2",
            "169.254.169.2541",
            "2852039167",
            "028520391662",
            "a9fea9fe",
            "::ffff:a9fe:a9fd",
            "fd00::a9fe:a9fe",
            "NO_PROXY=10.0.0.0/8,169.254.169.254",
            "export no_proxy=\"localhost, 169.254.169.254,.svc\"",
            "-Dhttp.nonProxyHosts=localhost|169.254.169.254",
            "noProxy: 127.0.0.1,169.254.169.254",
            "{\"noProxy\": \"127.0.0.1,169.254.169.254\"}",
            "iptables -A OUTPUT -d 169.254.169.254 -j DROP\niptables -A OUTPUT -d 169.254.169.254 -j REJECT",
            "metadata/identity",
        ] {
            assert!(!mentions_endpoint(text), "{text}");
        }
    }

    #[test]
    fn switches() {
        for (name, value) in [
            ("AZURE_USE_MSI", Some("true")),
            ("AZURE_USE_MSI", None),
            ("useManagedIdentityExtension", Some("True")),
            ("AAD_LOGIN_METHOD", Some("MSI")),
            ("--azure-user-assigned-identity-client-id", Some("x")),
            ("-l", Some("msi")),
            ("IMDS_ENDPOINT", Some("http://x")),
        ] {
            assert!(switch_of(name, value).is_some(), "{name}");
            let assigned = format!("{name}={}", value.unwrap_or_default());
            assert!(hints_at_switch(&assigned), "{name}");
        }
        for (name, value) in [
            ("AZURE_USE_MSI", Some("false")),
            ("AZURE_USE_MSI", Some("")),
            ("AAD_LOGIN_METHOD", Some("workloadidentity")),
            ("AAD_LOGIN_METHOD", None),
            ("IDENTITY", Some("true")),
            ("AZURE_USE_MSI_X", Some("true")),
            ("", Some("true")),
        ] {
            assert!(switch_of(name, value).is_none(), "{name}");
        }
    }

    #[test]
    fn sign_in_commands() {
        for text in [
            "set -e; az login --allow-no-subscriptions --identity\naz aks list",
            "az login -i && az aks list",
            "/usr/bin/az login --ident",
            "TOKEN=$(az login -i)",
            "az login \\\n  --output none \\\n  --identity",
            "sh -c 'az login \"-i\"'",
            "args: [\"login\", \"--identity\"]",
            "command:\n- az\n- login\n- -i\n",
            "[\n\"az\",\n\"login\",\n\"-i\"\n]",
            "azcopy login --identity",
            "azd auth login --managed-identity",
            "Connect-AzAccount -Identity -AccountId x",
            "pwsh -c \"connect-azaccount -id\"",
            "Connect-AzAccount `\n  -Identity:$true",
            "Add-AzAccount -Identity",
            "Login-AzAccount -Identity",
            "Connect-MgGraph -Identity",
            "az.cmd login -i",
        ] {
            assert!(signs_in_with_identity(text) && has_hint(text), "{text}");
        }
        for text in [
            "az login; app --identity x",
            "az login --service-principal -u $AZURE_CLIENT_ID --federated-token x",
            "heroku login -i",
            "su login -i",
            "az aks list -i",
            "ssh -i key host",
            "Connect-AzAccount -ServicePrincipal",
            "Connect-AzAccount\nGet-AzADUser -Identity x",
            "login",
        ] {
            assert!(!signs_in_with_identity(text), "{text}");
        }
        let of = |words: &[&str]| {
            let mut command = SignIn::in_container();
            words.iter().any(|word| command.reads(word))
        };
        assert!(of(&["az", "login", "-i"]) && of(&["login", "-i"]) && of(&["app", "login", "--identity"]));
        assert!(!of(&["npm", "login", "-i"]) && !of(&["az", "aks", "list", "-i"]));
    }

    /// A long text of what almost is an address must not cost the square of its length.
    #[test]
    fn long_texts_are_read_once() {
        for part in [
            "169.254.169.253,",
            "9",
            "169",
            "169.",
            "168",
            "168.63.129.16,",
            "i",
            "/metadata/",
            "NO_PROXY=169.254.169.254,",
            "az login,\n",
        ] {
            let text = part.repeat((1 << 18) / part.len());
            assert!(!mentions_endpoint(&text) && !hints_at_switch(&text), "{part}");
            assert!(!signs_in_with_identity(&text), "{part}");
        }
    }
}
