//! Takes connections until the flow ends.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::Result;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use crate::server::connection::{Host, serve};
use crate::server::connections::{Connections, Phase};

/// How long to wait when no connection can be taken, as when there are no more file descriptors.
const RESPITE: Duration = Duration::from_millis(100);

/// The shortest time-out that idle connections are looked at for.
const SHORTEST: Duration = Duration::from_millis(1);

/// Takes connections; each is served by a task of its own. It goes on while the flow stops, so that who
/// comes then is told so.
pub(crate) async fn listen(
    listener: TcpListener,
    host: Arc<Host>,
    connections: Arc<Connections>,
) -> Result {
    let mut stopping = std::pin::pin!(host.source.stopping());
    let mut looks = interval(host.header_timeout.max(SHORTEST) / 2);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = looks.tick() => {
                connections.look();
                continue;
            }
            () = &mut stopping, if connections.phase() == Phase::Serving => {
                connections.begin(Phase::Stopping);
                continue;
            }
        };
        match accepted {
            Ok((stream, client)) if connections.phase() < Phase::Closing => {
                let task = serve(host.clone(), stream, client, connections.open());
                host.spawn.0.spawn(task);
            }
            Ok(_) => {}
            Err(error) if concerns_the_client(&error) => {}
            Err(error) => {
                let ctx = host.source.context();
                let (flow, actor) = (ctx.flow(), ctx.actor());
                tracing::warn!(flow, actor, "no connection can be taken: {error}");
                tokio::time::sleep(RESPITE).await;
            }
        }
    }
}

fn concerns_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
