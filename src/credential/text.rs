//! Byte-string helpers.

/// The first place of `word`, which is not empty. For words of a few bytes.
pub fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memchr_iter(*word.first()?, text).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(word)))
}

pub fn starts_with_fold(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The first place of `word`, which is written in lower case and not empty, in either case.
pub fn find_fold(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text)
        .find(|at| text.get(*at..).is_some_and(|rest| starts_with_fold(rest, word)))
}

pub fn contains_fold(text: &[u8], word: &[u8]) -> bool {
    find_fold(text, word).is_some()
}
