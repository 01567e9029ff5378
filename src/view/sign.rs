//! What a pod template, or a request, shows at a glance.
//!
//! A rule names the [`Signs`] without which it has nothing to say, and is not called where none of them
//! shows. Most pod templates show few: being called for nothing costs more than most rules do. Checks of
//! other things than pod templates need one sign each.

/// A set of signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs(u32);

impl Signs {
    /// What every pod template shows.
    pub const ALWAYS: Signs = Signs(1);
    /// The Pod has annotations.
    pub const ANNOTATIONS: Signs = Signs(1 << 1);
    /// The Pod has volumes.
    pub const VOLUMES: Signs = Signs(1 << 2);
    /// One of them is a Secret.
    pub const SECRET_VOLUMES: Signs = Signs(1 << 3);
    /// One of them is projected.
    pub const PROJECTED_VOLUMES: Signs = Signs(1 << 4);
    /// One of them is a path of the node.
    pub const HOST_PATHS: Signs = Signs(1 << 5);
    /// The Pod has the label `azure.workload.identity/use`, whatever its value.
    pub const USE_LABEL: Signs = Signs(1 << 6);
    /// A container has a variable `AZURE_*`.
    pub const AZURE_VARIABLES: Signs = Signs(1 << 7);
    /// A container has a variable `AWS_*`.
    pub const AWS_VARIABLES: Signs = Signs(1 << 8);
    /// A variable comes from elsewhere: `valueFrom`, `envFrom`.
    pub const FROM_ELSEWHERE: Signs = Signs(1 << 9);

    /// A container has commands that are run besides its own: probes, hooks.
    pub const HOOKS: Signs = Signs(1 << 10);

    pub(crate) const NONE: Signs = Signs(0);
    /// There is an object to judge.
    pub(crate) const OBJECT: Signs = Signs(1 << 16);
    /// It has annotations.
    pub(crate) const ANNOTATED: Signs = Signs(1 << 17);
    pub(crate) const CUSTOM_RESOURCE: Signs = Signs(1 << 18);
    /// It is none that AKS excuses.
    pub(crate) const NOT_EXCUSED: Signs = Signs(1 << 19);
    pub(crate) const MODE: Signs = Signs(1 << 20);
    pub(crate) const BINDING: Signs = Signs(1 << 21);
    pub(crate) const ROLE: Signs = Signs(1 << 22);
    /// Somebody asks; of the last three too.
    pub(crate) const REQUESTER: Signs = Signs(1 << 23);
    pub(crate) const TOKEN_REQUEST: Signs = Signs(1 << 24);
    pub(crate) const CERTIFICATE_REQUEST: Signs = Signs(1 << 25);
    pub(crate) const CERTIFICATE_APPROVAL: Signs = Signs(1 << 26);

    #[must_use]
    pub const fn or(self, other: Signs) -> Signs {
        Signs(self.0 | other.0)
    }

    /// These signs, and `other` ones if they show.
    #[must_use]
    pub(crate) fn and_if(self, shows: bool, other: Signs) -> Signs {
        if shows { self.or(other) } else { self }
    }

    /// Whether one of `wanted` is among these.
    pub fn show(self, wanted: Signs) -> bool {
        self.0 & wanted.0 != 0
    }
}
