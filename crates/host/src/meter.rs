//! Counts what a call costs the guest, independent of the machine: instructions and memory.
use std::sync::{Arc, OnceLock};

use wasmtime_provider::errors;
use wasmtime_provider::wasmtime::{self, Config, Engine, Module, Result};

use crate::callbacks::{HostCallbacks, NoHost};
use crate::direct::Direct;
use crate::{CallError, Clock, LoadError};

/// Far above the cost of any request; it only ends endless loops.
const FUEL: u64 = 20_000_000_000;

/// A module compiled to count.
#[derive(Clone)]
pub struct Meter {
    direct: Direct,
    host: Arc<dyn HostCallbacks>,
    clock: Clock,
}

/// One counted call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    pub answer: Vec<u8>,
    /// WebAssembly instructions of start and call together.
    pub fuel: u64,
    /// Bytes of linear memory after the call; it never shrinks, so this is the high-water mark.
    pub memory: usize,
}

impl Meter {
    pub fn load(wasm: &[u8]) -> Result<Self, LoadError> {
        let link = || Direct::link(&Module::new(engine()?, wasm)?);
        Ok(Self { direct: link().map_err(errors::Error::from)?, host: Arc::new(NoHost), clock: Clock::System })
    }

    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn HostCallbacks>) -> Self {
        self.host = host;
        self
    }

    /// The same module, whose guest reads this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Calls one operation in a fresh instance. The same bytes always cost the same.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Metered, CallError> {
        let done = self.direct.call(self.host.clone(), self.clock, operation, payload, |store| store.set_fuel(FUEL))?;
        let left = done.store.get_fuel().map_err(|error: wasmtime::Error| CallError::Start(error.to_string()))?;
        Ok(Metered { answer: done.answer, fuel: FUEL - left, memory: done.memory })
    }
}

fn engine() -> Result<&'static Engine> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine);
    }
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    Ok(ENGINE.get_or_init(|| engine))
}
