#![allow(dead_code, reason = "every test takes what it needs")]
//! The program, run inside the test or as a process, always on the same date.

use admission::fixture::today;
use entra_auth::args::Cli;
use entra_auth::report::Streams;
use entra_auth::{Outcome, run};
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

pub(crate) const GOOD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: shop}\nspec:\n  serviceAccountName: web\n  containers: [{name: web, image: a}]\n";
pub(crate) const BAD: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: bad, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: system:anonymous
";

pub(crate) struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

/// A folder with files, to run in.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs a command in the folder. Arguments that name a file there mean that file.
pub(crate) fn entra_auth(folder: &Path, arguments: &[&str]) -> Run {
    let inside = |argument: &&str| match folder.join(argument) {
        path if path.exists() || argument.contains(".y") => path.into(),
        _ => (*argument).into(),
    };
    let cli = match Cli::from_args(std::iter::once("entra-auth".into()).chain(arguments.iter().map(inside))) {
        Ok(cli) => cli,
        Err(error) => return Run { code: error.exit_code(), out: String::new(), err: error.to_string() },
    };
    let (out, err) = (Page::default(), Page::default());
    let plain = |page: &Page| Box::new(anstream::StripStream::new(Box::new(page.clone()) as Box<dyn Write>));
    let streams = Streams { out: plain(&out), err: plain(&err), width: 120 };
    let outcome = run(&cli, streams, today());
    // Sources as if the folder were the current one.
    let here = format!("{}/", folder.display());
    let text = |page: Page| String::from_utf8(page.0.lock().unwrap().clone()).unwrap().replace(&here, "");
    let (out, mut err) = (text(out), text(err));
    let code = match outcome {
        Ok(Outcome::Allowed) => 0,
        Ok(Outcome::Denied) => 1,
        Ok(Outcome::Failed) => 2,
        Err(error) => {
            err.push_str(&format!("error: {error:#}\n").replace(&here, ""));
            2
        }
    };
    Run { code, out, err }
}

/// The same for `check`.
pub(crate) fn check(folder: &Path, arguments: &[&str]) -> Run {
    entra_auth(folder, &[&["check"], arguments].concat())
}

/// The same with one file.
pub(crate) fn check_text(text: &str, arguments: &[&str]) -> Run {
    let folder = folder(&[("input.yaml", text)]);
    check(folder.path(), &[arguments, &["input.yaml"]].concat())
}

/// The program as a process.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entra-auth"));
    command.current_dir(folder).args(arguments).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

pub(crate) fn finish(output: Output) -> Run {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// `check` as a process, with this on its standard input.
pub(crate) fn pipe(text: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["check", "--today", &today().to_string()]);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    finish(child.wait_with_output().unwrap())
}
