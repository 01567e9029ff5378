//! Text from manifests, made safe to print.

use std::borrow::Cow;

/// Text that a message may show: names and keys come from the author of the object, so control and
/// direction-changing characters are escaped and long texts are cut.
pub fn shown(text: &str) -> Cow<'_, str> {
    const LONGEST_SHOWN: usize = 100;
    let plain = |c: char| !c.is_control() && !is_invisible(c);
    if text.len() <= LONGEST_SHOWN && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(LONGEST_SHOWN + 8);
    for c in text.chars() {
        if out.len() >= LONGEST_SHOWN {
            out.push('…');
            break;
        }
        if plain(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// Invisible characters that change how a line reads.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_hides_nothing() {
        assert_eq!(shown("alice@contoso.com"), "alice@contoso.com");
        assert_eq!(shown("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
        assert!(shown(&"é".repeat(500)).len() < 120);
    }
}
