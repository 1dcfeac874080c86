//! Where a redirect leads.

use http::Uri;

/// Resolves the header `Location` of a response against the URL that was called (RFC 3986 §5.2).
/// None if it leads nowhere.
pub(crate) fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    let origin = format!("{scheme}://{authority}");
    let query_at = location.find('?').unwrap_or(location.len());
    let (path, query) = location.split_at(query_at);
    let resolved = if has_scheme(location) {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if path.is_empty() {
        let query = if query.is_empty() {
            base.query().map(|query| format!("?{query}"))
        } else {
            None
        };
        format!(
            "{origin}{}{}",
            base.path(),
            query.as_deref().unwrap_or(&location[query_at..])
        )
    } else if path.starts_with('/') {
        format!("{origin}{}{query}", without_dots(path))
    } else {
        let directory = base
            .path()
            .rsplit_once('/')
            .map_or("", |(directory, _)| directory);
        let path = format!("{directory}/{path}");
        format!("{origin}{}{query}", without_dots(&path))
    };
    resolved.parse().ok()
}

fn has_scheme(location: &str) -> bool {
    let scheme = location.split(['/', '?', ':']).next().unwrap_or_default();
    let rest = &location[scheme.len()..];
    rest.starts_with(':') && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Removes `.` and `..` from a path.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let steps = path.split('/').skip(1);
    for step in steps.clone() {
        match step {
            "." => {}
            ".." => drop(kept.pop()),
            step => kept.push(step),
        }
    }
    if matches!(steps.last(), Some("." | "..")) {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_as_the_rfc_says() {
        let base: Uri = "http://a:81/b/c/d?q".parse().unwrap();
        let resolved = |location| resolve(&base, location).map(|uri| uri.to_string());
        for (location, wanted) in [
            ("https://x/y?z#f", "https://x/y?z"),
            ("//x/y", "http://x/y"),
            ("/g", "http://a:81/g"),
            ("g", "http://a:81/b/c/g"),
            ("./g/.", "http://a:81/b/c/g/"),
            ("../../../g", "http://a:81/g"),
            ("..", "http://a:81/b/"),
            ("?y", "http://a:81/b/c/d?y"),
            ("g?y/../x", "http://a:81/b/c/g?y/../x"),
            ("", "http://a:81/b/c/d?q"),
        ] {
            assert_eq!(resolved(location).as_deref(), Some(wanted), "{location}");
        }
        assert_eq!(resolved("/a b"), None);
    }
}
