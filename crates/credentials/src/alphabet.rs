//! Sets of ASCII characters, written as in a regular expression's brackets.

/// A set of ASCII characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alphabet {
    /// The set as written, for people: `A-Za-z0-9+/`.
    pub name: &'static str,
    bits: [u64; 2],
}

impl Alphabet {
    /// Reads `A-Z0-9+/`. A `-` in first or last position means itself.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    pub const fn of(name: &'static str) -> Alphabet {
        let text = name.as_bytes();
        let mut bits = [0; 2];
        let mut i = 0;
        while i < text.len() {
            let range = i + 2 < text.len() && text[i + 1] == b'-';
            let (mut low, high) = (text[i], text[if range { i + 2 } else { i }]);
            while low <= high {
                bits[(low >> 6) as usize] |= 1 << (low & 63);
                low += 1;
            }
            i += if range { 3 } else { 1 };
        }
        Alphabet { name, bits }
    }

    pub const fn contains(&self, byte: u8) -> bool {
        let [low, high] = self.bits;
        match byte {
            0..64 => low >> byte & 1 == 1,
            64..128 => high >> (byte & 63) & 1 == 1,
            _ => false,
        }
    }
}

pub(crate) const ALPHANUMERIC: Alphabet = Alphabet::of("A-Za-z0-9");
pub(crate) const BASE64: Alphabet = Alphabet::of("A-Za-z0-9+/");
pub(crate) const BASE64_URL: Alphabet = Alphabet::of("A-Za-z0-9_-");
/// Both base64 alphabets.
pub(crate) const BASE64_ANY: Alphabet = Alphabet::of("A-Za-z0-9+/_-");
