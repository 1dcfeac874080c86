//! What a transformation makes of an event's payload.

use std::cell::RefCell;
use std::sync::Arc;

use compysition_core::{Context, Event, Payload, Result, Xml};
use tracing::{info, warn};

use crate::malformed::malformed;
use crate::template::Reached;
use crate::tree::{Tree, read};
use crate::{Document, Method, Output, Stylesheet, XmlError};

/// A document larger than this is transformed on a thread of its own, so that it does not hold up other
/// actors: 32 KiB take about a millisecond.
pub(crate) const LARGE: usize = 32 * 1024;

/// What a transformation made of a payload.
pub(crate) struct Made {
    pub(crate) payload: Payload,
    pub(crate) content_type: Option<String>,
}

/// What a stylesheet had to say, whether it made something or not.
#[derive(Default)]
pub(crate) struct Said {
    messages: Vec<String>,
    warnings: Vec<XmlError>,
    reached: Reached,
}

impl Said {
    /// Returns where the templates stand that were reached.
    pub(crate) fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Logs it all, with the event that it was said of.
    pub(crate) fn log(&self, event: &Event, ctx: &Context) {
        for message in &self.messages {
            info!(flow = ctx.flow(), actor = ctx.actor(), meta_id = %event.meta_id(), "{message}");
        }
        for warning in &self.warnings {
            warn!(flow = ctx.flow(), actor = ctx.actor(), meta_id = %event.meta_id(), "{warning}");
        }
    }
}

/// Transforms a payload, and reports what was said even if that fails.
pub(crate) fn transform(
    stylesheet: &Stylesheet,
    payload: &Payload,
    parameters: &[(String, String)],
    watched: bool,
) -> (Result<Made>, Said) {
    let reached = RefCell::new(watched.then(Reached::new));
    let parameters: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (&**n, &**v)).collect();
    let run = |document: &mut Document| match &mut *reached.borrow_mut() {
        Some(reached) => stylesheet.transform_watched(document, &parameters, reached),
        None => stylesheet.transform(document, &parameters),
    };
    let output = match payload {
        // A small document is kept for others who got the same event; while a large one is
        // transformed they would wait longer than parsing takes.
        Payload::Xml(xml) if xml.has_tree::<Tree>() || payload.size() <= LARGE => xml
            .tree(Tree::parse)
            .map(|tree| match stylesheet.strips_space() {
                true => tree
                    .with(|document| document.copy())
                    .and_then(|mut copy| run(&mut copy)),
                false => tree.with(run),
            }),
        other => read(other).map(|mut document| run(&mut document)),
    };
    let reached = reached.take().unwrap_or_default();
    match output {
        Ok(Ok(mut output)) => {
            let (messages, warnings) = output.take_said();
            let large = payload.size() > LARGE;
            (
                make(output, large).map_err(malformed),
                Said {
                    messages,
                    warnings,
                    reached,
                },
            )
        }
        Ok(Err(error)) => {
            let said = Said {
                messages: error.messages().to_vec(),
                reached,
                ..Said::default()
            };
            (Err(malformed(error)), said)
        }
        Err(error) => (Err(error), Said::default()),
    }
}

fn make(output: Output, large: bool) -> Result<Made, XmlError> {
    let content_type = output.content_type();
    let payload = match output.method() {
        _ if !output.is_utf8() => output.to_bytes()?.into(),
        // Writing a large result is work for the thread that we are on, not for the next actor's.
        Method::Xml if !large && output.reads_back() => {
            let size = output.size();
            Xml::from_tree(Arc::new(Tree::result(output)), size).into()
        }
        Method::Xml => Xml::from_text(output.text_as::<Arc<str>>()?).into(),
        Method::Html | Method::Text => output.text_as::<Arc<str>>()?.into(),
    };
    Ok(Made {
        payload,
        content_type,
    })
}
