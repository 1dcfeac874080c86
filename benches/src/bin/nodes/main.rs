//! Measures the links between processes against libzmq, and a circle over two processes against the same in one.
//!
//! `nodes --libzmq PROGRAM [--rounds 5] [--events 300000] [--under-way 4096] [--seconds 3]`. Yardstick and subject are measured one right after the
//! other, and each ratio is of one round, so that a machine that is slow for a while is slow for both. Nothing is pinned: one process
//! alone has as many threads as it has by default, and two share the processors as those of `compysition run --all` do.

mod circle;
mod libzmq;
mod peer;
mod stream;

use std::error::Error;

use benches::{Table, argument, cores, median, median_ratio, wrk};
use libzmq::Libzmq;
use peer::{Peer, half_the_threads};

/// As the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The sizes of the events, and what share of libzmq's rate they are to have.
const STREAMS: [(usize, f64); 2] = [(100, 0.7), (10_000, 0.9)];

fn main() -> Done {
    if let Some((role, address)) = peer::role() {
        return match role.as_str() {
            "sink" => half_the_threads()?.block_on(stream::sink(&address)),
            "source" => half_the_threads()?.block_on(stream::source(&address)),
            "whole" => circle::serve_whole(),
            "front" => half_the_threads()?.block_on(circle::serve_front(&address)),
            "work" => half_the_threads()?.block_on(circle::serve_work(&address)),
            other => Err(format!("there is no role `{other}`").into()),
        };
    }
    let rounds: usize = argument("rounds", 5);
    let libzmq = Libzmq::new(argument("libzmq", "libzmq".to_owned()));
    println!(
        "nodes: medians of {rounds} rounds; ratios are to what stands before in the same round"
    );
    streams(rounds, &libzmq)?;
    circles(rounds, &libzmq)
}

fn streams(rounds: usize, libzmq: &Libzmq) -> Done {
    let events: usize = argument("events", 300_000);
    let head = ["", "libzmq messages/s", "events/s", "ratio", "at least"];
    let mut table = Table::new("a link between two processes, outcomes going home", &head);
    let (tcp, ipc) = (libzmq::tcp(), libzmq::ipc());
    for (name, address, own) in [
        ("tcp", &tcp, "tcp://127.0.0.1:*"),
        ("ipc", &ipc, &*ipc_of("stream")),
    ] {
        let sink = Peer::start("sink", own)?;
        let mut source = Peer::start("source", &sink.says)?;
        for (bytes, least) in STREAMS {
            let count = if bytes > 1000 { events / 5 } else { events };
            let (mut bare, mut rates) = (Vec::new(), Vec::new());
            // The first round warms up and does not count.
            for round in 0..=rounds {
                let one = libzmq.rate(address, bytes, count)?;
                let other: f64 = source.ask(&format!("{bytes} {count}"))?.parse()?;
                if round > 0 {
                    bare.push(one);
                    rates.push(other);
                }
            }
            let ratio = median_ratio(&rates, &bare);
            let cells = [median(bare), median(rates)].map(|rate| format!("{rate:.0}"));
            let name = format!("{name}, {bytes} B");
            table.row(
                &name,
                [&cells[..], &[format!("{ratio:.2}"), format!("{least:.2}")]].concat(),
            );
        }
    }
    table.print();
    Ok(())
}

fn circles(rounds: usize, libzmq: &Libzmq) -> Done {
    let seconds: u64 = argument("seconds", 3);
    let whole = Peer::start("whole", "-")?;
    let work = Peer::start("work", "tcp://127.0.0.1:*")?;
    let front = Peer::start("front", &work.says)?;
    let measure = |server: &Peer, connections, seconds| {
        wrk::run(&server.says, &cores(), connections, seconds)
    };

    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let seconds = if round == 0 { 1 } else { seconds };
        let (whole, cut) = (measure(&whole, 64, seconds)?, measure(&front, 64, seconds)?);
        if round > 0 {
            one.push(whole.rate);
            two.push(cut.rate);
        }
    }
    let head = ["", "one process", "two", "ratio", "at least"];
    let mut table = Table::new(
        "an HTTP circle with the executor in another process, 64 connections, requests/s",
        &head,
    );
    let ratio = median_ratio(&two, &one);
    table.row(
        "tcp",
        [
            format!("{:.0}", median(one)),
            format!("{:.0}", median(two)),
            format!("{ratio:.2}"),
            "0.50".to_owned(),
        ],
    );
    table.print();

    let address = libzmq::tcp();
    let (mut trips, mut added) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let seconds = if round == 0 { 1 } else { seconds };
        let trip = libzmq.trip(&address, 100, 20_000)?;
        let (whole, cut) = (measure(&whole, 1, seconds)?, measure(&front, 1, seconds)?);
        if round > 0 {
            trips.push(trip);
            added.push(cut.p50 - whole.p50);
        }
    }
    let head = ["", "libzmq REQ/REP", "added", "ratio", "at most"];
    let mut table = Table::new("what a cut adds to a request, 1 connection, us", &head);
    let ratio = median_ratio(&added, &trips);
    table.row(
        "tcp",
        [
            format!("{:.1}", median(trips)),
            format!("{:.1}", median(added)),
            format!("{ratio:.2}"),
            "1.50".to_owned(),
        ],
    );
    table.print();
    Ok(())
}

fn ipc_of(name: &str) -> String {
    let path = std::env::temp_dir().join(format!("bench-nodes-{}-{name}", std::process::id()));
    format!("ipc://{}", path.display())
}
