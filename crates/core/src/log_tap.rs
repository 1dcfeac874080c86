//! The records of a flow's log, as events.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Metadata, Subscriber};

use crate::current::current_actor;
use crate::{Event, Timestamp};

/// How many records wait to be let in, before more are dropped and counted.
const ROOM: usize = 1024;

/// What is logged in the tasks of a flow, until it is let in as events.
pub(crate) struct LogTap {
    level: LevelFilter,
    records: Mutex<VecDeque<Event>>,
    pub(crate) added: Notify,
    dropped: AtomicU64,
    /// The actors that get the records, near or far: what they log would come back to them for ever.
    behind: OnceLock<BTreeSet<Arc<str>>>,
}

impl LogTap {
    pub(crate) fn new(level: tracing::Level) -> LogTap {
        LogTap {
            level: level.into(),
            records: Mutex::default(),
            added: Notify::new(),
            dropped: AtomicU64::new(0),
            behind: OnceLock::new(),
        }
    }

    /// Says whose records are no events; before that none are.
    pub(crate) fn leave_out(&self, behind: BTreeSet<Arc<str>>) {
        // Set once, by the launch of the flow.
        let _ = self.behind.set(behind);
    }

    pub(crate) fn take(&self) -> Option<Event> {
        self.records.lock().pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.lock().is_empty()
    }

    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    /// Returns what passes records on to where they went before, and to the tap.
    pub(crate) fn tee(self: &Arc<LogTap>) -> Dispatch {
        let inner = tracing::dispatcher::get_default(Dispatch::clone);
        let tap = self.clone();
        let most = LevelFilter::current().max(self.level);
        Dispatch::new(Tee { inner, most, tap })
    }

    fn add(&self, event: &tracing::Event<'_>) {
        let Some(behind) = self.behind.get() else {
            return;
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let actor = fields.take("actor").or_else(current_actor);
        if actor.as_ref().is_none_or(|actor| behind.contains(actor)) {
            return;
        }
        let mut records = self.records.lock();
        if records.len() >= ROOM {
            return self.count_dropped();
        }
        let dropped = self.dropped.swap(0, Relaxed);
        records.push_back(fields.into_event(event.metadata(), actor, dropped));
        drop(records);
        self.added.notify_one();
    }
}

/// The fields of a record.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn take(&mut self, name: &str) -> Option<Arc<str>> {
        match self.0.remove(name)? {
            Value::String(text) => Some(text.into()),
            other => Some(other.to_string().into()),
        }
    }

    fn into_event(mut self, about: &Metadata<'_>, actor: Option<Arc<str>>, dropped: u64) -> Event {
        let meta_id = self.take("meta_id");
        let mut record = json!({
            "time": Timestamp::now().to_string(),
            "level": about.level().as_str(),
            "flow": self.take("flow").as_deref(),
            "actor": actor.as_deref(),
            "meta_id": meta_id.as_deref(),
            "message": self.take("message").as_deref(),
        });
        if !self.0.is_empty() {
            record["fields"] = Value::Object(self.0);
        }
        if dropped > 0 {
            record["dropped"] = dropped.into();
        }
        let mut event = Event::new(record);
        if let Some(meta_id) = meta_id {
            event.set_meta_id(meta_id);
        }
        event
    }

    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }
}

/// Passes what is logged on to where it went before, and to the tap.
struct Tee {
    inner: Dispatch,
    /// The most detailed level that anybody wants.
    most: LevelFilter,
    tap: Arc<LogTap>,
}

impl Subscriber for Tee {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        let is_tapped = about.is_event() && *about.level() <= self.tap.level;
        is_tapped || self.inner.enabled(about)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.inner.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.inner.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.inner.record_follows_from(span, follows);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        if self.inner.enabled(event.metadata()) {
            self.inner.event(event);
        }
        if *event.metadata().level() <= self.tap.level {
            self.tap.add(event);
        }
    }

    fn enter(&self, span: &Id) {
        self.inner.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.inner.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.inner.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.inner.try_close(id)
    }
}
