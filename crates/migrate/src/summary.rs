//! The plan as text for a terminal.

use crate::plan::{Origin, Plan};
use crate::runbook::title;
use std::fmt::Write;

/// What happens, why, at what risk, and what is left to decide.
pub fn text(plan: &Plan) -> String {
    let mut text = format!("{}\n", title(plan.from));
    if plan.is_empty() {
        let what = match plan.from {
            Origin::PodIdentity => "pod-managed identity",
            Origin::Irsa => "IAM roles of Amazon EKS",
            Origin::Secrets => "fixed credentials",
        };
        let _ = writeln!(text, "\nnothing to migrate: no object of the input uses {what}");
        return text;
    }
    for phase in &plan.phases {
        let _ = writeln!(text, "\n{}. {}", phase.number, phase.title);
        for step in &phase.steps {
            let _ = writeln!(text, "   {}: {}", step.what, step.why);
            if let Some(risk) = &step.risk {
                let _ = writeln!(text, "     risk: {}", risk.0);
            }
        }
    }
    section(
        &mut text,
        "left to decide",
        plan.decisions.iter().map(|decision| {
            let mark = if decision.blocks { "needed: " } else { "" };
            format!("{mark}{}: {}", decision.about, decision.what)
        }),
    );
    section(
        &mut text,
        "left to do by hand",
        plan.tasks
            .iter()
            .map(|task| format!("{}: {}\n      to do: {}\n      see {}", task.object, task.what, task.todo, task.link)),
    );
    section(&mut text, "stays as it is", plan.kept.iter().map(|kept| format!("{}: {}", kept.object, kept.why)));
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (number, line) in (1..).zip(lines) {
        if number == 1 {
            let _ = writeln!(text, "\n{title}");
        }
        let _ = writeln!(text, "  {number:>2}. {line}");
    }
}
