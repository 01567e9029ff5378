//! Embeds the pages of `docs/rules` in the program: `explain` shows them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    // Read at run time: a target directory can be moved with its project.
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&package).join("../../docs/rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut pages: Vec<PathBuf> =
        fs::read_dir(&folder).expect("docs/rules").map(|entry| entry.expect("docs/rules").path()).collect();
    pages.sort();
    let mut code = String::from("pub(crate) static PAGES: &[(&str, &str)] = &[\n");
    for page in pages {
        let id = page.file_stem().unwrap_or_default().to_string_lossy();
        println!("cargo::rerun-if-changed={}", page.display());
        let _ = writeln!(code, "    ({id:?}, include_str!({page:?})),");
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("pages.rs");
    fs::write(out, code).expect("OUT_DIR can be written to");
}
