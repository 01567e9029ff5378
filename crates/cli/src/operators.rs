//! `entra-auth operators`: what the setting `operators` knows.

use anyhow::Result;
use entra_auth_policy::operators::OPERATORS;
use std::io::Write;
use textwrap::Options;

pub(crate) fn print(out: &mut dyn Write, width: usize) -> Result<()> {
    for operator in OPERATORS {
        writeln!(out, "{} ({}, usually in namespace {})", operator.name, operator.title, operator.namespace)?;
        let text = format!("{} {}", operator.reason, operator.note);
        let options = Options::new(width).initial_indent("  ").subsequent_indent("  ");
        writeln!(out, "{}", textwrap::fill(&text, options))?;
    }
    writeln!(out, "\nIn the settings:\n\n  operators:\n  - {{name: argo-cd, namespace: argocd}}")?;
    Ok(out.flush()?)
}
