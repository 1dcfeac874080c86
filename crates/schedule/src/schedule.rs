//! Moments at which something is to happen.

use std::time::SystemTime;

use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Cron, Zone};

/// Says at which moments something is to happen: local times, and where they are local.
///
/// Where clocks are changed, a schedule whose field of hours is `*` goes on as time passes: it neither leaves out nor
/// repeats a moment. One that names hours follows the wall clock: what falls into the hour that does not exist
/// happens once, when that hour would have ended, and what falls into the hour that is there twice happens in the first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The times, such as `*/5 * * * *`: minute, hour, day, month, weekday, or six fields with the second first.
    pub cron: Cron,
    /// The time zone, such as `Europe/Berlin`, or `local`; `UTC` by default.
    #[serde(default)]
    pub time_zone: Zone,
}

impl Schedule {
    /// Returns the first moment after this one; none if there is none for nine years or after the year 9999.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use compysition_schedule::{Schedule, Zone};
    ///
    /// let schedule = Schedule { cron: "30 6 * * *".parse()?, time_zone: Zone::default() };
    /// let next = schedule.next_after(SystemTime::UNIX_EPOCH).unwrap();
    /// assert_eq!(next, SystemTime::UNIX_EPOCH + Duration::from_secs(6 * 3600 + 30 * 60));
    /// assert_eq!(schedule.local(next), "1970-01-01T06:30:00+00:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn next_after(&self, moment: SystemTime) -> Option<SystemTime> {
        let moment = Timestamp::try_from(moment).ok()?;
        // Of the second that has begun: the next one is the first that counts.
        let moment =
            Timestamp::from_second(moment.as_nanosecond().div_euclid(1_000_000_000) as i64);
        let zone = &self.time_zone.0;
        let any_hour = self.cron.takes_any_hour();
        let mut begin = moment.ok()?;
        let mut is_in = 1;
        loop {
            // As long as the clocks are not changed, local times and moments go side by side.
            let offset = zone.to_offset(begin);
            let end = zone
                .following(begin)
                .next()
                .map(|change| change.timestamp());
            let mut local = offset
                .to_datetime(begin)
                .checked_add(is_in.seconds())
                .ok()?;
            if !any_hour && let Some(been) = self.already_been(begin) {
                local = local.max(been);
            }
            let found = offset.to_timestamp(self.cron.first_from(local)?).ok()?;
            let Some(end) = end.filter(|end| found >= *end) else {
                return Some(found.into());
            };
            if !any_hour && self.is_left_out(offset, end)? {
                return Some(end.into());
            }
            (begin, is_in) = (end, 0);
        }
    }

    /// Returns up to when local times had been there before the clocks were last set back.
    fn already_been(&self, moment: Timestamp) -> Option<jiff::civil::DateTime> {
        let zone = &self.time_zone.0;
        let until = moment.checked_add(1.second()).ok()?;
        let change = zone.preceding(until).next()?.timestamp();
        let before = zone.to_offset(change.checked_sub(1.second()).ok()?);
        Some(before.to_datetime(change))
    }

    /// Returns whether there would have been one in the local times that a change of clocks leaves out.
    fn is_left_out(&self, before: Offset, change: Timestamp) -> Option<bool> {
        let from = before.to_datetime(change);
        let to = self.time_zone.0.to_offset(change).to_datetime(change);
        Some(self.cron.first_from(from)? < to)
    }

    /// Returns a moment as the local time with its distance from UTC, as RFC 3339 has it.
    pub fn local(&self, moment: SystemTime) -> String {
        let moment = Timestamp::try_from(moment).unwrap_or_default();
        let local = moment.to_zoned(self.time_zone.0.clone());
        local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule {
            cron: cron.parse().unwrap(),
            time_zone: zone.parse().unwrap(),
        };
        let mut moment: SystemTime = after.parse::<Timestamp>().unwrap().into();
        let mut moments = Vec::new();
        for _ in 0..count {
            moment = schedule.next_after(moment).unwrap();
            moments.push(schedule.local(moment));
        }
        moments
    }

    // In Berlin, on 29 March 2026 the clocks went from 02:00 to 03:00, and on 25 October 2026 from 03:00 to 02:00.

    #[test]
    fn what_falls_into_the_hour_that_does_not_exist_happens_when_it_would_have_ended() {
        let found = moments("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3);
        assert_eq!(
            found,
            [
                "2026-03-28T02:30:00+01:00",
                "2026-03-29T03:00:00+02:00",
                "2026-03-30T02:30:00+02:00"
            ]
        );
        // Several that fall into it happen once, also together with what comes then anyway.
        let found = moments("*/10 2,3 * * *", "Europe/Berlin", "2026-03-29T00:59:59Z", 3);
        assert_eq!(
            found,
            [
                "2026-03-29T03:00:00+02:00",
                "2026-03-29T03:10:00+02:00",
                "2026-03-29T03:20:00+02:00"
            ]
        );
        let found = moments("0 4 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 1);
        assert_eq!(found, ["2026-03-29T04:00:00+02:00"]);
    }

    #[test]
    fn what_falls_into_the_hour_that_is_there_twice_happens_in_the_first() {
        let found = moments("30 2 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", 2);
        assert_eq!(
            found,
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        );
        // Asked within the second of them as well.
        let found = moments("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1);
        assert_eq!(found, ["2026-10-26T02:30:00+01:00"]);
        let found = moments("0 2,3 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", 2);
        assert_eq!(
            found,
            ["2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"]
        );
    }

    #[test]
    fn what_names_no_hours_goes_on_as_time_passes() {
        let found = moments("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:15:00Z", 3);
        assert_eq!(
            found,
            [
                "2026-03-29T01:30:00+01:00",
                "2026-03-29T03:00:00+02:00",
                "2026-03-29T03:30:00+02:00"
            ]
        );
        let found = moments("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:15:00Z", 4);
        assert_eq!(
            found,
            [
                "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00"
            ]
        );
    }

    #[test]
    fn other_zones_and_long_waits() {
        // Half an hour (Lord Howe), a whole day (Samoa left out 30 December 2011), and no change at all.
        let found = moments(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            2,
        );
        assert_eq!(
            found,
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        );
        let found = moments("0 9 30 * *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2);
        assert_eq!(
            found,
            ["2011-12-31T00:00:00+14:00", "2012-01-30T09:00:00+14:00"]
        );
        let found = moments("0 12 29 2 *", "Asia/Kolkata", "2096-03-01T00:00:00Z", 1);
        assert_eq!(found, ["2104-02-29T12:00:00+05:30"]);
        let found = moments("* * * * * *", "UTC", "2026-01-01T00:00:00.5Z", 2);
        assert_eq!(
            found,
            ["2026-01-01T00:00:01+00:00", "2026-01-01T00:00:02+00:00"]
        );
    }

    #[test]
    fn moments_only_go_forward() {
        for cron in ["*/7 * * * *", "*/20 1-3 * * *", "0 */2 * * *"] {
            for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] {
                let schedule = Schedule {
                    cron: cron.parse().unwrap(),
                    time_zone: zone.parse().unwrap(),
                };
                let mut moment: SystemTime =
                    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().into();
                for _ in 0..5000 {
                    let next = schedule.next_after(moment).unwrap();
                    assert!(next > moment, "{cron} {zone}");
                    moment = next;
                }
            }
        }
    }

    #[test]
    fn settings_say_what_is_wrong() {
        let wrong = |json: &str| {
            serde_json::from_str::<Schedule>(json)
                .unwrap_err()
                .to_string()
        };
        let error = wrong(r#"{ "cron": "*/5 * * * *", "time_zone": "Europe/Nowhere" }"#);
        assert!(
            error.contains("`Europe/Nowhere` is no time zone"),
            "{error}"
        );
        let error = wrong(r#"{ "cron": "*/5 * * * 8" }"#);
        assert!(
            error.contains("the weekday `8` is not within 0 to 7 (column 11)"),
            "{error}"
        );
    }
}
