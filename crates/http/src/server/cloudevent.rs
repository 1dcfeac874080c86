//! Requests that are CloudEvents.

use compysition_core::{Error, ErrorKind, Event};

use crate::cloudevents::Told;
use crate::media;
use crate::server::door::Way;
use crate::server::fault::Fault;
use crate::server::visit::Visit;

impl Visit<'_> {
    /// Reads what the headers tell of the event, if the door takes CloudEvents and this is one; from then on it has the meta id that they tell.
    pub(crate) fn cloudevent(&mut self) -> Result<Option<Told>, Fault> {
        if self.door.cloudevents.is_none() {
            return Ok(None);
        }
        let media_type = self.content_type().map_or("", media::essence);
        if media_type
            .to_ascii_lowercase()
            .starts_with("application/cloudevents")
        {
            let message = format!(
                "{media_type} is not taken here; send CloudEvents in binary mode, with their attributes in headers"
            );
            return Err(Error::new(ErrorKind::UnsupportedMedia, message).into());
        }
        let told = Told::read(&self.head.headers)?;
        if let Some(meta_id) = told.as_ref().and_then(Told::meta_id) {
            self.meta_id = Some(meta_id.to_owned());
        }
        Ok(told)
    }
}

/// Puts what was told into an event that was read.
pub(crate) fn told(told: Option<Told>, way: &Way, mut event: Event) -> Event {
    let Some(told) = told else {
        return event;
    };
    if let (None, Some(service)) = (&way.name, told.service()) {
        event.set_service(service);
    }
    if event.traceparent().is_none()
        && let Some(traceparent) = told.traceparent()
        && super::intake::is_traceparent(traceparent)
    {
        event.set_traceparent(traceparent);
    }
    told.put_into(event)
}
