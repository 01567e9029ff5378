//! "Did you mean ...?"

/// The known name that `name` most likely misspells.
#[inline(never)]
pub fn nearest<'n>(name: &str, known: &mut dyn Iterator<Item = &'n str>) -> Option<&'n str> {
    // Long input is not a misspelling, and the distance costs the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    let is_near = |distance: usize, known: &str| distance <= (known.len() / 3).max(2);
    known
        // No distance is less than the difference of the lengths.
        .filter(|known| is_near(name.len().abs_diff(known.len()), known))
        .map(|known| (strsim::levenshtein(&lower, &known.to_ascii_lowercase()), known))
        .filter(|(distance, known)| is_near(*distance, known))
        .min()
        .map(|(_, known)| known)
}
