//! Encryption, and who may connect.

use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::Result;
use omq_tokio::{CurveServerOptions, MechanismSetup};
use schemars::JsonSchema;
use serde::Deserialize;

use super::crowd::Crowd;
use super::keys::{KeyPair, PublicKey};

/// The keys for CURVE, which encrypts what goes over a socket, and shows who is on the other side. `compysition keys` makes key files; those of pyzmq
/// and czmq are read as well.
///
/// One side is the server: it has `clients`, and lets only them in. The other says whom it takes for the server with `server`. Which side that is has
/// nothing to do with who binds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// The file with our own secret key.
    key: PathBuf,
    /// The server's public key, or a file with it; then we are a client.
    server: Option<String>,
    /// Who may connect: public keys, files with them, or directories of such files; or `any` for whoever knows our public key. Then we are the server.
    clients: Option<Clients>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Clients {
    One(String),
    Many(Vec<String>),
}

impl Curve {
    /// Makes the keys of a server that lets these clients in: public keys, or files with them.
    pub fn server(key: PathBuf, clients: Vec<String>) -> Curve {
        Curve {
            key,
            server: None,
            clients: Some(Clients::Many(clients)),
        }
    }

    /// Makes the keys of a client of the server with this public key, or a file with it.
    pub fn client(key: PathBuf, server: String) -> Curve {
        Curve {
            key,
            server: Some(server),
            clients: None,
        }
    }

    /// Returns what is wrong with the settings as such.
    pub(super) fn mistake(&self) -> Option<&'static str> {
        match (&self.server, &self.clients) {
            (None, None) => Some(
                "`curve` needs `clients`, who may connect to us, or `server`, whose public key we trust",
            ),
            (Some(_), Some(_)) => {
                Some("`curve` has both `clients` and `server`; a socket is one of the two")
            }
            _ => None,
        }
    }

    /// Reads the keys. As a server it lets in whom it knows while there is room in the crowd.
    pub(super) fn mechanism(&self, crowd: &Arc<Crowd>) -> Result<MechanismSetup> {
        let KeyPair(our_keypair) = KeyPair::read(&self.key)?;
        if let Some(server) = &self.server {
            let PublicKey(server_public) = PublicKey::read(server)?;
            return Ok(MechanismSetup::CurveClient {
                our_keypair,
                server_public,
            });
        }
        let given = match &self.clients {
            Some(Clients::One(any)) if any == "any" => {
                let mut options = CurveServerOptions::new();
                options.authenticator = Some(crowd.gate(|_| true));
                return Ok(MechanismSetup::CurveServer {
                    our_keypair,
                    options,
                });
            }
            Some(Clients::One(one)) => std::slice::from_ref(one),
            Some(Clients::Many(many)) => many,
            None => &[],
        };
        let mut allowed = Vec::new();
        for given in given {
            let keys = PublicKey::read_all(given)?;
            allowed.extend(keys.into_iter().map(|PublicKey(key)| *key.as_bytes()));
        }
        // Whether a public key is on the list is no secret, so it need not be looked up in constant time.
        let mut options = CurveServerOptions::new();
        options.authenticator = Some(crowd.gate(move |peer| allowed.contains(&peer.public_key)));
        Ok(MechanismSetup::CurveServer {
            our_keypair,
            options,
        })
    }
}
