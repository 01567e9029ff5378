//! The runbook, in Markdown.

use crate::azure::{AzureFormat, commands, not_checked};
use crate::plan::{Command, Origin, PhaseKind, Plan};
use std::fmt::Write;

pub(crate) fn runbook(plan: &Plan, azure: AzureFormat) -> String {
    let mut text = format!("# {}\n\n", title(plan.from));
    text.push_str(
        "Run the commands from the folder of this file, phase by phase. Each phase can be rolled back until the next one \
         begins. Read `plan.json` for every single change.\n\n",
    );
    if plan.is_empty() {
        text.push_str("There is nothing to migrate.\n");
        return text;
    }
    text.push_str(
        "Until the last phase, use the settings of the plan with `profile: baseline`, which only warns about states in \
         between.\n\n",
    );
    decisions(&mut text, plan);
    for phase in &plan.phases {
        let _ = writeln!(text, "## {}. {}\n\n{}\n", phase.number, phase.title, phase.why);
        for step in &phase.steps {
            let _ = write!(text, "- {}: {}.", step.what, step.why);
            if let Some(risk) = &step.risk {
                let _ = write!(text, " **Risk:** {}.", risk.0);
            }
            text.push('\n');
        }
        let mut run: Vec<Command> = Vec::new();
        if phase.kind == PhaseKind::Create && !plan.identities.is_empty() {
            let _ = writeln!(text, "\nNot checked: {}", not_checked(azure));
            let made = commands(plan, azure, &phase.folder());
            run.extend(made.into_iter().map(|(what, run)| Command { what, run }));
        }
        run.extend(phase.commands.iter().cloned());
        block(&mut text, "Run", &run);
        block(&mut text, "See that it works", &phase.verify);
        block(&mut text, "Roll back", &phase.rollback);
        text.push('\n');
    }
    tasks(&mut text, plan);
    if !plan.kept.is_empty() {
        text.push_str("## What stays\n\n");
        for kept in &plan.kept {
            let _ = writeln!(text, "- {}: {}.", kept.object, kept.why);
        }
    }
    text.trim_end().to_owned() + "\n"
}

pub(crate) fn title(from: Origin) -> &'static str {
    match from {
        Origin::PodIdentity => "From pod-managed identity to workload identity",
        Origin::Irsa => "From IAM roles of Amazon EKS to workload identity",
        Origin::Secrets => "From fixed credentials to workload identity",
    }
}

fn decisions(text: &mut String, plan: &Plan) {
    if plan.decisions.is_empty() {
        return;
    }
    text.push_str("## Before you begin\n\n");
    for (number, decision) in (1..).zip(&plan.decisions) {
        let mark = if decision.blocks { "**Needed:** " } else { "" };
        let _ = writeln!(text, "{number}. {mark}{}: {}.", decision.about, decision.what);
    }
    text.push('\n');
}

fn tasks(text: &mut String, plan: &Plan) {
    if plan.tasks.is_empty() {
        return;
    }
    text.push_str(
        "## Tasks that are left\n\nNo file does these. The settings exempt each of them until it is done.\n\n",
    );
    for task in &plan.tasks {
        let _ = writeln!(
            text,
            "{}. {}: {}. To do: {}. See <{}>.",
            task.number, task.object, task.what, task.todo, task.link
        );
    }
    text.push('\n');
}

fn block(text: &mut String, title: &str, commands: &[Command]) {
    if commands.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:\n\n```sh");
    for command in commands {
        let _ = writeln!(text, "# {}", command.what);
        if command.run != "true" {
            let _ = writeln!(text, "{}", command.run);
        }
    }
    text.push_str("```\n");
}
