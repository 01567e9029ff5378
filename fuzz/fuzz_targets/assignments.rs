//! The readers of base64, of configuration files and of command lines.
#![no_main]

use credentials::{arguments, assignments, decode_base64, flags, secret_assignments};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    const LIMIT: usize = 1 << 16;
    if let Some(bytes) = decode_base64(text, LIMIT) {
        assert!(!bytes.is_empty() && bytes.len() <= LIMIT && bytes.len() <= text.len());
    }
    let lines = text.split('\n').count();
    let within = text.as_bytes().as_ptr_range();
    let mut pairs = 0;
    assignments(text, &mut |pair| {
        assert!((1..=lines).contains(&pair.line), "{} of {lines}", pair.line);
        for part in [pair.key, pair.value].map(str::as_bytes).map(<[u8]>::as_ptr_range) {
            assert!(part.is_empty() || within.start <= part.start && part.end <= within.end);
        }
        pairs += 1;
    });
    // More pairs than signs that make one would be pairs out of nothing. Strings in strings are read again.
    assert!(pairs <= 16 * text.len() + 16, "{pairs} pairs");
    secret_assignments(text, &mut |pair, strength| assert_eq!(pair.strength, Some(strength)));
    let words: Vec<&str> = text.split('\n').collect();
    arguments(&words, &mut |index, pair| assert!(pair.value.len() <= words[index].len()));
    flags(text, &mut |flag, value| assert!(flag.len() + value.len() <= text.len()));
});
