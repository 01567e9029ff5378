//! The committed snapshot of the size of the module and of the cost of evaluating each fixture.
//!
//! Neither depends on the machine, so a test compares them. The compiler's version changes both a
//! little, so only growth over 5 % counts.
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::{Built, root};

/// The largest size of the module, whatever the snapshot says.
pub const MAX_SIZE: u64 = 760_000;
/// The most linear memory that one call may use.
pub const MAX_MEMORY: usize = 24 << 20;
/// The most instructions that any fixture may cost, whether the snapshot has it or not: for the request, and for every
/// byte of the payload. The published role of an operator is the most expensive: every grant of a wildcard is compared
/// with its ceiling, for 5.1 million instructions.
const MAX_INSTRUCTIONS: (u64, u64) = (5_500_000, 1_000);

/// Name and cost; `policy.wasm` in bytes, fixtures in instructions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budget(BTreeMap<String, u64>);

const HEADER: &str = "\
# Written by `make budget`; a test compares. policy.wasm in bytes, fixtures in wasm instructions.
";

impl Budget {
    pub fn path() -> PathBuf {
        root().join("budget.snap")
    }

    /// Measures the size of the policy and runs every fixture through it.
    pub fn measure() -> anyhow::Result<Self> {
        let meter = Built::Policy.meter()?;
        let test_data = root().join("test_data");
        let mut costs = BTreeMap::from([("policy.wasm".to_owned(), Built::Policy.read()?.len() as u64)]);
        for fixture in admission::fixture::all(&test_data)? {
            let name = fixture.path.strip_prefix(&test_data)?;
            let name = name.to_string_lossy().replace('\\', "/");
            let payload = fixture.payload();
            let metered = meter.call("validate", &payload).with_context(|| name.clone())?;
            if metered.memory > MAX_MEMORY {
                bail!("{name} needs {} bytes of memory", metered.memory);
            }
            let most = MAX_INSTRUCTIONS.0 + MAX_INSTRUCTIONS.1 * payload.len() as u64;
            if metered.fuel > most {
                bail!("{name} costs {} instructions, over {most} for {} bytes", metered.fuel, payload.len());
            }
            costs.insert(name, metered.fuel);
        }
        Ok(Self(costs))
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines
            .map(|line| {
                let (name, cost) = line.rsplit_once(' ').context("a line is NAME COST")?;
                let cost = cost.parse().with_context(|| line.to_owned())?;
                Ok((name.trim_end().to_owned(), cost))
            })
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }

    /// The fixtures of `now` that the snapshot does not have. They need no entry: the general bound holds for them too.
    pub fn new_in<'n>(&self, now: &'n Self) -> Vec<&'n str> {
        now.0.keys().filter(|name| !self.0.contains_key(*name)).map(String::as_str).collect()
    }

    /// The reasons not to accept `now`, a line each.
    pub fn objections(&self, now: &Self) -> Vec<String> {
        let mut objections = Vec::new();
        for (name, &cost) in &now.0 {
            match self.0.get(name) {
                Some(&budget) if cost > budget + budget / 20 => {
                    let percent = (cost - budget) * 100 / budget.max(1);
                    objections.push(format!("{name} grew by {percent} %: {budget} -> {cost}"));
                }
                _ => {}
            }
        }
        for name in self.0.keys().filter(|name| !now.0.contains_key(*name)) {
            objections.push(format!("{name} is gone"));
        }
        let size = now.0.get("policy.wasm").copied().unwrap_or_default();
        if size > MAX_SIZE {
            objections.push(format!("policy.wasm has {size} bytes, over {MAX_SIZE}"));
        }
        objections
    }
}

impl std::fmt::Display for Budget {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.0.keys().map(String::len).max().unwrap_or_default();
        out.write_str(HEADER)?;
        for (name, cost) in &self.0 {
            writeln!(out, "{name:width$} {cost:>10}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(costs: &[(&str, u64)]) -> Budget {
        Budget(costs.iter().map(|&(name, cost)| (name.to_owned(), cost)).collect())
    }

    #[test]
    fn reads_what_it_writes() {
        let snapshot = budget(&[("policy.wasm", 1), ("a rule/deny-a.yaml", 123_456)]);
        assert_eq!(Budget::parse(&snapshot.to_string()).unwrap(), snapshot);
        assert!(Budget::parse("policy.wasm many").is_err());
    }

    #[test]
    fn objects_to_growth_and_to_missing_fixtures_but_not_to_new_ones() {
        let before = budget(&[("a", 100), ("b", 100), ("c", 100), ("policy.wasm", 10)]);
        let after = budget(&[("a", 105), ("b", 106), ("d", 1), ("policy.wasm", MAX_SIZE + 1)]);
        assert!(before.objections(&before).is_empty());
        assert_eq!(before.new_in(&after), ["d"]);
        assert_eq!(
            before.objections(&after),
            [
                "b grew by 6 %: 100 -> 106",
                "policy.wasm grew by 7599910 %: 10 -> 760001",
                "c is gone",
                "policy.wasm has 760001 bytes, over 760000",
            ]
        );
    }
}
