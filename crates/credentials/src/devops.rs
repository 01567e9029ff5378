//! Azure DevOps personal access tokens of the older format.
//!
//! 52 characters of base32 without any mark, but with a checksum inside (SEC101/102 in Microsoft's
//! model): the odds of a chance match are one in two thousand million.

use super::alphabet::Alphabet;
use super::scan::Hit;
use super::{Class, CredentialKind};

static KIND: CredentialKind =
    CredentialKind { id: "devops-token", what: "an Azure DevOps personal access token", class: Class::Azure };

const BASE32: Alphabet = Alphabet::of("2-7a-z");
pub const LENGTH: usize = 52;

/// The checksum of a token is masked according to who issued it.
const USER_MASK: u32 = 0xE0B9_692D;
const APPLICATION_MASK: u32 = 0x1019_F92E;

/// Looks for runs of exactly 52 characters. Any such run covers a multiple of 52, so only those
/// places need a look.
pub fn find_legacy_token(text: &[u8]) -> Option<Hit> {
    let inside = |at: usize| text.get(at).is_some_and(|b| BASE32.contains(*b));
    let mut probe = LENGTH - 1;
    let mut searched = 0;
    while probe < text.len() {
        if !inside(probe) {
            probe += LENGTH;
            continue;
        }
        let mut start = probe;
        while start > searched && inside(start - 1) {
            start -= 1;
        }
        let mut end = probe + 1;
        while inside(end) {
            end += 1;
        }
        if end - start == LENGTH && text.get(start..end).is_some_and(checksum_holds) {
            return Some(Hit { kind: &KIND, range: start..end });
        }
        searched = end;
        probe = end + LENGTH;
    }
    None
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
pub fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let low = crc & 1;
            crc >> 1 ^ (0xEDB8_8320 & low.wrapping_neg())
        })
    })
}
