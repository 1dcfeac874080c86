//! Flows in several processes: which part this one runs.

use std::sync::Arc;

use compysition_flow::{Links, Loaded};
use compysition_nodes::Here;

use crate::args::{Form, Place};
use crate::{Program, complaints};

/// Returns what this process runs of the flows; or says why it cannot.
pub(crate) fn parts(
    program: &Program,
    loaded: Vec<Loaded>,
    place: &Place,
    form: Form,
) -> Option<Vec<Loaded>> {
    let Some(node) = &place.node else {
        return Some(loaded);
    };
    let mut parts = Vec::new();
    let mut known: Vec<String> = Vec::new();
    // How many replicas there are of the node, where there are too few.
    let mut fewer = None;
    for flow in loaded {
        let placed = flow.placement().and_then(|placement| {
            known.extend(placement.nodes().iter().map(|node| node.name.to_string()));
            placement.node(node)
        });
        let Some(placed) = placed else {
            tracing::info!(flow = flow.name(), "not in node `{node}`");
            continue;
        };
        if !(1..=placed.replicas).contains(&place.replica) {
            let (replica, replicas) = (place.replica, placed.replicas);
            tracing::info!(
                flow = flow.name(),
                "node `{node}` has no replica {replica}; it has {replicas}"
            );
            fewer = fewer.max(Some(replicas));
            continue;
        }
        let transport = match flow.transport(placed, &*links(program, form)?) {
            Ok(transport) => transport,
            Err(found) => {
                complaints::show(form, &found);
                return None;
            }
        };
        let here = Here {
            process: node,
            replica: place.replica,
        };
        parts.push(flow.part(here, transport));
    }
    if let (true, Some(replicas)) = (parts.is_empty(), fewer) {
        let replica = place.replica;
        let reason = format_args!(
            "node `{node}` has no replica {replica}, but {replicas} (`replicas` in `nodes` says how many)"
        );
        complaints::say(form, reason);
        return None;
    }
    if parts.is_empty() {
        known.dedup();
        let known = match known.is_empty() {
            true => "their files name no `nodes`".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        let reason = format_args!("none of the flows has a node `{node}`; {known}");
        complaints::say(form, reason);
        return None;
    }
    Some(parts)
}

/// Returns what carries links; or says that there is nothing.
pub(crate) fn links(program: &Program, form: Form) -> Option<Arc<dyn Links>> {
    let links = program.links.clone();
    if links.is_none() {
        let reason = "this program was built without links between processes (feature `zeromq`)";
        complaints::say(form, reason);
    }
    links
}
