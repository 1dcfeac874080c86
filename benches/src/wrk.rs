//! The load generator: wrk.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

/// What wrk measured; times in microseconds.
pub struct Figures {
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
    pub mean: f64,
    /// How many requests were answered.
    pub requests: f64,
}

/// Posts 100 bytes again and again to a server, from some cores.
///
/// # Errors
/// What wrk says, if not every request was answered well.
pub fn run(
    address: &str,
    cores: &[usize],
    connections: usize,
    seconds: u64,
) -> Result<Figures, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("circle/post.lua");
    let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
    let output = Command::new("taskset")
        .args(["-c", &cores.join(","), "wrk", "--threads", "1", "--latency"])
        .args([
            "--connections",
            &connections.to_string(),
            "--duration",
            &format!("{seconds}s"),
        ])
        .arg("--script")
        .arg(script)
        .arg(format!("http://{}/", address))
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    for trouble in ["Non-2xx", "Socket errors"] {
        if text.contains(trouble) {
            return Err(format!("not all requests were answered well:\n{text}").into());
        }
    }
    let figure = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next())
            .ok_or_else(|| format!("wrk told no `{name}`:\n{text}"))
    };
    let requests: f64 = text
        .lines()
        .find_map(|line| line.split_once(" requests in ")?.0.trim().parse().ok())
        .ok_or_else(|| format!("wrk told no number of requests:\n{text}"))?;
    Ok(Figures {
        rate: figure("Requests/sec:")?.parse()?,
        p50: microseconds(figure("50%")?)?,
        p99: microseconds(figure("99%")?)?,
        mean: microseconds(figure("Latency   ")?)?,
        requests,
    })
}

/// Reads a time as wrk writes it: `812.00us`, `1.20ms` or `2.00s`.
fn microseconds(text: &str) -> Result<f64, Box<dyn Error>> {
    let (number, factor) = match text {
        _ if text.ends_with("us") => (text.trim_end_matches("us"), 1.0),
        _ if text.ends_with("ms") => (text.trim_end_matches("ms"), 1e3),
        _ => (text.trim_end_matches('s'), 1e6),
    };
    Ok(number.parse::<f64>()? * factor)
}
