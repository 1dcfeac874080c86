//! A file that is being read.

mod opening;
mod sending;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use compysition_core::{Context, Error, Event, Payload, Result, Source, SourceGroup};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::checkpoint::Place;
use crate::file_in::Reading;
use crate::found::{Found, Identity};
use crate::head::Head;
use crate::ledger::Ledger;
use crate::pack::Pack;
use crate::records::{Anew, Filled, Records};
use crate::watch::Plan;

/// A file that is being read, or whose events have not all settled.
pub(crate) struct Job {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    /// How large it was, and when it was last changed, when it was looked at or read to its end.
    pub(crate) seen: Seen,
    /// Since when it has not been there any more when files were looked for.
    pub(crate) gone_since: Option<Instant>,
    pub(crate) ledger: Ledger,
    begin: u64,
    /// What it begins with, as far as it was read, unless it is being read.
    head: Head,
    stage: Stage,
    /// What is noted and waits for room, and what is wrong with it.
    unsent: VecDeque<(Event, Option<Error>)>,
    /// Until when it is waited for room: then it is time to see to what has settled.
    until: Instant,
    /// Whether there is more of the file, and whether it has ended, if not all was emitted of what was read.
    unfinished: Option<(bool, bool)>,
    /// How many of the lines that were taken together are noted.
    noted: usize,
    pack: Pack,
    /// Whether it was told that it cannot be opened.
    is_told: bool,
    /// Whether it has changed since it was ready, so that it may not be any more.
    pub(crate) is_unready: bool,
    /// What all of its events have in common.
    named: Event,
    saved: u64,
}

enum Stage {
    New,
    /// With the group of its events, until the flow stops.
    Reading(Box<Records>, Option<SourceGroup>),
    /// Read to its end, which is there.
    Read(u64),
}

/// How long a file that was moved away is still read: who writes to it may not know yet.
const GRACE: Duration = Duration::from_secs(5);

/// As long as it may take.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// How much is kept of what is too large to be an event.
const FIRST: usize = 64 << 10;

/// The size of a file, and when it was last changed.
pub(crate) type Seen = (u64, Option<SystemTime>);

/// Says how reading went on.
pub(crate) enum Progress {
    /// There may be more.
    More,
    /// There is no room for more events.
    Waits,
    /// There is no more now.
    AtEnd,
}

impl Job {
    /// Begins with a file at a place in it, before which `head` stands. Notified is who waits for its events to settle.
    pub(crate) fn new(found: Found, (offset, head): (u64, Head), changed: Arc<Notify>) -> Job {
        Job {
            named: named(&found.path),
            path: found.path,
            identity: found.identity,
            seen: (found.size, found.modified),
            gone_since: None,
            ledger: Ledger::at(offset, changed),
            begin: offset,
            head,
            stage: Stage::New,
            unsent: VecDeque::new(),
            until: Instant::now(),
            unfinished: None,
            noted: 0,
            pack: Pack::new(),
            is_told: false,
            is_unready: false,
            saved: offset,
        }
    }

    /// Takes note of what the file is called now.
    pub(crate) fn meet(&mut self, path: PathBuf) {
        if self.path != path {
            self.named = named(&path);
            self.path = path;
        }
    }

    /// Makes events of a part of the file, or of as many of its records as there is room for until a time.
    ///
    /// # Errors
    /// If no event can be let in any more.
    pub(crate) async fn read(
        &mut self,
        plan: &Plan,
        source: &Source,
        until: Instant,
    ) -> Result<Progress> {
        let ctx = source.context();
        self.until = until;
        self.send_on(source).await?;
        if let Stage::New = self.stage {
            self.open(plan, ctx, source).await?;
        }
        let (is_more, has_ended) = match self.unfinished.take() {
            Some(unfinished) => unfinished,
            None => match self.fill(plan, source).await? {
                Some(filled) => filled,
                None => return Ok(Progress::AtEnd),
            },
        };
        self.emit_records(plan, source).await?;
        if !is_more && self.unsent.is_empty() {
            self.emit_pack(source).await?;
        }
        if !self.unsent.is_empty() {
            self.unfinished = Some((is_more, has_ended));
            return Ok(Progress::Waits);
        }
        if let (true, Stage::Reading(records, _)) = (has_ended, &self.stage) {
            self.seen = (records.read(), records.like().modified);
            self.end_at(records.read());
        }
        Ok(match is_more {
            true => Progress::More,
            false => Progress::AtEnd,
        })
    }

    /// Reads a part of the file. Returns whether there is more, and whether it has ended; nothing if no more can be read of it.
    async fn fill(&mut self, plan: &Plan, source: &Source) -> Result<Option<(bool, bool)>> {
        let Stage::Reading(records, _) = &mut self.stage else {
            return Ok(None);
        };
        let is_more = match records.fill(source.context()).await {
            Ok(Filled::Some) => true,
            Ok(Filled::End) => false,
            Ok(Filled::Anew(why)) => {
                self.emit_pack(source).await?;
                // What was read of it before comes first; then this is found out again.
                if self.unsent.is_empty() {
                    self.begin_anew(why, source.context());
                }
                return Ok(Some((true, false)));
            }
            Err(error) => {
                // Who follows it takes up a record that was not all there.
                let end = match plan.reading {
                    Reading::Tail => records.known(),
                    Reading::Whole => records.read(),
                };
                // It is the last of it: however long that takes.
                self.until = Instant::now() + A_YEAR;
                self.emit_pack(source).await?;
                let path = self.path.display();
                let error = Error::unavailable(format!("cannot read the file `{path}`: {error}"));
                self.fail(error, Payload::Empty, end, source).await?;
                self.end_at(end);
                return Ok(None);
            }
        };
        // A file that is written on goes on; one that was put aside has an end.
        let is_gone = self
            .gone_since
            .is_some_and(|since| since.elapsed() >= GRACE);
        let has_ended = !is_more && (plan.reading == Reading::Whole || is_gone);
        if has_ended && let Stage::Reading(records, _) = &mut self.stage {
            records.end();
        }
        Ok(Some((is_more, has_ended)))
    }

    /// Reads the file from its beginning, as another one; what became events of the one before settles for itself.
    fn begin_anew(&mut self, why: Anew, ctx: &Context) {
        let (flow, actor, path) = (ctx.flow(), ctx.actor(), self.path.display());
        let (read, settled) = (self.read_to(), self.ledger.settled());
        let why = match why {
            Anew::Cut => "was cut off",
            Anew::WrittenOver => "was written over in its place",
        };
        tracing::warn!(
            flow,
            actor,
            "the file `{path}` {why}, and is read from its beginning; it had been read up to byte {read}, and all was done up to byte {settled}"
        );
        let found = Found {
            path: std::mem::take(&mut self.path),
            identity: self.identity,
            size: self.seen.0,
            modified: self.seen.1,
        };
        let gone_since = self.gone_since;
        *self = Job::new(found, (0, Head::default()), self.ledger.changed());
        self.gone_since = gone_since;
    }

    /// Takes note that the file was read to its end. It is done when that has settled as well which is gathered of all
    /// its events.
    fn end_at(&mut self, size: u64) {
        if let Stage::Reading(records, _) = &self.stage {
            self.head = records.like().head.clone();
        }
        if let Stage::Reading(_, group) = std::mem::replace(&mut self.stage, Stage::Read(size))
            && let Some(settlement) = group.and_then(SourceGroup::close)
        {
            self.ledger.note_other(settlement);
        }
    }

    /// Makes events of the records that were read, until there is no room.
    async fn emit_records(&mut self, plan: &Plan, source: &Source) -> Result {
        while self.unsent.is_empty() {
            let Stage::Reading(records, _) = &mut self.stage else {
                return Ok(());
            };
            let room = source.largest();
            let is_full = self.pack.count() >= plan.batch;
            if plan.batch > 1 && !is_full && self.pack.take_lines(records, plan.batch, room) {
                continue;
            }
            if is_full {
                self.emit_pack(source).await?;
                continue;
            }
            if plan.batch <= 1 {
                records.look_for_lines();
                if self.emit_lines(source).await? {
                    continue;
                }
            }
            let Stage::Reading(records, _) = &mut self.stage else {
                return Ok(());
            };
            let next = records.next();
            let refused = records.take_refused();
            match next {
                None => return Ok(()),
                Some((Ok(payload), end)) if plan.batch <= 1 => {
                    self.emit(payload, end, source).await?;
                }
                Some((Ok(payload), end)) => {
                    if !self.pack.takes(&payload, room) {
                        self.emit_pack(source).await?;
                    }
                    self.pack.push(payload, end)?;
                }
                Some((Err(error), end)) => {
                    self.emit_pack(source).await?;
                    let error = self.about(&error);
                    self.fail(error, refused.into(), end, source).await?;
                }
            }
        }
        Ok(())
    }

    /// Says that no more events are made of it now, though it was not read to its end.
    pub(crate) fn break_off(&mut self) {
        if let Stage::Reading(_, group) = &mut self.stage {
            *group = None;
        }
    }

    fn event(&self, payload: Payload) -> Event {
        self.named.child(payload)
    }

    /// Returns whether it was read and all of its events have settled.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Read(_)) && self.ledger.is_clear()
    }

    /// Returns whether the file is open.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Reading(..))
    }

    fn read_to(&self) -> u64 {
        match &self.stage {
            Stage::New => self.begin,
            Stage::Reading(records, _) => records.read(),
            Stage::Read(size) => *size,
        }
    }

    /// Returns how far all of it has settled, to be saved.
    pub(crate) fn save(&mut self) -> Place {
        self.saved = self.ledger.settled();
        self.place(self.saved, false)
    }

    /// Returns how far it was read, as that is saved of what is done.
    pub(crate) fn save_done(&self) -> Place {
        let size = match self.stage {
            Stage::Read(size) => size,
            _ => self.ledger.settled(),
        };
        self.place(size, true)
    }

    fn place(&self, offset: u64, done: bool) -> Place {
        let head = match &self.stage {
            Stage::Reading(records, _) => &records.like().head,
            _ => &self.head,
        };
        Place::new(&self.path, self.identity, head, offset, done)
    }

    /// Has the next read fail.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        if let Stage::Reading(records, _) = &mut self.stage {
            records.spoil(&self.path);
        }
    }

    pub(crate) fn has_moved(&self) -> bool {
        self.saved != self.ledger.settled()
    }
}

/// Makes an event that tells its file.
fn named(path: &Path) -> Event {
    let name = path.file_name().unwrap_or_default();
    Event::new(())
        .with_attribute("file_name", name.to_string_lossy().into_owned())
        .with_attribute("file_path", path.display().to_string())
}
