//! What a finding calls a credential that only its name gives away.

/// What a name says is an Azure credential. `clientSecret` is that of any sign-in service, such as Dex or oauth2-proxy,
/// as often as Entra's.
pub(super) fn azure(name: &str, what: &'static str) -> &'static str {
    if letters(name) == "clientsecret" { CLIENT_SECRET } else { what }
}

pub(super) const CLIENT_SECRET: &str = "a client secret";
pub(super) const IF_ENTRA: &str = "if it is Entra's, use workload identity and remove it";

/// A credential with a name that any software could give it.
pub(super) fn generic(name: &str) -> &'static str {
    let letters = letters(name);
    if letters.contains("clientsecret") {
        CLIENT_SECRET
    } else if letters.contains("pass") || letters.contains("pwd") || is_flag_for_password(name, &letters) {
        "a password"
    } else {
        "a key or token"
    }
}

/// `-p`, `--src-creds`
fn is_flag_for_password(name: &str, letters: &str) -> bool {
    name.starts_with('-') && (letters.len() == 1 || letters.ends_with("creds"))
}

fn letters(name: &str) -> String {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide_what_a_credential_is_called() {
        for (name, what) in [
            ("OAUTH2_PROXY_CLIENT_SECRET", "a client secret"),
            ("clientSecret", "a client secret"),
            ("POSTGRES_PASSWORD", "a password"),
            ("RABBITMQ_DEFAULT_PASS", "a password"),
            ("db-pwd", "a password"),
            ("stripe.apiKey", "a key or token"),
            ("-P", "a password"),
            ("--src-creds", "a password"),
        ] {
            assert_eq!(generic(name), what, "{name}");
        }
        assert_eq!(azure("client-secret", "an Entra client secret"), CLIENT_SECRET);
        assert_eq!(azure("AZURE_CLIENT_SECRET", "an Entra client secret"), "an Entra client secret");
    }
}
