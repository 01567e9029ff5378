//! Byte-string helpers.

/// The first place of `word`, which is not empty. For words of a few bytes.
pub(crate) fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memchr_iter(*word.first()?, text).find(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(word)))
}

pub(crate) fn starts_with_fold(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

/// The first place of `word`, which is written in lower case and not empty, in either case.
pub(crate) fn find_fold(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), text)
        .find(|at| text.get(*at..).is_some_and(|rest| starts_with_fold(rest, word)))
}

pub(crate) fn contains_fold(text: &[u8], word: &[u8]) -> bool {
    find_fold(text, word).is_some()
}

/// The first place from `from` on where `ends` says so, or the end of the text.
pub(crate) fn until(text: &[u8], from: usize, ends: impl Fn(&u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    count(length);
    from + length
}

/// Counts bytes that are read beyond the first pass, so that tests can hold them to a bound.
#[cfg(not(test))]
pub(crate) fn count(_: usize) {}

#[cfg(test)]
pub(crate) fn count(bytes: usize) {
    STEPS.with(|steps| steps.set(steps.get() + bytes));
}

#[cfg(test)]
thread_local!(pub static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });
