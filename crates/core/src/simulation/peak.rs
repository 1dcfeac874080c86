//! What is under way, against its bound.

use crate::Flow;

/// Says which source has more under way than its share allows, if one has.
///
/// Children may overdraw the share by as much again. What failed, or was held and goes on, is never refused,
/// and so has no bound of its own; it was admitted once, so that more than as much again would be a mistake.
pub(super) fn excess(flow: &Flow) -> Option<String> {
    flow.gates().iter().find_map(|gate| {
        let share = gate.share();
        let (_, bytes) = gate.in_use();
        let most = 2 * (2 * share.bytes) + share.held_bytes;
        let is_over = usize::try_from(bytes).is_ok_and(|bytes| bytes > most);
        is_over.then(|| {
            let share = share.bytes;
            format!("{bytes} bytes of a source are under way whose share is {share}")
        })
    })
}
