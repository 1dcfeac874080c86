//! What is under way, against its bound.

use crate::Flow;

/// Says which source has more bytes under way than it may, if one has.
pub(super) fn excess(flow: &Flow) -> Option<String> {
    flow.gates().iter().find_map(|gate| {
        let (_, bytes) = gate.in_use();
        let most = gate.most_bytes();
        let is_over = usize::try_from(bytes).is_ok_and(|bytes| bytes > most);
        is_over.then(|| format!("{bytes} bytes of a source are under way, where {most} may be"))
    })
}
