//! The links between the nodes of flows, over ZeroMQ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compysition_flow::{LinkMistake, Links, NodePart, PlacedNode, Placement};
use compysition_nodes::Transport;
use compysition_zeromq::socket::{KeyPair, PublicKey};
use compysition_zeromq::{Keys, ZeroMq, check_address};

/// Links over ZeroMQ.
pub(super) struct OverZeroMq;

impl Links for OverZeroMq {
    fn mistakes(&self, placement: &Placement, node: &PlacedNode) -> Vec<LinkMistake> {
        let mut mistakes = Vec::new();
        let is_guarded = node.keys.is_some() || node.is_insecure;
        for (index, address) in node.addresses.iter().enumerate() {
            if let Err((message, help)) = check_address(address, is_guarded) {
                mistakes.push(LinkMistake::new(NodePart::Address(index), message).help(help));
            }
        }
        let nodes = placement.nodes();
        match &node.keys {
            Some(keys) => mistakes.extend(wrong_keys(keys)),
            None => {
                if let Some(other) = nodes.iter().find(|other| other.keys.is_some()) {
                    let message = format!(
                        "node `{}` has no `keys`, and node `{}` has",
                        node.name, other.name
                    );
                    let help = "give them to all nodes, or to none";
                    mistakes.push(LinkMistake::new(NodePart::Node, message).help(help));
                }
            }
        }
        mistakes
    }

    fn transport(
        &self,
        placement: &Placement,
        node: &PlacedNode,
    ) -> Result<Arc<dyn Transport>, LinkMistake> {
        let mut links = ZeroMq::default();
        // Where the file does not let others near, its addresses are of this machine.
        if placement.nodes().iter().any(|node| node.is_insecure) {
            links = links.insecure();
        }
        let Some(keys) = &node.keys else {
            return Ok(Arc::new(links));
        };
        let own = file(keys, "key_secret");
        KeyPair::read(&own).map_err(|error| keys_mistake(keys, error.message()))?;
        let others = placement
            .nodes()
            .iter()
            .filter(|other| other.name != node.name);
        let public = |other: &PlacedNode| {
            let keys = other.keys.as_ref()?;
            Some((
                other.name.to_string(),
                file(keys, "key").display().to_string(),
            ))
        };
        let others: BTreeMap<String, String> = others.filter_map(public).collect();
        Ok(Arc::new(links.with_keys(Keys { own, others })))
    }
}

/// Finds what is wrong with the key files of a node, of which the secret one need not be on this machine.
fn wrong_keys(keys: &Path) -> Option<LinkMistake> {
    let (public, secret) = (file(keys, "key"), file(keys, "key_secret"));
    let public = match PublicKey::read_file(&public) {
        Ok(public) => public,
        Err(error) => return Some(keys_mistake(keys, error.message())),
    };
    if !secret.exists() {
        return None;
    }
    match KeyPair::read(&secret) {
        Ok(pair) if pair.public() == public => None,
        Ok(_) => {
            let message = format!(
                "`{}.key` is not the public key of `{}`",
                keys.display(),
                secret.display()
            );
            Some(
                LinkMistake::new(NodePart::Keys, message)
                    .help("make both anew with `compysition keys`"),
            )
        }
        Err(error) => Some(keys_mistake(keys, error.message())),
    }
}

fn keys_mistake(keys: &Path, message: &str) -> LinkMistake {
    let name = keys.file_name().unwrap_or_default().display();
    let directory = keys
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new(".")).display();
    let help = format!("`compysition keys {name} --directory {directory}` makes a pair");
    LinkMistake::new(NodePart::Keys, message).help(help)
}

fn file(keys: &Path, ending: &str) -> PathBuf {
    let mut name = keys.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}
