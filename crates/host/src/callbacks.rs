use std::sync::Arc;

/// Answers what a policy asks of its host: cluster look-ups, access reviews, registry calls.
///
/// An `Err` is what the guest sees as a failed host call. It is not a failed evaluation: what
/// becomes of it is up to the policy.
pub trait HostCallbacks: Send + Sync {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String>;
}

/// Rejects every call, as a policy server does for a policy without `contextAwareResources`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl HostCallbacks for NoHost {
    fn call(&self, binding: &str, namespace: &str, operation: &str, _payload: &[u8]) -> Result<Vec<u8>, String> {
        Err(format!("host capability {binding}/{namespace}/{operation} is not granted"))
    }
}

impl<F> HostCallbacks for F
where
    F: Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync,
{
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        self(binding, namespace, operation, payload)
    }
}

pub(crate) fn callback(host: Arc<dyn HostCallbacks>) -> Box<wapc::HostCallback> {
    Box::new(move |_id, binding, namespace, operation, payload| {
        host.call(binding, namespace, operation, payload).map_err(Into::into)
    })
}
