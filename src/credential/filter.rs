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

/// Tables for ASCII, which is all that marks are made of.
pub struct Filter {
    first: [u64; 128],
    second: [u64; 128],
    third: [u64; 128],
}

impl Filter {
    pub const EMPTY: Filter = Filter { first: [0; 128], second: [0; 128], third: [0; 128] };

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
                self.first[byte] |= bit;
            }
            if text[1].to_ascii_lowercase() == low {
                self.second[byte] |= bit;
            }
            if text.len() == 2 || text[2].to_ascii_lowercase() == low {
                self.third[byte] |= bit;
            }
            byte += 1;
        }
        self
    }

    /// Calls `found` with every offset and the bits of the entries that may have a mark there,
    /// until it answers `true`.
    pub fn candidates(&self, text: &[u8], mut found: impl FnMut(usize, u64) -> bool) {
        // A byte that is no ASCII looks like one that is: a candidate more, and a comparison less.
        let look = |table: &[u64; 128], byte: u8| table.get(usize::from(byte & 0x7f)).map_or(0, |b| *b);
        for (at, &[a, b, c]) in text.array_windows().enumerate() {
            let bits = look(&self.first, a) & look(&self.second, b);
            if bits == 0 {
                continue;
            }
            let bits = bits & look(&self.third, c);
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
