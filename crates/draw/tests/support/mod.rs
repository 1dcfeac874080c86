//! Flows in few words, without the actors that they would need to run.

#![allow(dead_code)]

use compysition_core::{BestEffort, Director, GroupOf, Ports};
use compysition_core::{ErrorKind, WiredActor, WiredErrors, WiredLink, WiredOrder, Wiring};

/// A flow in the making, with the kinds of its actors.
#[derive(Debug)]
pub(crate) struct Sketch {
    pub(crate) wiring: Wiring,
    pub(crate) kinds: Vec<Option<&'static str>>,
}

impl Sketch {
    pub(crate) fn new(flow: &str) -> Sketch {
        Sketch {
            wiring: Director::new(flow).wiring(),
            kinds: Vec::new(),
        }
    }

    /// Adds actors: a name, maybe `*n` for a pool, and a kind that tells the role.
    pub(crate) fn actors(mut self, actors: &[(&str, &'static str)]) -> Sketch {
        for (name, kind) in actors {
            let (name, instances) = name.split_once('*').unwrap_or((name, "1"));
            let ports = match *kind {
                "http_server" => Ports::any().door(),
                "file_in" | "event_generator" | "(log)" => Ports::any().source(),
                "join" => Ports::any().gathers(GroupOf::Event),
                "stdout" | "file_out" | "smtp_out" | "dead_letters" => Ports::any().sink(),
                _ => Ports::any(),
            };
            self.add(name, Some(*kind), ports, instances.parse().unwrap());
        }
        self
    }

    pub(crate) fn add(
        &mut self,
        name: &str,
        kind: Option<&'static str>,
        ports: Ports,
        instances: usize,
    ) {
        self.kinds.push(kind.filter(|kind| *kind != "reply"));
        self.wiring.actors.push(WiredActor {
            process: None,
            name: name.to_owned(),
            is_reply: kind == Some("reply"),
            is_function: false,
            ports,
            instances,
            order: WiredOrder::None,
            timeout: None,
            retry: None,
            breaker: None,
            into: None,
        });
    }

    /// Adds the links of a line as flow files have them; `~>` is one that may drop.
    pub(crate) fn connect(mut self, line: &str) -> Sketch {
        let parts: Vec<&str> = line.split("->").collect();
        for two in parts.windows(2) {
            let best_effort = two[0].trim_end().ends_with('~');
            for from in two[0].trim_end().trim_end_matches('~').split(',') {
                for to in two[1].trim_end().trim_end_matches('~').split(',') {
                    self.link(from.trim(), to.trim(), best_effort);
                }
            }
        }
        self
    }

    fn link(&mut self, from: &str, to: &str, best_effort: bool) {
        let (from, outbox) = from.split_once('.').unwrap_or((from, to));
        let errors = match outbox.split_once('.') {
            _ if outbox == "error" => Some(WiredErrors::Rest),
            Some(("error", "timeout")) => Some(WiredErrors::Kind(ErrorKind::Timeout)),
            Some(("error", _)) => Some(WiredErrors::Kind(ErrorKind::NotFound)),
            _ => None,
        };
        let link = WiredLink {
            from: self.index(from),
            outbox: outbox.into(),
            to: self.index(to),
            inbox: from.into(),
            errors,
            best_effort: best_effort.then(BestEffort::default),
        };
        self.wiring.links.push(link);
    }

    pub(crate) fn index(&mut self, name: &str) -> usize {
        let found = self
            .wiring
            .actors
            .iter()
            .position(|actor| actor.name == name);
        found.unwrap_or_else(|| {
            assert_eq!(name, "reply", "no actor {name}");
            self.add("reply", Some("reply"), Ports::any().sink(), 1);
            self.wiring.actors.len() - 1
        })
    }
}
