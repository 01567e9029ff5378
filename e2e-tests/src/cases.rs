//! The cases that show the compiled policy end to end: `e2e.bats` runs them in kwctl and
//! `tests/e2e_cases.rs` in the host of this crate. `make codegen` writes the former's tests and requests.

use crate::root;
use admission::{fixture::Fixture, session};
use std::fmt::Write;
use std::path::PathBuf;

/// One fixture of `test_data/`, evaluated.
pub struct Case {
    pub says: &'static str,
    /// `<rule>/<name>.yaml`; its own settings apply unless `settings` says otherwise.
    pub fixture: &'static str,
    pub settings: Option<&'static str>,
    pub verdict: Verdict,
}

/// With the rule that has to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Warned(&'static str),
    Denied(&'static str),
}

use Verdict::{Allowed, Denied, Warned};

const RESTRICTED: Option<&str> = Some(r#"{"profile":"restricted"}"#);

pub const CASES: &[Case] = &[
    case("a harmless binding is allowed", "binding-default-service-account/allow-named.yaml", None, Allowed),
    case(
        "a binding to unauthenticated requests is denied",
        "binding-anonymous/deny-group.yaml",
        None,
        Denied("binding-anonymous"),
    ),
    case("a single person warns", "binding-individual-user/deny-person.yaml", None, Warned("binding-individual-user")),
    case(
        "a single person is denied under restricted",
        "binding-individual-user/deny-person.yaml",
        RESTRICTED,
        Denied("binding-individual-user"),
    ),
    case("a listed person is allowed", "binding-individual-user/allow-listed.yaml", None, Allowed),
    case(
        "a rule that is off reports nothing",
        "binding-anonymous/deny-group.yaml",
        Some(r#"{"rules":{"binding-anonymous":"off"}}"#),
        Allowed,
    ),
    case(
        "a role is looked up and its binding denied",
        "binding-role-escalates/deny-wildcard.yaml",
        None,
        Denied("binding-role-escalates"),
    ),
    case("a harmless role is looked up", "binding-role-escalates/allow-harmless.yaml", None, Allowed),
    case(
        "a look-up that was not granted warns",
        "workload-identity-no-client-id/deny-not-granted.yaml",
        None,
        Warned("workload-identity-no-client-id"),
    ),
    case(
        "an account without client id warns",
        "workload-identity-no-client-id/deny-granted.yaml",
        None,
        Warned("workload-identity-no-client-id"),
    ),
];

/// Settings of `test_data/settings/` that are rejected.
pub const WRONG_SETTINGS: &[&str] = &["err-unknown-keys", "err-words", "err-json-path"];

const fn case(says: &'static str, fixture: &'static str, settings: Option<&'static str>, verdict: Verdict) -> Case {
    Case { says, fixture, settings, verdict }
}

impl Case {
    fn stem(&self) -> &'static str {
        self.fixture.trim_end_matches(".yaml")
    }

    pub fn load(&self) -> anyhow::Result<Fixture> {
        Fixture::load(&root().join("test_data").join(self.fixture))
    }

    /// The recorded look-ups, relative to the root, if there are some.
    pub fn session(&self) -> Option<PathBuf> {
        let path = PathBuf::from(format!("test_data/sessions/{}/session.yml", self.stem()));
        root().join(&path).exists().then_some(path)
    }

    /// The file that holds the request, relative to the root.
    pub fn request_path(&self) -> PathBuf {
        match self.session() {
            Some(session) => session.with_file_name("request.json"),
            None => PathBuf::from(format!("e2e-tests/requests/{}.json", self.stem().replace('/', "-"))),
        }
    }

    /// What that file has to hold.
    pub fn request(&self) -> anyhow::Result<String> {
        Ok(format!("{:#}\n", session::request(&self.load()?)))
    }

    /// As JSON.
    pub fn settings(&self) -> anyhow::Result<String> {
        Ok(self.settings.map_or(self.load()?.settings.to_string(), str::to_owned))
    }

    /// The case as a test of `e2e.bats`.
    fn bats(&self) -> anyhow::Result<String> {
        let verdict = match self.verdict {
            Allowed => "allowed".to_owned(),
            Warned(rule) => format!("warned {rule}"),
            Denied(rule) => format!("denied {rule}"),
        };
        let session = self.session().map(|path| format!(" {}", path.display())).unwrap_or_default();
        let (request, settings) = (self.request_path(), self.settings()?.replace('\'', r"'\''"));
        Ok(format!(
            "@test \"{}\" {{\n  evaluate {} '{settings}'{session}\n  {verdict}\n}}\n",
            self.says,
            request.display()
        ))
    }
}

/// The generated part of `e2e.bats`.
pub fn bats() -> anyhow::Result<String> {
    let mut tests = CASES.iter().map(Case::bats).collect::<anyhow::Result<Vec<_>>>()?;
    for name in WRONG_SETTINGS {
        let mut test = String::new();
        let _ = writeln!(test, "@test \"settings are refused: {}\" {{", name.trim_start_matches("err-"));
        let _ = writeln!(test, "  refuses {name}\n}}");
        tests.push(test);
    }
    Ok(tests.join("\n"))
}
