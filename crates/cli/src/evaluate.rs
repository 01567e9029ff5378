//! Evaluates objects with the core that is built into the program.

use crate::before::{Before, Was};
use admission::cluster::ManifestCluster;
use admission::{Change, Identity, create_payload, payload, request};
use entra_auth_policy::lookup::{Cluster, NoCluster};
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Evaluation, Host, evaluate};
use manifest::{Form, ManifestObject};
use serde_json::Value;
use std::sync::Arc;

/// A compiled policy to run instead of the built-in one. Both have the same core, so findings, which the module's
/// answer does not contain, still come from here, and every answer must be the same.
pub trait CompiledPolicy: Sync {
    /// The answer of `validate_settings`.
    fn validate_settings(&self, settings: &[u8]) -> anyhow::Result<Vec<u8>>;
    /// The answer of `validate`. `cluster` answers look-ups as the manifests of `source` see it.
    fn validate(&self, payload: &[u8], cluster: Option<&Arc<ManifestCluster>>, source: &str)
    -> anyhow::Result<Vec<u8>>;
}

/// Everything that an evaluation depends on apart from the object.
pub(crate) struct Evaluator<'e> {
    pub settings: Value,
    pub identity: Option<Identity>,
    /// Answers look-ups, and gives the roles of the same input without them.
    pub cluster: Option<Arc<ManifestCluster>>,
    /// For exemptions that expire.
    pub today: Date,
    pub module: Option<&'e dyn CompiledPolicy>,
    /// What there was before: objects that are in it are updated.
    pub before: Option<Before>,
    /// Objects that are as before are evaluated too.
    pub unchanged: bool,
    /// A report shows the fixes of findings.
    pub carries_fixes: bool,
    /// A report says how many findings can be fixed.
    pub counts_fixes: bool,
}

impl Evaluator<'_> {
    /// Of objects that are created, by no one in particular, with the core alone.
    pub(crate) fn of_objects(settings: Value, cluster: Option<Arc<ManifestCluster>>, today: Date) -> Self {
        Evaluator {
            settings,
            identity: None,
            cluster,
            today,
            module: None,
            before: None,
            unchanged: false,
            carries_fixes: false,
            counts_fixes: false,
        }
    }
}

/// What was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// The request, or the creation of the object.
    AsWritten,
    /// An update of the object from before.
    AsUpdate,
}

/// Why there is no evaluation.
#[derive(Debug)]
pub(crate) enum EvaluateError {
    /// The object is as it was before.
    Unchanged,
    /// The module failed on this object.
    Module(anyhow::Error),
    /// The module's answer is not this program's.
    Differs,
}

impl Evaluator<'_> {
    /// Evaluates one object of `source`, as an update if there was one before.
    pub(crate) fn evaluate(&self, source: &str, object: &ManifestObject) -> Result<(Evaluation, Done), EvaluateError> {
        let was = match (&self.before, object.form) {
            (Some(before), Form::Object) => before.was(source, &object.value),
            _ => Was::New,
        };
        if was == Was::Same && !self.unchanged {
            return Err(EvaluateError::Unchanged);
        }
        let done = if was == Was::New { Done::AsWritten } else { Done::AsUpdate };
        let payload = self.payload(object, &was);
        let seen = self.cluster.as_ref().map(|cluster| cluster.seen_from(source));
        let cluster: &dyn Cluster = seen.as_ref().map_or(&NoCluster, |seen| seen);
        let evaluation = evaluate(&payload, &Host { today: &|| self.today, cluster });
        let Some(module) = self.module else { return Ok((evaluation, done)) };
        let answer = module.validate(&payload, self.cluster.as_ref(), source).map_err(EvaluateError::Module)?;
        if evaluation.response.to_json() == answer { Ok((evaluation, done)) } else { Err(EvaluateError::Differs) }
    }

    /// Evaluates what would become of an object, with the core alone.
    pub(crate) fn try_out(&self, source: &str, object: &ManifestObject) -> Evaluation {
        let was = match (&self.before, object.form) {
            (Some(before), Form::Object) => before.was(source, &object.value),
            _ => Was::New,
        };
        let seen = self.cluster.as_ref().map(|cluster| cluster.seen_from(source).tried());
        let cluster: &dyn Cluster = seen.as_ref().map_or(&NoCluster, |seen| seen);
        evaluate(&self.payload(object, &was), &Host { today: &|| self.today, cluster })
    }

    /// What the policy receives at admission.
    fn payload(&self, object: &ManifestObject, was: &Was<'_>) -> Vec<u8> {
        let old = match was {
            Was::New => None,
            Was::Same => Some(&object.value),
            Was::Other(old) => Some(*old),
        };
        if let Some(old) = old {
            let change = Change::Update(old.clone());
            return payload(&request(&object.value, &change, self.identity.as_ref()), &self.settings);
        }
        match (object.form, &self.identity) {
            (Form::Object, identity) => create_payload(&object.value, identity.as_ref(), &self.settings),
            (Form::Request, None) => payload(&object.value, &self.settings),
            (Form::Request, Some(identity)) => {
                let mut request = object.value.clone();
                request["userInfo"] = identity.user_info();
                payload(&request, &self.settings)
            }
        }
    }
}
