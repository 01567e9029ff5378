//! The pages about fixed credentials and about objects that choose how to sign in, from the policy's tables.

use credentials::{AZURE_KEYS, AZURE_VARIABLES, Class, FORMATS, PROVIDER_AT, PROVIDERS, SIGNATURES};
use entra_auth_policy::auth_mode::{Condition, Controller, IdKind, Mode, Predicate, Target, VARIABLES, entries};
use std::fmt::Write;

const RECOGNISED: &str = "A value is recognised by its format, wherever it appears: in a variable, an argument, a ConfigMap, a \
    Secret or an annotation, plain or in base64. A value without a recognisable format counts only under a name that \
    announces a secret. References (`$(X)`, `${X}`), placeholders, paths, booleans and documentation examples are \
    not credentials. Messages name the kind of credential and its path, never its value.\n\n";

const SIGNED: &str = "## Keys with a signature\n\nThese keys have a few fixed characters at a fixed offset, as in Microsoft's \
    public model ([security-utilities](https://github.com/microsoft/security-utilities)). The last column has its rule \
    numbers. The policy also checks the characters next to a key, which the patterns do not show.\n\n\
    | kind | what | pattern | rule |\n|---|---|---|---|\n";

const SHAPED: &str = "\n## Composed values\n\n| kind | what | opens | shape |\n|---|---|---|---|\n";

const NAMES: &str = "\n## Names\n\nNames are compared by their letters and digits, in any case: `AZURE_CLIENT_SECRET`, \
    `azure.client-secret` and `AzureClientSecret` are the same name. In addition to the names below, the policy knows \
    last words such as `password`, `apiKey` and `connectionString`.\n\n\
    Variables of Azure tools, SDKs and samples:\n\n| name | holds |\n|---|---|\n";

const KEYS: &str = "\nKeys of Secrets and configuration, beyond the variables above:\n\n| name | holds |\n|---|---|\n";

const MODES: &str = "Many controllers let an object choose how they sign in to Azure. Workload identity is the right \
    choice. The rule in the first table reports the other choices. If a choice is a controller's default, an object \
    that makes no choice is reported.\n\n";

/// `docs/credentials.md`.
pub(crate) fn credentials() -> String {
    let mut page = head("crates/credentials", "What counts as a fixed credential");
    page.push_str(RECOGNISED);
    page.push_str(SIGNED);
    for key in SIGNATURES {
        let (kind, pattern) = (&key.kind, in_table(&key.pattern()));
        let _ = writeln!(page, "| {} | {} | `{pattern}` | {} |", kind.id, kind.what, key.source);
    }
    let _ = write!(
        page,
        "\nKeys with `JQQJ9` name their service in four characters at offset {PROVIDER_AT}:\n\n\
         | characters | kind | what |\n|---|---|---|\n"
    );
    for (name, kind) in PROVIDERS {
        let _ = writeln!(page, "| `{name}` | {} | {} |", kind.id, kind.what);
    }
    page.push_str(SHAPED);
    for format in FORMATS {
        for kind in format.kinds {
            let (opens, shape) = (opens(kind.class), in_table(format.shape));
            let _ = writeln!(page, "| {} | {} | {opens} | {shape} |", kind.id, kind.what);
        }
    }
    page.push_str(NAMES);
    names(&mut page, AZURE_VARIABLES);
    page.push_str(KEYS);
    names(&mut page, AZURE_KEYS);
    page
}

/// `docs/auth-modes.md`.
pub(crate) fn auth_modes() -> String {
    let mut page = head("src/auth_mode/table", "Objects that choose how to sign in to Azure");
    page.push_str(MODES);
    page.push_str("| mode | severity | rule |\n|---|---|---|\n");
    for mode in MODE_ORDER {
        let severity = if *mode == Mode::WorkloadIdentity { "" } else { mode.severity().as_str() };
        let _ = writeln!(page, "| {} | {severity} | {} |", mode.title(), reported_by(*mode));
    }
    page.push_str(IDS);
    for (name, kind, of) in VARIABLES {
        let kind = if *kind == IdKind::Client { "client id" } else { "tenant id" };
        let _ = writeln!(page, "| `{name}` | {kind} | {of} |");
    }
    for entry in entries() {
        section(&mut page, entry);
    }
    page
}

const IDS: &str = "
The sections also say where an object names a client id or a tenant id.
[workload-identity-client](rules/workload-identity-client.md),
[workload-identity-tenant](rules/workload-identity-tenant.md) and
[workload-identity-invalid-id](rules/workload-identity-invalid-id.md) evaluate each of these places, and these variables:

| variable | holds | in |
|---|---|---|
";

const MODE_ORDER: &[Mode] =
    &[Mode::ServicePrincipal, Mode::Literal, Mode::PodIdentity, Mode::Key, Mode::NodeIdentity, Mode::WorkloadIdentity];

fn reported_by(mode: Mode) -> &'static str {
    match mode {
        Mode::PodIdentity => "[pod-identity-mode](rules/pod-identity-mode.md)",
        Mode::NodeIdentity => "[node-identity-mode](rules/node-identity-mode.md)",
        Mode::WorkloadIdentity => "none",
        Mode::ServicePrincipal | Mode::Key | Mode::Literal => {
            "[credential-mode](rules/credential-mode.md); of volumes, [credential-volume](rules/credential-volume.md)"
        }
    }
}

fn section(page: &mut String, entry: &Controller) {
    let _ = writeln!(page, "\n## {}\n\n{}", entry.title, objects(&entry.on));
    if !entry.given.is_empty() {
        let _ = writeln!(page, "\nOnly where {}.", all(entry.given));
    }
    if !entry.choices.is_empty() {
        page.push_str("\n| member | value | mode | meaning |\n|---|---|---|---|\n");
    }
    let at = match entry.at {
        [one] => *one,
        _ => "",
    };
    for choice in entry.choices {
        let mut says = said(&choice.says);
        if !choice.and.is_empty() {
            let _ = write!(says, ", where {}", all(choice.and));
        }
        let member = match (&entry.on, choice.field) {
            (Target::Containers(_), "") => "the container".to_owned(),
            (_, field) => joined(at, field),
        };
        let _ = writeln!(page, "| {member} | {says} | {} | {} |", choice.mode.title(), in_table(choice.what));
    }
    if entry.at.len() > 1 {
        let places: Vec<String> = entry.at.iter().map(|at| joined(at, "")).collect();
        let _ = writeln!(page, "\nMembers of {}.", places.join(", "));
    }
    for (name, paths) in [("Client ids", entry.clients), ("Tenant ids", entry.tenants)] {
        let places: Vec<String> = paths.iter().map(|path| joined(at, path.trim_start_matches('?'))).collect();
        if !places.is_empty() {
            let _ = writeln!(page, "\n{name}: {}.", places.join(", "));
        }
    }
    let _ = writeln!(page, "\nFix: {}. [Source]({})", entry.fix, entry.source);
}

fn objects(on: &Target) -> String {
    match on {
        Target::Kinds(kinds) | Target::VolumeKinds(kinds) => {
            kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ")
        }
        Target::Settings(kinds) => {
            let kinds = kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(", ");
            format!("{kinds}, at any depth of a text or of `spec`")
        }
        Target::Volumes(source, "") => format!("`{source}` volumes of pods"),
        Target::Volumes(source, driver) => format!("`{source}` volumes of pods with the driver `{driver}`"),
        Target::Containers(image) => format!("containers of the image `{image}`"),
        Target::Variables(start) => format!("containers with variables `{start}*`, in any case"),
    }
}

/// A path that begins with `/` starts at the object itself.
fn joined(at: &str, field: &str) -> String {
    match (at, field) {
        ("", "") => "the object".to_owned(),
        (_, field) if field.starts_with('/') => format!("`{}`", field.trim_start_matches('/')),
        ("", key) if key.starts_with('[') => format!("`{}`", key.trim_matches(['[', ']'])),
        ("", path) | (path, "") => format!("`{path}`"),
        (at, field) if field.starts_with('[') => format!("`{at}{field}`"),
        (at, field) => format!("`{at}.{field}`"),
    }
}

fn all(conditions: &[Condition]) -> String {
    let one = |(path, says): &Condition| format!("{} {}", joined("", path), sentence(says));
    conditions.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// The predicate on a member, for a cell.
fn said(says: &Predicate) -> String {
    match says {
        Predicate::Anything => "anything".to_owned(),
        Predicate::Present => "set".to_owned(),
        Predicate::Absent => "not set".to_owned(),
        Predicate::Empty => "`{}`".to_owned(),
        Predicate::OneOf(words) | Predicate::OneOfAnyCase(words) => listed(words),
        Predicate::NoneOf(words) | Predicate::NoneOfAnyCase(words) => format!("anything except {}", listed(words)),
        Predicate::StartsWith(start) => format!("begins with `{start}`"),
        Predicate::Contains(parts) => format!("contains {}", listed(parts)),
        Predicate::True | Predicate::On => "true".to_owned(),
        Predicate::NotTrue | Predicate::NotOn => "not true".to_owned(),
        Predicate::Reference => "a reference or placeholder; other rules report literal values".to_owned(),
        Predicate::Plaintext => "a literal value".to_owned(),
        Predicate::Credential => "a [credential](credentials.md)".to_owned(),
        Predicate::CredentialName => "the [name of a credential](credentials.md)".to_owned(),
        Predicate::HasOneOf(keys) => format!("has {}", listed(keys)),
        Predicate::Argument(flag) => format!("runs with `{}` {}", flag.name, listed(flag.values)),
        Predicate::Text(reader) => format!("contains {}", reader.contents),
    }
}

/// The predicate as the rest of a sentence that the member begins.
fn sentence(says: &Predicate) -> String {
    match says {
        Predicate::StartsWith(_)
        | Predicate::Contains(_)
        | Predicate::HasOneOf(_)
        | Predicate::Argument(_)
        | Predicate::Text(_) => said(says),
        _ => format!("is {}", said(says)),
    }
}

fn listed(words: &[&str]) -> String {
    let quoted = |word: &&str| if word.is_empty() { "empty".to_owned() } else { format!("`{word}`") };
    match words {
        [] => String::new(),
        [one] => quoted(one),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(quoted).collect();
            format!("{} or {}", first.join(", "), quoted(last))
        }
    }
}

fn names(page: &mut String, table: &[(&str, &str)]) {
    for (name, what) in table {
        let _ = writeln!(page, "| `{name}` | {what} |");
    }
}

fn opens(class: Class) -> &'static str {
    match class {
        Class::Azure => "Entra or Azure",
        Class::Kubernetes => "a cluster",
        Class::Registry => "a registry on Azure",
        Class::Aws => "AWS",
        Class::Key => "any system that trusts it",
        Class::Password => "a server",
    }
}

fn head(source: &str, title: &str) -> String {
    format!("<!-- Generated by `make codegen` from {source}. -->\n\n# {title}\n\n")
}

/// Escapes bars, which would end the cell.
fn in_table(text: &str) -> String {
    text.replace('|', "\\|")
}
