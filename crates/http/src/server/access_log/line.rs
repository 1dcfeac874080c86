//! The lines of an access log.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::Timestamp;
use http::{HeaderName, StatusCode, header};
use serde_json::json;

use super::entry::Entry;
use super::settings::{AccessLog, LogFormat};

/// What stands for a client that left before there was an answer, as nginx has it.
const LEFT: u16 = 499;

/// No part of a line is longer.
const LONGEST: usize = 1024;

/// What a line tells.
struct Facts {
    client: String,
    user: Option<String>,
    method: String,
    path: String,
    query: Option<String>,
    protocol: String,
    status: u16,
    bytes: u64,
    seconds: f64,
    meta_id: Option<String>,
    referer: Option<String>,
    agent: Option<String>,
}

/// Returns the line of a request, with its line break.
pub(super) fn of(entry: &Entry, settings: &AccessLog) -> String {
    let facts = Facts::of(entry, settings);
    let mut line = match settings.shape() {
        LogFormat::Json => {
            let time = Timestamp(entry.at).to_string();
            json!({
                "time": time, "client": facts.client, "user": facts.user, "method": facts.method,
                "path": facts.path, "query": facts.query, "protocol": facts.protocol,
                "status": facts.status, "bytes": facts.bytes, "seconds": facts.seconds,
                "referer": facts.referer, "agent": facts.agent, "meta_id": facts.meta_id,
            })
            .to_string()
        }
        format => facts.line(entry, format),
    };
    line.push('\n');
    line
}

/// Writes the line of a request into the log of the program.
pub(super) fn log(entry: &Entry, settings: &AccessLog, flow: &str) {
    let facts = Facts::of(entry, settings);
    if settings.shape() == LogFormat::Json {
        tracing::info!(
            flow,
            client = facts.client,
            user = facts.user,
            method = facts.method,
            path = facts.path,
            query = facts.query,
            protocol = facts.protocol,
            status = facts.status,
            bytes = facts.bytes,
            seconds = facts.seconds,
            referer = facts.referer,
            agent = facts.agent,
            meta_id = facts.meta_id,
            "request"
        );
    } else {
        tracing::info!(flow, "{}", facts.line(entry, settings.shape()));
    }
}

impl Facts {
    fn of(entry: &Entry, settings: &AccessLog) -> Facts {
        let head = &*entry.head;
        let header = |name: HeaderName| {
            let value = head.headers.get(name)?;
            Some(shortened(&String::from_utf8_lossy(value.as_bytes())))
        };
        let status = entry.status.map_or(LEFT, |status| status.as_u16());
        let query = head.uri.query().and_then(|query| settings.shown(query));
        let client = head.client.map(|client| client.ip().to_string());
        Facts {
            client: client.unwrap_or_else(|| "-".into()),
            // Of those who were sent away it may be a password in the wrong place.
            user: user(entry).filter(|_| status != StatusCode::UNAUTHORIZED.as_u16()),
            method: shortened(head.method.as_str()),
            path: shortened(head.uri.path()),
            query: query.map(|query| shortened(&query)),
            protocol: format!("{:?}", entry.version),
            status,
            bytes: entry.bytes,
            seconds: (entry.took().as_secs_f64() * 1e6).round() / 1e6,
            meta_id: entry.meta_id.clone(),
            referer: header(header::REFERER).map(|page| without_secrets(&page, settings)),
            agent: header(header::USER_AGENT),
        }
    }

    fn line(&self, entry: &Entry, format: LogFormat) -> String {
        let mut line = String::with_capacity(160);
        let user = self.user.as_deref().unwrap_or("-");
        let user = escaped(user).replace(' ', "\\x20");
        let query = match &self.query {
            Some(query) => format!("?{}", escaped(query)),
            None => String::new(),
        };
        // Writing to a `String` does not fail.
        let _ = write!(
            line,
            "{} - {user} [{}] \"{} {}{query} {}\" {} {}",
            self.client,
            date(entry),
            escaped(&self.method),
            escaped(&self.path),
            self.protocol,
            self.status,
            self.bytes
        );
        if format == LogFormat::Combined {
            let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or("-"));
            let _ = write!(
                line,
                " \"{}\" \"{}\"",
                text(&self.referer),
                text(&self.agent)
            );
        }
        let meta_id = escaped(self.meta_id.as_deref().unwrap_or("-"));
        let _ = write!(
            line,
            " {:.6} {}",
            self.seconds,
            meta_id.replace(' ', "\\x20")
        );
        line
    }
}

/// Returns the date as log formats have it: `06/Nov/1994:08:49:37 +0000`.
fn date(entry: &Entry) -> String {
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    let date = httpdate::fmt_http_date(entry.at);
    let mut parts = date.split(' ').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (day, month, year, time) = (part(), part(), part(), part());
    format!("{day}/{month}/{year}:{time} +0000")
}

/// Returns the name of the user that the request says it is of.
fn user(entry: &Entry) -> Option<String> {
    let header = entry.head.headers.get(header::AUTHORIZATION)?;
    let (scheme, encoded) = header.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let name = decoded.split(|byte| *byte == b':').next()?;
    // Without a colon there is no telling which part it is.
    let is_name = name.len() < decoded.len() && !name.is_empty();
    is_name.then(|| shortened(&String::from_utf8_lossy(name)))
}

/// Returns the address of a page with no more of its query than is shown of others, and without a password.
fn without_secrets(page: &str, settings: &AccessLog) -> String {
    let page = page.split('#').next().unwrap_or_default();
    let (address, query) = page.split_once('?').unwrap_or((page, ""));
    let address = match address.split_once("://") {
        Some((scheme, rest)) => {
            let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{rest}")
        }
        None => address.to_owned(),
    };
    let query = (!query.is_empty()).then(|| settings.shown(query)).flatten();
    match query {
        Some(query) => format!("{address}?{query}"),
        None => address,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes what would end a part of a line, or the line, in another way.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c if c.is_control() || "\u{2028}\u{2029}".contains(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(escaped, "\\x{byte:02x}");
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_line_early() {
        assert_eq!(
            escaped("a\"b\\c\r\n\u{85}é"),
            "a\\\"b\\\\c\\x0d\\x0a\\xc2\\x85é"
        );
        assert_eq!(
            shortened(&"é".repeat(LONGEST + 1)).chars().count(),
            LONGEST + 1
        );
    }

    #[test]
    fn the_page_before_tells_no_secrets() {
        let settings = AccessLog::default();
        let page = "https://ada:pw@a.org/x?token=s&b#part";
        let shown = without_secrets(page, &settings);
        assert_eq!(shown, "https://a.org/x?token=***&***");
    }
}
