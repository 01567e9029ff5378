use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wapc::WapcHost;
use wasmtime_provider::wasmtime::{self, Config, Engine};
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre, errors};

use crate::direct::Direct;
use crate::host::{HostCallbacks, NoHost, callback};
use crate::protocol::{SettingsResponse, ValidationResponse, validation_payload};

/// A policy server's default for one evaluation.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// Policy-server ticks once a second; a finer clock changes nothing but how exact the limit is.
const TICK: Duration = Duration::from_millis(50);

/// A compiled policy. Cloning is cheap and every clone may be called from any thread.
#[derive(Clone)]
pub struct Module {
    pre: WasmtimeEngineProviderPre,
    direct: Direct,
    deadlines: EpochDeadlines,
    host: Arc<dyn HostCallbacks>,
}

/// The bytes are not a module this host can run.
#[derive(Debug, thiserror::Error)]
#[error("the module cannot be loaded: {0}")]
pub struct LoadError(#[from] errors::Error);

/// What an API client would see as an internal server error.
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
    /// Compiles and links a module, with the denying host and the usual time limit.
    pub fn load(wasm: &[u8]) -> Result<Self, LoadError> {
        let engine = engine()?;
        let module = wasmtime::Module::new(&engine, wasm).map_err(errors::Error::from)?;
        let direct = Direct::link(&module).map_err(errors::Error::from)?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine).module(module).build_pre()?;
        Ok(Self { pre, direct, deadlines: deadlines(TIME_LIMIT), host: Arc::new(NoHost) })
    }

    /// The same module with its host calls answered by `host`.
    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn HostCallbacks>) -> Self {
        self.host = host;
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
        let provider = self.pre.rehydrate(Some(self.deadlines)).map_err(|error| CallError::Start(error.to_string()))?;
        WapcHost::new(Box::new(provider), Some(callback(self.host.clone())))
            .and_then(|instance| instance.call(operation, payload))
            .map_err(CallError::from)
    }

    /// The same without what policy-server's host does around it, for those with many calls to make.
    pub fn call_directly(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, CallError> {
        let limit = self.deadlines.wapc_init + self.deadlines.wapc_func;
        let prepare = |store: &mut wasmtime::Store<_>| {
            store.set_epoch_deadline(limit);
            Ok(())
        };
        self.direct.call(self.host.clone(), operation, payload, prepare).map(|done| done.answer)
    }

    /// Judges one AdmissionRequest.
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

    /// The protocol the module speaks: `v1`.
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

/// One engine for all modules of the process, and the clock that interrupts their guests.
fn engine() -> Result<Engine, errors::Error> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    if let Some(engine) = ENGINE.get() {
        return Ok(engine.clone());
    }
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    // Two first callers may both get here; only the engine that is kept gets a clock.
    let kept = ENGINE.get_or_init(|| {
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
