//! Azure DevOps personal access tokens of the older format.
//!
//! 52 characters of base32 without any mark, but with a checksum inside (SEC101/102 in Microsoft's
//! model): the odds of a chance match are one in two thousand million.

use std::ops::Range;

use super::alphabet::Alphabet;
use super::scan::Hit;
use super::{Class, CredentialKind};

static KIND: CredentialKind =
    CredentialKind { id: "devops-token", what: "an Azure DevOps personal access token", class: Class::Azure };

const BASE32: Alphabet = Alphabet::of("2-7a-z");
pub(crate) const LENGTH: usize = 52;

/// The checksum of a token is masked according to who issued it.
const USER_MASK: u32 = 0xE0B9_692D;
const APPLICATION_MASK: u32 = 0x1019_F92E;

/// The first token in a run of base64: exactly 52 characters of base32 with a right checksum, or as the user of a URL
/// of Azure DevOps.
pub(crate) fn find_legacy_token(text: &[u8], run: Range<usize>) -> Option<Hit> {
    let mut start = run.start;
    let characters = text.get(run)?;
    for part in characters.split(|b| !BASE32.contains(*b)) {
        let end = start + part.len();
        if part.len() == LENGTH && (checksum_holds(part) || is_user_of_devops(text, end)) {
            return Some(Hit { kind: &KIND, range: start..end });
        }
        start = end + 1;
    }
    None
}

/// Whether `@` and a host of Azure DevOps come next.
fn is_user_of_devops(text: &[u8], end: usize) -> bool {
    let after = text.get(end..text.len().min(end + 80)).unwrap_or_default();
    let Some(host) = after.strip_prefix(b"@") else { return false };
    let host =
        host.split(|b| matches!(b, b'/' | b':' | b'"' | b'\'') || b.is_ascii_whitespace()).next().unwrap_or_default();
    host.eq_ignore_ascii_case(b"dev.azure.com") || host.to_ascii_lowercase().ends_with(b".visualstudio.com")
}

fn checksum_holds(token: &[u8]) -> bool {
    let mut bytes = [0_u8; 32];
    let (mut group, mut filled) = (0_u32, 0);
    let mut slots = bytes.iter_mut();
    for character in token {
        let value = match character {
            b'a'..=b'z' => character - b'a',
            digit => digit.wrapping_sub(b'2').wrapping_add(26),
        };
        group = group << 5 | u32::from(value & 31);
        filled += 5;
        if filled >= 8 {
            filled -= 8;
            if let Some(slot) = slots.next() {
                *slot = (group >> filled) as u8;
            }
        }
    }
    // The four bytes of the checksum are strewn among the 28 of the token.
    let is_checksum = |i: usize| matches!(i, 2 | 7 | 8 | 22);
    let payload = bytes.iter().enumerate().filter(|(i, _)| !is_checksum(*i)).map(|(_, b)| *b);
    let sum = crc32(payload);
    let byte = |i: usize| bytes.get(i).copied().unwrap_or_default();
    let told = u32::from_le_bytes([byte(22), byte(8), byte(7), byte(2)]);
    told == sum ^ USER_MASK || told == sum ^ APPLICATION_MASK
}

/// The common CRC-32 (IEEE 802.3), bit by bit: it is needed too rarely for a table.
pub(crate) fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let low = crc & 1;
            crc >> 1 ^ (0xEDB8_8320 & low.wrapping_neg())
        })
    })
}
