//! Finds the few places in a text where a mark may begin, in one pass.
//!
//! Each entry of a table owns one bit. Three look-up tables, filled by the compiler, say which
//! entries have a mark whose first, second or third byte is this one (in either case); the AND of
//! three look-ups leaves the candidates, and ordinary text leaves none.

/// A byte string that announces something worth a closer look.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub text: &'static str,
    /// Letters match in either case.
    pub fold: bool,
}

/// A mark that is spelt exactly so.
pub const fn exact(text: &'static str) -> Mark {
    Mark { text, fold: false }
}

/// A mark in any mixture of cases.
pub const fn any_case(text: &'static str) -> Mark {
    Mark { text, fold: true }
}

impl Mark {
    pub fn is_at(&self, text: &[u8], at: usize) -> bool {
        let end = at + self.text.len();
        text.get(at..end).is_some_and(|found| {
            found == self.text.as_bytes() || self.fold && found.eq_ignore_ascii_case(self.text.as_bytes())
        })
    }
}

/// For each ASCII byte, which is all that marks are made of: the entries that have a mark whose first,
/// second and third byte it is.
pub struct Filter([[u64; 3]; 128]);

impl Filter {
    pub const EMPTY: Filter = Filter([[0; 3]; 128]);

    /// Gives `bit` another mark of two bytes or more.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    pub const fn with(mut self, bit: usize, mark: &Mark) -> Filter {
        assert!(bit < 64, "a filter holds 64 entries");
        let text = mark.text.as_bytes();
        let bit = 1 << bit;
        let mut byte = 0;
        while byte < 128 {
            let low = (byte as u8).to_ascii_lowercase();
            if text[0].to_ascii_lowercase() == low {
                self.0[byte][0] |= bit;
            }
            if text[1].to_ascii_lowercase() == low {
                self.0[byte][1] |= bit;
            }
            if text.len() == 2 || text[2].to_ascii_lowercase() == low {
                self.0[byte][2] |= bit;
            }
            byte += 1;
        }
        self
    }

    /// Gives `bit` a mark of a single byte.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    pub const fn with_byte(mut self, bit: usize, byte: u8) -> Filter {
        let bit = 1 << bit;
        self.0[byte as usize][0] |= bit;
        let mut byte = 0;
        while byte < 128 {
            self.0[byte][1] |= bit;
            self.0[byte][2] |= bit;
            byte += 1;
        }
        self
    }

    /// A byte that is no ASCII looks like one that is: a candidate more, and a comparison less.
    fn look(&self, byte: u8) -> [u64; 3] {
        self.0.get(usize::from(byte & 0x7f)).map_or([0; 3], |entries| *entries)
    }

    /// The bits of all entries that may have a mark in `text`.
    pub fn seen(&self, text: &[u8]) -> u64 {
        let (mut begun, mut gone_on, mut seen) = (0, 0, 0);
        let mut read = |byte: u8| {
            let [first, second, third] = self.look(byte);
            seen |= gone_on & third;
            gone_on = begun & second;
            begun = first;
        };
        text.iter().for_each(|byte| read(*byte));
        // No mark has a zero: of what has only begun, this leaves marks of a single byte.
        read(0);
        read(0);
        seen
    }

    /// Calls `found` with every offset and the bits of the entries that may have a mark there,
    /// until it answers `true`.
    pub fn candidates(&self, text: &[u8], mut found: impl FnMut(usize, u64) -> bool) {
        for (at, &[a, b, c]) in text.array_windows().enumerate() {
            let bits = self.look(a)[0] & self.look(b)[1];
            if bits == 0 {
                continue;
            }
            let bits = bits & self.look(c)[2];
            if bits != 0 && found(at, bits) {
                return;
            }
        }
    }
}

/// The numbers of the bits that are set, lowest first.
pub fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if set == 0 {
            return None;
        }
        let lowest = set.trailing_zeros();
        set &= set - 1;
        usize::try_from(lowest).ok()
    })
}
