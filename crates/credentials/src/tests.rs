//! Credentials are made here from seeds; none is written out.

mod encodings;
mod formats;
mod names;
mod robust;
mod signatures;
mod values;

use super::*;

/// A small generator (xorshift64*), so that a failing seed fails again.
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Seed {
        Seed(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    pub(crate) fn one_of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    pub(crate) fn text(&mut self, alphabet: &Alphabet, length: usize) -> String {
        let members: Vec<char> = (0..128u8).filter(|b| alphabet.contains(*b)).map(char::from).collect();
        (0..length).map(|_| members[self.below(members.len())]).collect()
    }

    /// A key of 32 or 64 bytes without any mark.
    pub(crate) fn key(&mut self, bytes: usize) -> String {
        let bytes: Vec<u8> = (0..bytes).map(|_| self.below(256) as u8).collect();
        encode(&bytes)
    }

    /// Of a signature, with parts of random length.
    pub(crate) fn credential(&mut self, signature: &Signature) -> String {
        let mut out = String::new();
        for run in signature.before {
            out += &self.text(&run.alphabet, run.min);
        }
        out += signature.mark.text;
        for run in signature.after {
            let length = run.min + self.below(run.max - run.min + 1);
            out += &self.text(&run.alphabet, length);
        }
        out
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|i| u32::from(*group.get(i).unwrap_or(&0)));
        let bits = a << 16 | b << 8 | c;
        for i in 0..4 {
            if i <= group.len() {
                out.push(LETTERS[(bits >> (18 - 6 * i) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

pub(crate) fn encode_url(bytes: &[u8]) -> String {
    encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}

pub(crate) fn ids(text: &str) -> Vec<&'static str> {
    let mut ids = Vec::new();
    recognise_all(text, &mut |kind, _| ids.push(kind.id));
    assert!(ids.is_empty() || may_hold_credential(text), "overlooked {ids:?}");
    ids
}

pub(crate) fn id(text: &str) -> Option<&'static str> {
    let found = recognise(text);
    assert!(found.is_none() || may_hold_credential(text), "overlooked {found:?}");
    found.map(|kind| kind.id)
}

#[test]
fn kinds_are_told_apart_by_id() {
    let signatures = SIGNATURES.iter().map(|s| &s.kind);
    let providers = PROVIDERS.iter().map(|(_, kind)| kind);
    let formats = FORMATS.iter().flat_map(|f| f.kinds.iter().copied());
    let all: Vec<&CredentialKind> = signatures.chain(providers).chain(formats).collect();
    for kind in &all {
        assert!(kind.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", kind.id);
        assert!(["a ", "an ", "the "].iter().any(|article| kind.what.starts_with(article)), "{}", kind.what);
        for other in &all {
            assert!(kind.id != other.id || kind == other, "two kinds called {}", kind.id);
        }
    }
}
