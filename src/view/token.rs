//! TokenRequest, the body of `serviceaccounts/token`.

use crate::object::Object;

#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    pub object: Object<'a>,
}
