//! Sorting in little code. The sorts of the standard library take 5 to 8 kB of the module for each type, ten types
//! together a twelfth of it; this one takes half a kilobyte each. It is a heapsort, so no input makes it slow.

/// Sorts in ascending order. Equal elements may change places.
pub(crate) fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, |a, b| a < b);
}

/// Sorts by a strict order. Equal elements may change places.
pub(crate) fn sort_by<T>(items: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    for root in (0..items.len() / 2).rev() {
        sift_down(items, root, items.len(), &is_before);
    }
    for end in (1..items.len()).rev() {
        items.swap(0, end);
        sift_down(items, 0, end, &is_before);
    }
}

/// Moves the element at `root` down until both elements below it in the heap are no greater.
fn sift_down<T>(items: &mut [T], mut root: usize, end: usize, is_before: &impl Fn(&T, &T) -> bool) {
    let is_less =
        |items: &[T], a: usize, b: usize| items.get(a).zip(items.get(b)).is_some_and(|(a, b)| is_before(a, b));
    loop {
        let mut child = 2 * root + 1;
        if child >= end {
            return;
        }
        if child + 1 < end && is_less(items, child, child + 1) {
            child += 1;
        }
        if !is_less(items, root, child) {
            return;
        }
        items.swap(root, child);
        root = child;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn sorts_like_the_standard_library(items in prop::collection::vec(0_u8..20, 0..100)) {
            let (mut ours, mut theirs, mut down) = (items.clone(), items.clone(), items);
            sort(&mut ours);
            sort_by(&mut down, |a, b| a > b);
            theirs.sort_unstable();
            prop_assert_eq!(&ours, &theirs);
            theirs.reverse();
            prop_assert_eq!(down, theirs);
        }
    }
}
