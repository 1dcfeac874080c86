//! Who plays which actor in a test.

use std::collections::BTreeSet;
use std::sync::Arc;

use compysition_core::{Built, IntoActor, Ports};
use parking_lot::Mutex;

use crate::inlet::{Hand, inlet};
use crate::mock::{Mock, Player};
use crate::stand_in::Props;

/// What a test says of those that a name means.
pub(crate) struct Said<T> {
    /// The name of an actor, or of a kind.
    pub(crate) name: String,
    /// The kind that the name means, if any.
    pub(crate) kind: &'static str,
    /// Whether the test says so itself, and not its file for all tests.
    pub(crate) is_own: bool,
    pub(crate) what: T,
}

/// Gives each actor of a flow who plays it: a mock, the hand of the test, or itself.
#[derive(Default)]
pub(crate) struct Casting {
    pub(crate) props: Props,
    pub(crate) mocks: Vec<Said<Mock>>,
    /// Who reaches outside as in earnest.
    pub(crate) real: Vec<Said<()>>,
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
        let mock = nearest(&self.mocks, name, kind);
        let real = nearest(&self.real, name, kind);
        // What comes first of the two holds.
        let is_before = |mock: u8| real.is_none_or(|(real, ())| mock <= real);
        if let Some((_, mock)) = mock.filter(|(mock, _)| is_before(*mock)) {
            let ports = built.into_ports().unwrap_or_else(|_| Ports::any());
            return Player::factory(mock.clone(), ports).into_actor();
        }
        let is_real = real.is_some();
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

/// Returns what is said of an actor, and how far off: by its name in the test itself, for all tests, and then by its kind.
fn nearest<'a, T>(said: &'a [Said<T>], name: &str, kind: &str) -> Option<(u8, &'a T)> {
    let rank = |one: &Said<T>| match (one.name == name, one.kind == kind) {
        (true, _) => Some(u8::from(!one.is_own)),
        (_, true) => Some(2 + u8::from(!one.is_own)),
        _ => None,
    };
    let meant = said
        .iter()
        .filter_map(|one| rank(one).map(|rank| (rank, &one.what)));
    meant.min_by_key(|(rank, _)| *rank)
}
