//! The actor that takes messages of SOAP out of their envelopes.

use std::collections::BTreeMap;
use std::sync::Arc;

use compysition_core::{Actor, Context, Error, Event, Payload, Ports, Result, Xml};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::malformed::malformed;
use crate::soap::envelope::Envelopes;
use crate::soap::{SOAP, SoapVersion};
use crate::tree::{Tree, read};
use crate::{Document, XPath, XmlError};

/// Takes messages of SOAP 1.1 and 1.2 out of their envelopes: the element in the body becomes the payload.
///
/// The attribute `soap` tells the rest: `version`, `action` (of the header `SOAPAction`, of the content type or of
/// WS-Addressing), `operation` and `namespace` (the element's name), and `header` (the envelope's headers, as XML);
/// `soap_wrap` answers in the same version. With `actions` each message is sent to the outbox of its action or operation.
///
/// What is no envelope, a body with more than one element, and a header that must be understood are `malformed`, an
/// action without an outbox is `unprocessable`, and a fault that a back-end answered with is `bad_gateway`. A door with
/// `error_body: soap11` tells errors as faults.
///
/// Example: `soap_unwrap: { actions: { place: "urn:orders/Place", cancel: "urn:orders/Cancel" } }`
///
/// Purpose: shape. Patterns: envelope wrapper.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct SoapUnwrap {
    envelopes: Arc<[Envelopes]>,
    names: Arc<[XPath; 3]>,
    actions: Arc<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The outboxes, each with the action or the operation that is sent there. An operation is the name of the
    /// element in the body, with or without its namespace (`{urn:orders}Place`).
    actions: BTreeMap<String, String>,
    /// The only versions that are taken; both if left out.
    versions: Option<Vec<SoapVersion>>,
    /// The namespaces of the headers that the flow understands, where they say that they must be; `"*"` for all.
    understood: Vec<String>,
}

impl SoapUnwrap {
    /// Makes the actor, which takes both versions.
    pub fn new() -> SoapUnwrap {
        // Nothing in the defaults can be wrong: the expressions are ours, and a test makes them.
        SoapUnwrap::try_from(Settings::default()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Sends messages of an action or operation to an outbox.
    #[must_use]
    pub fn action(mut self, outbox: impl Into<String>, action: impl Into<String>) -> SoapUnwrap {
        Arc::make_mut(&mut self.actions).insert(outbox.into(), action.into());
        self
    }

    /// Opens the envelope; returns the payload and what is known of the message.
    fn open(&self, document: &Document, action: Option<String>) -> Result<(Payload, Value)> {
        let [namespace, name, own_namespace] = &*self.names;
        let text = |path: &XPath, document: &Document| {
            path.evaluate(document)
                .map(|value| value.to_text())
                .map_err(malformed)
        };
        let namespace = text(namespace, document)?;
        let envelopes = self
            .envelopes
            .iter()
            .find(|own| own.version.namespace() == namespace);
        let envelopes = envelopes.ok_or_else(|| self.no_envelope(&namespace))?;
        let message = envelopes.open(document)?;
        let mut known = json!({
            "version": envelopes.version.as_str(),
            "action": action.unwrap_or(message.action),
        });
        if let Some(header) = message.header {
            known["header"] = header.into();
        }
        let Some(content) = message.content else {
            return Ok((Payload::Empty, known));
        };
        known["operation"] = text(name, &content)?.into();
        known["namespace"] = text(own_namespace, &content)?.into();
        let size = content.size();
        Ok((
            Xml::from_tree(Arc::new(Tree::from(content)), size).into(),
            known,
        ))
    }

    fn no_envelope(&self, namespace: &str) -> Error {
        let known = SoapVersion::ALL
            .iter()
            .find(|version| version.namespace() == namespace);
        match known {
            Some(version) => {
                Error::malformed(format!("SOAP {} is not taken here", version.as_str()))
                    .with_detail("fault_code", "VersionMismatch")
            }
            None => Error::malformed("the payload is no SOAP envelope"),
        }
    }

    /// Returns the outbox of a message.
    fn outbox(&self, known: &Value) -> Result<&str> {
        let text = |name: &str| known[name].as_str().unwrap_or_default();
        let (action, operation) = (text("action"), text("operation"));
        let qualified = format!("{{{}}}{operation}", text("namespace"));
        let is_meant =
            |wanted: &str| wanted == action || wanted == operation || wanted == qualified;
        let found = self.actions.iter().find(|(_, wanted)| is_meant(wanted));
        found.map(|(outbox, _)| &**outbox).ok_or_else(|| {
            Error::unprocessable(format!(
                "there is neither an action `{action}` nor an operation `{qualified}`"
            ))
        })
    }
}

impl Default for SoapUnwrap {
    fn default() -> SoapUnwrap {
        SoapUnwrap::new()
    }
}

impl TryFrom<Settings> for SoapUnwrap {
    type Error = XmlError;

    fn try_from(settings: Settings) -> Result<SoapUnwrap, XmlError> {
        let versions = settings.versions.unwrap_or(SoapVersion::ALL.to_vec());
        let envelopes = versions
            .into_iter()
            .map(|version| Envelopes::new(version, &settings.understood));
        let path = |path: &str| XPath::new(path, &BTreeMap::new());
        Ok(SoapUnwrap {
            envelopes: envelopes.collect::<Result<_, _>>()?,
            names: Arc::new([
                path("namespace-uri(/*[local-name() = 'Envelope'])")?,
                path("local-name(/*)")?,
                path("namespace-uri(/*)")?,
            ]),
            actions: Arc::new(settings.actions),
        })
    }
}

/// Returns the action that the request names: by a header in 1.1, in the content type in 1.2.
fn action_of(event: &Event) -> Option<String> {
    let headers = event.lookup("http.headers")?;
    if let Some(action) = headers["soapaction"].as_str() {
        return Some(action.trim().trim_matches('"').to_owned());
    }
    let parameters = headers["content-type"].as_str()?.split(';').skip(1);
    let mut parameters = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, action) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("action"))?;
    Some(action.trim().trim_matches('"').to_owned())
}

impl Actor for SoapUnwrap {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let action = action_of(&event);
        let (payload, known) = match event.payload() {
            Payload::Xml(xml) => xml
                .tree(Tree::parse)?
                .with(|document| self.open(document, action)),
            other => self.open(&read(other)?, action),
        }?;
        let outbox = match self.actions.is_empty() {
            true => None,
            false => Some(self.outbox(&known)?.to_owned()),
        };
        event.set_attribute(SOAP, known);
        event.set_payload(payload);
        match outbox {
            Some(outbox) => ctx.send_to(outbox, event),
            None => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        match self.actions.is_empty() {
            true => Ports::any(),
            false => Ports::any().outboxes(self.actions.keys().map(String::as_str)),
        }
    }
}
