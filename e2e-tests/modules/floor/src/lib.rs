//! Accepts every request without reading it. No waPC guest can be cheaper.
//!
//! Three more operations misbehave in the ways the host has to cope with; its tests call them.
use std::hint;

use wapc_guest::prelude::*;

#[expect(unsafe_code, reason = "the protocol's entry point has a fixed name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", |_| Ok(br#"{"accepted":true}"#.to_vec()));
    register_function("validate_settings", |_| Ok(br#"{"valid":true}"#.to_vec()));
    register_function("protocol_version", |_| Ok(br#""v1""#.to_vec()));
    register_function("loop_for_ever", |_| {
        loop {
            hint::spin_loop();
        }
    });
    register_function("fail", |payload| Err(String::from_utf8_lossy(payload).into()));
    register_function("ask_host", |payload| host_call("kubewarden", "kubernetes", "can_i", payload));
}
