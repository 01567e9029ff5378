//! The host itself, tested with the smallest module that can be called.
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use e2e_tests::Built;
use host::{CallError, Meter, Module};
use serde_json::json;

fn floor() -> Module {
    Built::Floor.load().unwrap()
}

fn direct() -> Module {
    Built::Floor.load_direct().unwrap()
}

fn meter() -> Meter {
    Built::Floor.meter().unwrap()
}

#[test]
fn answers_every_operation_of_the_protocol() {
    let module = floor();
    assert!(module.validate(&json!({}), &json!({})).unwrap().accepted);
    assert!(module.validate_settings(&json!({})).unwrap().valid);
    assert_eq!(module.protocol_version().unwrap(), "v1");
}

#[test]
fn an_operation_nobody_registered_is_a_failure() {
    let error = floor().call("mutate", b"").unwrap_err();
    assert!(matches!(&error, CallError::Guest(text) if text.contains("mutate")), "{error}");
}

#[test]
fn a_guest_error_keeps_its_words() {
    for error in [
        floor().call("fail", b"no such day").unwrap_err(),
        direct().call("fail", b"no such day").unwrap_err(),
        meter().call("fail", b"no such day").unwrap_err(),
    ] {
        assert!(matches!(&error, CallError::Guest(text) if text == "no such day"), "{error}");
    }
}

#[test]
fn an_endless_guest_is_interrupted_and_the_next_call_works() {
    for module in [floor(), direct()] {
        // Time is not measured here: the tests of the host show that a limit is not too short.
        let hurried = module.clone().with_time_limit(Duration::from_millis(200));
        let error = hurried.call("loop_for_ever", b"").unwrap_err();
        assert!(matches!(error, CallError::Interrupted), "{error}");
        assert!(module.validate(&json!({}), &json!({})).unwrap().accepted);
    }
}

#[test]
fn the_host_refuses_by_default() {
    for error in [floor().call("ask_host", b"{}").unwrap_err(), meter().call("ask_host", b"{}").unwrap_err()] {
        assert!(matches!(&error, CallError::Guest(text) if text.contains("is not granted")), "{error}");
    }
}

#[test]
fn a_given_host_is_asked_with_the_guests_words() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let host = {
        let heard = heard.clone();
        Arc::new(move |binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            heard.lock().unwrap().push(format!("{binding}/{namespace}/{operation}"));
            Ok([payload, b"?"].concat())
        })
    };
    let answer = floor().with_host(host.clone()).call("ask_host", b"may I").unwrap();
    assert_eq!(answer, b"may I?");
    let counted = meter().with_host(host).call("ask_host", b"may I").unwrap();
    assert_eq!(counted.answer, answer);
    assert_eq!(*heard.lock().unwrap(), ["kubewarden/kubernetes/can_i"; 2]);
}

#[test]
fn one_module_serves_several_threads() {
    for module in [floor(), direct()] {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert!(module.validate(&json!({}), &json!({})).unwrap().accepted);
                    }
                });
            }
        });
    }
}

#[test]
fn every_call_begins_with_fresh_memory() {
    // Answers with a number that it counts up in its memory.
    let counts = br#"(module
        (import "wapc" "__guest_response" (func $answer (param i32 i32)))
        (memory (export "memory") 1)
        (data (i32.const 8) "0")
        (func (export "__guest_call") (param i32 i32) (result i32)
            (i32.store8 (i32.const 8) (i32.add (i32.load8_u (i32.const 8)) (i32.const 1)))
            (call $answer (i32.const 8) (i32.const 1))
            (i32.const 1)))"#;
    for module in [Module::load(counts).unwrap(), Module::load_direct(counts).unwrap()] {
        for _ in 0..3 {
            assert_eq!(module.call("validate", b"").unwrap(), b"1");
        }
    }
}

#[test]
fn the_same_call_costs_the_same_and_a_longer_one_more_memory() {
    let meter = meter();
    let small = meter.call("validate", b"{}").unwrap();
    assert!(small.fuel > 0);
    assert_eq!(small, meter.call("validate", b"{}").unwrap());
    let large = meter.call("validate", &vec![b' '; 4 << 20]).unwrap();
    assert!(large.memory >= small.memory + (4 << 20));
}

#[test]
fn bytes_that_are_no_module_are_refused() {
    assert!(Module::load(b"\0asm but no more").is_err());
    assert!(Meter::load(b"").is_err());
}
