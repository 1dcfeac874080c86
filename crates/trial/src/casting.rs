//! Who plays which actor in a test.

use std::collections::BTreeSet;
use std::sync::Arc;

use compysition_core::{Built, IntoActor, Ports};
use parking_lot::Mutex;

use crate::inlet::{Hand, inlet};
use crate::mock::{Mock, Player};
use crate::stand_in::Props;

/// Gives each actor of a flow who plays it: a mock, the hand of the test, or itself.
#[derive(Default)]
pub(crate) struct Casting {
    pub(crate) props: Props,
    /// By the name of an actor, or the kind that it means.
    pub(crate) mocks: Vec<(String, &'static str, Mock)>,
    /// Who reaches outside as in earnest.
    pub(crate) real: Vec<(String, &'static str)>,
    /// Whether the test has a directory, to which files may be written.
    pub(crate) has_directory: bool,
    /// The actors that the test makes events for.
    pub(crate) fed: BTreeSet<String>,
    /// The sources in whose place the test is.
    pub(crate) sources: Arc<Mutex<Vec<(String, Hand)>>>,
    /// Those that would reach outside, with their kinds.
    pub(crate) outside: Arc<Mutex<Vec<(String, &'static str)>>>,
}

impl Casting {
    pub(crate) fn cast(&self, name: &str, kind: &'static str, mut built: Built) -> Built {
        self.props.name(name);
        let by_name = self.mocks.iter().find(|(known, ..)| known == name);
        let by_kind = || self.mocks.iter().find(|(_, known, _)| *known == kind);
        if let Some((.., mock)) = by_name.or_else(by_kind) {
            let ports = built.into_ports().unwrap_or_else(|_| Ports::any());
            return Player::factory(mock.clone(), ports).into_actor();
        }
        let is_real = |(known, of): &(String, &'static str)| known == name || *of == kind;
        let is_real = self.real.iter().any(is_real);
        let Ok(ports) = built.ports() else {
            // Who loads the flow says why it cannot be made.
            return built;
        };
        // A source outside is silent unless the test makes its events.
        let is_played = self.fed.contains(name) || (ports.is_outside() && !is_real);
        if is_played && ports.is_source() {
            let (hand, make) = inlet(ports);
            self.sources.lock().push((name.to_owned(), hand));
            return make.into_actor();
        }
        if ports.is_writing() && !self.has_directory && !is_real {
            return Player::factory(Mock::Pass, ports).into_actor();
        }
        if ports.is_outside() && !is_real {
            self.outside.lock().push((name.to_owned(), kind));
        }
        built
    }
}
