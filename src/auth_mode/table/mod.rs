//! The table, a file for each field. Order is the order in which findings are told, and that of the
//! documentation.

mod applications;
mod argo_cd;
mod backup;
mod external_secrets;
mod flux;
mod ingress;
mod keda;
mod key_vault;
mod resources;
mod storage;

use super::Entry;

const CHAPTERS: &[&[Entry]] = &[
    key_vault::ENTRIES,
    keda::ENTRIES,
    external_secrets::ENTRIES,
    ingress::ENTRIES,
    resources::ENTRIES,
    flux::ENTRIES,
    argo_cd::ENTRIES,
    backup::ENTRIES,
    storage::ENTRIES,
    applications::ENTRIES,
];

/// Every entry.
pub static TABLE: &[&Entry] = &ENTRIES;

/// The same for constants, which cannot read a static.
#[allow(clippy::indexing_slicing, reason = "runs in the compiler")]
pub(super) const ENTRIES: [&Entry; COUNT] = {
    let mut entries = [&CHAPTERS[0][0]; COUNT];
    let (mut chapter, mut count) = (0, 0);
    while chapter < CHAPTERS.len() {
        let mut index = 0;
        while index < CHAPTERS[chapter].len() {
            entries[count] = &CHAPTERS[chapter][index];
            (index, count) = (index + 1, count + 1);
        }
        chapter += 1;
    }
    entries
};

#[allow(clippy::indexing_slicing, reason = "runs in the compiler")]
const COUNT: usize = {
    let (mut chapter, mut count) = (0, 0);
    while chapter < CHAPTERS.len() {
        count += CHAPTERS[chapter].len();
        chapter += 1;
    }
    count
};
