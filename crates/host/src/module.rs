use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wapc::WapcHost;
use wasmtime_provider::wasmtime;
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre, errors};

use crate::Clock;
use crate::callbacks::{HostCallbacks, NoHost, callback};
use crate::direct::Direct;
use crate::engine::{self, TICK};
use crate::protocol::{SettingsResponse, ValidationResponse, validation_payload};

/// A policy server's default for one evaluation.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// A compiled policy. Cloning is cheap, and every clone can be called from any thread.
#[derive(Clone)]
pub struct Module {
    engine: Engine,
    deadlines: EpochDeadlines,
    host: Arc<dyn HostCallbacks>,
    clock: Clock,
}

/// What runs the guest.
#[derive(Clone)]
enum Engine {
    /// The waPC host of policy-server.
    PolicyServer(Box<WasmtimeEngineProviderPre>),
    /// The waPC host of this crate.
    Direct(Direct),
}

/// The bytes are not a module this host can run.
#[derive(Debug, thiserror::Error)]
#[error("the module cannot be loaded: {0}")]
pub struct LoadError(#[from] errors::Error);

/// An error that an API client would see as an internal server error.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the guest was interrupted: it took longer than it may")]
    Interrupted,
    #[error("the guest could not be started: {0}")]
    Start(String),
    #[error("the guest failed: {0}")]
    Guest(String),
    #[error("the guest's answer is not the JSON it should be: {0}")]
    Answer(#[source] serde_json::Error),
    #[error("the request cannot be written as JSON: {0}")]
    Request(#[source] serde_json::Error),
}

impl Module {
    /// Compiles and links a module to be called as policy-server calls it, with the denying host and the
    /// usual time limit.
    pub fn load(wasm: &[u8]) -> Result<Self, LoadError> {
        let engine = engine::policy_server()?;
        let module = wasmtime::Module::new(&engine, wasm).map_err(errors::Error::from)?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine).module(module).build_pre()?;
        Ok(Self::on(Engine::PolicyServer(Box::new(pre))))
    }

    /// The same for callers with many calls: the guest gives the same answers, faster.
    pub fn load_direct(wasm: &[u8]) -> Result<Self, LoadError> {
        let module = wasmtime::Module::new(&engine::pooled()?, wasm).map_err(errors::Error::from)?;
        Ok(Self::on(Engine::Direct(Direct::link(&module).map_err(errors::Error::from)?)))
    }

    fn on(engine: Engine) -> Self {
        Self { engine, deadlines: deadlines(TIME_LIMIT), host: Arc::new(NoHost), clock: Clock::System }
    }

    /// The same module with its host calls answered by `host`.
    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn HostCallbacks>) -> Self {
        self.host = host;
        self
    }

    /// The same module, whose guest reads this clock. Only for a module that is [loaded
    /// directly](Module::load_direct): policy-server's host gives every guest the clock of the machine, so calls
    /// of a module on it fail with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The same module with another limit for start and evaluation, each.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.deadlines = deadlines(limit);
        self
    }

    /// Calls one operation in a fresh instance and returns the guest's bytes.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, CallError> {
        match &self.engine {
            Engine::PolicyServer(_) if self.clock != Clock::System => {
                Err(CallError::Start("policy-server's host has only the clock of the machine".to_owned()))
            }
            Engine::PolicyServer(pre) => {
                let start = |error: errors::Error| CallError::Start(error.to_string());
                let provider = pre.rehydrate(Some(self.deadlines)).map_err(start)?;
                WapcHost::new(Box::new(provider), Some(callback(self.host.clone())))
                    .and_then(|instance| instance.call(operation, payload))
                    .map_err(CallError::from)
            }
            Engine::Direct(direct) => {
                let limit = self.deadlines.wapc_init + self.deadlines.wapc_func;
                let prepare = |store: &mut wasmtime::Store<_>| {
                    store.set_epoch_deadline(limit);
                    Ok(())
                };
                direct.call(self.host.clone(), self.clock, operation, payload, prepare).map(|done| done.answer)
            }
        }
    }

    /// Evaluates one AdmissionRequest.
    pub fn validate(
        &self,
        request: &(impl Serialize + ?Sized),
        settings: &(impl Serialize + ?Sized),
    ) -> Result<ValidationResponse, CallError> {
        let payload = validation_payload(request, settings).map_err(CallError::Request)?;
        self.answer("validate", &payload)
    }

    /// Asks whether the settings are usable, as a policy server does when it starts.
    pub fn validate_settings(&self, settings: &(impl Serialize + ?Sized)) -> Result<SettingsResponse, CallError> {
        let payload = serde_json::to_vec(settings).map_err(CallError::Request)?;
        self.answer("validate_settings", &payload)
    }

    /// The version of the policy protocol: `v1`.
    pub fn protocol_version(&self) -> Result<String, CallError> {
        self.answer("protocol_version", &[])
    }

    fn answer<T: DeserializeOwned>(&self, operation: &str, payload: &[u8]) -> Result<T, CallError> {
        let answer = self.call(operation, payload)?;
        serde_json::from_slice(&answer).map_err(CallError::Answer)
    }
}

impl From<wapc::errors::Error> for CallError {
    fn from(error: wapc::errors::Error) -> Self {
        // The provider has only words for a passed deadline.
        let interrupted = |text: &str| text.ends_with("interrupted, execution deadline exceeded");
        match error {
            wapc::errors::Error::GuestCallFailure(text) | wapc::errors::Error::InitFailed(text)
                if interrupted(&text) =>
            {
                Self::Interrupted
            }
            wapc::errors::Error::GuestCallFailure(text) => Self::Guest(text),
            wapc::errors::Error::InitFailed(text) => Self::Start(text),
            other => Self::Start(other.to_string()),
        }
    }
}

fn deadlines(limit: Duration) -> EpochDeadlines {
    let ticks = limit.as_nanos().div_ceil(TICK.as_nanos());
    let ticks = u64::try_from(ticks).unwrap_or(u64::MAX).max(1);
    EpochDeadlines { wapc_init: ticks, wapc_func: ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_at_least_that_many_ticks() {
        assert_eq!(deadlines(Duration::from_millis(200)).wapc_func, 4);
        assert_eq!(deadlines(Duration::from_millis(201)).wapc_func, 5);
        assert_eq!(deadlines(Duration::ZERO).wapc_init, 1);
    }
}
