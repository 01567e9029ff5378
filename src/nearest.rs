//! "Did you mean ...?"

/// The known name that `name` most likely misspells.
#[inline(never)]
pub fn nearest<'n>(name: &str, known: &mut dyn Iterator<Item = &'n str>) -> Option<&'n str> {
    // Long input is not a misspelling, and the distance costs the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    known
        .map(|known| (strsim::levenshtein(&lower, &known.to_ascii_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(2))
        .map(|(_, known)| known)
}
