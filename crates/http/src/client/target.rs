//! Where a request goes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::{Error, Result};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

const NOT_HTTP: &str = "it does not begin with http:// or https://";

/// The URL of a request, and the credentials that stood in it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Target {
    /// Parses an absolute URL.
    ///
    /// # Errors
    /// Internal, with the URL but for what may be secret in it.
    pub(crate) fn parse(url: &str) -> Result<Target> {
        let url = url.trim();
        let invalid = |why: &str| {
            let url = presentable(url);
            Error::internal(format!("`{url}` is no URL that can be called: {why}"))
        };
        let begins_with = |scheme: &str| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if !begins_with("http://") && !begins_with("https://") {
            return Err(invalid(NOT_HTTP));
        }
        // A fragment is the caller's own business (RFC 9110 §7.1).
        let without_fragment = url.split('#').next().unwrap_or_default();
        let uri: Uri = without_fragment.parse().map_err(|_| {
            invalid("are spaces and other special characters in it percent-encoded?")
        })?;
        Target::of(uri).map_err(invalid)
    }

    /// Takes credentials out of a URI and checks that it can be called.
    pub(crate) fn of(uri: Uri) -> Result<Target, &'static str> {
        let mut parts = uri.into_parts();
        if !matches!(&parts.scheme, Some(scheme) if [Scheme::HTTP, Scheme::HTTPS].contains(scheme))
        {
            return Err(NOT_HTTP);
        }
        let authority = parts.authority.take().ok_or("it names no host")?;
        if authority.host().is_empty() {
            return Err("it names no host");
        }
        let (authority, authorization) = split(authority)?;
        if has_odd_port(&authority) {
            return Err("its port is no number from 0 to 65535");
        }
        parts.authority = Some(authority);
        let path = parts
            .path_and_query
            .get_or_insert(PathAndQuery::from_static("/"));
        if path.path().is_empty() {
            *path = format!("/{path}")
                .parse()
                .map_err(|_| "its path is damaged")?;
        }
        let uri = Uri::from_parts(parts).map_err(|_| "its parts do not fit together")?;
        Ok(Target { uri, authorization })
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the header that the user information of the URL stands for.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Returns whether the other one is the same scheme, host and port.
    pub(crate) fn has_origin_of(&self, other: &Target) -> bool {
        let origin = |target: &Target| {
            let port = target
                .uri
                .port_u16()
                .unwrap_or(if target.is_secure() { 443 } else { 80 });
            (
                target.is_secure(),
                target.uri.host().map(str::to_ascii_lowercase),
                port,
            )
        };
        origin(self) == origin(other)
    }

    /// Returns the URL for errors and logs: without its query, which may hold a key.
    pub(crate) fn shown(&self) -> String {
        presentable(&self.uri.to_string())
    }
}

/// Returns whether a port is written there that is none; it would be taken for none at all, and another one be called.
fn has_odd_port(authority: &Authority) -> bool {
    let behind = authority.as_str().strip_prefix(authority.host());
    let written = behind.and_then(|behind| behind.strip_prefix(':'));
    written.is_some_and(|port| !port.is_empty()) && authority.port_u16().is_none()
}

/// Parts an authority from its user information.
fn split(authority: Authority) -> Result<(Authority, Option<HeaderValue>), &'static str> {
    let Some((user, host)) = authority.as_str().rsplit_once('@') else {
        return Ok((authority, None));
    };
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(name).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let basic = format!("Basic {}", STANDARD.encode(plain));
    let mut header = HeaderValue::try_from(basic).map_err(|_| "its user information is damaged")?;
    header.set_sensitive(true);
    let host = host.parse().map_err(|_| "its host is damaged")?;
    Ok((host, Some(header)))
}

/// Leaves out of a URL, well-formed or not, what may be secret: user information, query and fragment.
fn presentable(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    // A password may hold a slash by mistake, so all up to the last `@` goes.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    format!("{scheme}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_as_it_is_written_or_refused() {
        for url in [
            "http://a:99999/",
            "http://[::1]:65536/x",
            "http://u:p@a:70000",
        ] {
            let says = Target::parse(url).unwrap_err().to_string();
            assert!(
                says.contains("its port is no number from 0 to 65535"),
                "{url}: {says}"
            );
        }
        for (url, port) in [
            ("http://a:8080/", Some(8080)),
            ("http://[::1]/", None),
            ("http://a:/", None),
        ] {
            assert_eq!(Target::parse(url).unwrap().uri().port_u16(), port, "{url}");
        }
    }

    #[test]
    fn takes_credentials_out() {
        let target = Target::parse("https://ada:p%40w@example.org:8443?key=1#top").unwrap();
        assert_eq!(target.uri(), "https://example.org:8443/?key=1");
        assert_eq!(
            target.authorization().unwrap(),
            &format!("Basic {}", STANDARD.encode("ada:p@w"))
        );
        assert_eq!(target.shown(), "https://example.org:8443/");
        assert!(
            Target::parse("http://a/")
                .unwrap()
                .authorization()
                .is_none()
        );
    }

    #[test]
    fn says_what_is_wrong_without_secrets() {
        let says = |url: &str| Target::parse(url).unwrap_err().message().to_owned();
        assert_eq!(
            says("http://ada:secret@host/a b?key=secret"),
            "`http://host/a b` is no URL that can be called: \
             are spaces and other special characters in it percent-encoded?"
        );
        assert!(says("ftp://ada:sec/ret@host/").starts_with("`ftp://host/` is no URL"));
        assert!(says("/orders").contains("does not begin with http://"));
        assert!(says("example.org/x").contains("does not begin with http://"));
        assert!(says("").contains("is no URL"));
        assert!(says("http:///x").contains("is no URL"));
        assert!(!says("http://ada:sec ret@host").contains("sec"));
    }

    #[test]
    fn knows_an_origin() {
        let target = |url: &str| Target::parse(url).unwrap();
        assert!(target("http://A/x").has_origin_of(&target("http://a:80/y")));
        assert!(!target("http://a/").has_origin_of(&target("https://a/")));
        assert!(!target("http://a/").has_origin_of(&target("http://a:8080/")));
        assert!(!target("http://a/").has_origin_of(&target("http://b/")));
    }
}
