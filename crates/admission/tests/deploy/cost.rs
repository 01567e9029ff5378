//! What the expressions of `deploy/admission-policies/` cost, by the rules of Kubernetes and CEL: one unit for each
//! selection, call, list and step of a loop, a tenth of a unit for each character that a string function reads, and one
//! for each element that `in` compares. A loop costs its body for each element.

use crate::admission_policies::{AdmissionPolicy, policies};
use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// What the API server allows an expression, and all of a policy.
const OF_EXPRESSION: u64 = 1_000_000;
const OF_POLICY: u64 = 10_000_000;

/// An object at the upper end of what is real, and the parameters.
const ELEMENTS: u64 = 2_500;
const ADMINS: u64 = 100;
/// Characters of a name.
const NAME: u64 = 64;

fn cost(expression: &IdedExpr, deepest: &mut u64, depth: u64) -> u64 {
    *deepest = (*deepest).max(depth);
    let mut of = |part: &IdedExpr| cost(part, deepest, depth);
    match &expression.expr {
        Expr::Unspecified | Expr::Literal(_) => 0,
        Expr::Ident(_) => 1,
        Expr::Select(select) => 1 + of(&select.operand),
        Expr::List(list) => 10 + list.elements.iter().map(of).sum::<u64>(),
        Expr::Call(call) => {
            let parts: u64 =
                call.target.iter().map(|target| of(target)).sum::<u64>() + call.args.iter().map(of).sum::<u64>();
            let characters = match call.func_name.as_str() {
                // A pattern is a quarter of a unit for each of its characters, times the text.
                "matches" => NAME * 90 / 40,
                "lowerAscii" | "split" | "trim" | "startsWith" | "_==_" | "_!=_" | "_+_" => NAME / 10 + 1,
                "@in" => match &call.args[1].expr {
                    Expr::List(list) => list.elements.len() as u64,
                    _ => ADMINS,
                },
                _ => 0,
            };
            1 + characters + parts
        }
        Expr::Comprehension(fold) => {
            let step = cost(&fold.loop_step, deepest, depth + 1) + cost(&fold.loop_cond, deepest, depth + 1);
            let range = cost(&fold.iter_range, deepest, depth);
            let rest = cost(&fold.accu_init, deepest, depth) + cost(&fold.result, deepest, depth);
            // The lines of the parameters, or the elements of the object.
            let elements = if is_of_parameters(&fold.iter_range) { ADMINS } else { ELEMENTS };
            range + rest + elements * (step + 1)
        }
        Expr::Map(map) => map.entries.iter().map(|entry| entry_cost(&entry.expr, deepest, depth)).sum(),
        Expr::Struct(object) => object.entries.iter().map(|entry| entry_cost(&entry.expr, deepest, depth)).sum(),
    }
}

fn entry_cost(entry: &EntryExpr, deepest: &mut u64, depth: u64) -> u64 {
    match entry {
        EntryExpr::StructField(field) => cost(&field.value, deepest, depth),
        EntryExpr::MapEntry(entry) => cost(&entry.key, deepest, depth) + cost(&entry.value, deepest, depth),
    }
}

fn is_of_parameters(range: &IdedExpr) -> bool {
    format!("{range:?}").contains("\"params\"")
}

fn costs(policy: &AdmissionPolicy) -> Vec<(String, u64, u64)> {
    let expressions = policy.expressions().into_iter();
    expressions
        .map(|text| {
            let (program, mut deepest) = (cel::Program::compile(&text).unwrap(), 0);
            let cost = cost(program.expression(), &mut deepest, 0);
            (text, cost, deepest)
        })
        .collect()
}

#[test]
fn expressions_stay_inside_the_budget_of_the_api_server() {
    for policy in policies() {
        let costs = costs(&policy);
        for (text, cost, _) in &costs {
            assert!(*cost <= OF_EXPRESSION, "{}: {cost} units: {text}", policy.name);
        }
        let whole: u64 = costs.iter().map(|(_, cost, _)| cost).sum();
        assert!(whole <= OF_POLICY, "{}: {whole} units", policy.name);
    }
}

#[test]
fn no_loop_is_inside_another() {
    let deepest = policies().iter().flat_map(costs).map(|(_, _, deepest)| deepest).max();
    assert_eq!(deepest, Some(1));
}
