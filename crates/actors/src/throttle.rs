//! Events at no more than a given rate.

use compysition_core::{
    Actor, Context, Error, Event, Meter, Ports, Rate, Result, more_than_nothing,
};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lets events pass at no more than a given rate.
///
/// After a pause as many as `burst` pass at once; then one passes each time that the rate allows. What comes too early waits (the
/// default), takes the error path as `rate_exceeded` with the time to wait (`exceeded: error`: a door answers 429 with
/// `Retry-After`), or goes to an outbox (`exceeded: NAME`). Those that wait keep their order, and the sources of the flow wait
/// with them.
///
/// With `key` each key has a rate of its own, and who waits holds up no other key. A key is forgotten when its burst is whole again;
/// while 100,000 are remembered, further keys share one rate.
///
/// Example: `throttle: { rate: 50/s, burst: 100, key: attributes.customer }`
///
/// Purpose: time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How many pass in a time: `50/s`, `100/m`, `2.5/h`; a number is per second.
    rate: Rate,
    /// How many may pass at once.
    #[serde(default = "one")]
    #[serde(deserialize_with = "more_than_nothing")]
    burst: u32,
    /// What is counted apart, an expression.
    #[serde(default)]
    key: Option<Expression>,
    /// What becomes of an event that comes too early: `wait` (the default), `error`, or the name of an outbox.
    #[serde(default)]
    exceeded: Exceeded,
    #[serde(skip)]
    meter: Option<Meter>,
}

fn one() -> u32 {
    1
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "String")]
#[schemars(with = "String")]
enum Exceeded {
    #[default]
    Wait,
    Error,
    Outbox(String),
}

impl From<String> for Exceeded {
    fn from(text: String) -> Exceeded {
        match &*text {
            "wait" => Exceeded::Wait,
            "error" => Exceeded::Error,
            _ => Exceeded::Outbox(text),
        }
    }
}

impl Actor for Throttle {
    async fn start(&mut self, _: &Context) -> Result {
        if self.burst == 0 {
            return Err(Error::internal("`burst: 0` lets nothing pass"));
        }
        self.meter = Some(Meter::new(self.rate, self.burst));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let key = match &self.key {
            None => String::new(),
            Some(key) => key.evaluate((&event, ctx))?.to_string(),
        };
        let meter = &mut self.meter;
        let meter = meter.get_or_insert_with(|| Meter::new(self.rate, self.burst));
        let wait = match self.exceeded {
            Exceeded::Wait => meter.reserve(&key, ctx.now()),
            _ => meter.take(&key, ctx.now()).wait,
        };
        if wait.is_zero() {
            return match &self.exceeded {
                Exceeded::Outbox(outbox) => ctx.send_except(outbox, event),
                _ => ctx.send(event),
            };
        }
        match &self.exceeded {
            Exceeded::Wait if self.key.is_none() => {
                tokio::time::sleep(wait).await;
                ctx.send(event)
            }
            Exceeded::Wait => {
                ctx.spawn(event, move |event, ctx| async move {
                    tokio::time::sleep(wait).await;
                    ctx.send(event)
                });
                Ok(())
            }
            Exceeded::Error => {
                let seconds = wait.as_secs_f64().ceil() as u64;
                let period = self.rate.period();
                let message = format!(
                    "more than one in {period:?} after a burst of {}",
                    self.burst
                );
                Err(Error::rate_exceeded(message).with_detail("retry_after", seconds))
            }
            Exceeded::Outbox(outbox) => ctx.send_to(outbox, event),
        }
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().single();
        match &self.exceeded {
            // Else what comes too early would fail, one after the other.
            Exceeded::Outbox(outbox) => ports.aside(outbox).needs(outbox),
            _ => ports,
        }
    }
}
