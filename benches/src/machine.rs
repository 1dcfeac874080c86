use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Returns the numbers of the cores that this thread may use.
pub fn cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else {
        return Vec::new();
    };
    (0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect()
}

/// Pins this thread, and all that it starts from now on, to some cores.
pub fn pin(cores: &[usize]) {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    if let Err(error) = sched_setaffinity(None, &set) {
        eprintln!("cannot pin to cores {cores:?}: {error}; the figures will vary more");
    }
}

/// Measures the time that passes and the CPU time that all threads of this process use.
pub struct Stopwatch {
    began: Instant,
    used: Duration,
}

/// How long something took.
#[derive(Clone, Copy)]
pub struct Span {
    pub wall: Duration,
    pub cpu: Duration,
}

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch {
            used: cpu_time(),
            began: Instant::now(),
        }
    }

    pub fn stop(&self) -> Span {
        Span {
            wall: self.began.elapsed(),
            cpu: cpu_time().saturating_sub(self.used),
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
