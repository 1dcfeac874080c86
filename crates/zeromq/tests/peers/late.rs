//! What was not sent in time is not sent later.

use std::time::Duration;

use compysition_core::ErrorKind;
use compysition_zeromq::MdpClient;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::majordomo::kind;
use crate::site::Outlet;
use crate::wire::{greeting, ready};

/// More than the buffers of two sockets hold.
const LARGE: usize = 32 << 20;

#[test]
fn a_request_that_is_given_up_does_not_reach_a_broker_that_comes_to_itself_later() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let broker = format!("tcp://{}", listener.local_addr().unwrap());
    let settings = json!({
        "broker": broker, "service": "echo", "timeout": "1s",
        "limits": { "linger": "30s", "max_message_size": "64MiB" },
    });
    let client = Outlet::start(serde_json::from_value::<MdpClient>(settings).unwrap());
    let (accepted, asked) = client.runtime.block_on(async {
        let accepting = async {
            let listener = TcpListener::from_std(listener).unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let hello = [greeting(3, "NULL"), ready("ROUTER")].concat();
            stream.write_all(&hello).await.unwrap();
            stream
        };
        tokio::join!(accepting, client.door.ask(vec![b'x'; LARGE]))
    });
    let (kind, message) = kind(asked.unwrap_err());
    assert_eq!(kind, ErrorKind::Timeout, "{message}");
    let mut stream = accepted;
    let mut read = Vec::new();
    client.runtime.block_on(async {
        let reading = timeout(Duration::from_secs(20), stream.read_to_end(&mut read));
        // That it is reset is as good as an end.
        let _ = reading.await.expect("it stays open");
    });
    assert!(read.len() < LARGE, "it was sent all the same");
    client.stop();
}
