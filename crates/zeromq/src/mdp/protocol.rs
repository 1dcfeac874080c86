//! The frames of the Majordomo protocol: RFC 7 (MDP 0.1) and RFC 18 (MDP 0.2), as they go between a peer and its broker.
//!
//! | command | MDP 0.1 | MDP 0.2 |
//! |---|---|---|
//! | client: REQUEST | `""`, `MDPC01`, service, body… | `MDPC02`, `01`, service, body… |
//! | to the client: PARTIAL | | `MDPC02`, `02`, service, body… |
//! | to the client: REPLY, FINAL | `""`, `MDPC01`, service, body… | `MDPC02`, `03`, service, body… |
//! | worker: READY | `""`, `MDPW01`, `01`, service | `MDPW02`, `01`, service |
//! | to the worker: REQUEST | `""`, `MDPW01`, `02`, client, `""`, body… | `MDPW02`, `02`, client, `""`, body… |
//! | worker: PARTIAL | | `MDPW02`, `03`, client, `""`, body… |
//! | worker: REPLY, FINAL | `""`, `MDPW01`, `03`, client, `""`, body… | `MDPW02`, `04`, client, `""`, body… |
//! | both: HEARTBEAT | `""`, `MDPW01`, `04` | `MDPW02`, `05` |
//! | both: DISCONNECT | `""`, `MDPW01`, `05` | `MDPW02`, `06` |
//!
//! The broker has a ROUTER, which puts the sender's address before all of it; clients and workers have a DEALER. A body has at least one frame.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::socket::Frames;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Version {
    /// RFC 7, which most programs speak.
    #[default]
    #[serde(rename = "0.1")]
    V01,
    /// RFC 18, in which a worker may answer in several parts.
    #[serde(rename = "0.2")]
    V02,
}

/// What a broker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToBroker {
    /// A client asks.
    Request { service: Bytes, body: Frames },
    /// A worker is there.
    Ready { service: Bytes },
    /// A worker answers; there is more to come unless it is final.
    Reply {
        client: Bytes,
        body: Frames,
        is_final: bool,
    },
    /// A worker is there still.
    Heartbeat,
    /// A worker goes.
    Disconnect,
}

/// What a worker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToWorker {
    Request { client: Bytes, body: Frames },
    Heartbeat,
    Disconnect,
}

/// What a client is told: an answer, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToClient {
    pub(crate) service: Bytes,
    pub(crate) body: Frames,
    pub(crate) is_final: bool,
}

const READY: u8 = 1;
const REQUEST: u8 = 2;

/// The codes of a version that differ.
struct Codes {
    partial: Option<u8>,
    last: u8,
    heartbeat: u8,
    disconnect: u8,
}

impl Version {
    fn codes(self) -> Codes {
        match self {
            Version::V01 => Codes {
                partial: None,
                last: 3,
                heartbeat: 4,
                disconnect: 5,
            },
            Version::V02 => Codes {
                partial: Some(3),
                last: 4,
                heartbeat: 5,
                disconnect: 6,
            },
        }
    }

    fn client(self) -> &'static [u8] {
        match self {
            Version::V01 => b"MDPC01",
            Version::V02 => b"MDPC02",
        }
    }

    fn worker(self) -> &'static [u8] {
        match self {
            Version::V01 => b"MDPW01",
            Version::V02 => b"MDPW02",
        }
    }

    /// Begins a message with a header.
    fn begin(self, header: &'static [u8]) -> Frames {
        let header = Bytes::from_static(header);
        match self {
            Version::V01 => vec![Bytes::new(), header],
            Version::V02 => vec![header],
        }
    }

    /// Takes off the header, if the message has it.
    fn strip(self, frames: &[Bytes], header: &[u8]) -> Option<Frames> {
        let rest = match self {
            Version::V01 => frames.strip_prefix(&[Bytes::new()])?,
            Version::V02 => frames,
        };
        let (first, rest) = rest.split_first()?;
        (first == header).then(|| rest.to_vec())
    }

    fn command(self, code: u8) -> Frames {
        let mut frames = self.begin(self.worker());
        frames.push(Bytes::copy_from_slice(&[code]));
        frames
    }

    fn addressed(self, code: u8, client: Bytes, body: Frames) -> Frames {
        let mut frames = self.command(code);
        frames.extend([client, Bytes::new()]);
        frames.extend(body);
        frames
    }
}

impl ToBroker {
    /// Reads what a peer of a broker says.
    ///
    /// # Errors
    /// Why it is nothing of the protocol.
    pub(crate) fn read(frames: &[Bytes]) -> Result<(Version, ToBroker), &'static str> {
        for version in [Version::V01, Version::V02] {
            if let Some(rest) = version.strip(frames, version.client()) {
                return Ok((version, client(version, rest)?));
            }
            if let Some(rest) = version.strip(frames, version.worker()) {
                return Ok((version, worker(version, rest)?));
            }
        }
        Err("it has no header of MDP 0.1 or 0.2")
    }

    /// Writes what a broker is told.
    pub(crate) fn write(self, version: Version) -> Frames {
        let codes = version.codes();
        match self {
            ToBroker::Request { service, body } => {
                let mut frames = version.begin(version.client());
                if version == Version::V02 {
                    frames.push(Bytes::from_static(&[1]));
                }
                frames.push(service);
                frames.extend(body);
                frames
            }
            ToBroker::Ready { service } => {
                let mut frames = version.command(READY);
                frames.push(service);
                frames
            }
            ToBroker::Reply {
                client,
                body,
                is_final,
            } => {
                let code = match codes.partial {
                    Some(partial) if !is_final => partial,
                    _ => codes.last,
                };
                version.addressed(code, client, body)
            }
            ToBroker::Heartbeat => version.command(codes.heartbeat),
            ToBroker::Disconnect => version.command(codes.disconnect),
        }
    }
}

fn client(version: Version, mut rest: Frames) -> Result<ToBroker, &'static str> {
    if version == Version::V02 {
        if rest.first().is_none_or(|code| code[..] != [1]) {
            return Err("a client sends nothing but requests");
        }
        rest.remove(0);
    }
    let Some((service, body)) = rest.split_first().filter(|(_, body)| !body.is_empty()) else {
        return Err("a request has a service and a body");
    };
    if service.is_empty() {
        return Err("the service of a request is empty");
    }
    Ok(ToBroker::Request {
        service: service.clone(),
        body: body.to_vec(),
    })
}

fn worker(version: Version, rest: Frames) -> Result<ToBroker, &'static str> {
    let codes = version.codes();
    let Some(([code], rest)) = rest.split_first().map(|(code, rest)| (&code[..], rest)) else {
        return Err("a worker's message has a command of one byte");
    };
    let code = *code;
    match rest {
        [service] if code == READY && !service.is_empty() => Ok(ToBroker::Ready {
            service: service.clone(),
        }),
        [] if code == codes.heartbeat => Ok(ToBroker::Heartbeat),
        [] if code == codes.disconnect => Ok(ToBroker::Disconnect),
        [client, empty, body @ ..]
            if (code == codes.last || Some(code) == codes.partial)
                && empty.is_empty()
                && !body.is_empty() =>
        {
            Ok(ToBroker::Reply {
                client: client.clone(),
                body: body.to_vec(),
                is_final: code == codes.last,
            })
        }
        _ => Err("it is no command of a worker"),
    }
}

impl ToWorker {
    /// Reads what a worker is told.
    ///
    /// # Errors
    /// Why it is nothing of the protocol.
    pub(crate) fn read(version: Version, frames: &[Bytes]) -> Result<ToWorker, &'static str> {
        let codes = version.codes();
        let rest = version.strip(frames, version.worker());
        let rest = rest.ok_or("it has no header of a worker's")?;
        let Some(([code], rest)) = rest.split_first().map(|(code, rest)| (&code[..], rest)) else {
            return Err("it has no command of one byte");
        };
        let code = *code;
        match rest {
            [] if code == codes.heartbeat => Ok(ToWorker::Heartbeat),
            [] if code == codes.disconnect => Ok(ToWorker::Disconnect),
            [client, empty, body @ ..]
                if code == REQUEST && empty.is_empty() && !body.is_empty() =>
            {
                Ok(ToWorker::Request {
                    client: client.clone(),
                    body: body.to_vec(),
                })
            }
            _ => Err("it is no command of a broker"),
        }
    }

    /// Writes what a worker is told.
    pub(crate) fn write(self, version: Version) -> Frames {
        let codes = version.codes();
        match self {
            ToWorker::Request { client, body } => version.addressed(REQUEST, client, body),
            ToWorker::Heartbeat => version.command(codes.heartbeat),
            ToWorker::Disconnect => version.command(codes.disconnect),
        }
    }
}

impl ToClient {
    /// Reads what a client is told.
    ///
    /// # Errors
    /// Why it is nothing of the protocol.
    pub(crate) fn read(version: Version, frames: &[Bytes]) -> Result<ToClient, &'static str> {
        let rest = version.strip(frames, version.client());
        let mut rest = rest.ok_or("it has no header of a client's")?;
        let mut is_final = true;
        if version == Version::V02 {
            is_final = match rest.first().map(|code| &code[..]) {
                Some([2]) => false,
                Some([3]) => true,
                _ => return Err("it is neither a part of an answer nor its end"),
            };
            rest.remove(0);
        }
        match &rest[..] {
            [service, body @ ..] if !body.is_empty() => Ok(ToClient {
                service: service.clone(),
                body: body.to_vec(),
                is_final,
            }),
            _ => Err("an answer has a service and a body"),
        }
    }

    /// Writes what a client is told. In MDP 0.1 there are no parts.
    pub(crate) fn write(self, version: Version) -> Frames {
        let mut frames = version.begin(version.client());
        if version == Version::V02 {
            frames.push(Bytes::from_static(if self.is_final { &[3] } else { &[2] }));
        }
        frames.push(self.service);
        frames.extend(self.body);
        frames
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
