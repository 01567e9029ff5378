//! What the compiled policy asks of its host and offers to it.
use e2e_tests::Built;
use host::Module;
use host::interface::Interface;

fn policy() -> Vec<u8> {
    Built::Policy.read().unwrap()
}

#[test]
fn exports_only_the_protocol() {
    let interface = Interface::read(&policy()).unwrap();
    let exports: Vec<_> = interface.exports.iter().map(String::as_str).collect();
    assert_eq!(exports, ["__guest_call", "memory", "wapc_init"]);
}

/// Anything else, wasm-bindgen's placeholders above all, makes the module unloadable.
#[test]
fn imports_only_what_every_kubewarden_host_offers() {
    let interface = Interface::read(&policy()).unwrap();
    for module in interface.import_modules() {
        assert!(["wapc", "wasi_snapshot_preview1"].contains(&module), "imports from {module}: {:?}", interface.imports);
    }
    assert!(interface.imports.contains("wapc.__guest_request"));
}

/// kwctl and policy-server use the default features of their engine. The module uses vectors.
#[test]
fn needs_only_features_that_engines_have_by_default() {
    wasmparser::Validator::new().validate_all(&policy()).unwrap();
    Module::load(&policy()).unwrap();
}

#[test]
fn speaks_the_protocol_version_that_servers_accept() {
    assert_eq!(Built::Policy.load().unwrap().protocol_version().unwrap(), "v1");
}

/// Two builds of the same source in different folders must give the same bytes, so no path of the
/// machine that built it may be inside.
#[test]
fn holds_no_path_of_the_machine_that_built_it() {
    let policy = policy();
    let mut folders = vec![e2e_tests::root().display().to_string()];
    folders.extend(std::env::var("HOME").ok().filter(|home| home.len() > 2));
    for folder in folders {
        assert!(!policy.windows(folder.len()).any(|window| window == folder.as_bytes()), "{folder} is in the module");
    }
}
