//! A minimal waPC host, with nothing between the caller and the engine.
//!
//! The host that policy-server uses keeps its store to itself and copies its linker for every request. This
//! one counts ([`Meter`](crate::Meter)) and evaluates many objects quickly
//! ([`Module::load_direct`](crate::Module::load_direct)); a test makes sure that both give the same answers.
use std::sync::Arc;

use wapc::{HOST_NAMESPACE, wapc_functions as names};
use wasi_common::WasiCtx;
use wasi_common::random::Deterministic;
use wasi_common::sync::sched_ctx;
use wasi_common::table::Table;
use wasmtime_provider::wasmtime::{
    self, Caller, Engine, Extern, InstancePre, Linker, Memory, Module, Result, Store, Trap, format_err,
};

use crate::callbacks::HostCallbacks;
use crate::{CallError, Clock};

/// A module that is compiled and linked.
#[derive(Clone)]
pub(crate) struct Direct(InstancePre<Guest>);

/// A call that returned an answer, and its counters.
pub(crate) struct Done {
    pub answer: Vec<u8>,
    pub store: Store<Guest>,
    /// Bytes of linear memory after the call; it never shrinks, so this is the high-water mark.
    pub memory: usize,
}

/// One call: what the guest asks for and what it has answered.
pub(crate) struct Guest {
    wasi: WasiCtx,
    host: Arc<dyn HostCallbacks>,
    operation: Vec<u8>,
    payload: Vec<u8>,
    answer: Option<Vec<u8>>,
    error: Option<String>,
    host_answer: Vec<u8>,
    host_error: String,
}

impl Direct {
    pub(crate) fn link(module: &Module) -> Result<Self> {
        Ok(Self(linker(module.engine())?.instantiate_pre(module)?))
    }

    /// Calls one operation in a fresh instance, whose store `prepare` gives its limits.
    pub(crate) fn call(
        &self,
        host: Arc<dyn HostCallbacks>,
        clock: Clock,
        operation: &str,
        payload: &[u8],
        prepare: impl FnOnce(&mut Store<Guest>) -> Result<()>,
    ) -> Result<Done, CallError> {
        let start = |error: wasmtime::Error| CallError::Start(error.to_string());
        let guest = Guest {
            // Hash seeds come from here; a fixed one makes the same bytes always cost the same.
            wasi: WasiCtx::new(
                Box::new(Deterministic::new(vec![1, 2, 3, 5, 7, 11, 13, 17])),
                clock.wasi(),
                sched_ctx(),
                Table::new(),
            ),
            host,
            operation: operation.as_bytes().to_vec(),
            payload: payload.to_vec(),
            answer: None,
            error: None,
            host_answer: Vec::new(),
            host_error: String::new(),
        };
        let mut store = Store::new(self.0.module().engine(), guest);
        prepare(&mut store).map_err(start)?;
        let instance = self.0.instantiate(&mut store).map_err(start)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| CallError::Start("no exported memory".to_owned()))?;
        let guest_call = instance.get_typed_func::<(i32, i32), i32>(&mut store, names::GUEST_CALL).map_err(start)?;
        for name in names::REQUIRED_STARTS {
            if let Some(function) = instance.get_func(&mut store, name) {
                let function = function.typed::<(), ()>(&store).map_err(start)?;
                function.call(&mut store, ()).map_err(failure)?;
            }
        }
        let lengths = (length(operation.as_bytes()), length(payload));
        let accepted = guest_call.call(&mut store, lengths).map_err(failure)?;
        let memory = memory.data_size(&store);
        let guest = store.data_mut();
        match guest.answer.take() {
            Some(answer) if accepted == 1 => Ok(Done { answer, store, memory }),
            _ => Err(CallError::Guest(guest.error.take().unwrap_or_default())),
        }
    }
}

fn failure(error: wasmtime::Error) -> CallError {
    match error.downcast_ref() {
        Some(Trap::OutOfFuel | Trap::Interrupt) => CallError::Interrupted,
        _ => CallError::Guest(error.to_string()),
    }
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

/// Lengths are passed as 32 bits; a longer buffer would not fit the guest's memory anyway.
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
