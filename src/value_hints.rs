//! One look at a string, which reports what reading it could find.
//!
//! Several rules read every string, each for something else, and nearly no string has any of it. What all
//! of them look for is looked for once, in one pass and without the heap, and only rules with a hint of
//! their own are called.

use crate::imds;
use credentials::{
    Class, CredentialKind, ESCAPE_BIT, FORMATS, Filter, MARKS, Mark, SIGNATURES, exact, may_be_base64,
    recognise_all_with,
};
use std::ops::Range;

/// A credential in a text, and the bytes that it takes.
pub type Hit = (&'static CredentialKind, Range<usize>);

/// What a string and its name may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueHints(u8);

/// The rarest part of what assigns without any other sign: a flag, `ENV ` and `setx `. A bit for each, because a bit
/// with several marks is set by their mixtures.
const ASSIGNING_WORDS: [(usize, Mark); 3] = [(58, exact(" -")), (59, exact("NV ")), (60, exact("tx "))];
const ENDPOINT_BIT: usize = 61;
const SWITCH_BIT: usize = 62;
const STRUCTURE_BIT: usize = 63;
const ASSIGNING_BITS: u64 = 1 << 58 | 1 << 59 | 1 << 60 | 1 << STRUCTURE_BIT;

/// What is looked for in long texts, all of which assign something.
const UNSTRUCTURED: Filter = {
    assert!(ESCAPE_BIT < ASSIGNING_WORDS[0].0, "no bit is left");
    MARKS.with_all(ENDPOINT_BIT, imds::ENDPOINT_MARKS).with_all(SWITCH_BIT, imds::SWITCH_MARKS)
};
static LONG_FILTER: Filter = UNSTRUCTURED;
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
static FILTER: Filter = {
    let mut filter = UNSTRUCTURED;
    let mut n = 0;
    while n < ASSIGNING_WORDS.len() {
        filter = filter.with(ASSIGNING_WORDS[n].0, &ASSIGNING_WORDS[n].1);
        n += 1;
    }
    let structure = b"=:\n{[<";
    n = 0;
    while n < structure.len() {
        filter = filter.with_byte(STRUCTURE_BIT, structure[n]);
        n += 1;
    }
    filter
};

/// The bits of the formats that one of two classes of credentials has.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
const fn bits_of(aws: bool) -> u64 {
    let (mut bits, mut n) = (0, 0);
    while n < FORMATS.len() {
        let mut k = 0;
        while k < FORMATS[n].kinds.len() {
            let wanted = match FORMATS[n].kinds[k].class {
                Class::Aws => aws,
                Class::Kubernetes => !aws,
                _ => false,
            };
            if wanted {
                bits |= 1 << (SIGNATURES.len() + n);
            }
            k += 1;
        }
        n += 1;
    }
    bits
}

const AWS_BITS: u64 = bits_of(true);
const KUBERNETES_BITS: u64 = bits_of(false);

impl ValueHints {
    /// It may hold a credential, in plain text or in base64.
    pub const CREDENTIAL: ValueHints = ValueHints(1);
    /// It may assign values to names.
    pub const ASSIGNS: ValueHints = ValueHints(1 << 1);
    /// It may name the metadata endpoint of the node.
    pub const ENDPOINT: ValueHints = ValueHints(1 << 2);
    /// It may hold an AWS access key.
    pub const AWS: ValueHints = ValueHints(1 << 3);
    /// It may be a kubeconfig, in plain text or in base64.
    pub const KUBECONFIG: ValueHints = ValueHints(1 << 4);
    /// Its name promises a credential.
    pub const NAME: ValueHints = ValueHints(1 << 5);
    /// Its value or name may make a tool use the identity of the node.
    pub const SWITCH: ValueHints = ValueHints(1 << 6);
    /// It may reach for the identity of the node.
    pub const NODE_IDENTITY: ValueHints = Self::ENDPOINT.or(Self::SWITCH);
    pub const ALL: ValueHints = ValueHints(0xff);

    /// Longer strings are files, which nearly always have some mark: they are read at once.
    const LONGEST_SCALAR: usize = 1024;

    /// What `text` may be, whatever its name, and the credentials in it if it was read for that.
    pub fn read(text: &str) -> (Self, Option<Vec<Hit>>) {
        if text.len() <= Self::LONGEST_SCALAR {
            return (Self::of(text), None);
        }
        let mut hits = Vec::new();
        let mut seen = 0_u64;
        let bytes = text.as_bytes();
        recognise_all_with(&LONG_FILTER, text, &mut |kind, range| hits.push((kind, range)), &mut |at, bits| {
            for (bit, marks) in [(ENDPOINT_BIT, imds::ENDPOINT_MARKS), (SWITCH_BIT, imds::SWITCH_MARKS)] {
                if (bits & !seen) >> bit & 1 == 1 && marks.iter().any(|mark| mark.is_at(bytes, at)) {
                    seen |= 1 << bit;
                }
            }
        });
        let holds = |wanted: fn(&CredentialKind) -> bool| hits.iter().any(|(kind, _)| wanted(kind));
        let hints = Self::ASSIGNS
            .and_if(!hits.is_empty() || may_be_base64(text), Self::CREDENTIAL)
            .and_if(seen >> ENDPOINT_BIT & 1 == 1, Self::ENDPOINT)
            .and_if(seen >> SWITCH_BIT & 1 == 1, Self::SWITCH)
            .and_if(holds(|kind| kind.class == Class::Aws), Self::AWS)
            .and_if(may_be_base64(text) || holds(CredentialKind::is_kubeconfig), Self::KUBECONFIG);
        (hints, Some(hits))
    }

    /// What `text` may be, whatever its name.
    pub fn of(text: &str) -> Self {
        let seen = FILTER.seen(text.as_bytes());
        // Base64 and escapes hide what the filter looks for.
        let is_hidden = may_be_base64(text) || credentials::may_have_no_mark(text) || seen >> ESCAPE_BIT & 1 == 1;
        let is_marked = seen & !(1 << ENDPOINT_BIT | 1 << SWITCH_BIT | ASSIGNING_BITS) != 0;
        ValueHints::default()
            .and_if(is_marked || is_hidden, Self::CREDENTIAL)
            .and_if(seen & ASSIGNING_BITS != 0, Self::ASSIGNS)
            .and_if(seen >> ENDPOINT_BIT & 1 == 1, Self::ENDPOINT)
            .and_if(seen >> SWITCH_BIT & 1 == 1, Self::SWITCH)
            .and_if(is_hidden || seen & AWS_BITS != 0, Self::AWS)
            .and_if(is_hidden || seen & KUBERNETES_BITS != 0, Self::KUBECONFIG)
    }

    #[must_use]
    pub const fn or(self, other: ValueHints) -> ValueHints {
        ValueHints(self.0 | other.0)
    }

    #[must_use]
    pub(crate) fn and_if(self, holds: bool, other: ValueHints) -> ValueHints {
        if holds { self.or(other) } else { self }
    }

    /// Whether one of `wanted` is among these.
    pub fn any(self, wanted: ValueHints) -> bool {
        self.0 & wanted.0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
