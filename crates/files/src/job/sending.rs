//! How what was read of a file becomes events, as far as there is room.

use compysition_core::{Error, ErrorKind, Event, Payload, Result, Source};
use tokio::time::timeout_at;

use super::{FIRST, Job, Stage};

impl Job {
    /// Makes an event of each of the lines that were taken together, until there is no room. Returns whether there were any.
    pub(super) async fn emit_lines(&mut self, source: &Source) -> Result<bool> {
        let Stage::Reading(records, Some(group)) = &mut self.stage else {
            return Ok(false);
        };
        let lines = records.lines();
        let room = source.largest();
        let is_too_large = |(line, _): &(Payload, u64)| line.size() > room;
        if lines.is_empty() || lines.iter().any(is_too_large) {
            return Ok(false);
        }
        let fresh = lines.range(self.noted..);
        self.ledger.note(fresh.map(|(_, end)| *end));
        let named = &self.named;
        let next = || lines.pop_front().map(|(line, _)| named.child(line));
        let mut events = std::iter::from_fn(next);
        while let Some(event) = source.emit_ready_in(group, &mut events) {
            let emit = source.emit_in(group, event.clone());
            match timeout_at(self.until, emit).await {
                Ok(emitted) => drop(emitted?),
                Err(_) => {
                    self.unsent.push_back((event, None));
                    break;
                }
            }
        }
        self.noted = records.lines().len();
        Ok(true)
    }

    /// Makes an event of the records that were gathered for one, if there are any.
    pub(super) async fn emit_pack(&mut self, source: &Source) -> Result {
        match self.pack.take()? {
            Some((payload, end)) => self.emit(payload, end, source).await,
            None => Ok(()),
        }
    }

    pub(super) async fn emit(&mut self, payload: Payload, end: u64, source: &Source) -> Result {
        let limit = source.largest();
        if payload.size() > limit {
            let path = self.path.display();
            let message = format!(
                "a record of the file `{path}` exceeds the {limit} bytes that may be in flight"
            );
            let bytes = payload.bytes()?;
            let first = bytes[..bytes.len().min(FIRST)].to_vec();
            let error = Error::new(ErrorKind::TooLarge, message);
            return self.fail(error, first.into(), end, source).await;
        }
        let event = self.event(payload);
        self.send(event, None, end, source).await
    }

    /// Notes an event, and emits it after those that wait already.
    async fn send(
        &mut self,
        event: Event,
        error: Option<Error>,
        end: u64,
        source: &Source,
    ) -> Result {
        if let Stage::Reading(_, Some(_)) = self.stage {
            self.ledger.note([end]);
        }
        self.unsent.push_back((event, error));
        self.send_on(source).await
    }

    /// Emits what waits for room, as far as there is some before it is time to see to other things.
    pub(super) async fn send_on(&mut self, source: &Source) -> Result {
        let Stage::Reading(_, Some(group)) = &mut self.stage else {
            while let Some((event, error)) = self.unsent.pop_front() {
                let settlement = match error {
                    None => source.emit(event).await?,
                    Some(error) => source.emit_failed(event, error).await?,
                };
                self.ledger.note_other(settlement);
            }
            return Ok(());
        };
        while let Some((event, error)) = self.unsent.front().cloned() {
            let emit = async {
                match error {
                    None => source.emit_in(group, event).await,
                    Some(error) => source.emit_failed_in(group, event, error).await,
                }
            };
            match timeout_at(self.until, emit).await {
                Ok(emitted) => drop(emitted?),
                Err(_) => break,
            }
            self.unsent.pop_front();
        }
        Ok(())
    }

    /// Says in which file something is wrong.
    pub(super) fn about(&self, error: &Error) -> Error {
        let path = self.path.display();
        let about = Error::new(error.kind(), format!("in the file `{path}`: {error}"));
        let details = error.details().iter();
        details.fold(about, |about, (name, value)| {
            about.with_detail(name.clone(), value.clone())
        })
    }

    /// Sends what is no record the error path, with what there is of it.
    pub(super) async fn fail(
        &mut self,
        error: Error,
        payload: Payload,
        end: u64,
        source: &Source,
    ) -> Result {
        let event = self.event(payload);
        self.send(event, Some(error), end, source).await
    }
}
