//! Base64 inside a text: a member of a manifest, a value of Helm, the argument of PowerShell's `-EncodedCommand`.

use std::ops::Range;

use super::base64::{begins_like_text, decode_base64, is_base64, narrowed};
use super::benign::benign;
use super::name::NameStrength;
use super::scan::{Hit, scan_inside};
use super::text::count;
use super::{Class, CredentialKind, devops, secret_assignments};

/// What a text in base64 assigns to the name of an Azure secret.
static NAMED: CredentialKind = CredentialKind {
    id: "encoded-azure-secret",
    what: "an Azure credential in base64, going by its name",
    class: Class::Azure,
};

/// Nothing that can be recognised is shorter in base64.
const SHORTEST: usize = 24;
/// Every run of the shortest length has two places that are this far apart, beginning with a multiple of it.
const STEP: usize = SHORTEST / 2;
/// An object is at most 1.5 MiB.
const LONGEST_RUN: usize = 3 << 19;

/// Reports the credentials that have no mark: those in base64, and older tokens of Azure DevOps.
pub(crate) fn find(text: &[u8], layers: usize, found: &mut dyn FnMut(Hit)) {
    let mut read_to = 0;
    runs(text, &mut |run| {
        if let Some(token) = devops::find_legacy_token(text, run.clone()) {
            found(token);
        }
        if layers == 0 || run.start < read_to || !begins_like_text(text.get(run.clone()).unwrap_or_default()) {
            return;
        }
        let end = end_of_lines(text, run.end);
        read_to = end;
        let Some(kind) = text.get(run.start..end).and_then(|encoded| inside(encoded, layers - 1)) else { return };
        found(Hit { kind, range: run.start..end });
    });
}

/// Whether [`find`] may find something: a text has base64 in it that begins like a text or is as long as a token.
pub(crate) fn may_find(text: &[u8]) -> bool {
    let mut may = false;
    runs(text, &mut |run| {
        may = may || run.len() >= devops::LENGTH || begins_like_text(text.get(run).unwrap_or_default());
    });
    may
}

/// The strongest credential in what is encoded.
fn inside(encoded: &[u8], layers: usize) -> Option<&'static CredentialKind> {
    count(encoded.len());
    let bytes = decode_base64(std::str::from_utf8(encoded).ok()?, LONGEST_RUN)?;
    let bytes = narrowed(&bytes).unwrap_or(bytes);
    let strongest = scan_inside(&bytes, layers).into_iter().map(|hit| hit.kind).min_by_key(|kind| kind.class);
    // A registry's login or a kubeconfig says more than a name.
    if strongest.is_some_and(|kind| kind.class <= Class::Aws) {
        return strongest;
    }
    let mut is_named = false;
    secret_assignments(std::str::from_utf8(&bytes).unwrap_or_default(), &mut |pair, strength| {
        let is_word = !pair.value.contains(|c: char| c.is_ascii_whitespace() || matches!(c, '(' | '{' | '['));
        is_named = is_named || matches!(strength, NameStrength::Azure(_)) && is_word && benign(pair.value).is_none();
    });
    if is_named { Some(&NAMED) } else { strongest }
}

/// Calls `found` with every run of characters of base64 that is long enough.
fn runs(text: &[u8], found: &mut dyn FnMut(Range<usize>)) {
    let is_inside = |at: usize| text.get(at).is_some_and(|b| is_base64(*b));
    // Most strings of an object are shorter.
    if text.len() < SHORTEST {
        return;
    }
    let mut probe = 0;
    let mut searched = 0;
    while probe + STEP < text.len() {
        // Most words end between two places.
        if !is_inside(probe + STEP) {
            probe += 2 * STEP;
            continue;
        }
        if !is_inside(probe) || !is_inside(probe + STEP / 2) {
            probe += STEP;
            continue;
        }
        let mut start = probe;
        while start > searched && is_inside(start - 1) {
            start -= 1;
        }
        let rest = text.get(probe..).unwrap_or_default();
        let end = probe + rest.iter().position(|b| !is_base64(*b)).unwrap_or(rest.len());
        if end - start >= SHORTEST {
            found(start..end);
        }
        searched = end;
        probe = end.max(probe + 1).next_multiple_of(STEP);
    }
}

/// Where base64 ends that is broken into lines, each of nothing else, and padded.
fn end_of_lines(text: &[u8], mut end: usize) -> usize {
    loop {
        let padding = text.get(end..).unwrap_or_default().iter().take_while(|b| **b == b'=').count();
        if padding > 0 {
            return end + padding;
        }
        let rest = text.get(end..).unwrap_or_default();
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let (gap, line) = rest.split_at_checked(space).unwrap_or_default();
        let is_broken = gap.first().is_some_and(|b| matches!(b, b'\n' | b'\r')) && gap.contains(&b'\n');
        let length = line.iter().position(|b| !is_base64(*b)).unwrap_or(line.len());
        let after = line.get(length..).unwrap_or_default();
        let is_whole = match after.iter().position(|b| *b != b'=') {
            Some(next) => after.get(next).is_some_and(|b| matches!(b, b'\n' | b'\r' | b'"' | b'\'')),
            None => true,
        };
        count(space + length);
        if !is_broken || length == 0 || !is_whole {
            return end;
        }
        end += space + length;
    }
}
