//! Requests of each client at no more than a given rate.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Meter, Ports, Rate, Reading, Result};
use compysition_expression::Expression;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::HttpEvent;

/// Lets requests of each client pass at no more than a given rate.
///
/// After a pause as many as `burst` pass at once; then one passes each time that the rate allows. What comes too early takes
/// the error path as `rate_exceeded` with the seconds to wait: a door answers 429 with `Retry-After`. What was refused does not
/// count.
///
/// A client is its address; of IPv6, where anybody has very many, the network of 64 bits. Behind a proxy all requests come from the
/// proxy, so `key` must name what tells its clients apart: a header that the proxy sets, and never one that clients can set
/// themselves. Behind an actor that asks who is there, `key: attributes.user` gives each user a rate.
///
/// 100,000 clients are remembered, each until its burst is whole again, also when the actor panics and is made anew; further ones share one
/// rate.
///
/// Example: `rate_limit: { rate: 100/m, burst: 20, key: "http.headers['x-api-key']" }`
///
/// Purpose: security. Patterns: message filter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct RateLimit {
    settings: Settings,
    /// Shared with the actor that is made in its place when it panics, and nobody else.
    meter: Arc<Mutex<Meter>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How many pass in a time: `50/s`, `100/m`, `2.5/h`; a number is per second.
    rate: Rate,
    /// How many may pass at once; 1 by default.
    #[serde(default = "one")]
    burst: u32,
    /// Who is counted apart, an expression; by default the address of the client. What it does not find for a request is an error
    /// (`unprocessable`), unless it ends with `| default('')`: then all those are counted as one.
    #[serde(default)]
    key: Option<Expression>,
    /// Tells clients how they stand, in the headers `ratelimit-limit` (the burst), `ratelimit-remaining` (how many more may come at
    /// once) and `ratelimit-reset` (in how many seconds the burst is whole again).
    #[serde(default)]
    headers: bool,
}

fn one() -> u32 {
    1
}

impl Settings {
    fn meter(&self) -> Arc<Mutex<Meter>> {
        Arc::new(Mutex::new(Meter::new(self.rate, self.burst)))
    }
}

impl RateLimit {
    /// Makes a limit for each client's address.
    ///
    /// # Errors
    /// If the burst is 0, which would let nothing pass.
    pub fn new(rate: Rate, burst: u32) -> Result<RateLimit> {
        RateLimit::try_from(Settings {
            rate,
            burst,
            key: None,
            headers: false,
        })
    }

    /// Sets who is counted apart; else it is the address of the client.
    #[must_use]
    pub fn key(mut self, key: Expression) -> RateLimit {
        self.settings.key = Some(key);
        self
    }

    /// Tells clients how they stand, in headers.
    #[must_use]
    pub fn with_headers(mut self) -> RateLimit {
        self.settings.headers = true;
        self
    }

    fn key_of(&self, event: &Event, ctx: &Context) -> Result<String> {
        match &self.settings.key {
            Some(key) => Ok(match key.evaluate((event, ctx))? {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            }),
            None => {
                let client = event.http().client();
                Ok(client.map_or_else(String::new, |client| network(client.ip())))
            }
        }
    }

    /// Counts an event, and says no if it came too early.
    fn count(&mut self, event: &mut Event, ctx: &Context) -> Result {
        let key = self.key_of(event, ctx)?;
        let reading = self.meter.lock().take(&key, ctx.now());
        if self.settings.headers {
            self.tell(event, reading)?;
        }
        if reading.wait.is_zero() {
            return Ok(());
        }
        let wait = seconds(reading.wait);
        let message = format!("too many requests; the next one may come in {wait} s");
        Err(Error::rate_exceeded(message).with_detail("retry_after", wait))
    }

    fn tell(&self, event: &mut Event, reading: Reading) -> Result {
        for (name, number) in [
            ("ratelimit-limit", u64::from(self.settings.burst)),
            ("ratelimit-remaining", u64::from(reading.left)),
            ("ratelimit-reset", seconds(reading.whole_in)),
        ] {
            event.set_response_header(name, &number.to_string())?;
        }
        Ok(())
    }
}

impl TryFrom<Settings> for RateLimit {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<RateLimit> {
        if settings.burst == 0 {
            return Err(Error::internal("`burst: 0` lets nothing pass"));
        }
        let meter = settings.meter();
        Ok(RateLimit { settings, meter })
    }
}

impl Actor for RateLimit {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        let legacy = ctx.legacy();
        // Not that of who it is a clone of.
        self.meter = legacy.take().unwrap_or_else(|| self.settings.meter());
        legacy.leave(self.meter.clone());
        Ok(())
    }

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        match self.count(&mut event, ctx) {
            Ok(()) => ctx.send(event),
            Err(error) => Err(error.giving_back(event)),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().single()
    }
}

/// Returns whole seconds, upwards: who waits so long comes late enough.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// Returns the part of an address that its owner cannot choose.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_of_a_network_is_one_client() {
        let network = |address: &str| network(address.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
