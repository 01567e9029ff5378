//! Patterns with `*`, as settings write them.

/// Whether `text` matches `pattern`, in which every `*` matches any number of characters.
/// Linear in practice and never worse than the product of the lengths.
// By bytes: searching for each part as a text costs hundreds of instructions before the first comparison.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read) = (0, 0);
    // Behind the last star, and how far the text was read when it is tried again.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(wanted) if wanted == byte => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((after, from)) = &mut star else { return false };
                *from += 1;
                (at, read) = (*after, *from);
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a**c", "abc", true),
            ("*@contoso.com", "x@contoso.com", true),
            ("*@contoso.com", "x@contoso.com.evil", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
