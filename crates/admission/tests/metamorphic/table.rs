//! The changes after which a value is not found, and why.

use crate::Sample;

pub(crate) struct Exception {
    pub change: &'static str,
    pub what: &'static str,
    pub why: &'static str,
    pub covers: fn(&str, &Sample) -> bool,
}

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        change: "moved to an annotation, a label, a member, an attribute, a parameter, a mount option or kubectl's copy",
        what: "the metadata endpoint, and switches to the node's identity",
        why: "neither is a secret; a program has to get it from a command, a variable or a file",
        covers: |change, sample| {
            let is_not_run = ["annotation", "label", "copy", "member of a custom", "attribute", "parameter", "mount"];
            sample.rule == "node-identity-endpoint"
                && change.starts_with("moved")
                && is_not_run.iter().any(|of| change.contains(of))
        },
    },
    Exception {
        change: "base64, JSON escapes or a block of YAML",
        what: "the metadata endpoint, and switches to the node's identity",
        why: "neither is a secret, and the policy decodes texts for secrets only",
        covers: |change, sample| {
            let is_encoded = ["base64", "JSON escapes", "a block of YAML"].iter().any(|of| change.starts_with(of));
            sample.rule == "node-identity-endpoint" && is_encoded
        },
    },
    Exception {
        change: "moved to where no controller reads its configuration",
        what: "files and names of Secrets that choose how to sign in",
        why: "a choice is not a secret, and has no effect there",
        covers: |change, sample| {
            let is_choice = sample.is_mode || sample.rule == "credential-mode" && !sample.by_value;
            is_choice && (!sample.is_mode || !change.contains("moved to entry of a ConfigMap"))
        },
    },
    Exception {
        change: "behind another name",
        what: "assignments among the options of a mount",
        why: "there the whole assignment is the value of that name",
        covers: |_, sample| sample.rule == "credential-volume" && sample.fixture == "deny-options",
    },
    Exception {
        change: "moved to a Secret",
        what: "credentials of other services",
        why: "a Secret is the place for passwords; only for Azure is there something better",
        covers: |change, sample| change.contains("Secret") && !sample.is_of_azure,
    },
    Exception {
        change: "moved to a member, attribute, parameter or mount option",
        what: "values that only a name makes a credential",
        why: "the names of such members promise nothing",
        covers: |change, sample| {
            let is_nameless =
                ["member of", "attribute", "parameter", "mount option"].iter().any(|of| change.contains(of));
            is_nameless && (!sample.by_value || !sample.is_word)
        },
    },
    Exception {
        change: "a file in one line, in quotation marks, in base64 or in JSON",
        what: "values that only a name inside the file makes a credential, and kubeconfigs",
        why: "the policy reads files as files, not as words of a command or as values in another file",
        covers: |change, sample| {
            !sample.is_word
                && ["flag", "command", "script", "line", "file", "base64", "exported", "Dockerfile", "YAML", "JSON"]
                    .iter()
                    .any(|of| change.contains(of))
        },
    },
    Exception {
        change: "a command after it, in one line",
        what: "values that only a name makes a credential",
        why: "the rest of the line is the value, and a value of several words is prose",
        covers: |change, sample| {
            !sample.by_value
                && ["shell command", "command of a probe", "on the line"].iter().any(|of| change.contains(of))
        },
    },
    Exception {
        change: "a block, tag or anchor of YAML, or base64 in a Secret",
        what: "secret keys of AWS",
        why: "they have no mark, only a name, and are read in one line",
        covers: |change, sample| {
            let is_changed = change.contains("YAML") || change.contains("base64") && change.contains("Secret");
            is_changed && sample.rule == "aws-credential"
        },
    },
    Exception {
        change: "base64 twice",
        what: "kubeconfigs that are base64 already",
        why: "the policy reads two layers of base64",
        covers: |change, sample| change.starts_with("base64 twice") && sample.rule == "kubeconfig-static",
    },
];
