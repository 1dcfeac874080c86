//! Who plays which actor in a test.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
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
    /// The directory that the test has for itself, if it has one: files may be written to it.
    pub(crate) directory: Option<PathBuf>,
    /// The actors that the test makes events for.
    pub(crate) fed: BTreeSet<String>,
    /// The sources in whose place the test is.
    pub(crate) sources: Arc<Mutex<Vec<(String, Hand)>>>,
    /// Those that nobody plays, and who would reach outside.
    pub(crate) outside: Arc<Mutex<Vec<Reaching>>>,
}

/// An actor that would reach outside of its test.
pub(crate) struct Reaching {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    /// The file that it works on, if it is one.
    pub(crate) file: Option<PathBuf>,
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
        let file = ports.files().find(|file| !self.owns(file));
        let owns_some = ports.files().any(|file| self.owns(file));
        // Whose files are partly those of the test is meant to work on them.
        let is_outside = ports.is_outside() && !owns_some;
        // A source outside is silent unless the test makes its events.
        let is_played = self.fed.contains(name) || (is_outside && !is_real);
        if is_played && ports.is_source() {
            let (hand, make) = inlet(ports);
            self.sources.lock().push((name.to_owned(), hand));
            return make.into_actor();
        }
        if ports.is_writing() && !is_real {
            let may_write = self.directory.is_some() && file.is_none();
            return match may_write {
                true => built,
                false => Player::factory(Mock::Pass, ports).into_actor(),
            };
        }
        if (is_outside || file.is_some()) && !is_real {
            self.outside.lock().push(Reaching {
                name: name.to_owned(),
                kind,
                file: file.map(Path::to_owned),
            });
        }
        built
    }

    /// Tells whether a file is in the test's own directory.
    fn owns(&self, file: &Path) -> bool {
        let leads_out = file.components().any(|part| part == Component::ParentDir);
        let directory = self.directory.as_ref();
        !leads_out && directory.is_some_and(|directory| file.starts_with(directory))
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
