//! What time it is, for the machine and for tests.

use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

/// How long at most before the clock is looked at again: it may be set, and the machine may sleep.
const GLANCE: Duration = Duration::from_secs(5);

/// Returns the time by the clock of the machine. Where the runtime's time is paused or has been advanced, as in
/// tests, the clock is as much ahead.
pub fn wall_clock() -> SystemTime {
    let runtime = Instant::now().into_std();
    let machine = std::time::Instant::now();
    let wall = SystemTime::now();
    match runtime.checked_duration_since(machine) {
        Some(ahead) => wall + ahead,
        None => wall - machine.duration_since(runtime),
    }
}

/// Waits until the clock shows a time or a later one, also if the clock is set or the machine sleeps meanwhile.
pub async fn sleep_until(time: SystemTime) {
    while let Ok(left) = time.duration_since(wall_clock())
        && !left.is_zero()
    {
        sleep(left.min(GLANCE)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_goes_with_the_runtime() {
        let before = wall_clock();
        tokio::time::advance(Duration::from_secs(86_400)).await;
        let passed = wall_clock().duration_since(before).unwrap();
        assert!(passed.as_secs().abs_diff(86_400) <= 1, "{passed:?}");
        sleep_until(before + Duration::from_secs(100_000)).await;
        let passed = wall_clock().duration_since(before).unwrap();
        assert!(passed.as_secs().abs_diff(100_000) <= 1, "{passed:?}");
    }

    #[test]
    fn the_clock_is_that_of_the_machine() {
        let apart = wall_clock().duration_since(SystemTime::now());
        let apart = apart.unwrap_or_else(|error| error.duration());
        assert!(apart < Duration::from_secs(1), "{apart:?}");
    }
}
