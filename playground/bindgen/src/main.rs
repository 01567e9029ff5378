//! `bindgen MODULE FOLDER OPTIMISER...`: what the `wasm-bindgen` program does, at the very version that the module
//! was built with, and without anything to install. The optimiser, a command, then makes the module smaller. Next to the
//! module the program writes it as the page contains it.

use anyhow::{Context, Result, ensure};
use lzma_rust2::{XzOptions, XzWriter};
use std::env;
use std::fs::{read, write};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
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
    // The module is most of the page, and XZ makes it a fifth smaller than what browsers unpack themselves.
    let module = Path::new(&folder).join("policy_bg.wasm");
    let status = Command::new(optimiser).args(arguments).arg(&module).arg("-o").arg(&module).status()?;
    ensure!(status.success(), "the optimiser failed");
    let mut packed = XzWriter::new(Vec::new(), XzOptions::with_preset(9))?;
    packed.write_all(&read(&module)?)?;
    Ok(write(module.with_extension("wasm.xz"), packed.finish()?)?)
}
