//! Measures the full circle: an HTTP request that goes through three actors and comes back as its own
//! answer, against a bare axum handler that gives the body back.
//!
//! `circle [--rounds 5] [--seconds 4]`. The server has one core and wrk the other; both servers run, and
//! wrk asks one after the other, so that a machine that is slow for a while is slow for both.

mod axum_peer;
mod flow;
mod server;
mod wrk;

use std::error::Error;

use benches::{Table, argument, cores, median, median_ratio, pin};
use server::Server;

const SERVERS: [&str; 2] = ["axum", "compysition"];

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(name) = std::env::args()
        .skip_while(|argument| argument != "serve")
        .nth(1)
    {
        return server::serve(&name);
    }
    let rounds: usize = argument("rounds", 5);
    let seconds: u64 = argument("seconds", 4);
    let all = cores();
    let (client, server) = (all[0], all[all.len() - 1]);
    pin(&[server]);
    let servers = SERVERS.map(Server::start);

    println!(
        "circle: {rounds} rounds of {seconds} s, posts of 100 bytes, 3 actors; server on core {server}, wrk on core {client}"
    );
    let head = [
        "",
        "requests/s",
        "p50 us",
        "p99 us",
        "mean us",
        "|",
        "requests/s",
        "p50",
        "p99",
        "mean",
    ];
    for connections in [64, 1] {
        let mut runs: [Vec<wrk::Figures>; 2] = Default::default();
        // The first round warms up and does not count.
        for round in 0..=rounds {
            for (server, runs) in servers.iter().zip(&mut runs) {
                let server = server.as_ref().map_err(|error| error.to_string())?;
                let figures = wrk::run(
                    &server.address,
                    client,
                    connections,
                    if round == 0 { 1 } else { seconds },
                )?;
                if round > 0 {
                    runs.push(figures);
                }
            }
        }
        let mut table = Table::new(
            format!("{connections} connection(s), and ratios to axum"),
            &head,
        );
        for (name, own) in SERVERS.iter().zip(&runs) {
            let column = |of: fn(&wrk::Figures) -> f64, runs: &[wrk::Figures]| {
                runs.iter().map(of).collect::<Vec<f64>>()
            };
            let columns: [fn(&wrk::Figures) -> f64; 4] =
                [|run| run.rate, |run| run.p50, |run| run.p99, |run| run.mean];
            let mut cells: Vec<String> = columns
                .iter()
                .map(|of| format!("{:.0}", median(column(*of, own))))
                .collect();
            cells.push("|".into());
            cells.extend(columns.iter().map(|of| {
                format!(
                    "{:.2}",
                    median_ratio(&column(*of, own), &column(*of, &runs[0]))
                )
            }));
            table.row(name, cells);
        }
        table.print();
    }
    Ok(())
}
