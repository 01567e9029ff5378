//! Built modules, ready to be called by tests: on the [day of the tests](today) where a host has a clock to give, and
//! never interrupted because a machine is slow.
use std::time::Duration;

use crate::Built;
use admission::cluster::MemoryCluster;
use admission::fixture::today;
use admission::session::host_text;
use anyhow::Result;
use entra_auth_policy::lookup::{Cluster, Query, RESOURCES};
use host::{Clock, HostCallbacks, Meter, Module};
use serde_json::Value;

const UNHURRIED: Duration = Duration::from_secs(3600);

impl Built {
    /// The module in policy-server's host, which has no clock but the machine's.
    pub fn load(self) -> Result<Module> {
        Ok(Module::load(&self.read()?)?.with_time_limit(UNHURRIED))
    }

    /// The module in the host of this repository.
    pub fn load_direct(self) -> Result<Module> {
        Ok(Module::load_direct(&self.read()?)?.with_time_limit(UNHURRIED).with_clock(clock()))
    }

    /// The module with its instructions counted.
    pub fn meter(self) -> Result<Meter> {
        Ok(Meter::load(&self.read()?)?.with_clock(clock()))
    }
}

fn clock() -> Clock {
    Clock::at_unix_seconds(today().unix_seconds())
}

/// Answers look-ups as a policy server does, from the cluster of a fixture.
pub struct Answers(pub MemoryCluster);

impl HostCallbacks for Answers {
    fn call(&self, _: &str, _: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let asked: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        let resource = RESOURCES
            .iter()
            .find(|resource| asked["api_version"] == resource.api_version && asked["kind"] == resource.kind)
            .filter(|_| operation == "get_resource")
            .ok_or_else(|| format!("unexpected call of {operation} for {asked}"))?;
        let name = asked["name"].as_str().unwrap_or_default();
        let query = Query { resource, namespace: asked["namespace"].as_str(), name };
        self.0.get(&query).map(String::into_bytes).map_err(|error| host_text(&query, error))
    }
}
