//! Counts what a call costs the guest, independent of the machine: instructions and memory.
//!
//! The engine that serves requests keeps its store to itself, so this is a second, small waPC
//! host. It is never timed.
use std::sync::{Arc, OnceLock};

use wapc::{HOST_NAMESPACE, wapc_functions as names};
use wasi_common::WasiCtx;
use wasi_common::random::Deterministic;
use wasi_common::sync::{clocks_ctx, sched_ctx};
use wasi_common::table::Table;
use wasmtime_provider::errors;
use wasmtime_provider::wasmtime::{
    self, Caller, Config, Engine, Extern, InstancePre, Linker, Memory, Module, Result, Store, Trap, format_err,
};

use crate::host::{HostCallbacks, NoHost};
use crate::{CallError, LoadError};

/// Far above what any judged request may cost; it only ends endless loops.
const FUEL: u64 = 20_000_000_000;

/// A module compiled to count.
#[derive(Clone)]
pub struct Meter {
    pre: InstancePre<Guest>,
    host: Arc<dyn HostCallbacks>,
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

/// One conversation: what the guest asks for and what it has said.
struct Guest {
    wasi: WasiCtx,
    host: Arc<dyn HostCallbacks>,
    operation: Vec<u8>,
    payload: Vec<u8>,
    answer: Option<Vec<u8>>,
    error: Option<String>,
    host_answer: Vec<u8>,
    host_error: String,
}

impl Meter {
    pub fn load(wasm: &[u8]) -> Result<Self, LoadError> {
        let link = || linker(engine()?)?.instantiate_pre(&Module::new(engine()?, wasm)?);
        Ok(Self { pre: link().map_err(errors::Error::from)?, host: Arc::new(NoHost) })
    }

    #[must_use]
    pub fn with_host(mut self, host: Arc<dyn HostCallbacks>) -> Self {
        self.host = host;
        self
    }

    /// Calls one operation in a fresh instance. The same bytes always cost the same.
    pub fn call(&self, operation: &str, payload: &[u8]) -> Result<Metered, CallError> {
        let start = |error: wasmtime::Error| CallError::Start(error.to_string());
        let guest = Guest {
            // Hash seeds come from here; a fixed one keeps the count fixed.
            wasi: WasiCtx::new(
                Box::new(Deterministic::new(vec![1, 2, 3, 5, 7, 11, 13, 17])),
                clocks_ctx(),
                sched_ctx(),
                Table::new(),
            ),
            host: self.host.clone(),
            operation: operation.as_bytes().to_vec(),
            payload: payload.to_vec(),
            answer: None,
            error: None,
            host_answer: Vec::new(),
            host_error: String::new(),
        };
        let mut store = Store::new(self.pre.module().engine(), guest);
        store.set_fuel(FUEL).map_err(start)?;
        let instance = self.pre.instantiate(&mut store).map_err(start)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| CallError::Start("no exported memory".to_owned()))?;
        for name in names::REQUIRED_STARTS {
            if let Some(function) = instance.get_func(&mut store, name) {
                let function = function.typed::<(), ()>(&store).map_err(start)?;
                function.call(&mut store, ()).map_err(start)?;
            }
        }
        let guest_call = instance.get_typed_func::<(i32, i32), i32>(&mut store, names::GUEST_CALL).map_err(start)?;
        let lengths = (length(operation.as_bytes()), length(payload));
        let accepted = guest_call.call(&mut store, lengths).map_err(|error| match error.downcast_ref() {
            Some(Trap::OutOfFuel) => CallError::Interrupted,
            _ => CallError::Guest(error.to_string()),
        })?;
        let fuel = FUEL - store.get_fuel().map_err(start)?;
        let memory = memory.data_size(&store);
        let guest = store.into_data();
        match guest.answer {
            Some(answer) if accepted == 1 => Ok(Metered { answer, fuel, memory }),
            _ => Err(CallError::Guest(guest.error.unwrap_or_default())),
        }
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

type Host<'a> = Caller<'a, Guest>;

/// The host half of the waPC protocol, and WASI.
fn linker(engine: &Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasi_common::sync::add_to_linker(&mut linker, |guest: &mut Guest| &mut guest.wasi)?;
    linker
        .func_wrap(
            HOST_NAMESPACE,
            names::GUEST_REQUEST_FN,
            |mut host: Host, operation: u32, payload: u32| -> Result<()> {
                let guest = host.data_mut();
                let (name, bytes) = (guest.operation.clone(), guest.payload.clone());
                write(&mut host, operation, &name)?;
                write(&mut host, payload, &bytes)
            },
        )?
        .func_wrap(HOST_NAMESPACE, names::GUEST_RESPONSE_FN, |mut host: Host, at: u32, len: u32| -> Result<()> {
            let answer = read(&mut host, at, len)?;
            host.data_mut().answer = Some(answer);
            Ok(())
        })?
        .func_wrap(HOST_NAMESPACE, names::GUEST_ERROR_FN, |mut host: Host, at: u32, len: u32| -> Result<()> {
            let error = text(&mut host, at, len)?;
            host.data_mut().error = Some(error);
            Ok(())
        })?
        .func_wrap(
            HOST_NAMESPACE,
            names::HOST_CALL,
            |mut host: Host,
             binding: u32,
             binding_len: u32,
             namespace: u32,
             namespace_len: u32,
             operation: u32,
             operation_len: u32,
             payload: u32,
             payload_len: u32|
             -> Result<i32> {
                let binding = text(&mut host, binding, binding_len)?;
                let namespace = text(&mut host, namespace, namespace_len)?;
                let operation = text(&mut host, operation, operation_len)?;
                let payload = read(&mut host, payload, payload_len)?;
                let guest = host.data_mut();
                match guest.host.call(&binding, &namespace, &operation, &payload) {
                    Ok(answer) => {
                        guest.host_answer = answer;
                        Ok(1)
                    }
                    Err(error) => {
                        guest.host_error = error;
                        Ok(0)
                    }
                }
            },
        )?
        .func_wrap(HOST_NAMESPACE, names::HOST_RESPONSE_LEN_FN, |host: Host| length(&host.data().host_answer))?
        .func_wrap(HOST_NAMESPACE, names::HOST_RESPONSE_FN, |mut host: Host, at: u32| -> Result<()> {
            let answer = std::mem::take(&mut host.data_mut().host_answer);
            write(&mut host, at, &answer)
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_ERROR_LEN_FN, |host: Host| length(host.data().host_error.as_bytes()))?
        .func_wrap(HOST_NAMESPACE, names::HOST_ERROR_FN, |mut host: Host, at: u32| -> Result<()> {
            let error = std::mem::take(&mut host.data_mut().host_error);
            write(&mut host, at, error.as_bytes())
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_CONSOLE_LOG, |_: Host, _: u32, _: u32| {})?;
    Ok(linker)
}

/// Lengths cross the border as 32 bits; a longer buffer would not fit the guest's memory anyway.
fn length(bytes: &[u8]) -> i32 {
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

fn memory(host: &mut Host) -> Result<Memory> {
    host.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| format_err!("no exported memory"))
}

fn write(host: &mut Host, at: u32, bytes: &[u8]) -> Result<()> {
    Ok(memory(host)?.write(host, at as usize, bytes)?)
}

fn read(host: &mut Host, at: u32, len: u32) -> Result<Vec<u8>> {
    let memory = memory(host)?;
    let start = at as usize;
    let bytes = memory.data(&*host).get(start..start + len as usize);
    Ok(bytes.ok_or_else(|| format_err!("outside of the guest's memory"))?.to_vec())
}

fn text(host: &mut Host, at: u32, len: u32) -> Result<String> {
    Ok(String::from_utf8_lossy(&read(host, at, len)?).into_owned())
}
