//! CertificateSigningRequest.

use crate::object::Object;

#[derive(Clone, Copy, Debug)]
pub struct CertificateRequest<'a> {
    pub object: Object<'a>,
}
