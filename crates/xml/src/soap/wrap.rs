//! The actor that puts messages of SOAP into envelopes.

use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Payload, Result, Xml};
use compysition_expression::{Escape, Template};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::Document;
use crate::malformed::malformed;
use crate::soap::{SOAP, SoapVersion};
use crate::tree::{Tree, read};

/// The attribute that tells the HTTP door and the HTTP client what the payload is.
const CONTENT_TYPE: &str = "content_type";

/// Puts XML into an envelope of SOAP 1.1 or 1.2; no payload becomes an empty body.
///
/// It is of the version in which `soap_unwrap` got the message, else of 1.1, unless `version` says which. The attribute
/// `content_type` becomes that of the version. A back-end of 1.1 wants the action in a header as well:
/// `http_client: { headers: { soapaction: '"{{ attributes.soap.action }}"' } }`.
///
/// Example: `soap_wrap: { version: 1.2, action: "urn:orders/Place", header: "<u:user xmlns:u='urn:u'>{{ attributes.user }}</u:user>" }`
///
/// Purpose: shape. Patterns: envelope wrapper.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct SoapWrap {
    version: Option<SoapVersion>,
    action: Option<Template>,
    header: Option<Template>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The version; without it that of the message that came in, or 1.1.
    version: Option<SoapVersion>,
    /// The action, a template. It becomes the attribute `soap.action`, and in 1.2 a part of the content type.
    action: Option<Template>,
    /// The headers, as XML; a template, in which values are escaped.
    header: Option<String>,
}

impl SoapWrap {
    /// Makes the actor, which answers in the version of the message that came in.
    pub fn new() -> SoapWrap {
        SoapWrap::default()
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: SoapVersion) -> SoapWrap {
        self.version = Some(version);
        self
    }

    fn version_of(&self, event: &Event) -> SoapVersion {
        let known = || {
            let soap = event.attribute(SOAP)?;
            SoapVersion::try_from(soap["version"].clone()).ok()
        };
        self.version.or_else(known).unwrap_or(SoapVersion::V11)
    }

    /// Puts a payload into an envelope.
    fn wrap(&self, event: &Event, version: SoapVersion) -> Result<Xml> {
        let content = match event.payload() {
            Payload::Empty => String::new(),
            Payload::Xml(xml) => xml
                .tree(Tree::parse)?
                .with(|document| document.root_text())
                .map_err(malformed)?,
            other => read(other)?.root_text().map_err(malformed)?,
        };
        let header = match &self.header {
            Some(header) => format!("<s:Header>{}</s:Header>", header.render(event)?),
            None => String::new(),
        };
        let namespace = version.namespace();
        let text = format!(
            "<s:Envelope xmlns:s=\"{namespace}\">{header}<s:Body>{content}</s:Body></s:Envelope>"
        );
        if header.is_empty() {
            return Ok(Xml::from_text(text));
        }
        // Only the headers may be wrong.
        let document = Document::parse(&text).map_err(|error| {
            let message = format!("the SOAP headers are not well-formed: {}", error.message());
            compysition_core::Error::internal(message)
        })?;
        Ok(Xml::from_both(text, Arc::new(Tree::from(document))))
    }
}

impl TryFrom<Settings> for SoapWrap {
    type Error = compysition_core::Error;

    fn try_from(settings: Settings) -> Result<SoapWrap> {
        let header = settings
            .header
            .map(|header| Template::escaping(header, Escape::Xml));
        Ok(SoapWrap {
            version: settings.version,
            action: settings.action,
            header: header.transpose()?,
        })
    }
}

impl Actor for SoapWrap {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let version = self.version_of(&event);
        let action = self
            .action
            .as_ref()
            .map(|action| action.render(&event))
            .transpose()?;
        let xml = self.wrap(&event, version)?;
        if let Some(action) = &action {
            let mut soap = event
                .attribute(SOAP)
                .map_or(json!({}), |soap| soap.into_owned());
            soap["action"] = action.as_str().into();
            event.set_attribute(SOAP, soap);
        }
        event.set_attribute(CONTENT_TYPE, version.content_type(action.as_deref()));
        ctx.send(event.with(xml))
    }
}
