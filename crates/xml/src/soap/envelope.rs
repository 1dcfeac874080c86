//! What is in an envelope.

use std::collections::BTreeMap;

use compysition_core::{Error, ErrorKind, Result};

use crate::malformed::malformed;
use crate::soap::SoapVersion;
use crate::{Document, XPath, XmlError};

/// The detail of an error that names its code in SOAP.
const FAULT_CODE: &str = "fault_code";

/// Looks into the envelopes of one version.
pub(crate) struct Envelopes {
    pub(crate) version: SoapVersion,
    body: XPath,
    header: XPath,
    /// The action as WS-Addressing has it.
    action: XPath,
    /// The first header that must be understood and is not, as `{namespace}name`.
    demanded: XPath,
    fault_code: XPath,
    fault_text: XPath,
}

/// A message out of its envelope.
pub(crate) struct Message {
    /// What the body has, unless it is empty.
    pub(crate) content: Option<Document>,
    pub(crate) header: Option<String>,
    pub(crate) action: String,
}

impl Envelopes {
    /// Makes what looks into envelopes; headers of the namespaces `understood` may demand to be understood.
    pub(crate) fn new(version: SoapVersion, understood: &[String]) -> Result<Envelopes, XmlError> {
        let namespaces = BTreeMap::from([("e".to_owned(), version.namespace().to_owned())]);
        let path = |path: &str| XPath::new(path, &namespaces);
        let (target, next) = version.target();
        let known: String = understood
            .iter()
            .map(|namespace| format!("[namespace-uri() != {}]", quoted(namespace)))
            .collect();
        let known = if understood.iter().any(|any| any == "*") {
            "[false()]"
        } else {
            &known
        };
        let demanded = format!(
            "/e:Envelope/e:Header/*[@e:mustUnderstand = '1' or @e:mustUnderstand = 'true']\
             [not(@e:{target}) or @e:{target} = '' or @e:{target} = '{next}']{known}"
        );
        Ok(Envelopes {
            version,
            body: path("/e:Envelope/e:Body/*")?,
            header: path("/e:Envelope/e:Header[*]")?,
            action: path("string(/e:Envelope/e:Header/*[local-name() = 'Action'])")?,
            demanded: path(&format!(
                "concat(substring('{{', 1, count({demanded})), namespace-uri({demanded}), \
                 substring('}}', 1, count({demanded})), local-name({demanded}))"
            ))?,
            fault_code: path(
                "string(/e:Fault/e:Code/e:Value | /e:Fault/*[local-name() = 'faultcode'])",
            )?,
            fault_text: path(
                "string(/e:Fault/e:Reason/e:Text | /e:Fault/*[local-name() = 'faultstring'])",
            )?,
        })
    }

    /// Takes a message out of its envelope.
    ///
    /// # Errors
    /// Malformed, if the envelope is not in order or a header demands more than is understood; bad gateway, if
    /// the message is a fault.
    pub(crate) fn open(&self, document: &Document) -> Result<Message> {
        let text = |path: &XPath, document: &Document| {
            path.evaluate(document)
                .map(|value| value.to_text())
                .map_err(malformed)
        };
        let demanded = text(&self.demanded, document)?;
        if !demanded.is_empty() {
            let message = format!("the SOAP header {demanded} must be understood, and is not");
            return Err(Error::malformed(message).with_detail(FAULT_CODE, "MustUnderstand"));
        }
        let mut contents = document.parts(&self.body).map_err(malformed)?;
        if contents.len() > 1 {
            let count = contents.len();
            return Err(Error::malformed(format!(
                "the SOAP body has {count} elements, and should have one"
            )));
        }
        let content = contents.pop();
        if let Some(content) = &content {
            let code = text(&self.fault_code, content)?;
            if !code.is_empty() {
                let reason = text(&self.fault_text, content)?;
                let message = format!("the peer answered with the SOAP fault {code}: {reason}");
                return Err(Error::new(ErrorKind::BadGateway, message).with_detail("fault", code));
            }
        }
        let header = document.parts(&self.header).map_err(malformed)?;
        let header = header.first().map(Document::root_text);
        Ok(Message {
            content,
            header: header.transpose().map_err(malformed)?,
            action: text(&self.action, document)?,
        })
    }
}

/// Writes a text as XPath has it; what has both kinds of quotes loses one, and matches nothing then.
fn quoted(text: &str) -> String {
    match text.contains('\'') {
        false => format!("'{text}'"),
        true => format!("\"{}\"", text.replace('"', "")),
    }
}
