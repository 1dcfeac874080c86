//! Addresses of processes, before the flow runs.

use crate::socket::Endpoint;

/// How long the path of a socket may be, its closing zero aside.
const LONGEST_PATH: usize = 107;

/// Says what is wrong with the address of a process of a flow, and what to do about it. It is guarded if there are keys, or
/// anybody may come near.
///
/// # Errors
/// What is wrong, and what to do.
pub fn check_address(address: &str, is_guarded: bool) -> Result<(), (String, String)> {
    let endpoint = Endpoint::try_from(address.to_owned());
    let endpoint = endpoint.map_err(|message| {
        let message = message.replace("is no endpoint", "is no address of a node");
        let help = "write it like tcp://127.0.0.1:7101 or ipc:///run/flow/front";
        match message.split_once("; write it") {
            Some((message, _)) => (message.to_owned(), help.to_owned()),
            None => (message, help.to_owned()),
        }
    })?;
    // Written as a number it was hardly meant; `*` says that the others are told elsewhere.
    let port = address.rsplit_once(':').map(|(_, port)| port.parse());
    if address.starts_with("tcp://") && port == Some(Ok(0u16)) {
        let message = format!(
            "`{address}` has port 0, which is any that is free: no other node would find it"
        );
        let help = "give it a port of its own, such as tcp://127.0.0.1:7101";
        return Err((message, help.to_owned()));
    }
    if let Some(path) = address
        .strip_prefix("ipc://")
        .filter(|path| path.len() > LONGEST_PATH)
    {
        let message = format!(
            "`{path}` is longer than {LONGEST_PATH} bytes, and no socket can have such a path"
        );
        return Err((
            message,
            "choose one nearer to the root, such as ipc:///run/flow/front".to_owned(),
        ));
    }
    if endpoint.is_local() || is_guarded {
        return Ok(());
    }
    Err((
        format!(
            "`{address}` reaches beyond this machine, and whoever is on the way could read and send events"
        ),
        "give all nodes `keys`, or say `insecure: true`".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_beyond_this_machine_are_guarded() {
        let [short, long] = [106, 107].map(|count| format!("ipc:///{}", "a".repeat(count)));
        for (address, is_guarded, wrong) in [
            ("tcp://127.0.0.1:7101", false, None),
            ("ipc:///run/front", false, None),
            ("tcp://10.0.0.1:7101", true, None),
            ("tcp://10.0.0.1:7101", false, Some("beyond this machine")),
            ("tcp://127.0.0.1:70000", false, Some("70000")),
            // Who runs the node says that the port is found out in another way.
            ("tcp://127.0.0.1:*", false, None),
            ("tcp://127.0.0.1:0", false, Some("port 0")),
            ("tcp://[::1]:00", false, Some("port 0")),
            (
                "127.0.0.1:7101",
                false,
                Some("is no address of a node: it begins with no transport"),
            ),
            ("tcp://front", true, Some("port")),
            (&short, false, None),
            (&long, true, Some("longer than 107 bytes")),
        ] {
            let checked = check_address(address, is_guarded);
            match (checked, wrong) {
                (Ok(()), None) => {}
                (Err((message, _)), Some(wrong)) => {
                    assert!(message.contains(wrong), "{message}");
                }
                (checked, _) => panic!("{address}: {checked:?}"),
            }
        }
    }
}
