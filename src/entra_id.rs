//! What the names in Entra look like: object ids and user principal names.

use std::borrow::Cow;
use text::shown;

/// Whether a text is a GUID as Entra writes it: lower case, hyphens, no braces.
pub fn is_guid(text: &str) -> bool {
    text::is_guid(text) && !text.bytes().any(|b| b.is_ascii_uppercase())
}

/// The GUID that `text` spells in any usual way (upper case, braces, white space), as Entra writes it.
pub fn normalise_guid(text: &str) -> Option<String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(bare);
    text::is_guid(bare).then(|| bare.to_ascii_lowercase())
}

/// All zeros, or the same digit throughout: what samples put where an id belongs.
pub fn is_placeholder_guid(text: &str) -> bool {
    let mut digits = text.bytes().filter(|b| *b != b'-');
    let first = digits.next();
    text::is_guid(text) && digits.all(|b| Some(b) == first)
}

/// Whether a text was meant to be replaced before it was applied. Of a name, unlike a credential, a part is enough:
/// `team-<id>`, `%X%-admins`, `TODO-group`, `7d8cdf74-xxxx-xxxx-xxxx-274d963d358b`; and a GUID may be one of a repeated
/// digit.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let encloses = |open: char, close: char| text.split_once(open).is_some_and(|(_, rest)| rest.contains(close));
    let lower = text.to_ascii_lowercase();
    // `yourij@contoso.com` may be a person, and letters outside ASCII are another mistake.
    let (user, is_mail) = text.split_once('@').map_or((text, false), |(user, _)| (user, true));
    let is_word = text.is_ascii() && (!is_mail || user.contains(['-', '_']));
    credentials::is_reference(text)
        || is_word && credentials::is_placeholder(user)
        || is_placeholder_guid(text)
        || encloses('<', '>')
        || encloses('%', '%')
        || text.starts_with("__") && text.ends_with("__") && text.len() > 4
        || text.starts_with('$') && text.len() > 1
        || ["todo", "tba", "tbd", "changeme", "replaceme", "placeholder"].iter().any(|word| lower.starts_with(word))
        || lower.contains("xxx") && lower.bytes().all(|b| b.is_ascii_hexdigit() || b == b'x' || b == b'-')
}

/// The message about a placeholder. It names the one in `text`, if that has a name: `${X}`, `{{ x }}`, `<x>`, `%X%`.
pub(crate) fn unfilled(text: &str) -> Cow<'static, str> {
    const FRAMES: [(&str, &str); 4] = [("${", "}"), ("{{", "}}"), ("<", ">"), ("%", "%")];
    let framed = |(open, close): (&str, &str)| {
        let start = text.find(open)?;
        let inner = start + open.len();
        let end = inner + text.get(inner..)?.find(close)?;
        text.get(start..end + close.len()).filter(|_| end > inner)
    };
    match FRAMES.into_iter().find_map(framed) {
        Some(name) => format!("has {}, which your templating left unfilled", shown(name)).into(),
        None => Cow::Borrowed(IdFault::Placeholder.as_str()),
    }
}

/// Why a text is not an id as Entra writes it, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdFault {
    /// The one that Entra forgives.
    UpperCase,
    Empty,
    Placeholder,
    WhiteSpace,
    Braces,
    /// The Azure resource id of an identity.
    ResourceId,
    NoGuid,
}

impl IdFault {
    /// What is wrong with `text`; `None` for a GUID in lower case that is not a placeholder.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if is_guid(text) {
            return is_placeholder_guid(text).then_some(IdFault::Placeholder);
        }
        let bare = text.trim();
        if bare.is_empty() {
            return Some(if text.is_empty() { IdFault::Empty } else { IdFault::WhiteSpace });
        }
        if text::is_guid(text) && !is_placeholder_guid(text) {
            return Some(IdFault::UpperCase);
        }
        if is_placeholder(bare.trim_matches(['{', '}'])) || is_placeholder(bare) {
            return Some(IdFault::Placeholder);
        }
        Some(match normalise_guid(text) {
            Some(_) if bare.starts_with('{') => IdFault::Braces,
            Some(_) => IdFault::WhiteSpace,
            None if bare.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/")) => {
                IdFault::ResourceId
            }
            None => IdFault::NoGuid,
        })
    }

    /// The message: it continues the sentence that the path begins.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            IdFault::UpperCase => "is in upper case",
            IdFault::Empty => "is empty",
            IdFault::Placeholder => "is a placeholder that was left unfilled",
            IdFault::WhiteSpace => "has white space around it",
            IdFault::Braces => "is in braces",
            IdFault::ResourceId => "is a resource id",
            IdFault::NoGuid => "is not a GUID",
        }
    }
}

/// A user principal name as Entra allows it: ASCII, one `@`, a domain with a dot.
pub fn is_upn(text: &str) -> bool {
    let Some((user, domain)) = text.split_once('@') else { return false };
    let user_ok = !user.is_empty()
        && user.len() <= 64
        && user.bytes().all(|b| b.is_ascii_alphanumeric() || b"'.-_!#^~+&$%*/=?{|}`".contains(&b));
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    user_ok
        && domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label_ok)
        && top.len() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
}

/// A user name of a person who may be bound or trusted by name.
pub fn service_account_of_user(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("system:serviceaccount:")?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_named() {
        for (text, name) in [
            ("${DEV_GROUP_ID}", "${DEV_GROUP_ID}"),
            ("team-{{ .Values.group }}", "{{ .Values.group }}"),
            ("<object id>", "<object id>"),
            ("%GROUP%-admins", "%GROUP%"),
        ] {
            assert!(is_placeholder(text));
            assert_eq!(unfilled(text), format!("has {name}, which your templating left unfilled"));
        }
        for text in ["00000000-0000-0000-0000-000000000000", "TODO-group", "${}", "100% > 50"] {
            assert_eq!(unfilled(text), "is a placeholder that was left unfilled", "{text}");
        }
    }

    #[test]
    fn guids() {
        let guid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert!(is_guid(guid));
        assert!(!is_guid(&guid.to_uppercase()) && text::is_guid(&guid.to_uppercase()));
        assert_eq!(normalise_guid(&format!(" {{{}}} ", guid.to_uppercase())).as_deref(), Some(guid));
        for bad in ["", "0f8fad5b", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950g"] {
            assert!(!is_guid(bad) && normalise_guid(bad).is_none());
        }
        assert!(is_placeholder_guid("00000000-0000-0000-0000-000000000000"));
        assert!(!is_placeholder_guid(guid));
    }

    #[test]
    fn id_faults() {
        let guid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let upper = guid.to_uppercase();
        let resource = "/subscriptions/x/resourceGroups/y/providers/Microsoft.ManagedIdentity/userAssignedIdentities/z";
        for (text, fault) in [
            (guid, None),
            (&upper, Some(IdFault::UpperCase)),
            ("", Some(IdFault::Empty)),
            ("  ", Some(IdFault::WhiteSpace)),
            (&format!("{guid}\n"), Some(IdFault::WhiteSpace)),
            (&format!("{{{guid}}}"), Some(IdFault::Braces)),
            (&format!(" {{{guid}}}"), Some(IdFault::Braces)),
            (resource, Some(IdFault::ResourceId)),
            (&resource.to_lowercase(), Some(IdFault::ResourceId)),
            ("<>", Some(IdFault::Placeholder)),
            ("TBA", Some(IdFault::Placeholder)),
            ("${CLIENT_ID}", Some(IdFault::Placeholder)),
            ("{00000000-0000-0000-0000-000000000000}", Some(IdFault::Placeholder)),
            ("7d8cdf74-xxxx-xxxx-xxxx-274d963d358b", Some(IdFault::Placeholder)),
            ("web-identity", Some(IdFault::NoGuid)),
            ("0f8fad5bd9cb469fa16570867728950e", Some(IdFault::NoGuid)),
            ("é", Some(IdFault::NoGuid)),
        ] {
            assert_eq!(IdFault::of(text), fault, "{text}");
        }
    }

    #[test]
    fn upns() {
        for good in ["aksdev@contoso.com", "o'neil@contoso.co.uk", "a.b-c_d@contoso.onmicrosoft.com"] {
            assert!(is_upn(good), "{good}");
        }
        for bad in [
            "",
            "jane",
            "jane@",
            "@contoso.com",
            "jane@contoso",
            "jane doe@contoso.com",
            "jané@contoso.com",
            "a@b@c.com",
            "jane@-contoso.com",
            "jane@10.0.0.1",
        ] {
            assert!(!is_upn(bad), "{bad}");
        }
    }

    #[test]
    fn placeholders() {
        for text in [
            "${GROUP_ID}",
            "<group-object-id>",
            "{{ .Values.group }}",
            "$GROUP",
            "YOUR_GROUP_ID",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "00000000-0000-0000-0000-000000000000",
            "#{groupId}#",
            "FIXME",
            "change-me",
            "%GROUP%",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["platform-team", "jane@contoso.com", "0f8fad5b-d9cb-469f-a165-70867728950e", "a<b", "50%", ""] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
