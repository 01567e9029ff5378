//! One string of an object, and what is read from it once for all rules.

use super::copy::Copy;
use super::{LONGEST_BASE64, Origin};
use crate::anchor::Anchor;
use crate::imds;
use crate::object::Object;
use crate::sort::sort;
use crate::value_hints::{Hit, ValueHints};
use credentials::{NameStrength, assignments, decode_base64, may_be_base64, recognise_all, secret_assignments};
use json::Node;
use kubernetes::kind;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// One string of an object.
pub struct Text<'a> {
    pub object: Object<'a>,
    /// The name of the variable, flag, key or member; the flag of an argument is the one before it.
    pub name: &'a str,
    /// Decoded: without base64 in a Secret or `binaryData`, without a flag's `--name=`.
    pub value: Cow<'a, str>,
    pub origin: Origin,
    /// Where it was in the object that kubectl's copy is of; otherwise the origin. A copy that cannot be
    /// parsed is one string.
    pub source: Origin,
    /// Whether the decoded value is not text; what of it is not UTF-8 is replaced.
    pub is_binary: bool,
    /// Whether this word of a command makes the words before it sign in with the identity of the node.
    pub signs_in: bool,
    /// What the flag of an argument promises in its command.
    pub strength: Option<NameStrength>,
    /// Why a part of the value is not known, if so.
    pub unreadable: Option<&'static str>,
    pub hints: ValueHints,
    pub(super) node: Node<'a>,
    /// The copy of an object that it is in.
    pub(super) copy: Option<&'a Copy<'a>>,
    pub(super) hits: OnceCell<Vec<Hit>>,
    pub(super) pairs: OnceCell<Vec<Pair>>,
    pub(super) decoded: OnceCell<Option<Vec<u8>>>,
    pub(super) names_endpoint: OnceCell<bool>,
    pub(super) may_switch: OnceCell<bool>,
}

/// A value that a text assigns to a name, as bytes of the text.
#[derive(Clone, Debug)]
pub struct Pair {
    key: Range<usize>,
    pub value: Range<usize>,
    /// Counted from one.
    pub line: usize,
    /// What the name promises in the text.
    pub strength: Option<NameStrength>,
}

impl<'a> Text<'a> {
    pub fn is_secret_data(&self) -> bool {
        self.source == Origin::Data && self.object.is(&kind::SECRET)
    }

    /// Where the string is. One that only kubectl's copy has is inside the annotation.
    pub fn anchor(&self) -> Anchor<'a> {
        self.in_copy(self.node.into())
    }

    /// Where `key` is in the string.
    pub fn inside(&self, key: &str) -> Anchor<'a> {
        self.in_copy(Anchor::inside(self.node, key))
    }

    fn in_copy(&self, anchor: Anchor<'a>) -> Anchor<'a> {
        self.copy.map_or_else(|| anchor.clone(), |copy| copy.place_of(anchor.clone()))
    }

    /// The address of the string's node, if it is one of the object's own.
    pub fn own_address(&self) -> Option<usize> {
        self.copy.is_none().then(|| self.node.address())
    }

    /// Every credential in the value. Read once, whatever number of rules ask.
    pub fn hits(&self) -> &[Hit] {
        self.hits.get_or_init(|| {
            let mut hits = Vec::new();
            recognise_all(&self.value, &mut |kind, range| hits.push((kind, range)));
            hits
        })
    }

    /// What the value assigns to names, as far as a rule may ask: names that promise a credential or
    /// operate a switch, and values that hold a credential or name the metadata endpoint.
    pub fn pairs(&self) -> &[Pair] {
        self.pairs.get_or_init(|| {
            let text = &*self.value;
            let mut pairs = Vec::new();
            if self.hits().is_empty() && !self.names_endpoint() && !self.may_switch() {
                secret_assignments(text, &mut |pair, _| {
                    if let (Some(key), Some(value)) = (range_in(text, pair.key), range_in(text, pair.value)) {
                        pairs.push(Pair { key, value, line: pair.line, strength: pair.strength });
                    }
                });
                return pairs;
            }
            let (names_endpoint, may_switch) = (self.names_endpoint(), self.may_switch());
            let mut starts: Vec<usize> = self.hits().iter().map(|(_, range)| range.start).collect();
            sort(&mut starts);
            assignments(text, &mut |pair| {
                let Some(value) = range_in(text, pair.value) else { return };
                let first = starts.partition_point(|start| *start < value.start);
                let holds_credential = starts.get(first).is_some_and(|start| *start < value.end);
                let asked_for = holds_credential
                    || pair.strength.is_some()
                    || may_switch && imds::is_switch(pair.key)
                    || names_endpoint && imds::mentions_endpoint(pair.value);
                if let Some(key) = range_in(text, pair.key).filter(|_| asked_for) {
                    pairs.push(Pair { key, value, line: pair.line, strength: pair.strength });
                }
            });
            pairs
        })
    }

    /// Whether the value names the metadata endpoint of the node.
    pub fn names_endpoint(&self) -> bool {
        let is_possible = self.hints.any(ValueHints::ENDPOINT);
        *self.names_endpoint.get_or_init(|| is_possible && imds::mentions_endpoint(&self.value))
    }

    /// Whether the value has a word that all switches to the identity of the node have.
    pub fn may_switch(&self) -> bool {
        let is_possible = self.hints.any(ValueHints::SWITCH);
        *self.may_switch.get_or_init(|| is_possible && imds::hints_at_switch(&self.value) || self.names_endpoint())
    }

    /// What the value is in base64, if it looks like that.
    pub fn decoded(&self) -> Option<&[u8]> {
        let decode = || may_be_base64(&self.value).then(|| decode_base64(&self.value, LONGEST_BASE64)).flatten();
        self.decoded.get_or_init(decode).as_deref()
    }

    pub fn key_of(&self, pair: &Pair) -> &str {
        self.value.get(pair.key.clone()).unwrap_or_default()
    }

    pub fn value_of(&self, pair: &Pair) -> &str {
        self.value.get(pair.value.clone()).unwrap_or_default()
    }
}

/// Where `part`, a slice of `text`, lies in it.
fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (!part.is_empty() && end <= text.len()).then_some(start..end)
}
