//! The recogniser, on any bytes: no panic, places inside the text and in order, one answer, nothing that the hints
//! overlook.
#![no_main]

use credentials::{
    benign, is_azure_credential_variable, is_unfilled, name_strength, recognise, recognise_all, recognise_bytes,
    recognise_with_base64,
};
use entra_auth_policy::value_hints::ValueHints;
use entra_auth_policy::imds::mentions_endpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = recognise_bytes(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert_eq!(recognise(text), found);
    let mut first_class = None;
    let mut start = 0;
    recognise_all(text, &mut |kind, range| {
        assert!(range.start >= start && range.end <= text.len() && range.start < range.end, "{range:?}");
        start = range.start;
        first_class = first_class.min(Some(kind.class)).or(Some(kind.class));
    });
    assert_eq!(found.map(|kind| kind.class), first_class);
    let hints = ValueHints::of(text);
    assert!(found.is_none() || hints.any(ValueHints::CREDENTIAL));
    assert!(!mentions_endpoint(text) || hints.any(ValueHints::NODE_IDENTITY));
    assert!(hints.any(ValueHints::ASSIGNS) || !text.contains(['=', ':', '\n', '{', '[', '<']));
    let _ = (recognise_with_base64(text), benign(text), is_unfilled(text));
    let _ = (name_strength(text), is_azure_credential_variable(text));
});
