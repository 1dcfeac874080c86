//! How a message becomes the payload of an event.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::{Error, Result};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde_json::{Map, Value, json};

/// How many headers and parts a message may have: each takes far more memory than the few bytes that it needs in the message.
const MOST_PIECES: usize = 10_000;

/// Reads a message.
///
/// # Errors
/// Malformed, if it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value> {
    if pieces(bytes) > MOST_PIECES {
        return Err(Error::malformed(format!(
            "the message has more than {MOST_PIECES} headers and parts"
        )));
    }
    let message = MessageParser::default().parse(bytes);
    let message = message.ok_or_else(|| Error::malformed("the message has no headers"))?;
    let attachments: Vec<Value> = message.attachments().map(attachment).collect();
    let date = message.date().map(|date| date.to_rfc3339());
    Ok(json!({
        "from": addresses(message.from()).into_iter().next(),
        "to": addresses(message.to()),
        "cc": addresses(message.cc()),
        "subject": message.subject(),
        "date": date,
        "message_id": message.message_id(),
        "headers": headers(&message),
        "text": message.text_bodies().find_map(text),
        "html": message.html_bodies().find_map(html),
        "attachments": attachments,
    }))
}

/// Counts the lines that begin a header or a part, generously: also what only looks like it.
fn pieces(bytes: &[u8]) -> usize {
    let (mut count, mut is_head) = (0, true);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_boundary = line.starts_with(b"--");
        is_head = is_boundary || is_head && !line.is_empty();
        count += usize::from(is_head);
    }
    count
}

fn addresses(all: Option<&Address<'_>>) -> Vec<Value> {
    let all = all.into_iter().flat_map(Address::iter);
    all.map(|one| json!({ "name": one.name(), "address": one.address() }))
        .collect()
}

/// Returns the headers by their names in lower case, in one line each; those that stand several times are lists.
fn headers(message: &Message<'_>) -> Value {
    let mut headers = Map::new();
    for (name, value) in message.headers_raw() {
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        let value = Value::from(words.join(" "));
        match headers.get_mut(&name.to_ascii_lowercase()) {
            Some(Value::Array(several)) => several.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
            None => _ = headers.insert(name.to_ascii_lowercase(), value),
        }
    }
    headers.into()
}

fn text(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

fn html(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Html(html) => Some(html.to_string()),
        _ => None,
    }
}

fn attachment(part: &MessagePart<'_>) -> Value {
    let contents = part.contents();
    let media_type = part.content_type().map(|it| match it.subtype() {
        Some(subtype) => format!("{}/{subtype}", it.ctype()).to_ascii_lowercase(),
        None => it.ctype().to_ascii_lowercase(),
    });
    json!({
        "name": part.attachment_name(),
        "type": media_type,
        "size": contents.len(),
        "content": STANDARD.encode(contents),
    })
}
