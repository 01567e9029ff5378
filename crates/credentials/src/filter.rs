//! Finds the few places in a text where a mark may begin, in one pass.
//!
//! Each entry of a table owns one bit. Three look-up tables, filled by the compiler, say which
//! entries have a mark whose first, second or third byte is this one (in either case); the AND of
//! three look-ups leaves the candidates, and ordinary text leaves none. Where the machine has vectors, a
//! coarser look at 16 places at once comes first.

use super::block::{self, Block};

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

/// The marks of up to 64 entries.
pub struct Filter {
    /// For each ASCII byte, which is all that marks are made of: the entries that have a mark whose first, second
    /// and third byte it is.
    entries: [[u64; 3]; 128],
    blocks: Classifier,
    /// How many different beginnings of marks there are, which share the classifier's bits.
    beginnings: usize,
}

impl Filter {
    pub const EMPTY: Filter = Filter { entries: [[0; 3]; 128], blocks: Classifier::EMPTY, beginnings: 0 };

    /// Gives `bit` more marks.
    pub const fn with_all(mut self, bit: usize, marks: &[Mark]) -> Filter {
        // The beginnings of one entry share a bit of the classifier, so both passes see the same candidates.
        let left = 8 - self.beginnings % 8;
        if marks.len() > left {
            self.beginnings += left;
        }
        let mut rest = marks;
        while let [mark, more @ ..] = rest {
            self = self.with(bit, mark);
            rest = more;
        }
        self
    }

    /// Gives `bit` another mark of two bytes or more.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    pub const fn with(mut self, bit: usize, mark: &Mark) -> Filter {
        assert!(bit < 64, "a filter holds 64 entries");
        let text = mark.text.as_bytes();
        self.blocks
            .add(self.beginnings, [Some(text[0]), Some(text[1]), if text.len() == 2 { None } else { Some(text[2]) }]);
        self.beginnings += 1;
        let bit = 1 << bit;
        let mut byte = 0;
        while byte < 128 {
            let low = (byte as u8).to_ascii_lowercase();
            if text[0].to_ascii_lowercase() == low {
                self.entries[byte][0] |= bit;
            }
            if text[1].to_ascii_lowercase() == low {
                self.entries[byte][1] |= bit;
            }
            if text.len() == 2 || text[2].to_ascii_lowercase() == low {
                self.entries[byte][2] |= bit;
            }
            byte += 1;
        }
        self
    }

    /// Gives `bit` a mark of a single byte.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    pub const fn with_byte(mut self, bit: usize, byte: u8) -> Filter {
        self.blocks.add(self.beginnings, [Some(byte), None, None]);
        self.beginnings += 1;
        let bit = 1 << bit;
        self.entries[byte as usize][0] |= bit;
        let mut byte = 0;
        while byte < 128 {
            self.entries[byte][1] |= bit;
            self.entries[byte][2] |= bit;
            byte += 1;
        }
        self
    }

    /// A byte outside ASCII looks like one inside: a candidate more, and a comparison less.
    fn look(&self, byte: u8) -> [u64; 3] {
        self.entries.get(usize::from(byte & 0x7f)).map_or([0; 3], |entries| *entries)
    }

    fn look_at(&self, [a, b, c]: [u8; 3]) -> u64 {
        self.look(a)[0] & self.look(b)[1] & self.look(c)[2]
    }

    /// The bits of all entries that may have a mark in `text`.
    pub fn seen(&self, text: &[u8]) -> u64 {
        let mut seen = 0;
        self.candidates(text, |_, bits| {
            seen |= bits;
            false
        });
        // No mark has a zero: after the last two bytes, this leaves marks of a single byte.
        match *text {
            [.., a, b] => seen | self.look_at([a, b, 0]) | self.look_at([b, 0, 0]),
            [a] => self.look_at([a, 0, 0]),
            [] => 0,
        }
    }

    /// Calls `found` with every offset and the bits of the entries that may have a mark there,
    /// until it answers `true`.
    pub fn candidates(&self, text: &[u8], found: impl FnMut(usize, u64) -> bool) {
        if block::IS_FAST {
            self.candidates_by_block(text, found);
        } else {
            self.candidates_by_byte(text, 0, found);
        }
    }

    fn candidates_by_byte(&self, text: &[u8], from: usize, mut found: impl FnMut(usize, u64) -> bool) {
        for (at, &[a, b, c]) in text.get(from..).unwrap_or_default().array_windows().enumerate() {
            let bits = self.look(a)[0] & self.look(b)[1];
            if bits == 0 {
                continue;
            }
            let bits = bits & self.look(c)[2];
            if bits != 0 && found(from + at, bits) {
                return;
            }
        }
    }

    /// The same: most blocks of 16 bytes have no candidate, which takes some 40 instructions to see.
    fn candidates_by_block(&self, text: &[u8], mut found: impl FnMut(usize, u64) -> bool) {
        let mut from = 0;
        while let Some(&window) = text.get(from..).and_then(<[u8]>::first_chunk) {
            let mut places = self.blocks.places(&window);
            while places != 0 {
                let offset = places.trailing_zeros() as usize;
                places &= places - 1;
                let three = window.get(offset..).and_then(<[u8]>::first_chunk);
                let bits = three.map_or(0, |three| self.look_at(*three));
                if bits != 0 && found(from + offset, bits) {
                    return;
                }
            }
            from += Block::LENGTH;
        }
        self.candidates_by_byte(text, from, found);
    }
}

/// A block of text, and the two bytes after it.
const WINDOW: usize = Block::LENGTH + 2;

/// Says for 16 places at once whether a mark may begin there. Each mark has one of eight bits, and for the first,
/// second and third byte of marks there is a table by the low and by the high half of the byte.
struct Classifier([[[u8; 16]; 2]; 3]);

impl Classifier {
    const EMPTY: Classifier = Classifier([[[0; 16]; 2]; 3]);

    /// Adds a mark that begins with these bytes, in either case; `None` is any byte.
    #[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
    const fn add(&mut self, mark: usize, bytes: [Option<u8>; 3]) {
        // Marks that follow each other in a table are alike, and share a bit.
        let bit = 1 << (mark / 8 % 8);
        let mut position = 0;
        while position < 3 {
            let mut byte = 0;
            while byte < 128 {
                let is_mark = match bytes[position] {
                    Some(mark) => mark.eq_ignore_ascii_case(&(byte as u8)),
                    None => true,
                };
                if is_mark {
                    self.0[position][0][byte & 15] |= bit;
                    // Bytes outside ASCII look like those inside.
                    self.0[position][1][byte >> 4] |= bit;
                    self.0[position][1][byte >> 4 | 8] |= bit;
                }
                byte += 1;
            }
            position += 1;
        }
    }

    /// The places in a block where a mark may begin, the first in the lowest bit.
    fn places(&self, window: &[u8; WINDOW]) -> u16 {
        let mut common = None;
        for (position, [low, high]) in self.0.iter().enumerate() {
            let Some(bytes) = window.get(position..).and_then(<[u8]>::first_chunk) else { return 0 };
            let bytes = Block::load(bytes);
            let bits = Block::load(low).look_up(bytes.low_halves()).and(Block::load(high).look_up(bytes.high_halves()));
            common = Some(common.map_or(bits, |common: Block| common.and(bits)));
        }
        common.map_or(0, Block::nonzero)
    }
}

/// The numbers of the bits that are set, lowest first.
pub(crate) fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if set == 0 {
            return None;
        }
        let lowest = set.trailing_zeros();
        set &= set - 1;
        usize::try_from(lowest).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::scan::MARKS;
    use super::*;
    use proptest::prelude::*;

    static OTHER: Filter = MARKS.with(62, &any_case("q~")).with_byte(63, b'=');

    fn all(find: impl Fn(&mut dyn FnMut(usize, u64) -> bool)) -> Vec<(usize, u64)> {
        let mut found = Vec::new();
        find(&mut |at, bits| {
            found.push((at, bits));
            false
        });
        found
    }

    proptest! {
        #[test]
        fn blocks_give_the_same_candidates(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            same_candidates(&bytes);
        }

        #[test]
        fn and_in_texts_full_of_marks(
            parts in proptest::collection::vec(
                proptest::sample::select(vec!["AccountKey", "pass", "Q~", "q~", "=", "ey", "J", "a", "\0", "://", "é", "akia", "."]),
                0..60,
            ),
        ) {
            same_candidates(parts.concat().as_bytes());
        }
    }

    fn same_candidates(text: &[u8]) {
        for filter in [&MARKS, &OTHER] {
            let slow = all(|found| filter.candidates_by_byte(text, 0, found));
            assert_eq!(all(|found| filter.candidates_by_block(text, found)), slow);
            let mut padded = text.to_vec();
            padded.extend([0, 0]);
            let seen =
                all(|found| filter.candidates_by_byte(&padded, 0, found)).iter().fold(0, |seen, (_, bits)| seen | bits);
            assert_eq!(filter.seen(text), seen);
        }
    }
}
