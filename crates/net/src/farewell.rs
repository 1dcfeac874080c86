//! How a connection ends.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, sink};
use tokio::time::timeout;

/// How much of what the peer is still sending is taken, and for how long.
const MOST_LEFT: u64 = 1 << 20;
const LINGER: Duration = Duration::from_secs(1);

/// Tells the peer that nothing comes any more. If it was told something, what it is still sending is taken: a connection that is closed before is
/// reset, and what it was told last may be lost with it.
pub(crate) async fn farewell(mut stream: impl AsyncRead + AsyncWrite + Unpin, lingers: bool) {
    let ending = async {
        if stream.shutdown().await.is_ok() && lingers {
            let mut nowhere = sink();
            // However that ends, the connection is closed then.
            let _ = copy(&mut (&mut stream).take(MOST_LEFT), &mut nowhere).await;
        }
    };
    let _ = timeout(LINGER, ending).await;
}
