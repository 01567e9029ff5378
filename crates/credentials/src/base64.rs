//! A forgiving base64 reader: both alphabets, white space anywhere, padding optional.

/// Decodes `text`, or says that it is not base64 or would decode to more than `limit` bytes.
pub fn decode_base64(text: &str, limit: usize) -> Option<Vec<u8>> {
    // Most strings give themselves away early; look before allocating.
    if text.is_empty() || !looks_right(text) || text.len() / 4 * 3 > limit.saturating_mul(2) {
        return None;
    }
    let mut out = Vec::with_capacity((text.len() / 4 * 3 + 3).min(limit));
    let mut group: u32 = 0;
    let mut filled = 0;
    let mut padding = 0;
    for byte in text.bytes() {
        match meaning(byte) {
            sextet @ 0..64 if padding == 0 => {
                group = group << 6 | u32::from(sextet);
                filled += 1;
                if filled == 4 {
                    let [_, a, b, c] = group.to_be_bytes();
                    out.extend_from_slice(&[a, b, c]);
                    (group, filled) = (0, 0);
                }
            }
            PADDING => padding += 1,
            SPACE => {}
            _ => return None,
        }
        if out.len() > limit {
            return None;
        }
    }
    if padding > 0 && filled + padding != 4 {
        return None;
    }
    match filled {
        0 => {}
        2 => out.extend_from_slice(&[(group >> 4) as u8]),
        3 => out.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => return None,
    }
    (out.len() <= limit && !out.is_empty()).then_some(out)
}

/// Whether a text begins with nothing that is not part of base64.
fn looks_right(text: &str) -> bool {
    text.bytes().take(SHORT).all(|b| meaning(b) != OTHER)
}

/// Nothing that can be recognised is shorter in base64.
const SHORTEST: usize = 24;
/// Up to here identifiers and paths are spelt like base64 too; the first bytes tell them apart.
const SHORT: usize = 64;

/// Whether `text` is worth decoding.
pub fn may_be_base64(text: &str) -> bool {
    text.len() >= SHORTEST && if text.len() > SHORT { looks_right(text) } else { may_hide_credential(text) }
}

/// Whether what `text` says in base64 begins like a text, or like the DER of a key or certificate. Four
/// characters settle it for most identifiers and paths, which are spelt like base64 too.
pub(super) fn may_hide_credential(text: &str) -> bool {
    let Some((first, rest)) = text.as_bytes().split_first_chunk::<4>() else { return false };
    // The first byte settles it for most.
    let [a, b, ..] = *first;
    let (a, b) = (reckon(a), reckon(b));
    if a.max(b) < PADDING && !may_begin(a << 2 | b >> 4) {
        return false;
    }
    match decode_group(first) {
        Some([DER, ..]) => true,
        Some([a, b, c]) => match rest.first_chunk().map(decode_group) {
            Some(Some([d, e, f])) => is_text(&[a, b, c, d, e, f]) || is_wide(&[a, b, c, d, e, f]),
            Some(None) => has_space(text),
            None => false,
        },
        None => has_space(text),
    }
}

/// Whether a run of base64 begins like a text, of narrow or wide characters.
pub(super) fn begins_like_text(run: &[u8]) -> bool {
    let mut groups = run.chunks_exact(4).filter_map(<[u8]>::first_chunk);
    let mut next = || decode_group(groups.next()?);
    match next() {
        // The first byte settles it for most.
        Some([a, ..]) if !may_begin(a) => false,
        Some([a, b, c]) => next().is_some_and(|[d, e, f]| is_text(&[a, b, c, d, e, f]) || is_wide(&[a, b, c, d, e, f])),
        None => false,
    }
}

/// Whether bytes begin like UTF-16: with its mark, or with ASCII.
fn is_wide(bytes: &[u8]) -> bool {
    match *bytes {
        [0xff, 0xfe, _, 0, ..] | [0xfe, 0xff, 0, ..] => true,
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] => is_text(&[a, b]) && a != 0 && b != 0,
        _ => false,
    }
}

/// The ASCII characters of UTF-16, with a `?` for each other unit; `None` if the bytes are not UTF-16.
pub(super) fn narrowed(bytes: &[u8]) -> Option<Vec<u8>> {
    if !is_wide(bytes) {
        return None;
    }
    let is_big = matches!(bytes, [0xfe, 0xff, ..] | [0, ..]);
    let text = bytes.strip_prefix(&[0xff, 0xfe]).or_else(|| bytes.strip_prefix(&[0xfe, 0xff])).unwrap_or(bytes);
    let units = text.chunks_exact(2).filter_map(<[u8]>::first_chunk);
    let narrow = units.map(|[a, b]| match if is_big { (*a, *b) } else { (*b, *a) } {
        (0, low) if low.is_ascii() => low,
        _ => b'?',
    });
    Some(narrow.collect())
}

/// Bytes as a text: UTF-8, or the ASCII characters of UTF-16.
///
/// # Errors
///
/// The bytes, if they are neither.
pub fn into_text(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    let bytes = narrowed(&bytes).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(std::string::FromUtf8Error::into_bytes)
}

/// How the DER of a key or certificate begins.
const DER: u8 = 0x30;

/// Base64 that is broken into lines.
fn has_space(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_whitespace())
}

fn decode_group(group: &[u8; 4]) -> Option<[u8; 3]> {
    let [a, b, c, d] = group.map(meaning);
    (a.max(b).max(c).max(d) < PADDING).then_some([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d])
}

/// Whether what hides a credential may begin with this byte.
fn may_begin(byte: u8) -> bool {
    matches!(byte, DER | 0 | 0xfe | 0xff) || begins_text(byte)
}

/// Whether a text may begin with this byte.
fn begins_text(byte: u8) -> bool {
    !matches!(byte, 0x80..0xc2 | 0xf5.. | 0x7f) && (byte >= b' ' || byte.is_ascii_whitespace())
}

/// No control characters, and UTF-8 as far as it goes.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| !b.is_ascii_control() || b.is_ascii_whitespace())
        && std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}

const PADDING: u8 = 64;
const SPACE: u8 = 65;
const OTHER: u8 = 66;

/// The meaning of a byte.
const fn reckon(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        b'=' => PADDING,
        _ if byte.is_ascii_whitespace() => SPACE,
        _ => OTHER,
    }
}

/// Whether a byte is a character of base64, of either alphabet.
pub(super) fn is_base64(byte: u8) -> bool {
    meaning(byte) < PADDING
}

/// The same from a table, for long texts.
#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
static MEANINGS: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = reckon(byte as u8);
        byte += 1;
    }
    table
};

fn meaning(byte: u8) -> u8 {
    MEANINGS.get(usize::from(byte)).copied().unwrap_or(OTHER)
}
