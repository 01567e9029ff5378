//! Writes and checks generated files, starts rules, and annotates the module.

mod admission_policies;
mod annotate;
mod artifacthub;
mod codegen;
mod credential_doc;
mod deploy;
mod fixes_doc;
mod kubernetes;
mod kustomize;
mod new_rule;
mod operators;
mod policy_metadata;
mod questions;
mod rule_doc;
mod schema;
mod settings_doc;
mod tables;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(about = "Writes and checks generated files, and starts rules")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write all generated files and the generated parts of other files.
    Codegen {
        /// Write nothing; fail if a file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Put the policy's metadata into the module, as `kwctl annotate` does.
    Annotate {
        #[arg(long)]
        metadata: PathBuf,
        /// The text that becomes the annotation io.kubewarden.policy.usage.
        #[arg(long)]
        usage: Option<PathBuf>,
        #[arg(long)]
        output: PathBuf,
        module: PathBuf,
    },
    /// Compare the manifests of `deploy/` with what kustomize renders.
    Kustomize {
        /// kubectl, which has kustomize built in.
        kubectl: PathBuf,
    },
    /// Regenerate the table of Kubernetes resources after an update of k8s-openapi.
    Kubernetes,
    /// Start a rule: its file, its fixtures and its line in the table of its group.
    NewRule {
        /// The group: binding, role, token, ...
        group: String,
        /// The rule's id, which names the fault: `binding-anonymous`.
        id: String,
    },
}

fn main() -> Result<()> {
    // Run in another checkout, the program works on that one.
    let here = std::env::current_dir()?;
    let root = here.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file()).unwrap_or(root());
    match Arguments::parse().task {
        Task::Codegen { check } => codegen::run(root, check),
        Task::Annotate { metadata, usage, output, module } => {
            annotate::run(&metadata, usage.as_deref(), &output, &module)
        }
        Task::Kustomize { kubectl } => deploy::compare(root, &kubectl),
        Task::Kubernetes => kubernetes::write(root),
        Task::NewRule { group, id } => new_rule::run(root, &group, &id),
    }
}

/// The root of the repository that the program was built from.
fn root() -> &'static Path {
    e2e_tests::root()
}
