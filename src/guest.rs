//! The waPC shell: the only file that names the SDK, wapc or the host.

use crate::lookup::{Cluster, LookupError, Query};
use crate::settings::Date;
use crate::{Host, evaluate, validate_settings};
use kubewarden_policy_sdk::{protocol_version_guest, wapc_guest as guest};
use std::time::{SystemTime, UNIX_EPOCH};

/// Called by the host for every request, on a fresh instance.
#[allow(unsafe_code, reason = "waPC finds the function by its unmangled name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    guest::register_function("validate", |payload| {
        let host = Host { today: &today, cluster: &HostCluster };
        Ok(evaluate(payload, &host).response.to_json())
    });
    guest::register_function("validate_settings", |payload| Ok(validate_settings(payload)));
    guest::register_function("protocol_version", protocol_version_guest);
}

/// The one place that reads the clock.
fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_unix_seconds(seconds)
}

/// The cluster, asked through Kubewarden's host capabilities.
struct HostCluster;

impl Cluster for HostCluster {
    fn get(&self, _query: &Query<'_>) -> Result<String, LookupError> {
        Err(LookupError::Failed)
    }
}
