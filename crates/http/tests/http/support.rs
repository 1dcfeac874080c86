//! What the tests of this crate have in common: a flow with a door, and a client that sees every byte.
#![allow(unreachable_pub)]

use std::net::SocketAddr;

use compysition_core::{Director, Flow, IntoActor, Node};
use compysition_http::HttpServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const ANYWHERE: &str = "127.0.0.1:0";

/// A flow with a door, and where to knock.
pub struct Site {
    pub flow: Flow,
    pub address: SocketAddr,
}

/// Starts `http -> step -> http`.
pub async fn circle<Form>(server: HttpServer, step: impl IntoActor<Form>) -> Site {
    site(server, |director, http| {
        let step = director.register("step", step);
        director.connect(http, step);
        director.connect(step, http);
    })
    .await
}

/// Starts a flow around a server.
pub async fn site(server: HttpServer, connect: impl FnOnce(&mut Director, Node)) -> Site {
    let bound = server.bound();
    let mut director = Director::new("test");
    let http = director.register("http", server);
    connect(&mut director, http);
    let flow = director.start().await.unwrap();
    let address = bound.get().unwrap();
    Site { flow, address }
}

impl Site {
    pub async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends one request on a connection of its own.
    pub async fn ask(&self, head: &str, body: &str) -> Response {
        let mut client = self.connect().await;
        client.send(head, body).await;
        client.response().await
    }

    pub async fn stop(self) {
        let stopped = self.flow.stop().await;
        assert!(stopped.is_clean(), "{stopped:?}");
    }
}

/// A connection to a server.
pub struct Client(pub TcpStream);

impl Client {
    pub async fn write(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Sends a request: `POST /path`, and headers in further lines.
    pub async fn send(&mut self, head: &str, body: &str) {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers: String = headers
            .lines()
            .map(|header| format!("{}\r\n", header.trim()))
            .collect();
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        self.write(&format!(
            "{line} HTTP/1.1\r\nhost: test\r\n{headers}{length}\r\n{body}"
        ))
        .await;
    }

    /// Reads one response.
    pub async fn response(&mut self) -> Response {
        self.try_response()
            .await
            .expect("the connection was closed without a response")
    }

    pub async fn try_response(&mut self) -> Option<Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        let mut response = Response::parse(&String::from_utf8(head).unwrap());
        let length = response
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        response.body = String::from_utf8(body).unwrap();
        Some(response)
    }

    /// Waits until the server closes the connection, and returns what it still said.
    pub async fn rest(&mut self) -> String {
        String::from_utf8(self.bytes().await).unwrap()
    }

    pub async fn bytes(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = self.0.read_to_end(&mut rest).await;
        rest
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn parse(head: &str) -> Response {
        let mut lines = head.lines();
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        };
        Response {
            status,
            headers: lines.filter_map(header).collect(),
            body: String::new(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// An actor that never finishes.
pub struct Never;

impl compysition_core::Actor for Never {
    async fn consume(
        &mut self,
        _: compysition_core::Event,
        _: &compysition_core::Context,
    ) -> compysition_core::Result {
        std::future::pending().await
    }
}

/// A response whose body need be no text.
#[derive(Debug)]
pub struct Raw {
    pub head: Response,
    pub body: Vec<u8>,
}

impl Site {
    /// Sends one request on a connection of its own, which ends with the response.
    pub async fn fetch(&self, head: impl AsRef<str>, body: &[u8]) -> Raw {
        let mut client = self.connect().await;
        client.send_bytes(head.as_ref(), body).await;
        Raw::parse(&client.bytes().await)
    }
}

impl Client {
    /// Sends a request that ends its connection.
    pub async fn send_bytes(&mut self, head: &str, body: &[u8]) {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let mut request = format!("{line} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        for header in headers.lines() {
            request.push_str(&format!("{}\r\n", header.trim()));
        }
        if !body.is_empty() {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        self.write(&format!("{request}\r\n")).await;
        // A server that has seen enough may close before it has read all.
        let _ = self.0.write_all(body).await;
    }
}

impl Raw {
    pub fn parse(bytes: &[u8]) -> Raw {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n");
        let end = end.expect("no response") + 4;
        Raw {
            head: Response::parse(std::str::from_utf8(&bytes[..end]).unwrap()),
            body: bytes[end..].to_vec(),
        }
    }

    pub fn status(&self) -> u16 {
        self.head.status
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A directory that is removed at the end.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
