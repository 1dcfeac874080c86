//! Repeats are told from what comes for the first time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, Event, FilePath, Held, Legacy, Outcome, Ports, Result, Tick,
};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::keys::{Clock, Keys, Known, State};
use crate::memory::Memory;
use crate::repeat::Repeat;
use crate::settings::{Interrupted, Settings};
use crate::under_way::{UnderWay, Waiting};

mod left;
mod writing;

use left::Left;

/// Lets each event pass once: an idempotent receiver.
///
/// The first event of a key goes on to all outboxes but `duplicate`. Its key is held while it is under way, kept for `keep` when
/// all that came of it was delivered, and released when any of it failed, so that a repeat is tried. What is in the dead letters
/// has not failed: it is sent again from there. A repeat goes to the outbox `duplicate`, or takes the error path as `conflict` if
/// that is not connected; its attribute `deduplicate` has the `key` and the `state` of the first: `running`, `done`, `kept` (in
/// the dead letters) or `interrupted`. Events that descend from one root share its end.
///
/// With `replay_answer` a repeat gets the payload, content type, status and headers that the request of the first was answered
/// with; `once.duplicate -> reply` answers it. While the first is under way a repeat waits for it; if the first fails, the repeat
/// that has waited longest is tried. A repeat that has waited too long, or for whose first no answer is kept, takes the error
/// path as `conflict`.
///
/// Only keys are compared: whoever sends a known one gets the answer, whatever else he sends. Where clients choose keys, make the
/// user a part of them: `attributes.user ~ ' ' ~ http.headers['idempotency-key']`.
///
/// With `store` the keys are in a file, and survive a restart. A key is written to it after its event was delivered, together
/// with others: a `kill -9` forgets the keys of what is under way, and of what was delivered since the last write began, which is
/// some milliseconds; a repeat of those is tried again. A flow that is stopped forgets nothing. With `interrupted: keep` each key
/// is written before its event goes on, which takes as long as the disk does, and nothing is done twice; but then a repeat of
/// what was interrupted is a duplicate, though the first may not have been finished. If the actor itself panics and is made anew it
/// forgets no key; repeats that wait take the error path.
///
/// Example: `deduplicate: { key: "http.headers['idempotency-key']", keep: 24h, store: seen.db, replay_answer: true }`
///
/// Purpose: time. Patterns: idempotent receiver.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Deduplicate {
    settings: Settings,
    keys: Keys,
    clock: Clock,
    has_duplicate: bool,
    under_way: UnderWay,
    /// What is not in `keys` yet.
    unwritten: HashMap<Arc<str>, Option<Known>>,
    /// Those that go on when their keys are written.
    starting: Vec<(Arc<str>, Held)>,
    purge_at: Option<Instant>,
    /// Wakes the actor; it is of no event.
    own: Option<Context>,
    legacy: Option<Legacy<Left>>,
}

const DUPLICATE: &str = "duplicate";

/// How long an event waits at most for its key to be written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

impl Deduplicate {
    /// Makes an actor that keeps keys in memory for a day.
    ///
    /// # Errors
    /// Internal, if the expression of the key is wrong.
    pub fn by(key: impl Into<String>) -> Result<Deduplicate> {
        Deduplicate::try_from(Settings::new(Expression::new(key)?))
    }

    /// Sets how long keys are kept.
    #[must_use]
    pub fn keep(mut self, time: Duration) -> Deduplicate {
        self.settings.keep = time.into();
        self
    }

    /// Keeps keys in a file.
    #[must_use]
    pub fn store(mut self, path: impl Into<FilePath>) -> Deduplicate {
        self.settings.store = Some(path.into());
        self
    }

    /// Gives repeats the answer of the first.
    #[must_use]
    pub fn replay_answer(mut self) -> Deduplicate {
        self.settings.replay_answer = true;
        self
    }

    /// Sets what becomes of a key whose event was under way when the process was killed.
    #[must_use]
    pub fn interrupted(mut self, interrupted: Interrupted) -> Deduplicate {
        self.settings.interrupted = interrupted;
        self
    }

    /// Opens the store, if there is one and it is not open.
    async fn open(&mut self, ctx: &Context) -> Result {
        let Some(path) = self
            .settings
            .store
            .as_ref()
            .filter(|_| !self.keys.is_file())
        else {
            return Ok(());
        };
        self.keys = Keys::open(path.as_path().to_owned(), ctx).await?;
        if self.keys.is_file() {
            self.purge_at = Some(ctx.now());
            ctx.wake_after(Duration::ZERO);
        }
        Ok(())
    }

    fn now(&self, ctx: &Context) -> u64 {
        self.clock.millis(ctx.now())
    }

    /// Returns until when a key is kept that is noted now.
    fn until(&self, now: u64) -> u64 {
        let keep = u64::try_from(self.settings.keep.0.as_millis());
        now.saturating_add(keep.unwrap_or(u64::MAX))
    }

    /// Returns what is known of a key that is not under way.
    async fn known(&self, key: &Arc<str>, ctx: &Context) -> Result<Option<Known>> {
        let now = self.now(ctx);
        if let Some(known) = self.unwritten.get(key) {
            return Ok(known.clone().filter(|known| known.until > now));
        }
        let known = self.keys.get(key, now, ctx).await?;
        let counts = |known: &Known| known.state != State::Started || self.settings.writes_first();
        Ok(known.filter(counts))
    }

    /// Sends on the first event of a key, now or when its key is written.
    fn first(
        &mut self,
        key: Arc<str>,
        waiting: VecDeque<Waiting>,
        event: Event,
        ctx: &Context,
    ) -> Result {
        let is_alone = waiting.is_empty();
        self.under_way
            .add(key.clone(), &event, waiting, self.own.clone(), ctx);
        let sent = match self.settings.writes_first() {
            false => ctx.send_except(DUPLICATE, event),
            true => ctx.hold_for(event, WRITTEN_WITHIN).map(|held| {
                self.starting.push((key.clone(), held));
                ctx.wake_after(Duration::ZERO);
            }),
        };
        // Those that wait for it hear of its end.
        if sent.is_err() && is_alone {
            self.under_way.remove(&key);
        }
        sent
    }

    /// Makes of a repeat what goes to `duplicate`.
    fn repeat(&self, event: &mut Event, key: &str, first: Option<&Known>) -> Result {
        let what = match self.has_duplicate {
            false => Repeat::Refused,
            true if self.settings.replay_answer => Repeat::Answered,
            true => Repeat::Told,
        };
        what.make(event, key, first)
    }

    /// Sends a repeat that has waited to `duplicate`, or the error path.
    fn end_waiting(&self, waiting: Waiting, key: &str, first: Option<&Known>, ctx: &Context) {
        let Some(mut event) = waiting.held.release() else {
            return;
        };
        // What cannot be sent takes the error path itself: it is not the event being consumed.
        let _ = match self.repeat(&mut event, key, first) {
            Ok(()) => ctx.send_to(DUPLICATE, event),
            Err(error) => ctx.send_error(event, error),
        };
    }

    /// Notes what became of those that were under way.
    fn note_ended(&mut self, ctx: &Context) {
        for (key, settled, waiting) in self.under_way.take_ended() {
            match settled.outcome {
                // What left over a remote link has not failed yet.
                Outcome::Delivered | Outcome::Away => {
                    self.note_done(key, State::Done, settled.answer, waiting, ctx)
                }
                Outcome::Kept => self.note_done(key, State::Kept, None, waiting, ctx),
                _ => self.note_failed(key, waiting, ctx),
            }
        }
    }

    fn note_done(
        &mut self,
        key: Arc<str>,
        state: State,
        answer: Option<Event>,
        waiting: VecDeque<Waiting>,
        ctx: &Context,
    ) {
        let answer = answer.filter(|answer| {
            self.settings.replay_answer && answer.payload().size() <= self.settings.max_answer.0
        });
        let keep = self.settings.keep.0;
        let known = Known {
            state,
            until: self.until(self.now(ctx)),
            answer: answer.as_ref().map(Answer::of),
        };
        for waiting in waiting {
            self.end_waiting(waiting, &key, Some(&known), ctx);
        }
        if !keep.is_zero() {
            self.unwritten.insert(key, Some(known));
        } else if self.settings.writes_first() {
            self.unwritten.insert(key, None);
        }
    }

    fn note_failed(&mut self, key: Arc<str>, mut waiting: VecDeque<Waiting>, ctx: &Context) {
        if self.settings.writes_first() {
            self.unwritten.insert(key.clone(), None);
        }
        while let Some(next) = waiting.pop_front() {
            if let Some(event) = next.held.release() {
                // As above; if it fails its end is told, and the next one is tried.
                let _ = self.first(key, waiting, event, ctx);
                return;
            }
        }
    }
}

impl TryFrom<Settings> for Deduplicate {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Deduplicate> {
        settings.check()?;
        Ok(Deduplicate {
            keys: Keys::Memory(Memory::new(settings.size, settings.bytes.0)),
            settings,
            clock: Clock::new(Instant::now()),
            has_duplicate: false,
            under_way: UnderWay::default(),
            unwritten: HashMap::new(),
            starting: Vec::new(),
            purge_at: None,
            own: None,
            legacy: None,
        })
    }
}

impl Actor for Deduplicate {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.settings.check()?;
        self.has_duplicate = ctx.outboxes().any(|outbox| outbox == DUPLICATE);
        if self.settings.replay_answer && !self.has_duplicate {
            return Err(Error::internal(format!(
                "repeats would get no answer: connect the outbox `{DUPLICATE}`"
            )));
        }
        self.clock = Clock::new(ctx.now());
        self.own = Some(ctx.clone());
        self.inherit(ctx);
        self.open(ctx).await?;
        if let Keys::Shut(error) = &self.keys {
            // So that dead letters can be sent again beside the flow that made them, past this actor.
            let (flow, actor) = (ctx.flow(), ctx.actor());
            tracing::warn!(
                flow,
                actor,
                "{error}; until it is free events are refused here"
            );
        }
        Ok(())
    }

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        // Who was told that the first has failed may be here already.
        self.note_ended(ctx);
        self.open(ctx).await?;
        let key = self.settings.key_of(&event, ctx)?;
        if self.under_way.contains(&key) {
            let wait = self.settings.wait.0;
            let waits = self.settings.replay_answer && !wait.is_zero();
            if waits && !self.under_way.is_of_first(&key, &event) {
                return self.under_way.wait(&key, event, wait, ctx);
            }
            self.repeat(&mut event, &key, None)?;
            return ctx.send_to(DUPLICATE, event);
        }
        match self.known(&key, ctx).await? {
            None => self.first(key, VecDeque::new(), event, ctx),
            Some(known) => {
                self.repeat(&mut event, &key, Some(&known))?;
                ctx.send_to(DUPLICATE, event)
            }
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.note_ended(ctx);
        let (late, next) = self.under_way.take_late(ctx.now());
        for (key, waiting) in late {
            self.end_waiting(waiting, &key, None, ctx);
        }
        if let Some(next) = next {
            ctx.wake_after(next.saturating_duration_since(ctx.now()));
        }
        self.write(ctx).await;
        Ok(())
    }

    async fn stop(&mut self, ctx: &Context) -> Result {
        self.note_ended(ctx);
        self.write(ctx).await;
        if self.keys.is_file() {
            let none = Keys::Memory(Memory::new(0, 0));
            let keys = std::mem::replace(&mut self.keys, none);
            // To close the file is work for the disk.
            ctx.blocking(move || drop(keys)).await?;
        }
        // Nobody comes after it.
        self.legacy = None;
        Ok(())
    }

    fn ports(&self) -> Ports {
        let store = self.settings.store.as_ref().map(FilePath::as_path);
        let ports = Ports::any().aside(DUPLICATE).holds().single();
        ports.works_on(store)
    }
}
