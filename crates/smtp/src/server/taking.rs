//! How a message enters the flow.

use compysition_core::{Admission, Event, Payload, Refusal, Result, Source};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::server::envelope::Envelope;
use crate::server::letter;
use crate::server::lines::{NoLine, Text};
use crate::server::outcome;
use crate::server::session::{Next, Session};

/// Larger messages are read where work may block.
const LARGE: usize = 64 << 10;

/// What an event takes of its source's share beside its payload, and how far a client's count may be off.
const OVERHEAD: usize = 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Takes a message, and answers when the flow is done with it.
    pub(crate) async fn data(&mut self) -> Result<Next, NoLine> {
        let envelope = match self.envelope.take() {
            Some(envelope) if !envelope.to.is_empty() => envelope,
            nothing => {
                self.envelope = nothing;
                return Ok(self.refuse("503 5.5.1 say RCPT first"));
            }
        };
        let (admission, most) = match self.admit(&envelope).await {
            Ok(admitted) => admitted,
            Err(Refusal::Stopping) => return Err(NoLine::Stopping),
            Err(_) => return Ok(self.refuse("452 4.3.1 there is no room now, try again later")),
        };
        self.lines
            .say("354 go on, and end with a line of one full stop");
        let stopping = self.host.source.stopping();
        let text = tokio::select! {
            text = self.lines.text(most, self.host.rules.data_timeout.0) => text?,
            // What is not all there is not taken, so the client sends it again.
            () = stopping => return Err(NoLine::Stopping),
        };
        let reply = match text {
            Text::TooLarge => "552 5.3.4 the message is too large".to_owned(),
            Text::Whole(text) => self.hand_over(admission, &envelope, text).await,
        };
        self.lines.say(&reply);
        Ok(Next::Command)
    }

    /// Waits for room in the flow. Returns the most bytes that the message may have as well.
    async fn admit(&self, envelope: &Envelope) -> Result<(Admission, usize), Refusal> {
        let limit = self.host.rules.max_message.0;
        let most = match envelope.size.map(usize::try_from) {
            Some(Ok(size)) => size.saturating_add(OVERHEAD).min(limit),
            _ => limit,
        };
        match self.wait(most).await {
            // It may well be smaller than that.
            Err(Refusal::TooLarge { limit }) => {
                let most = limit.saturating_sub(OVERHEAD).min(most);
                Ok((self.wait(most).await?, most))
            }
            admitted => Ok((admitted?, most)),
        }
    }

    async fn wait(&self, bytes: usize) -> Result<Admission, Refusal> {
        let admitting = timeout(self.idle(), self.host.source.admit(bytes));
        admitting.await.unwrap_or(Err(Refusal::Crowded))
    }

    /// Gives the message to the flow. Returns what to say when it has settled.
    async fn hand_over(&self, admission: Admission, envelope: &Envelope, text: Vec<u8>) -> String {
        let payload = match self.host.rules.is_raw {
            true => Ok(Payload::from(text)),
            false => read(&self.host.source, text).await.map(Payload::from),
        };
        let payload = match payload {
            Ok(payload) => payload,
            Err(error) => return outcome::refusal(&error),
        };
        let attribute = envelope.to_value(&self.client);
        let event = Event::new(payload).with_attribute("smtp", attribute);
        let settlement = admission.emit(None, event);
        match timeout(self.host.rules.deadline.0, settlement).await {
            Ok(outcome) => outcome::reply(&outcome),
            Err(_) => "451 4.3.0 the message is not dealt with yet, try again later".to_owned(),
        }
    }
}

async fn read(source: &Source, text: Vec<u8>) -> Result<Value> {
    match text.len() > LARGE {
        true => {
            source
                .context()
                .blocking(move || letter::parse(&text))
                .await?
        }
        false => letter::parse(&text),
    }
}
