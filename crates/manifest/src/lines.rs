//! The lines of a text, to look up many places in it: a document can be one line of a megabyte.

use std::ops::Range;

/// Characters are counted once for blocks of this many bytes, and for each place in its own block only.
const BLOCK: usize = 1024;

pub(crate) struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
    /// How many characters begin before each block.
    before: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Lines {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let mut count = 0;
        let before = text.as_bytes().chunks(BLOCK).map(|block| {
            let before = count;
            count += characters(block);
            before
        });
        let mut before: Vec<usize> = before.collect();
        before.push(count);
        Lines { starts: std::iter::once(0).chain(newlines).collect(), before }
    }

    /// The bytes of the line that holds `at`, without its end.
    pub(crate) fn around(&self, text: &str, at: usize) -> Range<usize> {
        let line = self.number(at.min(text.len()));
        let start = self.start(line);
        let end = self.starts.get(line + 1).map_or(text.len(), |next| next - 1);
        start..start + text.get(start..end).unwrap_or_default().trim_end_matches('\r').len()
    }

    /// The line that holds `at` and the characters before `at` on it, both counted from 0.
    pub(crate) fn place(&self, text: &str, at: usize) -> (usize, usize) {
        let line = self.number(at);
        (line, self.characters_before(text, at) - self.characters_before(text, self.start(line)))
    }

    fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or_default()
    }

    fn characters_before(&self, text: &str, at: usize) -> usize {
        let at = at.min(text.len());
        let block = at / BLOCK;
        let before = self.before.get(block).copied().unwrap_or_default();
        before + characters(text.as_bytes().get(block * BLOCK..at).unwrap_or_default())
    }
}

/// How many characters begin in these bytes of a text.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_a_plain_count() {
        for unit in ["a", "ä€", "a\n", "é\r\n", "\n", "x€\n𝄞"] {
            let text = unit.repeat(700);
            let lines = Lines::of(&text);
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for at in ends.step_by(3) {
                let before = &text[..at];
                let start = before.rfind('\n').map_or(0, |newline| newline + 1);
                let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
                let (line, column) = (before.matches('\n').count(), before[start..].chars().count());
                assert_eq!(lines.place(&text, at), (line, column), "{unit:?} {at}");
                let whole = start..start + text[start..end].trim_end_matches('\r').len();
                assert_eq!(lines.around(&text, at), whole, "{unit:?} {at}");
            }
        }
    }
}
