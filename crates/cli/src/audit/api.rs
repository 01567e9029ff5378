//! Lists through the API of a cluster: in pages, with retries, and nothing but `GET`.

use crate::inputs::root_cause;
use anyhow::{Result, anyhow};
use entra_auth_policy::rules;
use kube::client::AuthError;
use kube::config::{KubeConfigOptions, KubeconfigError};
use kube::{Client, Config};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How often a request is made before it has failed.
const ATTEMPTS: u32 = 5;

pub(crate) struct Api {
    /// Of this thread alone: one request is made after the other.
    runtime: Runtime,
    client: Client,
    address: String,
    namespace: Option<String>,
    page: u32,
}

/// A kind that the cluster serves and that rules read.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) group: String,
    version: String,
    pub(crate) kind: &'static str,
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
}

/// What a server answers to the request for a page.
pub(crate) enum Answer {
    Page {
        text: String,
        next: Option<String>,
        items: usize,
    },
    Forbidden,
    /// The kind is not served.
    Missing,
    /// The list that the page belongs to.
    Expired,
    Failed(String),
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<Version>,
    preferred_version: Option<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

/// Only the head of a list is read here.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    metadata: HeadMetadata,
    #[serde(default)]
    items: Vec<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct HeadMetadata {
    #[serde(rename = "continue", default)]
    next: String,
}

impl Kind {
    /// As RBAC and kubectl write it.
    pub(crate) fn name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }
}

impl Api {
    /// With the kubeconfig, or the service account of the Pod that this runs in.
    pub(crate) fn connect(context: Option<&str>, namespace: Option<String>, page: u32) -> Result<Api> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let mut config = match context {
            None => runtime.block_on(Config::infer()).map_err(|error| {
                let kubeconfig = error.source().and_then(|cause| cause.downcast_ref());
                let why = kubeconfig.map_or_else(|| error.to_string(), no_config);
                anyhow!("no cluster: {why}, and this is not a Pod with a service account")
            })?,
            Some(context) => {
                let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
                let config = runtime.block_on(Config::from_kubeconfig(&options));
                config.map_err(|error| anyhow!("the context `{context}`: {}", no_config(&error)))?
            }
        };
        config.connect_timeout = Some(Duration::from_secs(10));
        config.read_timeout = Some(Duration::from_secs(120));
        let address = config.cluster_url.to_string();
        let plugin = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
        // A client starts a task.
        let client = runtime.block_on(async { Client::try_from(config) });
        let client = client.map_err(|error| anyhow!("{}", no_client(&error, &plugin.unwrap_or_default())))?;
        Ok(Api { runtime, client, address, namespace, page: page.max(1) })
    }

    /// The kinds that rules read and that the cluster serves, in the order of the rules.
    pub(crate) fn kinds(&self) -> Result<Vec<Kind>> {
        let text = self.get("/apis").map_err(|error| anyhow!("{}: {}", self.address, words(&error)))?;
        let groups: Groups = serde_json::from_str(&text)?;
        let served: BTreeMap<String, Group> =
            groups.groups.into_iter().map(|group| (group.name.clone(), group)).collect();
        let version = |watched: &kubernetes::kind::Kind| {
            if watched.group.is_empty() {
                return Some("v1".to_owned());
            }
            let group = served.get(watched.group)?;
            let is_served = |version: &&&str| group.versions.iter().any(|served| served.version == **version);
            let known = watched.versions.iter().find(is_served).map(|version| (*version).to_owned());
            known.or_else(|| group.preferred_version.as_ref().map(|version| version.version.clone()))
        };
        let mut kinds: Vec<Kind> = Vec::new();
        for watched in rules::watched() {
            // Requests for tokens and reviews are not kept, so they cannot be listed.
            let is_kept = !matches!(watched.kind, "TokenRequest" | "Eviction" | "Binding");
            if let (true, Some(version)) = (is_kept, version(watched)) {
                kinds.push(Kind {
                    group: watched.group.to_owned(),
                    version,
                    kind: watched.kind,
                    plural: watched.plural.to_owned(),
                    namespaced: watched.namespaced,
                });
            }
        }
        Ok(kinds)
    }

    /// A page of a list.
    pub(crate) fn page(&self, kind: &Kind, next: Option<&str>) -> Answer {
        let root = if kind.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", kind.group) };
        let namespace =
            self.namespace.as_ref().map_or_else(String::new, |name| format!("/namespaces/{}", escaped(name)));
        let next = next.map_or_else(String::new, |token| format!("&continue={}", escaped(token)));
        let path = format!("{root}/{}{namespace}/{}?limit={}{next}", kind.version, kind.plural, self.page);
        match self.get(&path) {
            Ok(text) => match serde_json::from_str::<Head>(&text) {
                Ok(head) => {
                    let next = Some(head.metadata.next).filter(|next| !next.is_empty());
                    Answer::Page { items: head.items.len(), next, text }
                }
                Err(_) => Answer::Failed("the answer is not a list".to_owned()),
            },
            Err(kube::Error::Api(status)) if status.code == 403 => Answer::Forbidden,
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 405) => Answer::Missing,
            Err(kube::Error::Api(status)) if status.code == 410 => Answer::Expired,
            Err(error) => Answer::Failed(words(&error)),
        }
    }

    /// Asks again where that can help: a busy server, or a connection that broke.
    fn get(&self, path: &str) -> Result<String, kube::Error> {
        self.runtime.block_on(self.attempts(path))
    }

    async fn attempts(&self, path: &str) -> Result<String, kube::Error> {
        let mut wait = Duration::from_millis(200);
        for attempt in 1.. {
            let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
            let error = match self.client.request_text(request).await {
                Ok(text) => return Ok(text),
                Err(error) => error,
            };
            let helps = match &error {
                kube::Error::Api(status) => status.code == 429 || status.code >= 500,
                kube::Error::HyperError(_) | kube::Error::Service(_) => true,
                _ => false,
            };
            if !helps || attempt >= ATTEMPTS {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        unreachable!("the loop ends with the last attempt")
    }
}

fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if status.code == 401 => "the cluster does not accept the credentials".to_owned(),
        kube::Error::Api(status) => format!("the server answers {} {}", status.code, text::shown(&status.reason)),
        error => root_cause(error).to_string(),
    }
}

/// Why a kubeconfig names no cluster.
fn no_config(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(error, path) => {
            format!("the kubeconfig {} cannot be read ({error})", path.display())
        }
        KubeconfigError::CurrentContextNotSet => {
            "the kubeconfig has no current context: choose one with --context".to_owned()
        }
        KubeconfigError::LoadContext(_) => "the kubeconfig has no such context".to_owned(),
        error => error.to_string(),
    }
}

/// Why there is no connection. `plugin` is the program that signs in; what it prints can be a token, so only its last
/// words about an error are repeated.
fn no_client(error: &kube::Error, plugin: &str) -> String {
    match error {
        kube::Error::Auth(AuthError::AuthExecStart(error)) => {
            format!("the kubeconfig signs in with `{}`, which cannot be run: {error}", text::shown(plugin))
        }
        kube::Error::Auth(AuthError::AuthExecRun { out, .. }) => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("without a message");
            format!("`{}`, which signs in to the cluster, failed: {}", text::shown(plugin), text::shown(said))
        }
        error => words(error),
    }
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
