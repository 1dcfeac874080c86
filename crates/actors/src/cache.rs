//! What was made once is not made again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Doubt, Error, Event, Held, Legacy, Ports, Result, Tick, TimeSpan,
};
use compysition_expression::Expression;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::remembered::{Made, Remembered};

/// Remembers what was made for a key, so that it is not made again: a cache in memory.
///
/// An event whose key is known goes on with the payload that was made for it, to all outboxes but `miss`. An event whose key is
/// not known goes to `miss`; what is made of it there comes back by the inbox `fill`, is remembered, and goes on to the same outboxes as
/// one that is known: `ask -> cache -> reply` and `cache.miss -> backend -> cache.fill`. The content type is remembered with the
/// payload, and what stands at the paths of `remember`; all else of an event stays its own.
///
/// All that the payload depends on belongs into the key, such as the user where it is not the same for all (`attributes.user ~ ' ' ~ payload.sku`).
///
/// The key stays with the event on its way from `miss` to `fill` in the attribute `cache`, by the actor's name, since the payload will be
/// another one by then; what comes to `fill` without it is `unprocessable`. An event that is marked with an error is not remembered and goes
/// on as it is.
///
/// Of several events with one unknown key the first goes to `miss`, and the others wait for what is made of it. If nothing comes of it (its
/// request ends without `fill`), the next one tries; who has waited for `wait` goes to `miss` itself.
///
/// What is remembered is gone when the process ends, but not when the actor panics and is made anew.
///
/// Example: `cache: { key: payload.sku, age: 5m, size: 10000, bytes: 64MiB }`
///
/// Purpose: time.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Cache {
    settings: Settings,
    remembered: Remembered,
    under_way: HashMap<Arc<str>, UnderWay>,
    /// What has ended since, whether it came to `fill` or not.
    ended: Ended,
    /// Tells apart those that were under way for one key.
    count: u64,
    /// Wakes the actor; it is of no event.
    own: Option<Context>,
    legacy: Option<Legacy<Remembered>>,
}

/// The keys of those that were under way, and their numbers.
type Ended = Arc<Mutex<Vec<(Arc<str>, u64)>>>;

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What the same payload is made for, an expression.
    key: Expression,
    /// How long a payload is remembered; 5 minutes by default.
    #[serde(default = "five_minutes")]
    age: TimeSpan,
    /// How many payloads are remembered at most; 10,000 by default. The one that was asked for longest ago is forgotten first.
    #[serde(default = "ten_thousand")]
    size: usize,
    /// How many bytes all of them may take, 64 MiB by default. XML and JSON count seven times, since their trees are kept too. What is larger
    /// is not remembered.
    #[serde(default = "much")]
    bytes: ByteSize,
    /// Paths of an event that are remembered with the payload, such as `http.status` and `attributes.etag`; none by default.
    #[serde(default)]
    remember: Vec<String>,
    /// How long an event waits for another one with the same key; 10 s by default, not at all with `0s`.
    #[serde(default = "ten_seconds")]
    wait: TimeSpan,
}

impl Settings {
    /// Finds what remembers nothing: not refused, since a flow may turn its cache off so.
    fn doubts(&self) -> impl Iterator<Item = Doubt> + use<> {
        let nothing = [
            ("age: 0s", self.age.0.is_zero()),
            ("size: 0", self.size == 0),
            ("bytes: 0", self.bytes.0 == 0),
        ];
        let nothing = nothing.into_iter().filter(|(_, is_nothing)| *is_nothing);
        nothing.map(|(setting, _)| Doubt {
            message: format!(
                "with `{setting}` nothing is remembered: each event is sent on as unknown"
            ),
            help: "leave it out for the default".into(),
        })
    }
}

fn five_minutes() -> TimeSpan {
    TimeSpan::seconds(300)
}

fn ten_thousand() -> usize {
    10_000
}

fn much() -> ByteSize {
    ByteSize(64 << 20)
}

fn ten_seconds() -> TimeSpan {
    TimeSpan::seconds(10)
}

/// An event that is on its way from `miss` to `fill`, and those that wait for it.
struct UnderWay {
    number: u64,
    root: String,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    held: Held,
    due: Instant,
}

const MISS: &str = "miss";
const FILL: &str = "fill";

/// The attribute that has the keys of an event on its way to `fill`, by the names of caches.
const ATTRIBUTE: &str = "cache";

/// How much longer than `wait` an event is held at most, so that it does not expire just before.
const MARGIN: Duration = Duration::from_secs(60);

impl TryFrom<Settings> for Cache {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Cache> {
        for path in &settings.remember {
            if path.starts_with("payload") {
                return Err(Error::internal("the payload is remembered anyway"));
            }
            Event::new(()).set_path(path, Value::Null)?;
        }
        Ok(Cache {
            remembered: Remembered::new(settings.size, settings.bytes.0),
            settings,
            under_way: HashMap::new(),
            ended: Arc::default(),
            count: 0,
            own: None,
            legacy: None,
        })
    }
}

impl Cache {
    /// Sends an event where its payload is made.
    fn miss(
        &mut self,
        key: Arc<str>,
        waiting: VecDeque<Waiting>,
        mut event: Event,
        ctx: &Context,
    ) -> Result {
        self.count += 1;
        let number = self.count;
        let root = root_of(&event);
        set_key(&mut event, ctx.actor(), &key);
        let (ended, own, ended_key) = (self.ended.clone(), self.own.clone(), key.clone());
        ctx.on_settled(&event, move |_| {
            ended.lock().push((ended_key, number));
            if let Some(own) = own {
                own.wake_after(Duration::ZERO);
            }
        });
        let under_way = UnderWay {
            number,
            root,
            waiting,
        };
        self.under_way.insert(key, under_way);
        ctx.send_to(MISS, event)
    }

    /// Takes what was made for a key.
    fn fill(&mut self, mut event: Event, ctx: &Context) -> Result {
        let key = take_key(&mut event, ctx.actor()).ok_or_else(|| {
            Error::unprocessable(format!(
                "what comes to `{FILL}` must have come from `{MISS}`, and still have its attribute `{ATTRIBUTE}`"
            ))
        })?;
        if event.error().is_some() {
            self.next(&key, ctx);
            return ctx.send_except(MISS, event);
        }
        let made = Made::of(&event, &self.settings.remember);
        let waiting = self
            .under_way
            .remove(&*key)
            .map(|under_way| under_way.waiting);
        let sent = ctx.send_except(MISS, event);
        for waiting in waiting.into_iter().flatten() {
            if let Some(mut event) = waiting.held.release() {
                // What cannot be sent takes the error path itself: it is not the event being consumed.
                let _ = made
                    .put_into(&mut event, &self.settings.remember)
                    .and_then(|()| ctx.send_except(MISS, event));
            }
        }
        let until = ctx.now() + self.settings.age.0;
        self.remembered.put(&key, made, until);
        sent
    }

    /// Lets the next one try, since nothing came of the one that was under way.
    fn next(&mut self, key: &str, ctx: &Context) {
        let Some((key, mut under_way)) = self.under_way.remove_entry(key) else {
            return;
        };
        while let Some(waiting) = under_way.waiting.pop_front() {
            if let Some(event) = waiting.held.release() {
                // As above.
                let _ = self.miss(key, under_way.waiting, event, ctx);
                return;
            }
        }
    }

    /// Sends those to `miss` that have waited long enough, or all; returns when the next one has.
    fn give_up(&mut self, all: bool, ctx: &Context) -> Option<Instant> {
        let now = ctx.now();
        let mut late = Vec::new();
        for (key, under_way) in &mut self.under_way {
            let is_late = |waiting: &Waiting| all || waiting.due <= now;
            while under_way.waiting.front().is_some_and(is_late) {
                late.extend(
                    under_way
                        .waiting
                        .pop_front()
                        .map(|waiting| (key.clone(), waiting)),
                );
            }
        }
        for (key, waiting) in late {
            if let Some(mut event) = waiting.held.release() {
                set_key(&mut event, ctx.actor(), &key);
                // As above.
                let _ = ctx.send_to(MISS, event);
            }
        }
        let first = |under_way: &UnderWay| under_way.waiting.front().map(|waiting| waiting.due);
        self.under_way.values().filter_map(first).min()
    }
}

/// Notes the key of an event for the cache of this name.
fn set_key(event: &mut Event, cache: &str, key: &str) {
    let mut keys = keys(event);
    keys.insert(cache.to_owned(), key.into());
    event.set_attribute(ATTRIBUTE, keys);
}

/// Takes out what [`set_key`] noted.
fn take_key(event: &mut Event, cache: &str) -> Option<String> {
    let mut keys = keys(event);
    let Some(Value::String(key)) = keys.remove(cache) else {
        return None;
    };
    match keys.is_empty() {
        true => event.remove_attribute(ATTRIBUTE),
        false => event.set_attribute(ATTRIBUTE, keys),
    }
    Some(key)
}

fn keys(event: &Event) -> Map<String, Value> {
    match event.attribute(ATTRIBUTE).map(|keys| keys.into_owned()) {
        Some(Value::Object(keys)) => keys,
        _ => Map::new(),
    }
}

fn root_of(event: &Event) -> String {
    event.root_id().unwrap_or(event.id()).to_string()
}

impl Actor for Cache {
    async fn start(&mut self, ctx: &Context) -> Result {
        if !ctx.outboxes().any(|outbox| outbox == MISS) {
            return Err(Error::internal(format!(
                "what is not known would be lost: connect the outbox `{MISS}`"
            )));
        }
        if !ctx.inboxes().any(|inbox| inbox == FILL) {
            return Err(Error::internal(format!(
                "nothing would ever be known: connect the inbox `{FILL}`"
            )));
        }
        self.own = Some(ctx.clone());
        let legacy = ctx.legacy();
        if let Some(remembered) = legacy.take() {
            self.remembered = remembered;
        }
        self.legacy = Some(legacy);
        Ok(())
    }

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        if ctx.inbox() == FILL {
            return self.fill(event, ctx);
        }
        let key: Arc<str> = self
            .settings
            .key
            .evaluate((&event, ctx))?
            .to_string()
            .into();
        if let Some(made) = self.remembered.get(&key, ctx.now()) {
            made.put_into(&mut event, &self.settings.remember)?;
            return ctx.send_except(MISS, event);
        }
        let wait = self.settings.wait.0;
        match self.under_way.get_mut(&key) {
            None => self.miss(key, VecDeque::new(), event, ctx),
            // What waits for itself waits for nothing.
            Some(first) if wait.is_zero() || first.root == root_of(&event) => {
                set_key(&mut event, ctx.actor(), &key);
                ctx.send_to(MISS, event)
            }
            Some(first) => {
                let due = ctx.now() + wait;
                let held = ctx.hold_for(event, wait + MARGIN)?;
                first.waiting.push_back(Waiting { held, due });
                ctx.wake_after(wait);
                Ok(())
            }
        }
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        let ended = std::mem::take(&mut *self.ended.lock());
        for (key, number) in ended {
            let is_the_same = |under_way: &UnderWay| under_way.number == number;
            if self.under_way.get(&key).is_some_and(is_the_same) {
                self.next(&key, ctx);
            }
        }
        if let Some(due) = self.give_up(why == Tick::Stopping, ctx) {
            ctx.wake_after(due.saturating_duration_since(ctx.now()));
        }
        Ok(())
    }

    async fn stop(&mut self, _: &Context) -> Result {
        // Nobody comes after it.
        self.legacy = None;
        Ok(())
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().aside(MISS).straight(FILL).holds().single();
        ports.doubts(self.settings.doubts())
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        if let Some(legacy) = self.legacy.take() {
            legacy.leave(std::mem::replace(
                &mut self.remembered,
                Remembered::new(0, 0),
            ));
        }
    }
}
