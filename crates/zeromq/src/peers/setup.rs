//! What the settings of all actors on sockets have in common.

use crate::socket::{Curve, Endpoint, Endpoints, SocketLimits, Wire};

/// Which side of a connection an actor is, if its settings say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Binds,
    Connects,
}

/// Where an actor is that was told nothing.
const DEFAULT: &str = "tcp://127.0.0.1:9000";

/// Makes a wire of settings.
pub(crate) fn wire(
    side: Side,
    bind: Endpoints,
    connect: Endpoints,
    curve: Option<Curve>,
    insecure: bool,
    limits: SocketLimits,
) -> Result<Wire, String> {
    let mut wire = Wire {
        bind,
        connect,
        curve,
        insecure,
        limits,
        ..Wire::default()
    };
    if wire.bind.is_empty() && wire.connect.is_empty() {
        let default = Endpoints::from_iter([Endpoint::try_from(DEFAULT.to_owned())?]);
        match side {
            Side::Binds => wire.bind = default,
            Side::Connects => wire.connect = default,
        }
    }
    wire.checked()
}
