//! How an event becomes a message.

use std::time::SystemTime;

use compysition_core::{Error, Event, Payload, Result};
use compysition_expression::Template;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Mailboxes, MultiPart, SinglePart};

use crate::line::Line;

/// Headers that follow from the settings, and would stand twice.
const OURS: [&str; 9] = [
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// The templates that a message is made of.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) from: Line,
    pub(crate) to: Vec<Line>,
    pub(crate) cc: Vec<Line>,
    pub(crate) bcc: Vec<Line>,
    pub(crate) subject: Line,
    pub(crate) headers: Vec<(HeaderName, Line)>,
    pub(crate) body: Option<Template>,
    pub(crate) html: Option<Template>,
    pub(crate) attachment: Option<Line>,
}

impl Form {
    /// Makes the message of an event.
    ///
    /// # Errors
    /// Unprocessable, if what it says is no address, or has line breaks where there can be none.
    pub(crate) fn fill(&self, event: &Event) -> Result<Message> {
        let from = self.from.render(event)?;
        let from: Mailbox = from.parse().map_err(|_| no_address("from", &from))?;
        let mut message = Message::builder()
            .date(SystemTime::now())
            // The same when it is sent again, so that who gets it twice can know.
            .message_id(Some(format!("<{}@{}>", event.id(), from.email.domain())))
            .from(from)
            .subject(self.subject.flatten(event)?);
        let mut receivers = 0;
        for (name, lines) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            for mailbox in mailboxes(name, lines, event)? {
                receivers += 1;
                message = match name {
                    "to" => message.to(mailbox),
                    "cc" => message.cc(mailbox),
                    _ => message.bcc(mailbox),
                };
            }
        }
        if receivers == 0 {
            return Err(Error::unprocessable(
                "nobody is to get the message: `to`, `cc` and `bcc` are empty",
            ));
        }
        for (name, line) in &self.headers {
            let value = line.render(event)?;
            message = message.raw_header(HeaderValue::new(name.clone(), value));
        }
        let unusable = |error| Error::unprocessable(format!("no message can be made: {error}"));
        match self.parts(event)? {
            Parts::One(part) => message.singlepart(part),
            Parts::Several(parts) => message.multipart(parts),
        }
        .map_err(unusable)
    }

    fn parts(&self, event: &Event) -> Result<Parts> {
        let text = match &self.body {
            Some(body) => body.render(event)?,
            None if self.attachment.is_some() || self.html.is_some() => String::new(),
            None => event.text()?.to_owned(),
        };
        let html = self.html.as_ref().map(|html| html.render(event));
        let body = match html.transpose()? {
            None => Parts::One(SinglePart::plain(text)),
            Some(html) if self.body.is_none() => Parts::One(SinglePart::html(html)),
            Some(html) => Parts::Several(MultiPart::alternative_plain_html(text, html)),
        };
        let Some(name) = &self.attachment else {
            return Ok(body);
        };
        let attachment = Attachment::new(name.render(event)?);
        let attachment = attachment.body(event.bytes()?.to_vec(), media_type(event.payload())?);
        let mixed = match body {
            Parts::One(part) => MultiPart::mixed().singlepart(part),
            Parts::Several(parts) => MultiPart::mixed().multipart(parts),
        };
        Ok(Parts::Several(mixed.singlepart(attachment)))
    }
}

enum Parts {
    One(SinglePart),
    Several(MultiPart),
}

fn mailboxes(name: &str, lines: &[Line], event: &Event) -> Result<Vec<Mailbox>> {
    let mut all = Vec::new();
    for line in lines {
        let text = line.render(event)?;
        if text.trim().is_empty() {
            continue;
        }
        let some: Mailboxes = text.parse().map_err(|_| no_address(name, &text))?;
        all.extend(some);
    }
    Ok(all)
}

fn no_address(setting: &str, text: &str) -> Error {
    Error::unprocessable(format!(
        "`{setting}` is no e-mail address: `{text}`; write it like ann@example.org or Ann <ann@example.org>"
    ))
}

fn media_type(payload: &Payload) -> Result<ContentType> {
    let text = match payload {
        Payload::Json(_) => "application/json",
        Payload::Xml(_) => "application/xml",
        Payload::Text(_) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    Ok(ContentType::parse(text)?)
}

/// Reads the name of a header that a setting adds.
///
/// # Errors
/// Why there can be no such header.
pub(crate) fn header_name(name: &str) -> Result<HeaderName, String> {
    if OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "the header `{name}` follows from the other settings; leave it out"
        ));
    }
    let is_token = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    match HeaderName::new_from_ascii(name.to_owned()) {
        Ok(header) if name.bytes().all(is_token) => Ok(header),
        _ => Err(format!("`{name}` cannot be the name of a header")),
    }
}
