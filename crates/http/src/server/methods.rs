//! The methods that HTTP knows.

use compysition_core::Doubt;
use strsim::damerau_levenshtein;

use crate::server::route::Route;

/// The methods of HTTP, WebDAV and calendars, as far as they are registered, and what caches take.
const KNOWN: [&str; 37] = [
    "ACL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
    "UPDATE",
];

/// Returns which methods of routes were hardly meant: any name may be a method, but one that is nearly a known one is seldom.
pub(super) fn doubts(routes: &[(String, Route)]) -> impl Iterator<Item = Doubt> {
    routes.iter().flat_map(|(name, route)| {
        let unknown = route.methods.iter().map(http::Method::as_str);
        let unknown = unknown.filter(|method| !KNOWN.contains(method));
        unknown.filter_map(move |method| {
            // Two slips in so short a word would be another word.
            let close = KNOWN.iter().find(|known| damerau_levenshtein(method, known) == 1)?;
            Some(Doubt {
                message: format!(
                    "route `{name}` takes requests with the method `{method}`, which HTTP does not know"
                ),
                help: format!("did you mean `{close}`?"),
            })
        })
    })
}
