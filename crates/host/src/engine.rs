//! The engines that modules run on, each with the clock that interrupts its guests.
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use wasmtime_provider::errors::Error;
use wasmtime_provider::wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

/// Policy-server ticks once a second; a finer clock only makes the limit more exact.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// How much of the memory that a call used stays mapped: all of a usual call's, little of a large one's.
const KEPT: usize = 2 << 20;

/// The engine that policy-server has: memory is mapped for every instance and unmapped after it.
pub(crate) fn policy_server() -> Result<Engine, Error> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ticking(&ENGINE, || Engine::new(&interruptible()))
}

/// An engine whose instances take turns in memory that stays mapped. Each begins with what a fresh one
/// holds: only the pages that the previous call has written are reset.
pub(crate) fn pooled() -> Result<Engine, Error> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let mut pool = PoolingAllocationConfig::new();
    pool.linear_memory_keep_resident(KEPT).table_keep_resident(KEPT).pagemap_scan(Enabled::Auto);
    let pooling = InstanceAllocationStrategy::Pooling(pool);
    ticking(&ENGINE, || {
        // The pool reserves terabytes of addresses, which some systems do not grant to a process.
        Engine::new(interruptible().allocation_strategy(pooling)).or_else(|_| Engine::new(&interruptible()))
    })
}

fn interruptible() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config
}

/// The engine that is kept for all modules of the process.
fn ticking(kept: &OnceLock<Engine>, make: impl FnOnce() -> Result<Engine>) -> Result<Engine, Error> {
    if let Some(engine) = kept.get() {
        return Ok(engine.clone());
    }
    let engine = make()?;
    // Two first callers may both get here; only the engine that is kept gets a clock.
    let kept = kept.get_or_init(|| {
        let clock = engine.weak();
        thread::spawn(move || {
            while let Some(engine) = clock.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        });
        engine
    });
    Ok(kept.clone())
}
