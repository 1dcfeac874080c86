//! Links over ZeroMQ pass the suite of all transports, over ipc and tcp, with and without keys, and through a proxy that
//! breaks connections.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod proxy;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use compysition_nodes::conformance::{self, Bench};
use compysition_nodes::{Doing, Transport};
use compysition_zeromq::socket::KeyPair;
use compysition_zeromq::{Keys, ZeroMq};

use proxy::Proxy;

/// A directory of one test, gone when that is.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("cy-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Links {
    directory: Directory,
    address: String,
    has_keys: bool,
    proxy: Option<Proxy>,
}

impl Links {
    fn ipc(name: &str) -> Links {
        let directory = Directory::new(name);
        Links {
            address: format!("ipc://{}/work.sock", directory.0.display()),
            directory,
            has_keys: false,
            proxy: None,
        }
    }

    fn tcp(name: &str) -> Links {
        Links {
            address: "tcp://127.0.0.1:*".to_owned(),
            ..Links::ipc(name)
        }
    }

    fn with_keys(mut self) -> Links {
        for name in ["front", "work"] {
            KeyPair::generate().write(&self.directory.0, name).unwrap();
        }
        self.has_keys = true;
        self
    }
}

impl Bench for Links {
    fn transport(&self, process: &str) -> Arc<dyn Transport> {
        if !self.has_keys {
            return Arc::new(ZeroMq::default());
        }
        let file = |name: &str, end: &str| self.directory.0.join(format!("{name}.{end}"));
        let other = if process == "front" { "work" } else { "front" };
        let theirs = file(other, "key").display().to_string();
        Arc::new(ZeroMq::default().with_keys(Keys {
            own: file(process, "key_secret"),
            others: BTreeMap::from([(other.to_owned(), theirs)]),
        }))
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn reach<'a>(&'a self, listening: String) -> Doing<'a, String> {
        Box::pin(async move {
            match &self.proxy {
                Some(proxy) => Ok(proxy.before(&listening).await),
                None => Ok(listening),
            }
        })
    }

    fn cut(&self) -> bool {
        self.proxy.as_ref().map(Proxy::cut).is_some()
    }
}

#[tokio::test]
async fn links_over_ipc_conform() {
    conformance::all(&Links::ipc("ipc")).await;
}

#[tokio::test]
async fn links_over_tcp_conform() {
    conformance::all(&Links::tcp("tcp")).await;
}

#[tokio::test]
async fn links_with_keys_conform() {
    conformance::all(&Links::tcp("keys").with_keys()).await;
}

#[tokio::test]
async fn links_over_connections_that_break_conform() {
    let links = Links {
        proxy: Some(Proxy::default()),
        ..Links::tcp("proxy")
    };
    conformance::all(&links).await;
}
