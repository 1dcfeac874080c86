//! Something between two processes that breaks their connections.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes bytes on, both ways, until it is told to break.
#[derive(Default)]
pub(crate) struct Proxy(watch::Sender<u64>);

impl Proxy {
    /// Listens before an address, and returns its own.
    pub(crate) async fn before(&self, address: &str) -> String {
        let target = address.strip_prefix("tcp://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let cuts = self.0.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, target.clone(), cuts.clone()));
            }
        });
        format!("tcp://{own}")
    }

    /// Breaks all connections there are.
    pub(crate) fn cut(&self) {
        self.0.send_modify(|cuts| *cuts += 1);
    }
}

async fn pass(mut client: TcpStream, target: String, mut cuts: watch::Receiver<u64>) {
    cuts.mark_unchanged();
    let Ok(mut server) = TcpStream::connect(&target).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cuts.changed() => {}
    }
}
