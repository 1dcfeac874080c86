//! Keys outlast a process that is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use crate::back_end::BackEnd;
use crate::curl::{Answer, curl, exit_code};
use crate::support::{Files, Process};

const PAYS: &str = r#"
name: pays
settings: { listen: , back_end: , interrupted: }
actors:
  http: { http_server: { address: "${listen}", routes: { pay: POST /pay } } }
  once:
    deduplicate:
      key: "http.headers['idempotency-key']"
      keep: 24h
      store: seen.db
      replay_answer: true
      interrupted: "${interrupted}"
  pay:  { http_client: { url: "${back_end}/pay", method: POST } }
connect:
  - http.pay -> once -> pay -> reply
  - once.duplicate -> reply
"#;

fn serve(file: &Path, back_end: &BackEnd, interrupted: &str) -> (Process, String) {
    let back_end = format!("back_end={}", back_end.url);
    let interrupted = format!("interrupted={interrupted}");
    let mut args = vec!["--set", "listen=127.0.0.1:0"];
    args.extend(["--set", &back_end, "--set", &interrupted]);
    Process::serve(file, &args)
}

fn pay(url: &str, key: &str) -> Answer {
    let key = format!("idempotency-key: {key}");
    curl(&["--data", "7", "--header", &key, &format!("{url}/pay")])
}

/// Pays in a thread, while the back-end is told what to answer.
fn pay_for(url: &str, key: &str, back_end: &BackEnd, answer: &str) -> Answer {
    let (url, key) = (url.to_owned(), key.to_owned());
    let paying = thread::spawn(move || pay(&url, &key));
    back_end.next().answer(answer);
    paying.join().unwrap()
}

#[test]
fn what_was_paid_is_not_paid_again_after_a_kill_nor_after_a_stop() {
    let files = Files::new();
    let file = files.write("pays.yaml", PAYS);
    let back_end = BackEnd::start();
    let (process, url) = serve(&file, &back_end, "release");
    for key in 0..5 {
        let answer = pay_for(&url, &key.to_string(), &back_end, &format!("paid {key}"));
        assert_eq!((answer.status, answer.body), (200, format!("paid {key}")));
    }
    // What comes behind them is written behind them: when it is there, they are.
    assert_eq!(pay_for(&url, "last", &back_end, "paid last").status, 200);
    assert_eq!(process.stop().code, Some(0));

    let (process, url) = serve(&file, &back_end, "release");
    for key in 0..5 {
        let answer = pay(&url, &key.to_string());
        assert_eq!((answer.status, answer.body), (200, format!("paid {key}")));
    }
    // SIGKILL while it is idle, and opened again.
    drop(process);
    let (process, url) = serve(&file, &back_end, "release");
    assert_eq!(pay(&url, "last").body, "paid last");
    assert_eq!(process.stop().code, Some(0));
}

#[test]
fn what_a_kill_interrupts_is_paid_again_or_never() {
    for interrupted in ["release", "keep"] {
        let files = Files::new();
        let file = files.write("pays.yaml", PAYS);
        let back_end = BackEnd::start();
        let (process, url) = serve(&file, &back_end, interrupted);
        assert_eq!(pay_for(&url, "done", &back_end, "paid").status, 200);
        let paying = thread::spawn(move || {
            let url = format!("{url}/pay");
            exit_code(&["--data", "7", "--header", "idempotency-key: cut", &url])
        });
        // The bank has been asked when the process dies.
        let asked = back_end.next();
        drop(process);
        drop(asked);
        assert_ne!(paying.join().unwrap(), Some(0));

        let (process, url) = serve(&file, &back_end, interrupted);
        match interrupted {
            "keep" => {
                let answer = pay(&url, "cut");
                assert_eq!(answer.status, 409, "{answer:?}");
                assert!(answer.body.contains("was interrupted"), "{answer:?}");
                // Written before the next one was, which was on the disk before the bank was asked.
                assert_eq!(pay(&url, "done").body, "paid");
            }
            _ => assert_eq!(pay_for(&url, "cut", &back_end, "paid").body, "paid"),
        }
        assert_eq!(process.stop().code, Some(0));
    }
}

/// What a client heard of a payment before the process was killed.
fn pay_until_killed(url: &str, client: usize) -> Vec<(String, bool)> {
    let mut payments = Vec::new();
    loop {
        let key = format!("{client}-{}", payments.len());
        let header = format!("idempotency-key: {key}");
        let answered =
            exit_code(&["--data", &key, "--header", &header, &format!("{url}/pay")]) == Some(0);
        payments.push((key, answered));
        if !answered {
            return payments;
        }
    }
}

#[test]
fn nothing_is_paid_twice_when_a_process_is_killed_under_load() {
    for interrupted in ["keep", "release"] {
        let files = Files::new();
        let file = files.write("pays.yaml", PAYS);
        let back_end = BackEnd::start();
        let (process, url) = serve(&file, &back_end, interrupted);
        let clients: Vec<_> = (0..8)
            .map(|client| {
                let url = url.clone();
                thread::spawn(move || pay_until_killed(&url, client))
            })
            .collect();
        let mut paid = BTreeMap::<String, usize>::new();
        for _ in 0..100 {
            let asked = back_end.next();
            *paid.entry(asked.body.clone()).or_default() += 1;
            asked.answer("paid");
        }
        drop(process);
        let clients = clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        let payments: Vec<(String, bool)> = clients.collect();

        let (process, url) = serve(&file, &back_end, interrupted);
        let keys: Vec<String> = payments.iter().map(|(key, _)| key.clone()).collect();
        let again = thread::spawn(move || {
            let pay = |key: &String| {
                let header = format!("idempotency-key: {key}");
                curl(&["--data", key, "--header", &header, &format!("{url}/pay")]).status
            };
            keys.iter().map(pay).collect::<Vec<u16>>()
        });
        while !again.is_finished() {
            for asked in back_end.waiting() {
                *paid.entry(asked.body.clone()).or_default() += 1;
                asked.answer("paid");
            }
        }
        let statuses = again.join().unwrap();
        assert_eq!(process.stop().code, Some(0));
        for ((key, answered), status) in payments.iter().zip(statuses) {
            let times = paid.get(key).copied().unwrap_or(0);
            match (interrupted, answered) {
                // Whatever became of it, it is never paid twice.
                ("keep", _) => assert!(
                    times <= 1 && (status == 200 || status == 409),
                    "{key}: {times} times, {status}"
                ),
                // What was delivered while the last write was under way may be paid again.
                (_, true) => assert!(
                    (1..=2).contains(&times) && status == 200,
                    "{key}: {times} times, {status}"
                ),
                (_, false) => assert!(status == 200, "{key}: {status}"),
            }
        }
    }
}
