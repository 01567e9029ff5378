//! `bindgen MODULE FOLDER`: what the `wasm-bindgen` program does, at the very version that the module
//! was built with, and without anything to install.

use anyhow::{Context, Result};
use std::env;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let module = arguments.next().context("which module?")?;
    let folder = arguments.next().context("into which folder?")?;
    Bindgen::new()
        .input_path(module)
        .out_name("policy")
        .web(true)?
        .typescript(true)
        // The page hands the module over: it is part of the script, so there is nothing to fetch.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)
}
