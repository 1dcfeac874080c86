//! One request on its way through the door: let in, asked of the flow, answered.

use std::pin::Pin;
use std::sync::Arc;

use compysition_core::{Error, Event, Id, Outcome, Request, Source, Unanswered};
use http::{HeaderValue, Method, Response, StatusCode, header};
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use crate::accept::Accept;
use crate::exchange::RequestHead;
use crate::http_event::HttpEvent;
use crate::media::Format;
use crate::server::access_log::Entry;
use crate::server::answer;
use crate::server::answer_mode::{AnswerMode, OnDisconnect};
use crate::server::body::{BoxError, ResponseBody};
use crate::server::cloudevent;
use crate::server::door::{Door, Reply, Way, empty};
use crate::server::fault::Fault;
use crate::server::file_body::FileBody;
use crate::server::routes::Found;
use crate::static_files::OpenFile;

/// One request, while it is being answered.
pub(crate) struct Visit<'a> {
    pub(crate) door: &'a Door,
    pub(crate) source: &'a Source,
    pub(crate) head: Arc<RequestHead>,
    /// The id that the client gave it, or else its root's.
    pub(crate) meta_id: Option<String>,
    /// Whether the request has a body that has not been read.
    pub(crate) has_unread: bool,
    pub(crate) entry: Option<Entry>,
}

impl Visit<'_> {
    pub(crate) async fn carry_out<B>(
        &mut self,
        way: &Way,
        body: Pin<&mut B>,
    ) -> Result<Response<ResponseBody>, Fault>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        self.check_content_type(way)?;
        let told = self.cloudevent()?;
        let coding = self.content_coding()?;
        let (admission, limit) = self.admit(way, body.size_hint().exact(), coding).await?;
        let event = self.read(way, body, coding, limit).await?;
        let event = cloudevent::told(told, way, event);
        let deadline = Instant::now() + way.deadline;
        let outbox = way.name.as_deref();
        match way.answer {
            AnswerMode::Flow => self.ask(admission.ask(outbox, event), deadline).await,
            AnswerMode::Accepted => {
                let settlement = admission.emit(outbox, event);
                self.name(settlement.root_id());
                Ok(empty(StatusCode::ACCEPTED))
            }
            AnswerMode::Delivered => {
                let settlement = admission.emit(outbox, event);
                self.name(settlement.root_id());
                match timeout_at(deadline, settlement).await {
                    Ok(outcome) => settled(outcome),
                    Err(_) => Err(self.too_late()),
                }
            }
        }
    }

    async fn ask(
        &mut self,
        request: Request,
        deadline: Instant,
    ) -> Result<Response<ResponseBody>, Fault> {
        request.set_deadline(deadline);
        self.name(request.root_id());
        let cancel = match self.door.on_disconnect {
            Some(choice) => choice == OnDisconnect::Cancel,
            None => matches!(self.head.method, Method::GET | Method::HEAD),
        };
        let mut asked = Asked { request, cancel };
        let answered = timeout_at(deadline, &mut asked.request).await;
        asked.cancel = false;
        match answered {
            Ok(Ok(event)) => self.answered(&event),
            Ok(Err(unanswered)) => Err(self.no_answer(unanswered)),
            Err(_) => {
                asked.request.expire();
                Err(self.too_late())
            }
        }
    }

    fn answered(&mut self, event: &Event) -> Result<Response<ResponseBody>, Fault> {
        if let Some(meta_id) = event.own_meta_id()
            && self.meta_id.as_deref() != Some(meta_id)
        {
            self.meta_id = Some(meta_id.to_owned());
        }
        let Some(failure) = event.error() else {
            let accept = Accept::of(&self.head.headers);
            let send_file = |open: &OpenFile| {
                let ctx = self.source.context().clone();
                let file = FileBody::new(open.file.clone(), open.range.clone(), ctx);
                ResponseBody::of_file(file)
            };
            return Ok(answer::respond(
                event,
                &accept,
                self.door.envelope,
                send_file,
            )?);
        };
        let mut fault = Fault::from(failure.error.clone());
        fault.actor = Some(failure.actor.to_string());
        let set = event.http().status();
        // A status that was set before the failure, and meant success, does not count.
        if let Some(status) = set.filter(|status| status.as_u16() >= 400) {
            fault.status = status;
        }
        if fault.is_hidden() {
            let meta_id = self.meta_id.as_deref().unwrap_or_default();
            tracing::error!(actor = %failure.actor, meta_id, "{}", failure.error);
        }
        Err(fault)
    }

    /// Answers a browser that asks leave for a method.
    pub(crate) fn preflight(
        &self,
        asked: Option<&Method>,
    ) -> Result<Response<ResponseBody>, Fault> {
        match (&self.door.cors, asked) {
            (Some(cors), Some(asked)) => Ok(cors.allow(asked, &self.head.headers)?),
            _ => Ok(empty(StatusCode::NO_CONTENT)),
        }
    }

    pub(crate) fn not_found(&self, found: Found) -> Fault {
        let path = self.head.uri.path();
        match found {
            Found::NotAllowed { allow } => {
                let message = format!("{} is not allowed here", self.head.method);
                Error::not_allowed(message)
                    .with_detail("allow", allow)
                    .into()
            }
            Found::Malformed => Error::malformed(format!("the path `{path}` is not UTF-8")).into(),
            _ => Error::not_found(format!("there is nothing at `{path}`")).into(),
        }
    }

    fn too_late(&self) -> Fault {
        let error = Error::timeout("the flow did not answer in time");
        self.warn(error.message());
        Fault::with_status(StatusCode::GATEWAY_TIMEOUT, error)
    }

    /// Says why there is no answer. An error was logged, or its link has dealt with it, where it came up; an
    /// event that just ended is a mistake of the flow that would show nowhere else.
    fn no_answer(&self, unanswered: Unanswered) -> Fault {
        if let Some(failure) = unanswered.failure {
            let mut fault = Fault::from(failure.error);
            fault.actor = Some(failure.actor.to_string());
            return fault;
        }
        let message = unanswered.to_string();
        self.warn(&message);
        let actor = unanswered.last.as_deref().map(str::to_owned);
        Fault {
            actor,
            ..Error::bad_gateway(message).into()
        }
    }

    fn warn(&self, message: &str) {
        let meta_id = self.meta_id.as_deref().unwrap_or_default();
        tracing::warn!(flow = self.door.realm, meta_id, "{message}");
    }

    /// Gives the request the id of its root, if the client gave it none.
    fn name(&mut self, root_id: Id) {
        if self.door.correlation.is_some() || self.entry.is_some() {
            let meta_id = self.meta_id.get_or_insert_with(|| root_id.to_string());
            if let Some(entry) = &mut self.entry {
                entry.named(meta_id);
            }
        }
    }

    pub(crate) fn respond_to(&self, fault: &Fault) -> Response<ResponseBody> {
        let accept = Accept::of(&self.head.headers);
        let own = self.content_type().map_or(Format::Text, Format::of);
        let offers = [own, Format::Json, Format::Xml, Format::Text];
        let format = accept.choose(&offers, |format| match format {
            Format::Bytes => "text/plain",
            other => other.media_type(),
        });
        fault.respond(
            *format.unwrap_or(&own),
            self.door.error_body,
            &self.door.realm,
        )
    }

    pub(crate) async fn finish(mut self, mut response: Response<ResponseBody>) -> Reply {
        if let Some(compression) = &self.door.compression {
            let (request, ctx) = (&self.head.headers, self.source.context());
            // In a box, so that those who go without need not carry its room about.
            Box::pin(compression.encode(&mut response, request, ctx)).await;
        }
        if let Some(cors) = &self.door.cors {
            cors.mark(&mut response, &self.head.headers);
        }
        let has_body = !matches!(
            response.status(),
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if self.head.method == Method::HEAD && has_body {
            let length = response.body().len();
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length.into());
            *response.body_mut() = ResponseBody::default();
        }
        if let Some(mut entry) = self.entry.take() {
            if let Some(meta_id) = &self.meta_id {
                entry.named(meta_id);
            }
            entry.answered(response.status());
            response.body_mut().keep_entry(entry);
        }
        if let (Some(name), Some(meta_id)) = (&self.door.correlation, self.meta_id)
            && let Ok(value) = HeaderValue::from_maybe_shared(bytes::Bytes::from(meta_id))
        {
            response.headers_mut().insert(name, value);
        }
        Reply {
            response,
            has_unread: self.has_unread,
        }
    }
}

/// A request under way; dropped with `cancel` it tells the flow that the client has gone.
struct Asked {
    request: Request,
    cancel: bool,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.cancel {
            self.request.cancel();
        }
    }
}

fn settled(outcome: Outcome) -> Result<Response<ResponseBody>, Fault> {
    match outcome {
        Outcome::Delivered => Ok(empty(StatusCode::NO_CONTENT)),
        Outcome::Failed(failure) => {
            let mut fault = Fault::from(failure.error);
            fault.actor = Some(failure.actor.to_string());
            Err(fault)
        }
        _ => Ok(empty(StatusCode::ACCEPTED)),
    }
}
