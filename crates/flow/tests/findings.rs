//! What is said of flows that are right, and where.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Ports, Registry, Result};
use compysition_flow::{Loader, Severity};
use compysition_nodes::Here;
use compysition_nodes::memory::Memory as Carrier;
use schemars::JsonSchema;
use serde::Deserialize;

macro_rules! actors {
    ($($(#[$doc:meta])* $name:ident $ports:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Deserialize, JsonSchema)]
            struct $name {}

            impl Actor for $name {
                async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
                    ctx.send(event)
                }

                fn ports(&self) -> Ports {
                    $ports
                }
            }
        )*
    };
}

actors! {
    /// Lets requests in.
    Door Ports::any().door();
    /// Lets requests in that wait for no answer.
    Intake Ports::any().door().asks_nothing();
    /// Lets some of them in.
    Gate Ports::any().door().outboxes(["ask", "tell"]).unasked("tell");
    /// Makes events.
    Source Ports::any().source();
    /// Does something.
    Step Ports::any();
    /// Sends by one outbox.
    Choose Ports::any().chooses();
    /// Drops some events.
    Sieve Ports::any().may_drop();
    /// Splits lists.
    Pieces Ports::any().may_drop_unless("empty");
    /// Remembers.
    Memory Ports::any().aside("miss").straight("fill");
    /// Reads a log.
    Tail Ports::any().source().reads(|path| path.ends_with("a.log"));
    /// Writes a log.
    Log Ports::any().sink().writes().works_on(["logs/a.log"]);
    /// Writes another log.
    Other Ports::any().sink().writes().works_on(["logs/b.log"]);
    /// Unites parts.
    Unite Ports::any().may_drop().unites().holds();
}

fn loader() -> Loader {
    let mut registry = Registry::new();
    registry.add::<Door>("door");
    registry.add::<Intake>("intake");
    registry.add::<Gate>("gate");
    registry.add::<Source>("source");
    registry.add::<Step>("step");
    registry.add::<Choose>("choose");
    registry.add::<Sieve>("sieve");
    registry.add::<Pieces>("pieces");
    registry.add::<Memory>("memory");
    registry.add::<Tail>("tail");
    registry.add::<Log>("log");
    registry.add::<Other>("other");
    registry.add::<Unite>("unite");
    Loader::new(registry)
}

/// Returns what is said of a flow of these actors: one door `http`, the others of their kinds by name, then the connections.
fn said(actors: &str, connect: &[&str]) -> Vec<(Severity, usize, String)> {
    let mut text = format!("actors:\n  http: door\n{actors}connect:\n");
    for line in connect {
        text += &format!("  - {line}\n");
    }
    let flows = loader().load_text("flow.yaml", &text).unwrap();
    let findings = flows[0].findings();
    let said = |finding: &compysition_flow::Diagnostic| {
        (
            finding.severity(),
            finding.line().unwrap(),
            finding.to_string(),
        )
    };
    findings.iter().map(said).collect()
}

fn expect(said: &[(Severity, usize, String)], expected: &[(Severity, usize, &[&str])]) {
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for ((severity, line, text), (as_severe, at, parts)) in said.iter().zip(expected) {
        assert_eq!((severity, line), (as_severe, at), "{text}");
        for part in *parts {
            assert!(text.contains(part), "`{part}` is not in:\n{text}");
        }
    }
}

use Severity::{Note, Warning};

#[test]
fn a_flow_whose_requests_are_all_answered_is_left_alone() {
    let said = said("  a: step\n", &["http -> a -> reply", "a.error -> reply"]);
    expect(&said, &[]);
}

#[test]
fn a_dropped_request_is_told_with_its_path() {
    let said = said("  a: sieve\n", &["http -> a -> reply", "a.error -> reply"]);
    let parts: &[&str] = &[
        "warning: a request to `http` may go unanswered: http -> a: `a` may drop it",
        "it comes in here (flow.yaml:2:3)",
        "= help: give `a` an outbox",
    ];
    expect(&said, &[(Warning, 3, parts)]);
}

#[test]
fn another_branch_that_answers_is_enough() {
    let connect = ["http -> a, b", "b -> reply", "a.error, b.error -> reply"];
    expect(&said("  a: sieve\n  b: step\n", &connect), &[]);
}

#[test]
fn an_outbox_that_is_taken_alone_is_followed() {
    let connect = ["http -> a", "a -> reply, b", "a.error, b.error -> reply"];
    let parts: &[&str] = &[
        "http -> a (outbox `b`) -> b: it ends at `b`",
        "`a` may send it to `b` alone (flow.yaml:7:",
    ];
    expect(
        &said("  a: choose\n  b: step\n", &connect),
        &[(Warning, 4, parts)],
    );
}

#[test]
fn errors_without_connection_are_one_note() {
    let connect = ["http -> a -> b -> c -> reply", "b.error -> reply"];
    let parts: &[&str] = &[
        "note: errors of `a`, `c` have no connection: the client of `http` gets the error's status",
    ];
    let said = said("  a: step\n  b: step\n  c: step\n", &connect);
    expect(&said, &[(Note, 2, parts)]);
}

#[test]
fn the_outbox_for_what_would_be_dropped_is_named() {
    let errors = "a.error -> reply";
    let parts: &[&str] = &["= help: connect what it would drop: `a.empty -> reply`"];
    expect(
        &said("  a: pieces\n", &["http -> a -> reply", errors]),
        &[(Warning, 3, parts)],
    );
    let connect = ["http -> a -> reply", "a.empty -> reply", errors];
    expect(&said("  a: pieces\n", &connect), &[]);
}

#[test]
fn what_fills_a_memory_does_not_go_round_for_ever() {
    let connect = [
        "http -> a",
        "a.miss -> b",
        "b -> a.fill",
        "b.error -> a.fill",
        "a -> reply",
        "a.error -> reply",
    ];
    expect(&said("  a: memory\n  b: step\n", &connect), &[]);
}

#[test]
fn what_goes_round_for_ever_is_told() {
    let connect = [
        "http -> a",
        "a -> b",
        "b -> a",
        "a -> reply",
        "a.error, b.error -> reply",
    ];
    let parts: &[&str] = &["it may go round `a`, `b` until it has passed 1000 links"];
    expect(
        &said("  a: choose\n  b: step\n", &connect),
        &[(Note, 2, parts)],
    );
}

#[test]
fn a_circle_with_no_way_out_is_a_warning_whatever_fails() {
    let steps = "  a: step\n  b: step\n  c: choose\n";
    let parts: &[&str] =
        &["a request to `http` may go round for ever: from a -> b -> a nothing leads out"];
    for errors in ["a.error, b.error, c.error -> reply", "a.error -> c"] {
        let connect = [
            "http -> c",
            "c -> a",
            "c -> reply",
            "a -> b",
            "b -> a",
            errors,
        ];
        let said = said(steps, &connect);
        assert!(
            said.iter().any(|(severity, line, text)| {
                (*severity, *line) == (Warning, 3) && text.contains(parts[0])
            }),
            "{said:?}"
        );
    }
    let way_out = ["http -> a", "a -> c", "c -> a", "c -> reply"];
    let said = said(steps.replace("  b: step\n", "").as_str(), &way_out);
    assert!(
        said.iter()
            .all(|(.., text)| !text.contains("nothing leads out")),
        "{said:?}"
    );
}

#[test]
fn two_answers_to_one_request_are_told_unless_they_are_united() {
    let errors = "a.error, b.error, c.error -> reply";
    let actors = "  a: step\n  b: step\n  c: unite\n";
    let parts: &[&str] = &[
        "answered twice: `http` sends copies to `a` and to `b`",
        "the other copy leaves here",
    ];
    let twice = said(
        actors,
        &["http -> a, b -> reply", "http -> c -> reply", errors],
    );
    expect(&twice, &[(Warning, 7, parts)]);
    expect(&said(actors, &["http -> a, b -> c -> reply", errors]), &[]);
}

#[test]
fn best_effort_answers_nothing() {
    let connect = [
        "http -> a: { best_effort: { queue: 10 } }",
        "a -> reply",
        "a.error -> reply",
    ];
    let parts: &[&str] = &["http: it leaves `http` by a best-effort link"];
    expect(&said("  a: step\n", &connect), &[(Warning, 2, parts)]);
}

#[test]
fn a_flow_without_doors_is_left_alone() {
    let text = "actors:\n  s: source\n  a: sieve\nconnect:\n  - s -> a\n";
    let flows = loader().load_text("flow.yaml", text).unwrap();
    assert!(flows[0].findings().is_empty());
}

#[test]
fn what_no_client_waits_for_may_end_anywhere() {
    let text = "actors:\n  http: intake\n  a: sieve\nconnect:\n  - http -> a\n";
    let flows = loader().load_text("flow.yaml", text).unwrap();
    assert!(flows[0].findings().is_empty());
    let text = "actors:\n  http: gate\n  a: step\n  b: step\nconnect:\n  - http.ask -> a\n  - http.tell -> b\n  - a.error, b.error -> reply\n";
    let flows = loader().load_text("flow.yaml", text).unwrap();
    let findings = flows[0].findings();
    let said: Vec<&str> = findings.iter().map(|finding| finding.message()).collect();
    assert_eq!(
        said,
        ["a request to `http` may go unanswered: http (outbox `ask`) -> a: it ends at `a`"]
    );
}

#[test]
fn an_answer_to_nobody_is_told() {
    for door in ["source", "intake"] {
        let text =
            format!("actors:\n  a: {door}\n  b: step\nconnect:\n  - a -> b\n  - b -> reply\n");
        let flows = loader().load_text("flow.yaml", &text).unwrap();
        let findings = flows[0].findings();
        let finding = findings.iter().find(|one| one.line() == Some(6)).unwrap();
        assert_eq!(finding.severity(), Warning);
        let said = finding.to_string();
        assert!(
            said.contains("`reply` answers nobody: the flow has no door"),
            "{said}"
        );
    }
}

/// Returns what is said of the part of a flow that each of its nodes `one` and `two` runs.
fn said_of_parts(text: &str) -> [Vec<String>; 2] {
    ["one", "two"].map(|process| {
        let flow = loader().load_text("flow.yaml", text).unwrap().remove(0);
        let here = Here {
            process,
            replica: 1,
        };
        let part = flow.part(here, Arc::new(Carrier::default()));
        let findings = part.findings();
        findings
            .iter()
            .map(|one| one.message().to_owned())
            .collect()
    })
}

#[test]
fn a_process_tells_what_concerns_its_own_actors_and_nothing_of_what_stands_for_others() {
    let nodes =
        "nodes: { one: \"tcp://127.0.0.1:7001\", two: }\nplace: { one: [http], two: \"*\" }\n";
    let of = |actors: &str, connect: &str| {
        said_of_parts(&format!("{nodes}actors: {actors}\nconnect: {connect}\n"))
    };
    let answered = "[http -> a -> reply, a.error -> reply]";
    // Nothing leads to `reply`, but in each process what comes back from the other does.
    let none: [Vec<String>; 2] = [Vec::new(), Vec::new()];
    assert_eq!(of("{ http: source, a: step }", "[http -> a]"), none);
    // The door that waits for the answers is in the other process.
    assert_eq!(of("{ http: door, a: step }", answered), none);
    let [one, two] = of("{ http: door, a: sieve }", answered);
    assert_eq!(one, [""; 0]);
    assert!(two[0].contains("`a` may drop it"), "{two:?}");
}

#[test]
fn a_file_that_is_read_and_written_in_a_circle_is_told() {
    let said = |connect: &str| {
        let text = format!(
            "actors:\n  t: tail\n  s: source\n  a: step\n  l: log\n  o: other\nconnect:\n{connect}"
        );
        let flows = loader().load_text("flow.yaml", &text).unwrap();
        let findings = flows[0].findings();
        let said = findings.iter().map(|finding| {
            assert_eq!((finding.severity(), finding.line()), (Warning, Some(5)));
            finding.to_string()
        });
        said.collect::<Vec<_>>()
    };
    let told = said("  - t, s -> a -> l, o\n");
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        "`l` writes to `logs/a.log`, which `t` reads: what comes of it is read again, and so for ever",
        "`t` is here (flow.yaml:2:3)",
        "have `l` write to a file that `t` does not read",
    ] {
        assert!(told[0].contains(part), "{told:?}");
    }
    // One that is filled by others is read by right.
    assert!(said("  - s -> a -> l\n  - t -> o\n").is_empty());
}
