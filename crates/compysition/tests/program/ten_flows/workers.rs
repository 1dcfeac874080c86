//! The flow of workers, in three processes, with a broker and a worker of Majordomo and a service behind it.

use serde_json::json;

use super::{NOBODY, Peer, flow};
use crate::curl::{Answer, curl};
use crate::support::{Files, Process, compysition, examples};

const CALC: &str = r#"
name: calc
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}" } }
  calc: { set: { payload: { total: "{{ payload.price + 2 }}" } } }
connect: [http -> calc -> reply]
"#;

/// The flow in all of its processes, with its broker and one worker.
struct Workers {
    flow: Process,
    broker: Process,
    worker: Process,
    url: String,
    _files: Files,
}

impl Workers {
    fn start(calc: &str) -> Workers {
        let files = Files::new();
        let broker_is = format!("broker=ipc://{}", files.path().join("broker").display());
        let majordomo = |name: &str, more: &[&str]| {
            let mut command = compysition(["run", "--log", "json"]);
            command.arg(examples().join("majordomo").join(name));
            command.args(["--set", &broker_is]).args(more);
            Process::start(&mut command)
        };
        let broker = majordomo("broker.yaml", &[]);
        let worker = majordomo("worker.yaml", &[]);
        let front = format!("front=ipc://{}", files.path().join("front").display());
        let calc = format!("calc_url={calc}");
        let sets = [&broker_is[..], &front, &calc, "listen=127.0.0.1:0"];
        let args = sets.iter().flat_map(|set| ["--set", set]).chain(["--all"]);
        let (flow, url) = Process::serve(&flow("workers"), &args.collect::<Vec<_>>());
        Workers {
            flow,
            broker,
            worker,
            url,
            _files: files,
        }
    }

    fn ask(&self) -> Answer {
        let url = format!("{}/price", self.url);
        curl(&["--json", r#"{"item":"nut","count":4}"#, &url])
    }

    fn stop(self) {
        for process in [self.flow, self.worker, self.broker] {
            let ended = process.stop();
            assert_eq!(ended.code, Some(0), "{ended:#?}");
        }
    }
}

#[test]
fn workers_answer_through_the_broker_and_a_replica() {
    let calc = Peer::start(CALC);
    let mut workers = Workers::start(&calc.url);
    let answer = workers.ask();
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "total": 14 }))
    );
    // Its worker is gone: the broker gives it up, and says so.
    let code = workers.worker.stop().code;
    assert_eq!(code, Some(0));
    let lost = curl(&[
        "--json",
        r#"{"item":"nut","count":4}"#,
        &format!("{}/price", workers.url),
    ]);
    assert_eq!(lost.status, 504, "{lost:?}");
    let ended = workers.flow.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    workers
        .broker
        .await_log("no worker for `price` was there in time");
    assert_eq!(workers.broker.stop().code, Some(0));
}

#[test]
fn workers_tell_when_nobody_calculates() {
    let workers = Workers::start(NOBODY);
    let answer = workers.ask();
    assert_eq!(answer.status, 503, "{answer:?}");
    workers.stop();
}
