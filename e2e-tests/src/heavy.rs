//! What a request may cost at most, whatever an author writes: for the test of the generated heavy requests, and for the
//! search for worse ones.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use admission::heavy::Class;
use anyhow::{Context, Result};
use host::{HostCallbacks, Meter};

use crate::Built;
use crate::heavy_open::OPEN;

/// The most instructions for each byte of the largest request.
pub const INSTRUCTIONS_PER_BYTE: f64 = 300.0;
/// The most instructions for twice the size, compared with those for the size.
pub const GROWTH: f64 = 2.2;
/// The most guest memory.
pub const MEMORY: usize = 64 << 20;
/// The longest answer.
pub const ANSWER: usize = 64 << 10;
/// The most look-ups.
pub const LOOKUPS: usize = 32;

/// What one request cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub bytes: usize,
    pub instructions: u64,
    pub memory: usize,
    pub answer: usize,
    pub lookups: usize,
    /// Whether the answer is that the request cannot be read.
    pub is_unreadable: bool,
}

impl Cost {
    pub fn per_byte(&self) -> f64 {
        self.instructions as f64 / self.bytes as f64
    }
}

/// Counts look-ups and finds nothing.
#[derive(Default)]
struct Empty(AtomicUsize);

impl HostCallbacks for Empty {
    fn call(&self, _: &str, _: &str, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Err("Cannot find v1/ServiceAccount".to_owned())
    }
}

/// Counts what evaluating a payload costs.
pub fn cost(meter: &Meter, payload: &[u8]) -> Result<Cost> {
    let host = Arc::new(Empty::default());
    let metered = meter.clone().with_host(host.clone()).call("validate", payload)?;
    Ok(Cost {
        bytes: payload.len(),
        instructions: metered.fuel,
        memory: metered.memory,
        answer: metered.answer.len(),
        lookups: host.0.load(Ordering::Relaxed),
        is_unreadable: String::from_utf8_lossy(&metered.answer).contains("could not judge the request"),
    })
}

/// A class at two sizes.
pub struct Measured {
    pub class: &'static Class,
    pub half: Cost,
    pub whole: Cost,
}

impl Measured {
    /// Half of `most` bytes, then twice as many of what grows.
    pub fn of(meter: &Meter, class: &'static Class, most: usize) -> Result<Self> {
        let n = class.n_of_size(most.min(class.most) / 2);
        let cost = |n| cost(meter, &class.payload(n, 1)).with_context(|| format!("{} ({n})", class.name));
        Ok(Measured { class, half: cost(n)?, whole: cost(2 * n)? })
    }

    pub fn growth(&self) -> f64 {
        self.whole.instructions as f64 / self.half.instructions as f64
    }

    /// The bounds that the class exceeds, in a line each.
    pub fn objections(&self) -> Vec<String> {
        let Cost { memory, answer, lookups, .. } = self.whole;
        let mut objections = Vec::new();
        let mut object = |exceeds: bool, what: String| {
            if exceeds {
                objections.push(format!("{}: {what}", self.class.name));
            }
        };
        let (growth, per_byte) = (self.growth(), self.whole.per_byte());
        let open = OPEN.iter().find(|(class, ..)| *class == self.class.name);
        let (most_per_byte, most_growth) =
            open.map_or((INSTRUCTIONS_PER_BYTE, GROWTH), |(_, per_byte, growth)| (*per_byte, *growth));
        object(growth > most_growth, format!("{growth:.2} times the instructions for twice the size"));
        object(per_byte > most_per_byte, format!("{per_byte:.0} instructions a byte"));
        object(memory > MEMORY, format!("{memory} bytes of memory"));
        object(answer > ANSWER, format!("an answer of {answer} bytes"));
        object(lookups > LOOKUPS, format!("{lookups} look-ups"));
        objections
    }
}

/// The policy, counting.
pub fn meter() -> Result<Meter> {
    Built::Policy.meter()
}
