//! How long `entra-auth audit` takes for 10,000 objects, next to listing them: part of `make bench`.
//!
//! The objects are the fixtures, repeated. The server answers from memory, at once or after the time that an API server
//! takes for a page.

#[path = "../tests/support/api_server.rs"]
mod api_server;

use api_server::{Objects, Server};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

const OBJECTS: usize = 10_000;
const PAGE: usize = 500;
const RUNS: usize = 5;

fn main() {
    let program = std::env::current_exe().unwrap().with_file_name("../entra-auth");
    let program = program.to_str().unwrap();
    println!("{OBJECTS} objects in pages of {PAGE}, the best of {RUNS} runs\n");
    println!("| a page takes | listing | audit | ratio |\n|---|---|---|---|");
    for delay in [0, 20, 100] {
        let mut objects = objects();
        objects.delay = Duration::from_millis(delay);
        let server = Server::start(objects);
        let best = |run: &dyn Fn()| {
            let time = |_| {
                let start = Instant::now();
                run();
                start.elapsed()
            };
            (0..RUNS).map(time).min().unwrap()
        };
        let list = best(&|| list(&server));
        let audit = best(&|| {
            let output = server.audit(program, &[]);
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(
                text.contains(&format!("{OBJECTS} objects: ")),
                "{text}{}",
                String::from_utf8_lossy(&output.stderr)
            );
        });
        let ratio = audit.as_secs_f64() / list.as_secs_f64();
        println!("| {delay} ms | {:.2} s | {:.2} s | {ratio:.2} |", list.as_secs_f64(), audit.as_secs_f64());
    }
}

/// Fixtures of one object each, under the paths that an API server has for their kinds.
fn objects() -> Objects {
    let mut found: Vec<(String, Value)> = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data");
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
            let text = std::fs::read_to_string(file).unwrap();
            let value = manifest::documents(&text).first().and_then(|document| document.read().ok());
            found.extend(value.and_then(|value| Some((path(&value)?, value))));
        }
    }
    let mut objects = Objects::default();
    for (at, (path, value)) in found.iter().cycle().take(OBJECTS).enumerate() {
        let mut value = value.clone();
        value["metadata"]["uid"] = format!("uid-{at}").into();
        objects.lists.entry(path.clone()).or_default().push(value);
    }
    objects
}

/// Where the server lists the object, if rules read its kind and the test server serves its group.
fn path(value: &Value) -> Option<String> {
    let version = value["apiVersion"].as_str()?;
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let watched = entra_auth_policy::rules::watched();
    let kind = watched.into_iter().find(|kind| kind.group == group && value["kind"] == kind.kind)?;
    match (group, version) {
        ("", "v1") => (kind.kind != "Secret").then(|| format!("/api/v1/{}", kind.plural)),
        ("apps" | "rbac.authorization.k8s.io", version) => Some(format!("/apis/{version}/{}", kind.plural)),
        _ => None,
    }
}

/// Reads every list, and does nothing else.
fn list(server: &Server) {
    let stream = TcpStream::connect(server.address).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    for path in server.objects.lists.keys() {
        let mut next = String::new();
        loop {
            write!(stream, "GET {path}?limit={PAGE}{next} HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
            let body = body(&mut reader);
            let (_, token) = body.rsplit_once("\"continue\":\"").unwrap();
            let token: String = token.chars().take_while(char::is_ascii_digit).collect();
            if token.is_empty() {
                break;
            }
            next = format!("&continue={token}");
        }
    }
}

fn body(reader: &mut impl BufRead) -> String {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}
