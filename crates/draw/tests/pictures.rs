//! Pictures as they should be: `make pictures` draws those in `tests/pictures` anew, for somebody to look at.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;

use compysition_draw::Picture;
use support::Sketch;

fn sketches() -> Vec<Sketch> {
    vec![
        Sketch::new("gateway")
            .actors(&[
                ("http", "http_server"),
                ("auth", "basic_auth"),
                ("submit_transform", "xslt"),
                ("request_executor", "http_client"),
                ("acknowledge_transform", "xslt"),
            ])
            .connect("http.submit -> auth -> submit_transform -> request_executor -> acknowledge_transform -> reply")
            .connect("auth.error, submit_transform.error, request_executor.error -> reply"),
        Sketch::new("two_outputs")
            .actors(&[("event_generator", "event_generator"), ("output_one", "stdout"), ("output_two", "stdout")])
            .connect("event_generator -> output_one, output_two"),
        Sketch::new("circling")
            .actors(&[("http", "http_server"), ("round", "set"), ("until", "router")])
            .connect("http.go -> round -> until")
            .connect("until.on -> round")
            .connect("until.done -> reply")
            .connect("round.error, until.error -> reply"),
        Sketch::new("bulk")
            .actors(&[("files", "file_in"), ("limit", "throttle"), ("api*16", "http_client"), ("total", "join"), ("mail", "smtp_out")])
            .connect("files -> limit -> api -> total -> mail")
            .connect("api.error -> total"),
        Sketch::new("saga")
            .actors(&[("http", "http_server"), ("reserve", "http_client"), ("pay", "http_client"), ("ship", "http_client"), ("refund", "http_client"), ("release", "http_client")])
            .connect("http -> reserve -> pay -> ship -> reply")
            .connect("ship.error -> refund -> release -> reply")
            .connect("pay.error -> release"),
        Sketch::new("scatter")
            .actors(&[("http", "http_server"), ("a", "http_client"), ("b", "http_client"), ("c", "http_client"), ("gather", "join")])
            .connect("http -> a, b, c -> gather -> reply")
            .connect("a.error, b.error, c.error -> gather"),
        Sketch::new("ship")
            .actors(&[("tail", "file_in"), ("mask", "redact"), ("pack", "batch"), ("sink", "http_client"), ("console", "stdout")])
            .connect("tail -> mask -> pack -> sink")
            .connect("mask ~-> console"),
        with_dead_letters(
            Sketch::new("soap_orders")
                .actors(&[("http", "http_server"), ("auth", "basic_auth"), ("body", "xsd"), ("customer*64", "http_client"), ("credit", "sql"), ("unknown", "recover"), ("shape", "xslt"), ("erp*16", "http_client"), ("dead_letters", "dead_letters")])
                .connect("http.orders -> auth -> body -> customer -> credit -> shape -> erp -> reply")
                .connect("customer.error.not_found -> unknown -> shape")
                .connect("http.health -> reply"),
        ),
        Sketch::new("webhook")
            .actors(&[("http", "http_server"), ("once", "deduplicate"), ("store", "sql"), ("taken", "set"), ("work", "http_client")])
            .connect("http -> once -> store -> taken -> reply")
            .connect("once.duplicate -> taken")
            .connect("store -> work"),
        Sketch::new("priced")
            .actors(&[("http", "http_server"), ("auth", "basic_auth"), ("pricing/check", "xsd"), ("pricing/by", "router"), ("pricing/far", "http_client"), ("pricing/near", "sql"), ("ship", "http_client")])
            .connect("http -> auth -> pricing/check -> pricing/by")
            .connect("pricing/by.far -> pricing/far -> ship -> reply")
            .connect("pricing/by.near -> pricing/near -> ship")
            .connect("pricing/check.error, auth.error, pricing/far.error.timeout -> reply"),
        fan_out(),
        deep_cycle(),
    ]
}

fn with_dead_letters(mut sketch: Sketch) -> Sketch {
    sketch.wiring.dead_letters = Some(sketch.index("dead_letters"));
    sketch
}

fn fan_out() -> Sketch {
    let names: Vec<String> = (1..=12).map(|n| format!("shop_{n}")).collect();
    let actors: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "http_client")).collect();
    let all = names.join(", ");
    Sketch::new("fan_out")
        .actors(&[
            ("orders", "file_in"),
            ("by", "router"),
            ("all", "join"),
            ("log", "stdout"),
            ("mail", "smtp_out"),
        ])
        .actors(&actors)
        .connect("orders -> by")
        .connect(&format!("by -> {all}"))
        .connect(&format!("{all} -> all -> log"))
        .connect("shop_3.error.timeout, shop_9.error -> mail")
}

fn deep_cycle() -> Sketch {
    Sketch::new("deep_cycle")
        .actors(&[
            ("start", "event_generator"),
            ("plan", "set"),
            ("try", "http_client"),
            ("judge", "router"),
            ("mend", "xslt"),
            ("wait", "delay"),
            ("pick", "router"),
            ("done", "file_out"),
            ("dead", "file_out"),
        ])
        .connect("start -> plan -> try -> judge -> mend -> wait -> pick")
        .connect("pick.again -> plan")
        .connect("pick.soon -> try")
        .connect("judge.good -> done")
        .connect("wait.error -> mend")
        .connect("pick.never -> dead")
}

/// Compares a picture with its file, or writes that if `DRAW` is set.
fn held(name: &str, drawn: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/pictures")
        .join(name);
    if std::env::var_os("DRAW").is_some() {
        fs::write(path, drawn).unwrap();
        return true;
    }
    fs::read_to_string(path).is_ok_and(|file| file == drawn)
}

#[test]
fn pictures_are_as_they_were() {
    let mut others = Vec::new();
    for sketch in sketches() {
        let picture = Picture::new(&sketch.wiring, &sketch.kinds);
        for (format, drawn) in [
            ("svg", picture.svg()),
            ("mmd", picture.mermaid()),
            ("dot", picture.dot()),
        ] {
            let name = format!("{}.{format}", picture.title);
            if !held(&name, &drawn) {
                others.push(name);
            }
        }
    }
    assert!(
        others.is_empty(),
        "{others:?} are drawn otherwise now; `make pictures` writes them anew"
    );
}
