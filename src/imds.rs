//! What reaching for the node's identity looks like in a text: the address of the instance metadata
//! service (IMDS) however it is spelled, its token path, and the switches of tools that use it.
//!
//! Every variable, argument and ConfigMap entry passes through here, so a text without any of it costs
//! one pass each and no allocation.

use credentials::{Mark, any_case, ends_with_letters, exact};
use memchr::{memchr_iter, memchr2_iter};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The address on every Azure (and AWS) node.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// Where IMDS hands out tokens.
const TOKEN_PATH: &str = "/metadata/identity";
/// Every text that [`mentions_endpoint`] accepts has one of these: the first number of the address in decimal,
/// hexadecimal or octal, the beginning of all of it as one number, or the path.
pub const ENDPOINT_MARKS: &[Mark] =
    &[exact("169"), any_case("a9f"), any_case("a9."), exact("251"), exact("2852"), any_case(TOKEN_PATH)];
/// Every text that [`hints_at_switch`] accepts has one of these.
pub const SWITCH_MARKS: &[Mark] = &[any_case("msi"), any_case("identity"), any_case("imds")];
/// Longest spelling of an address that is looked at, to each side of the digits that gave it away.
const LONGEST: usize = 64;

/// Whether `text` names the metadata endpoint: its address in any spelling that URL parsers and
/// `inet_aton` accept, or its token path. Lists of hosts that bypass a proxy are left alone.
pub fn mentions_endpoint(text: &str) -> bool {
    mentions_address(text) || memchr_iter(b'/', text.as_bytes()).any(|at| starts_with_fold(text, at, TOKEN_PATH))
}

/// Whether `name` is a list of hosts that bypass the proxy: `NO_PROXY`, `no-proxy`, `http.nonProxyHosts`.
pub fn is_proxy_exception(name: &str) -> bool {
    // Compared from the end: the prefix says which protocol.
    ["noproxy", "nonproxyhosts"].iter().any(|known| ends_with_letters(name, known))
}

fn mentions_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut read_to = 0;
    for at in memchr2_iter(b'9', b'1', bytes) {
        if at < read_to || !gives_away(bytes, at) {
            continue;
        }
        let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':');
        let before = bytes.get(at.saturating_sub(LONGEST)..at).unwrap_or_default();
        let after = bytes.get(at..).unwrap_or_default();
        let start = at - before.iter().rev().take_while(|b| part(b)).count();
        let end = at + after.iter().take(LONGEST).take_while(|b| part(b)).count();
        let token = text.get(start..end).unwrap_or_default();
        // A route to a single host is about the network, not a request.
        let route = bytes.get(end..).is_some_and(|rest| rest.starts_with(b"/32"));
        if is_address(token) && !route && !is_in_proxy_exception(text, start) && !is_firewall_rule(text, start) {
            return true;
        }
        read_to = end;
    }
    false
}

/// Whether the digit at `at` ends what every spelling contains: the first number in decimal (`169`),
/// hexadecimal (`a9`) or octal (`251`), or the whole address as one decimal number.
fn gives_away(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    match text.get(at) {
        Some(b'9') => {
            before.ends_with(b"16")
                || matches!(before.last(), Some(b'a' | b'A'))
                || before.ends_with(b"28520")
                || before.ends_with(b"285203")
        }
        _ => before.ends_with(b"25"),
    }
}

/// Whether a run of letters, digits, dots and colons holds the address, perhaps between other words:
/// `host:80:169.254.169.254`, `169.254.169.254:80`, `169.254.169.254.nip.io`.
fn is_address(token: &str) -> bool {
    is_ipv6(token)
        || token.split(':').any(|part| {
            let host = part.trim_end_matches('.');
            ipv4(host) == Some(ADDRESS) || is_wildcard_dns(host)
        })
}

/// Public DNS services answer `169.254.169.254.<their domain>` with the address in the name.
fn is_wildcard_dns(host: &str) -> bool {
    host.split_once("169.254.169.254.").is_some_and(|(before, domain)| {
        (before.is_empty() || before.ends_with('.')) && domain.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}

/// The address inside an IPv6 one: mapped, compatible, or behind the well-known NAT64 prefix.
fn is_ipv6(token: &str) -> bool {
    let Ok(address) = token.parse::<Ipv6Addr>() else { return false };
    let [a, b, c, d, e, f, high, low] = address.segments();
    let prefix = [a, b, c, d, e, f];
    let known = [[0, 0, 0, 0, 0, 0xffff], [0; 6], [0x64, 0xff9b, 0, 0, 0, 0]].contains(&prefix);
    known && [high.to_be_bytes(), low.to_be_bytes()].concat() == ADDRESS.octets()
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
    let list = list.trim_start_matches(['=', ':', ' ', '"', '\'']);
    let is_list = !list.contains("://")
        && list.split_inclusive([' ', '\t']).all(|word| {
            word.trim_end().len() == word.len() || word.trim_end().is_empty() || word.trim_end().ends_with([',', '|'])
        })
        && !list.contains([';', '&', '`', '(']);
    let name = name.trim_end_matches(['"', '\'', ' ']);
    let name = name.rsplit([' ', '\t', '"', '\'', ',', '{']).next().unwrap_or_default();
    is_list && is_proxy_exception(name)
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

/// `az login --identity`, `azcopy login --identity` inside a command line.
pub fn logs_in_with_identity(command: &str) -> bool {
    command.split(['\n', ';', '&', '|']).any(|command| {
        let mut words = command.split_ascii_whitespace().skip_while(|word| *word != "login");
        words.next().is_some() && words.any(|word| word == "--identity")
    })
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
        ] {
            assert!(mentions_endpoint(text) && ValueHints::of(text).any(ValueHints::NODE_IDENTITY), "{text}");
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
        assert!(logs_in_with_identity("set -e; az login --allow-no-subscriptions --identity\naz aks list"));
        assert!(!logs_in_with_identity("az login; app --identity x"));
    }

    /// A long text of what almost is an address must not cost the square of its length.
    #[test]
    fn long_texts_are_read_once() {
        for part in ["169.254.169.253,", "9", "169", "169.", "i", "/metadata/", "NO_PROXY=169.254.169.254,"] {
            let text = part.repeat((1 << 18) / part.len());
            assert!(!mentions_endpoint(&text) && !hints_at_switch(&text), "{part}");
        }
    }
}
