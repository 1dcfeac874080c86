//! What the answer to a request depends on, beside its method and path.

use http::{HeaderName, HeaderValue, Response, header};

/// Adds the name of a request's header to `Vary`, so that no cache gives one client what is for another.
pub(crate) fn add<B>(response: &mut Response<B>, name: HeaderName) {
    let values = response.headers().get_all(header::VARY).iter();
    let mut names = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    if !names.any(|own| own == "*" || own.eq_ignore_ascii_case(name.as_str())) {
        let name = HeaderValue::from(name);
        response.headers_mut().append(header::VARY, name);
    }
}
