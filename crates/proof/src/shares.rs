//! How many events of each source may be under way.

use compysition_core::{WiredActor, Wiring};

/// The log's own share of permits.
const LOG: usize = 1024;

/// Returns how many roots of a source may be under way: the sources share the flow's equally.
pub(crate) fn roots(wiring: &Wiring, source: &WiredActor) -> usize {
    match source.ports.has_own_share() {
        true => LOG,
        false => (wiring.limits.roots / sharing(wiring)).max(1),
    }
}

/// Returns how many bytes of a source may be under way.
pub(crate) fn bytes(wiring: &Wiring, source: &WiredActor) -> usize {
    match source.ports.has_own_share() {
        true => wiring.limits.bytes,
        false => (wiring.limits.bytes / sharing(wiring)).max(1),
    }
}

fn sharing(wiring: &Wiring) -> usize {
    let shares = |actor: &&WiredActor| actor.ports.is_source() && !actor.ports.has_own_share();
    wiring.actors.iter().filter(shares).count().max(1)
}
