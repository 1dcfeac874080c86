//! One process of a flow, as a flow file tells of it: an entry of `nodes`.

use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::{Event, FilePath, WiredActor};
use compysition_expression::Expression;
use compysition_nodes::Process;
use serde::Deserialize;

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::links::{LinkMistake, NodePart};
use crate::node::{Content, Entry, Node};
use crate::settings;
use crate::source::Span;
use crate::tcp_address::TcpAddress;

/// One process of a flow.
#[derive(Clone)]
pub struct PlacedNode {
    /// Its name.
    pub name: Arc<str>,
    /// Where it listens, or each of its replicas; nowhere if it only calls others.
    pub addresses: Vec<String>,
    /// How many processes run the same.
    pub replicas: usize,
    /// The key files of the process, without their endings: `.key` for the public key, `.key_secret` for the secret one.
    pub keys: Option<PathBuf>,
    /// Whether others than this machine are let near without keys.
    pub is_insecure: bool,
    key: Option<Expression>,
    spans: Spans,
}

/// Where the parts of a node stand.
#[derive(Clone)]
struct Spans {
    name: Span,
    addresses: Vec<Span>,
    keys: Option<Span>,
}

/// What stands behind the name of a node.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(alias = "address")]
    listen: Addresses,
    replicas: Option<usize>,
    key: Option<Expression>,
    keys: Option<FilePath>,
    insecure: bool,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Addresses {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

/// How many processes may run the same.
const MOST_REPLICAS: usize = 1000;

impl PlacedNode {
    /// Reads the entry of a node; returns none if nothing can be made of it.
    pub(crate) fn read(entry: Entry, found: &mut Vec<Diagnostic>) -> Option<PlacedNode> {
        let span = entry.key_span;
        let (settings, [listen, keys]) = match &entry.value.content {
            Content::Map(entries) => {
                let value = |names: &[&str]| {
                    let mut named = entries.iter().filter(|entry| names.contains(&&*entry.key));
                    named.next().map(|entry| &entry.value)
                };
                let parts = [value(&["listen", "address"]), value(&["keys"])];
                // A node with a mistake is a node all the same: what is placed in it is placed.
                let settings = settings::read(&entry.value, found).unwrap_or_default();
                (settings, parts)
            }
            Content::Null => (Settings::default(), [None, None]),
            _ => {
                let address = fields::text(&entry.value, "the address of a node", found)?;
                let settings = Settings {
                    listen: Addresses::One(address),
                    ..Settings::default()
                };
                (settings, [Some(&entry.value), None])
            }
        };
        let mut wrong = |span: Span, message: String, hint: &str| {
            found.push(Diagnostic::new(span, message).hint_if((!hint.is_empty()).then_some(hint)));
        };
        let name = entry.key.clone();
        let given = match settings.listen {
            Addresses::None => Vec::new(),
            Addresses::One(address) => vec![address],
            Addresses::Many(addresses) => addresses,
        };
        if let Some(listen) = listen.filter(|listen| is_empty_list(listen)) {
            let hint = "leave `listen` out if the node only calls others";
            wrong(
                listen.span,
                format!("node `{name}` listens at no address"),
                hint,
            );
        }
        let replicas = settings.replicas.unwrap_or(given.len().max(1));
        if !(1..=MOST_REPLICAS).contains(&replicas) {
            let message = format!("node `{name}` must have from 1 to {MOST_REPLICAS} replicas");
            wrong(span, message, "");
            return None;
        }
        let addresses = match &given[..] {
            [one] if replicas > 1 => (0..replicas).map(|replica| nth(one, replica)).collect(),
            _ => given,
        };
        if !addresses.is_empty() && addresses.len() != replicas {
            let (has, wants) = (addresses.len(), replicas);
            let message = format!(
                "node `{name}` has {wants} replicas and {has} addresses; give one for each, or one for the first"
            );
            wrong(span, message, "");
        }
        Some(PlacedNode {
            name,
            spans: Spans {
                name: span,
                addresses: listen
                    .map(|listen| each_span(listen, addresses.len()))
                    .unwrap_or_default(),
                keys: keys.map(|keys| keys.span),
            },
            addresses,
            replicas,
            keys: settings.keys.map(|keys| keys.as_path().to_owned()),
            is_insecure: settings.insecure,
            key: settings.key,
        })
    }

    /// Says whether events with the same key go to the same replica.
    pub(crate) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Returns the node as those want it that cut a flow.
    pub(crate) fn process(&self) -> Process {
        let process = Process::new(self.name.clone()).with_replicas(self.replicas);
        let addresses = self.addresses.iter();
        let process = addresses.fold(process, |process, address| process.at(address));
        match self.key.clone() {
            None => process,
            Some(key) => process.keyed(Arc::new(move |event: &Event| {
                Ok(key.evaluate((event, ""))?.to_string())
            })),
        }
    }

    /// Says where in the files something is wrong.
    pub(crate) fn diagnostic(&self, mistake: LinkMistake) -> Diagnostic {
        let span = match mistake.part {
            NodePart::Address(index) => self.spans.addresses.get(index).copied(),
            NodePart::Keys => self.spans.keys,
            NodePart::Node => None,
        };
        let span = span.unwrap_or(self.spans.name);
        Diagnostic::new(span, mistake.message).hint_if(mistake.help)
    }

    /// Says that another node, which stands before, listens at the same address.
    pub(crate) fn same_address(&self, before: &PlacedNode) -> Option<Diagnostic> {
        let mut known = self.addresses.iter().enumerate();
        let (index, address) = known.find(|(_, address)| before.addresses.contains(address))?;
        let message = format!(
            "`{}` and `{}` are both to listen at `{address}`",
            before.name, self.name
        );
        Some(self.diagnostic(LinkMistake::new(NodePart::Address(index), message)))
    }

    /// Says that an actor, which stands at `span`, listens where the node does. On another machine it may, but who is called at an
    /// address of this machine has nobody on others.
    pub(crate) fn shared_with(&self, actor: &WiredActor, span: Span) -> Option<Diagnostic> {
        let is_own = actor.process.as_deref() == Some(&*self.name);
        let taken = |address: &str| {
            let own = TcpAddress::of(address).filter(|own| is_own || own.is_local())?;
            let mut others = actor.ports.addresses().iter();
            others.find(|other| TcpAddress::of(other).is_some_and(|other| own.meets(other)))
        };
        let mut addresses = self.addresses.iter().enumerate();
        let (index, address, theirs) =
            addresses.find_map(|(index, address)| Some((index, address, taken(address)?)))?;
        let message = format!(
            "node `{}` is to listen at `{address}` for other nodes, and actor `{}` at `{theirs}`",
            self.name, actor.name
        );
        let mistake = LinkMistake::new(NodePart::Address(index), message);
        let mistake = mistake.help("give one of the two another port");
        Some(self.diagnostic(mistake).note(span, "the actor is here"))
    }
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.content, Content::List(items) if items.is_empty())
}

/// Returns where each of so many addresses stands.
fn each_span(listen: &Node, count: usize) -> Vec<Span> {
    match &listen.content {
        Content::List(items) if items.len() == count => {
            items.iter().map(|item| item.span).collect()
        }
        _ => vec![listen.span; count],
    }
}

/// Returns where the n-th replica listens, from 0, if the first one listens there: at the next ports, or paths with numbers.
fn nth(address: &str, replica: usize) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    match (replica, port.parse::<usize>()) {
        (0, _) => address.to_owned(),
        (_, Ok(port)) => format!("{host}:{}", port + replica),
        (_, Err(_)) => format!("{address}.{}", replica + 1),
    }
}
