//! Measures the full circle: an HTTP request that goes through three actors and comes back as its own
//! answer, against a bare axum handler that gives the body back.
//!
//! `circle [--rounds 5] [--seconds 4]`. The server has one core and wrk the other; both servers run, and
//! wrk asks one after the other, so that a machine that is slow for a while is slow for both.

mod axum_peer;
mod flow;
mod server;

use std::error::Error;

use benches::{Table, argument, cores, median, median_ratio, pin, wrk};
use server::Server;

/// What was measured in one run; `cpu` is what the server used for a request, in microseconds.
struct Figures {
    wrk: wrk::Figures,
    cpu: f64,
}

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
    let [axum, compysition] = servers;
    let servers = [axum?, compysition?];
    for connections in [64, 1] {
        let mut runs: [Vec<Figures>; 2] = Default::default();
        // The first round warms up and does not count.
        for round in 0..=rounds {
            let seconds = if round == 0 { 1 } else { seconds };
            for (server, runs) in servers.iter().zip(&mut runs) {
                let before = server.cpu_time()?;
                let wrk = wrk::run(&server.address, &[client], connections, seconds)?;
                let cpu = (server.cpu_time()? - before) / wrk.requests;
                if round > 0 {
                    runs.push(Figures { wrk, cpu });
                }
            }
        }
        print(
            &format!("{connections} connection(s), and ratios to axum"),
            &runs,
        );
    }
    Ok(())
}

/// A column of the table, and what it shows of a run.
type Column = (&'static str, fn(&Figures) -> f64);

const COLUMNS: [Column; 5] = [
    ("requests/s", |run| run.wrk.rate),
    ("p50 us", |run| run.wrk.p50),
    ("p99 us", |run| run.wrk.p99),
    ("mean us", |run| run.wrk.mean),
    ("server cpu us", |run| run.cpu),
];

fn print(title: &str, runs: &[Vec<Figures>; 2]) {
    let names = COLUMNS.map(|(name, _)| name);
    let head = [&[""], &names[..], &["|"], &names[..]].concat();
    let mut table = Table::new(title, &head);
    for (name, own) in SERVERS.iter().zip(runs) {
        let values =
            |of: fn(&Figures) -> f64, runs: &[Figures]| runs.iter().map(of).collect::<Vec<_>>();
        let figures = COLUMNS.map(|(_, of)| format!("{:.1}", median(values(of, own))));
        let ratios = COLUMNS.map(|(_, of)| {
            format!(
                "{:.2}",
                median_ratio(&values(of, own), &values(of, &runs[0]))
            )
        });
        table.row(name, [&figures[..], &["|".to_owned()], &ratios].concat());
    }
    table.print();
}
