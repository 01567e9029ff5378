#![allow(dead_code, reason = "every program takes what it needs")]
//! A small API server: discovery, lists in pages, errors, slow answers.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// A server with objects by path: `/api/v1/pods`.
#[derive(Default)]
pub(crate) struct Objects {
    pub lists: BTreeMap<String, Vec<Value>>,
    pub forbidden: Vec<String>,
    /// Statuses to answer with before the first page of a path.
    pub troubles: Mutex<BTreeMap<String, Vec<u16>>>,
    /// How long a page takes.
    pub delay: Duration,
    pub requests: Mutex<Vec<String>>,
    /// Answers that were made already.
    made: Mutex<BTreeMap<String, Arc<str>>>,
}

pub(crate) struct Server {
    pub objects: Arc<Objects>,
    pub address: SocketAddr,
    pub folder: TempDir,
}

impl Server {
    pub(crate) fn start(objects: Objects) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let objects = Arc::new(objects);
        let shared = objects.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                thread::spawn(move || serve(stream, &shared));
            }
        });
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "other",
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": "test"}},
                {"name": "other", "context": {"cluster": "nowhere", "user": "test"}},
            ],
            "clusters": [
                {"name": "test", "cluster": {"server": format!("http://{address}")}},
                {"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}},
            ],
            "users": [{"name": "test", "user": {}}],
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kubeconfig"), config.to_string()).unwrap();
        Server { objects, address, folder }
    }

    /// `entra-auth audit` on this server.
    pub(crate) fn audit(&self, program: &str, arguments: &[&str]) -> Output {
        self.run(program, &[&["audit", "--context", "test"], arguments].concat())
    }

    /// Any command with the server's kubeconfig.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).args(arguments);
        command.env("KUBECONFIG", self.folder.path().join("kubeconfig")).output().unwrap()
    }
}

fn serve(stream: TcpStream, objects: &Objects) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
                break;
            }
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        objects.requests.lock().unwrap().push(line.trim().to_owned());
        let made = objects.made.lock().unwrap().get(&target).cloned();
        let (status, body) = made.map_or_else(
            || {
                let (status, body) = answer(objects, &target);
                let body: Arc<str> = body.to_string().into();
                if status == 200 {
                    objects.made.lock().unwrap().insert(target.clone(), body.clone());
                }
                (status, body)
            },
            |body| (200, body),
        );
        thread::sleep(objects.delay);
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn failure(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": reason, "code": code, "message": reason});
    (code, status)
}

fn answer(objects: &Objects, target: &str) -> (u16, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let trouble = objects.troubles.lock().unwrap().get_mut(path).and_then(Vec::pop);
    match trouble {
        Some(0) => thread::sleep(Duration::from_millis(300)),
        Some(code) => return failure(code, "Trouble"),
        None => {}
    }
    if path == "/apis" {
        let group = |name: &str| {
            json!({"name": name, "versions": [{"groupVersion": format!("{name}/v1"), "version": "v1"}],
            "preferredVersion": {"groupVersion": format!("{name}/v1"), "version": "v1"}})
        };
        return (200, json!({"kind": "APIGroupList", "groups": [group("apps"), group("rbac.authorization.k8s.io")]}));
    }
    if objects.forbidden.iter().any(|forbidden| forbidden == path) {
        return failure(403, "Forbidden");
    }
    let Some(list) = objects.lists.get(path) else { return failure(404, "NotFound") };
    let value = |key: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
            .and_then(|text| text.parse::<usize>().ok())
    };
    let (start, limit) = (value("continue").unwrap_or(0), value("limit").unwrap_or(list.len()));
    let end = list.len().min(start + limit);
    let next = if end < list.len() { end.to_string() } else { String::new() };
    let mut items = list[start..end].to_vec();
    // Items of a list do not repeat what they are.
    for item in &mut items {
        let item = item.as_object_mut().unwrap();
        item.remove("kind");
        item.remove("apiVersion");
    }
    let first = &list[0];
    (
        200,
        json!({"kind": format!("{}List", first["kind"].as_str().unwrap()), "apiVersion": first["apiVersion"],
        "metadata": {"resourceVersion": "1", "continue": next}, "items": items}),
    )
}
