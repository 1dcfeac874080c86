//! Tells when events stay away.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, Event, Payload, Ports, Refusal, Result, Source, TimeSpan,
    more_than_nothing,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Tells when no event has come for a time, and when they come again: a dead man's switch.
///
/// Events pass to all outboxes but `timeout`. What is to be told goes there: an event when none has come for `timeout`, another one after each
/// `repeat` as long as that is so, and one when events come again. The time begins with the flow.
///
/// Example: `watchdog: { timeout: 5m, repeat: 1h, late: "no orders", back: "orders again" }`, with
/// `it, it.timeout -> out`
///
/// Purpose: observe. Patterns: control bus.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Watchdog {
    /// How long events may stay away.
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: TimeSpan,
    /// After what time it is told again, never with `0s`.
    #[serde(alias = "repeat_interval")]
    #[serde(alias = "repeat_interval")]
    repeat: TimeSpan,
    /// The payload of what is told then: a text, or anything else as JSON.
    #[serde(alias = "timeout_payload")]
    #[serde(alias = "timeout_payload")]
    late: Value,
    /// The payload of what is told when events come again.
    #[serde(alias = "recovery_payload")]
    #[serde(alias = "recovery_payload")]
    back: Value,
    #[serde(skip)]
    heard: Arc<Notify>,
}

/// The outbox of what is told.
const OUTBOX: &str = "timeout";

impl Default for Watchdog {
    fn default() -> Watchdog {
        Watchdog {
            timeout: TimeSpan::seconds(60),
            repeat: TimeSpan::seconds(60),
            late: "timeout".into(),
            back: "recovered".into(),
            heard: Arc::default(),
        }
    }
}

impl Watchdog {
    /// Makes an actor that tells when no event has come for this time.
    pub fn after(timeout: Duration) -> Watchdog {
        Watchdog {
            timeout: TimeSpan(timeout),
            ..Watchdog::default()
        }
    }

    async fn watch(self, source: Source) -> Result {
        let never = Duration::MAX;
        let repeat = match self.repeat.0.is_zero() {
            true => never,
            false => self.repeat.0,
        };
        loop {
            if timeout(self.timeout.0, self.heard.notified()).await.is_ok() {
                continue;
            }
            tell(&source, &self.late).await?;
            while timeout(repeat, self.heard.notified()).await.is_err() {
                tell(&source, &self.late).await?;
            }
            tell(&source, &self.back).await?;
        }
    }
}

async fn tell(source: &Source, payload: &Value) -> Result {
    let payload: Payload = match payload {
        Value::String(text) => text.as_str().into(),
        other => other.clone().into(),
    };
    match source.emit_to(OUTBOX, payload).await {
        // How the event ends is not this actor's business.
        Ok(settlement) => drop(settlement),
        Err(Refusal::Stopping) => {}
        Err(refusal) => return Err(refusal.into()),
    }
    Ok(())
}

impl Actor for Watchdog {
    async fn start(&mut self, ctx: &Context) -> Result {
        if self.timeout.0.is_zero() {
            return Err(Error::internal("`timeout: 0s` is over at once"));
        }
        if !ctx.outboxes().any(|outbox| outbox == OUTBOX) {
            return Err(Error::internal(format!(
                "nobody would be told: connect the outbox `{OUTBOX}`"
            )));
        }
        let watchdog = self.clone();
        ctx.produce(move |source| watchdog.watch(source));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.heard.notify_one();
        ctx.send_except(OUTBOX, event)
    }

    fn ports(&self) -> Ports {
        Ports::any()
            .source()
            .ungrouped()
            .own(OUTBOX)
            .needs(OUTBOX)
            .single()
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::testing::Harness;
    use serde_json::json;

    use super::*;

    fn told(harness: &mut Harness, seconds: u64) -> Vec<String> {
        harness.advance(Duration::from_secs(seconds));
        let told = harness.take_from(OUTBOX);
        let texts = told.iter().map(|event| event.text().unwrap().to_owned());
        texts.collect()
    }

    fn start(settings: Value) -> Harness {
        let watchdog: Watchdog = serde_json::from_value(settings).unwrap();
        Harness::of(watchdog).outboxes(["out", OUTBOX]).start()
    }

    #[test]
    fn tells_that_events_stay_away_and_come_again() {
        let settings =
            json!({ "timeout": "10s", "repeat": "1m", "late": "late", "back": {"is": "back"} });
        let mut harness = start(settings);
        for _ in 0..5 {
            harness.send("tick");
            assert!(told(&mut harness, 9).is_empty());
        }
        assert_eq!(told(&mut harness, 2), ["late"]);
        assert!(told(&mut harness, 58).is_empty());
        assert_eq!(told(&mut harness, 61), ["late", "late"]);
        harness.send("tick");
        assert_eq!(told(&mut harness, 9), [r#"{"is":"back"}"#]);
        assert_eq!(told(&mut harness, 2), ["late"]);
        assert_eq!(harness.take_from("out").len(), 6);
    }

    #[test]
    fn tells_once_if_that_is_enough() {
        let mut harness = start(json!({ "timeout": "10s", "repeat": "0s" }));
        assert_eq!(told(&mut harness, 10_000), ["timeout"]);
    }

    #[test]
    fn says_what_cannot_work() {
        let refused = |watchdog: Watchdog, outbox: &'static str| {
            let started = Harness::of(watchdog).outboxes([outbox]).try_start();
            started.err().unwrap().to_string()
        };
        let error = refused(Watchdog::default(), "out");
        assert!(error.contains("outbox `timeout`"), "{error}");
        let error = refused(Watchdog::after(Duration::ZERO), OUTBOX);
        assert!(error.contains("over at once"), "{error}");
    }
}
