//! Prints what heavy requests cost, dearest first: `heavy [BYTES]`, of a mebibyte by default.
use admission::heavy::classes;
use e2e_tests::heavy::{Measured, meter};
use rayon::prelude::*;

fn main() -> anyhow::Result<()> {
    let bytes = std::env::args().nth(1).map_or(Ok(1 << 20), |bytes| bytes.parse())?;
    let meter = meter()?;
    let classes: Vec<_> = classes().collect();
    let measure = |class| Measured::of(&meter, class, bytes).map_err(|error| eprintln!("{error:#}")).ok();
    let mut measured: Vec<Measured> = classes.into_par_iter().filter_map(measure).collect();
    measured.sort_by(|a, b| b.whole.per_byte().total_cmp(&a.whole.per_byte()));
    println!("per byte growth  MiB  answer look-ups  bytes    class");
    for row in &measured {
        println!(
            "{:>8.0} {:>6.2} {:>4} {:>7} {:>8} {:>8} {} {}",
            row.whole.per_byte(),
            row.growth(),
            row.whole.memory >> 20,
            row.whole.answer,
            row.whole.lookups,
            row.whole.bytes,
            if row.objections().is_empty() { " " } else { "!" },
            row.class.name
        );
    }
    Ok(())
}
