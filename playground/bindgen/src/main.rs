//! `bindgen MODULE FOLDER OPTIMISER...`: what the `wasm-bindgen` program does, at the very version that the module
//! was built with, and without anything to install. The optimiser, a command, then makes the module smaller.
//!
//! `bindgen pack <BYTES >PACKED`: packs as XZ, for the build of the page.

use anyhow::{Context, Result, ensure};
use lzma_rust2::{XzOptions, XzWriter};
use std::env;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == "pack") {
        return pack();
    }
    let module = arguments.next().context("which module?")?;
    let folder = arguments.next().context("into which folder?")?;
    let optimiser = arguments.next().context("which optimiser?")?;
    Bindgen::new()
        .input_path(module)
        .out_name("policy")
        .web(true)?
        .typescript(true)
        // The page hands the module over: it is part of the script, so there is nothing to fetch.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)?;
    let module = Path::new(&folder).join("policy_bg.wasm");
    let status = Command::new(optimiser).args(arguments).arg(&module).arg("-o").arg(&module).status()?;
    ensure!(status.success(), "the optimiser failed");
    Ok(())
}

fn pack() -> Result<()> {
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes)?;
    let mut options = XzOptions::with_preset(9);
    // Neither code of wasm nor text is aligned.
    (options.lzma_options.lc, options.lzma_options.pb) = (4, 0);
    let mut packed = XzWriter::new(Vec::new(), options)?;
    packed.write_all(&bytes)?;
    Ok(stdout().write_all(&packed.finish()?)?)
}
