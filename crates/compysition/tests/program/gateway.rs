//! Program A from its files: the XML gateway and, in a process of its own, its executor.

use std::path::Path;

use crate::curl::{Answer, curl};
use crate::support::{Files, Process, examples};

const ORDER: &str = "<order><item>book</item><count>2</count></order>";

struct Gateway {
    gateway: Process,
    executor: Process,
    url: String,
}

impl Gateway {
    fn start(directory: &Path) -> Gateway {
        let listen = ["--set", "listen=127.0.0.1:0"];
        let (executor, address) = Process::serve(&directory.join("executor.yaml"), &listen);
        let executor_is = format!("executor={address}");
        let args = [&listen[..], &["--set", &executor_is]].concat();
        let (gateway, url) = Process::serve(&directory.join("gateway.yaml"), &args);
        Gateway {
            gateway,
            executor,
            url,
        }
    }

    /// Sends an order that is fine, but for what the arguments change.
    fn order(&self, args: &[&str]) -> Answer {
        let url = format!("{}/submit", self.url);
        let usual = ["--header", "Content-Type: application/xml", &url];
        curl(&[args, &usual[..]].concat())
    }

    fn good(&self) -> Answer {
        self.order(&["--user", "alice:secret", "--data", ORDER])
    }

    fn stop(self) {
        assert_eq!(self.gateway.stop().code, Some(0));
        assert_eq!(self.executor.stop().code, Some(0));
    }
}

/// Looks at every answer that the README promises.
fn answers_as_promised(gateway: &Gateway) {
    let good = gateway.good();
    assert_eq!(good.status, 200, "{good:?}");
    assert!(good.body.contains("<acknowledgement>"), "{good:?}");
    assert!(good.body.contains("<item>book</item>"), "{good:?}");
    assert!(good.body.contains("<price>25.00</price>"), "{good:?}");
    let kind = good.header("content-type").unwrap();
    assert!(kind.starts_with("application/xml"), "{good:?}");

    for user in [
        &[][..],
        &["--user", "alice:wrong"],
        &["--user", "bob:secret"],
    ] {
        let refused = gateway.order(&[user, &["--data", ORDER]].concat());
        assert_eq!(refused.status, 401, "{user:?} {refused:?}");
        let asks = refused.header("www-authenticate").unwrap();
        assert!(asks.starts_with("Basic realm=\"orders\""), "{refused:?}");
    }

    let malformed = "<order>\n  <item>book</count>\n</order>";
    let malformed = gateway.order(&["--user", "alice:secret", "--data-binary", malformed]);
    assert_eq!(malformed.status, 400, "{malformed:?}");
    let message = &malformed.body;
    assert!(message.contains("line 2"), "{message}");
    assert!(message.contains("tag mismatch"), "{message}");

    let uncounted = "<order><item>book</item><count>two</count></order>";
    let uncounted = gateway.order(&["--user", "alice:secret", "--data", uncounted]);
    assert_eq!(uncounted.status, 400, "{uncounted:?}");
    assert!(uncounted.body.contains("not 'two'"), "{uncounted:?}");

    let stranger = gateway.order(&["--user", "alice:secret", "--data", "<bill/>"]);
    assert_eq!(stranger.status, 400, "{stranger:?}");
    assert!(
        stranger.body.contains("an order is expected"),
        "{stranger:?}"
    );
}

#[test]
fn each_request_gets_the_answer_that_is_promised() {
    let gateway = Gateway::start(&examples().join("xml_gateway"));
    answers_as_promised(&gateway);
    gateway.stop();
}

#[test]
fn the_statuses_are_the_same_without_the_line_of_errors() {
    let files = Files::new();
    files.copy(&examples().join("xml_gateway"));
    let file = std::fs::read_to_string(files.path().join("gateway.yaml")).unwrap();
    let (with, without): (Vec<_>, Vec<_>) = file.lines().partition(|line| line.contains(".error"));
    assert_eq!(with.len(), 1, "{file}");
    files.write("gateway.yaml", &without.join("\n"));
    let gateway = Gateway::start(files.path());
    answers_as_promised(&gateway);
    gateway.stop();
}

#[test]
fn what_is_no_order_at_all_is_refused_at_the_door() {
    let gateway = Gateway::start(&examples().join("xml_gateway"));
    let user = ["--user", "alice:secret"];

    let files = Files::new();
    let large = files.write(
        "large.xml",
        &format!("<order>{}</order>", " ".repeat(2 << 20)),
    );
    let large = format!("@{}", large.display());
    let large = gateway.order(&[&user[..], &["--data-binary", &large]].concat());
    assert_eq!(large.status, 413, "{large:?}");

    let nowhere = curl(&[&user[..], &[&format!("{}/nowhere", gateway.url)]].concat());
    assert_eq!(nowhere.status, 404, "{nowhere:?}");

    let deleted = gateway.order(&[&user[..], &["--request", "DELETE"]].concat());
    assert_eq!(deleted.status, 405, "{deleted:?}");
    assert_eq!(
        deleted.header("allow"),
        Some("OPTIONS, POST"),
        "{deleted:?}"
    );

    let url = format!("{}/submit", gateway.url);
    let picture = ["--header", "Content-Type: image/png", "--data", "x", &url];
    let picture = curl(&[&user[..], &picture].concat());
    assert_eq!(picture.status, 415, "{picture:?}");
    gateway.stop();
}

#[test]
fn who_asks_for_json_gets_json() {
    let gateway = Gateway::start(&examples().join("xml_gateway"));
    let accept = ["--header", "Accept: application/json"];
    let order = ["--user", "alice:secret", "--data", ORDER];
    let answer = gateway.order(&[&accept[..], &order].concat());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let json = answer.json();
    assert_eq!(json["acknowledgement"]["item"], "book", "{json}");
    assert_eq!(json["acknowledgement"]["price"], "25.00", "{json}");
    gateway.stop();
}

#[test]
fn without_its_executor_the_gateway_says_that_it_is_not_the_clients_fault() {
    let Gateway {
        gateway,
        executor,
        url,
    } = Gateway::start(&examples().join("xml_gateway"));
    assert_eq!(executor.stop().code, Some(0));
    let order = ["--user", "alice:secret", "--data", ORDER];
    let xml = ["--header", "Content-Type: application/xml"];
    let answer = curl(&[&order[..], &xml, &[&format!("{url}/submit")]].concat());
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(gateway.stop().code, Some(0));
}
