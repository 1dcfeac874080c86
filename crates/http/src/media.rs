//! Media types: what a body is, and which payload it becomes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use compysition_convert::Charset;
use compysition_core::{Error, Json, Payload, Result, Xml};
use schemars::JsonSchema;
use serde::Deserialize;

/// The formats that make a difference to a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
    Text,
    Bytes,
}

impl Format {
    /// Tells the format from a media type such as `application/problem+json; charset=utf-8`.
    pub(crate) fn of(media_type: &str) -> Format {
        let essence = essence(media_type);
        let is = |name: &str| essence.eq_ignore_ascii_case(name);
        let ends_with = |suffix: &str| {
            let start = essence.len().checked_sub(suffix.len());
            let end = start.and_then(|start| essence.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        };
        if is("application/json") || ends_with("+json") {
            Format::Json
        } else if is("application/xml") || is("text/xml") || ends_with("+xml") {
            Format::Xml
        } else if is("application/x-www-form-urlencoded") || starts_with(essence, "text/") {
            Format::Text
        } else {
            Format::Bytes
        }
    }

    /// Tells the format that a payload is written out in.
    pub(crate) fn of_payload(payload: &Payload) -> Format {
        match payload {
            Payload::Json(_) => Format::Json,
            Payload::Xml(_) => Format::Xml,
            Payload::Bytes(_) => Format::Bytes,
            Payload::Text(_) | Payload::Empty => Format::Text,
        }
    }

    /// Returns the media type of a payload of which no more is known.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Xml => "application/xml",
            Format::Text => "text/plain; charset=utf-8",
            Format::Bytes => "application/octet-stream",
        }
    }
}

/// Returns a media type without its parameters.
pub(crate) fn essence(media_type: &str) -> &str {
    let essence = media_type
        .split_once(';')
        .map_or(media_type, |(own, _)| own);
    essence.trim_ascii()
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn charset(media_type: &str) -> Option<&str> {
    let (_, parameters) = media_type.split_once(';')?;
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    })
}

/// Turns a body into the payload that its media type says it is. It is not parsed.
///
/// # Errors
/// Malformed, if JSON or text is not in the character set that it claims.
pub(crate) fn payload(body: Bytes, media_type: Option<&str>) -> Result<Payload> {
    if body.is_empty() {
        return Ok(Payload::Empty);
    }
    let Some(media_type) = media_type else {
        return Ok(match std::str::from_utf8(&body) {
            Ok(text) => text.into(),
            Err(_) => body.as_ref().into(),
        });
    };
    let format = Format::of(media_type);
    if format == Format::Bytes {
        return Ok(body.as_ref().into());
    }
    let text: Arc<str> = match decode(&body, charset(media_type)) {
        Some(text) => text.into(),
        // XML may name its encoding itself, which is the parser's business.
        None if format == Format::Xml => return Ok(body.as_ref().into()),
        None => {
            let charset = charset(media_type).unwrap_or("utf-8");
            let message = format!("the body is not text in the character set {charset}");
            return Err(Error::malformed(message));
        }
    };
    Ok(match format {
        Format::Json => Json::from_text(text).into(),
        Format::Xml => Xml::from_text(text).into(),
        Format::Text | Format::Bytes => text.into(),
    })
}

fn decode<'a>(body: &'a [u8], charset: Option<&str>) -> Option<Cow<'a, str>> {
    let charset = match charset {
        None => Charset::UTF_8,
        // Those who say so often mean UTF-8, which has it in it.
        Some(name) if name.eq_ignore_ascii_case("us-ascii") => Charset::UTF_8,
        Some(name) => Charset::of(name)?,
    };
    charset.decode(body).ok()
}

/// Media types that a route takes: `application/xml`, `text/*`, or short `json`, `xml`, `text`, which
/// take all types of that format.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct MediaRange(Range);

#[derive(Clone, Debug)]
enum Range {
    Format(Format),
    All,
    Main(String),
    Exact(String),
}

impl MediaRange {
    pub(crate) fn takes(&self, media_type: &str) -> bool {
        let essence = essence(media_type);
        match &self.0 {
            Range::Format(format) => Format::of(essence) == *format,
            Range::All => true,
            Range::Main(main) => starts_with(essence, main),
            Range::Exact(exact) => essence.eq_ignore_ascii_case(exact),
        }
    }
}

impl FromStr for MediaRange {
    type Err = String;

    fn from_str(text: &str) -> Result<MediaRange, String> {
        Ok(MediaRange(match text.trim() {
            "json" => Range::Format(Format::Json),
            "xml" => Range::Format(Format::Xml),
            "text" => Range::Format(Format::Text),
            "*/*" => Range::All,
            text => match text.split_once('/') {
                Some((main, "*")) => Range::Main(format!("{main}/")),
                Some((_, _)) => Range::Exact(essence(text).to_owned()),
                None => {
                    return Err(format!(
                        "`{text}` is no media type; write application/xml, text/*, json, xml or text"
                    ));
                }
            },
        }))
    }
}

impl TryFrom<String> for MediaRange {
    type Error = String;

    fn try_from(text: String) -> Result<MediaRange, String> {
        text.parse()
    }
}

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Range::Format(format) => f.write_str(essence(format.media_type())),
            Range::All => f.write_str("*/*"),
            Range::Main(main) => write!(f, "{main}*"),
            Range::Exact(exact) => f.write_str(exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_format() {
        assert_eq!(Format::of("Application/JSON"), Format::Json);
        assert_eq!(
            Format::of("application/soap+xml; charset=utf-8"),
            Format::Xml
        );
        assert_eq!(Format::of("text/html"), Format::Text);
        assert_eq!(Format::of("image/png"), Format::Bytes);
        assert_eq!(Format::of(""), Format::Bytes);
    }

    #[test]
    fn a_body_becomes_the_payload_it_claims_to_be() {
        let made = |body: &'static [u8], media_type| payload(Bytes::from_static(body), media_type);
        assert_eq!(made(b"{", Some("application/json")).unwrap().kind(), "json");
        assert_eq!(made(b"<a/>", Some("text/xml")).unwrap().kind(), "xml");
        assert_eq!(made(b"\xe9", Some("text/xml")).unwrap().kind(), "bytes");
        assert_eq!(made(b"hi", None).unwrap().kind(), "text");
        assert_eq!(made(b"", Some("text/xml")).unwrap().kind(), "empty");
        let latin = made(b"caf\xe9", Some("text/plain; charset=\"ISO-8859-1\"")).unwrap();
        assert_eq!(latin.text().unwrap(), "café");
        let windows = made(b"\x80", Some("application/json; charset=windows-1252")).unwrap();
        assert_eq!(windows.text().unwrap(), "€");
        let unknown = made(b"<a/>", Some("text/xml; charset=klingon")).unwrap();
        assert_eq!(unknown.kind(), "bytes");
        let error = made(b"\xff", Some("application/json")).unwrap_err();
        assert_eq!(
            error.message(),
            "the body is not text in the character set utf-8"
        );
    }

    #[test]
    fn ranges_take_types() {
        let takes =
            |range: &str, media_type| range.parse::<MediaRange>().unwrap().takes(media_type);
        assert!(takes("xml", "application/atom+xml; q=1"));
        assert!(takes("text/*", "Text/Plain"));
        assert!(takes("application/json", "application/json; charset=utf-8"));
        assert!(!takes("application/json", "application/jsonx"));
        assert!("nonsense".parse::<MediaRange>().is_err());
    }
}
