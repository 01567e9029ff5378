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

static CHAPTERS: &[&[Entry]] = &[
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
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    CHAPTERS.iter().copied().flatten()
}
