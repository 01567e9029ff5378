//! CertificateSigningRequest.

use crate::object::Object;
use crate::requester::LOCAL_ACCOUNTS;
use credentials::decode_base64;
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use json::Node;
use std::fmt;
use text::shown;

#[derive(Clone, Copy, Debug)]
pub struct CertificateRequest<'a> {
    pub object: Object<'a>,
}

/// What `v1beta1` made of a request without a signer.
const LEGACY_SIGNER: &str = "kubernetes.io/legacy-unknown";

/// Signers whose certificates sign any user in to the API server. Kubelets have dedicated signers, and an
/// operator's signer serves only the operator.
const CLIENT_SIGNERS: &[&str] = &["kubernetes.io/kube-apiserver-client", LEGACY_SIGNER];

impl<'a> CertificateRequest<'a> {
    /// Whether the certificate would sign a person or program in to the API server.
    pub fn is_for_client(&self) -> bool {
        let signer = self.object.at(&["spec", "signerName"]).set_text().unwrap_or(LEGACY_SIGNER);
        CLIENT_SIGNERS.contains(&signer)
    }

    /// The PKCS#10 request, base64 of PEM.
    pub fn request(&self) -> Node<'a> {
        self.object.at(&["spec", "request"])
    }

    /// Who asked for the certificate, as the API server noted it.
    pub fn asked_by(&self) -> Option<&'a str> {
        self.object.at(&["spec", "username"]).set_text()
    }

    /// The condition that lets the signer sign.
    pub fn approval(&self) -> Option<Node<'a>> {
        let conditions = self.object.at(&["status", "conditions"]);
        conditions.items().find(|condition| {
            condition.get("type").text() == Some("Approved") && condition.get("status").text() != Some("False")
        })
    }

    /// The identity that the certificate would have, if the request can be read.
    pub fn subject(&self) -> Option<Subject> {
        read_subject(&pkcs10(self.request().text()?)?).ok()
    }
}

/// A subject as Kubernetes reads it: the common name is the user, the organizations are the groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub user: String,
    pub groups: Vec<String>,
}

/// Ready for "signs in as ...": `clusterAdmin (an AKS local account), group system:masters (...)`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST_GROUPS: usize = 3;
        match self.user.as_str() {
            "" => f.write_str("an empty name")?,
            user => write!(f, "{}", shown(user))?,
        }
        if LOCAL_ACCOUNTS.contains(&self.user.as_str()) {
            f.write_str(" (an AKS local account)")?;
        }
        for group in self.groups.iter().take(MOST_GROUPS) {
            write!(f, ", group {}", shown(group))?;
            if group == "system:masters" {
                f.write_str(" (bypasses all authorization)")?;
            }
        }
        match self.groups.len().saturating_sub(MOST_GROUPS) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The DER inside base64 inside PEM inside base64.
fn pkcs10(request: &str) -> Option<Vec<u8>> {
    const LONGEST_REQUEST: usize = 1 << 16;
    let pem = String::from_utf8(decode_base64(request, LONGEST_REQUEST)?).ok()?;
    let (_, after) = pem.split_once("-----BEGIN CERTIFICATE REQUEST-----")?;
    let (body, _) = after.split_once("-----END CERTIFICATE REQUEST-----")?;
    // PEM may carry headers (RFC 1421); base64 has no colon.
    let body: String = body.lines().filter(|line| !line.contains(':')).collect();
    decode_base64(&body, LONGEST_REQUEST)
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// Reads a `CertificationRequest` (RFC 2986) up to its subject. It ignores the rest, so a request with an exotic key is read like any other.
fn read_subject(der: &[u8]) -> der::Result<Subject> {
    let mut request = open(&mut SliceReader::new(der)?, Tag::Sequence)?;
    let mut info = open(&mut request, Tag::Sequence)?;
    let _version = AnyRef::decode(&mut info)?;
    let mut name = open(&mut info, Tag::Sequence)?;
    let mut subject = Subject::default();
    while !name.is_finished() {
        let mut relative_name = open(&mut name, Tag::Set)?;
        while !relative_name.is_finished() {
            let mut pair = open(&mut relative_name, Tag::Sequence)?;
            match (ObjectIdentifier::decode(&mut pair)?, AnyRef::decode(&mut pair)?) {
                // Of several common names, Go takes the last.
                (COMMON_NAME, value) => subject.user = text(value),
                (ORGANIZATION, value) => subject.groups.push(text(value)),
                _ => {}
            }
        }
    }
    Ok(subject)
}

/// The inside of the next value, which must be of kind `tag`.
fn open<'d>(reader: &mut SliceReader<'d>, tag: Tag) -> der::Result<SliceReader<'d>> {
    let value = AnyRef::decode(reader)?;
    value.tag().assert_eq(tag)?;
    SliceReader::new(value.value())
}

/// A `DirectoryString`: UTF-16 in a BMPString, otherwise ASCII or UTF-8.
fn text(value: AnyRef<'_>) -> String {
    let bytes = value.value();
    if value.tag() == Tag::BmpString {
        let (units, _) = bytes.as_chunks::<2>();
        let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
        return char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    }
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `SEQUENCE { SEQUENCE { INTEGER 0, name } }`, the part of a request that is read.
    fn request(name: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, inner: &[u8]| [&[tag, inner.len() as u8], inner].concat();
        wrap(0x30, &wrap(0x30, &[&[2, 1, 0], &*wrap(0x30, name)].concat()))
    }

    fn attribute(kind: u8, tag: u8, value: &[u8]) -> Vec<u8> {
        let pair = [&[6, 3, 0x55, 4, kind, tag, value.len() as u8], value].concat();
        let sequence = [&[0x30, pair.len() as u8], &*pair].concat();
        [&[0x31, sequence.len() as u8], &*sequence].concat()
    }

    fn subject(attributes: &[Vec<u8>]) -> String {
        read_subject(&request(&attributes.concat())).unwrap().to_string()
    }

    #[test]
    fn subjects() {
        let (utf8, printable, bmp) = (0x0c, 0x13, 0x1e);
        assert_eq!(subject(&[]), "an empty name");
        assert_eq!(subject(&[attribute(3, utf8, b"jane")]), "jane");
        assert_eq!(subject(&[attribute(3, bmp, &[0, b'j', 0, b'o'])]), "jo");
        assert_eq!(subject(&[attribute(3, utf8, b"a"), attribute(3, utf8, b"b")]), "b");
        assert_eq!(
            subject(&[attribute(10, printable, b"system:masters"), attribute(3, printable, b"clusterAdmin")]),
            "clusterAdmin (an AKS local account), group system:masters (bypasses all authorization)"
        );
        let groups: Vec<_> = (b'a'..=b'e').map(|group| attribute(10, utf8, &[group])).collect();
        assert_eq!(subject(&groups), "an empty name, group a, group b, group c and 2 more");
    }

    #[test]
    fn other_attributes_are_passed_over() {
        let country = attribute(6, 0x13, b"DE");
        assert_eq!(subject(&[country, attribute(3, 0x0c, b"jane")]), "jane");
    }

    proptest! {
        /// Arbitrary bytes, truncated or not, never cause a panic.
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..64), cut in 0usize..40) {
            let _ = read_subject(&bytes);
            let whole = request(&[attribute(3, 0x0c, b"jane"), attribute(10, 0x1e, &bytes)].concat());
            let _ = read_subject(&whole[..whole.len().min(cut)]);
        }
    }
}
