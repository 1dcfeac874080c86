//! What actors are for.

use crate::manual::Manual;

/// What an actor may be for, in the order in which they are shown.
pub const PURPOSES: &[&str] = &[
    "shape",
    "check",
    "route",
    "gather and split",
    "time",
    "http",
    "security",
    "in and out",
    "observe",
    "errors",
];

/// Groups manuals by what the actors are for. Purposes that are not in the list follow those that are, and at the
/// end come the actors that name none.
pub(crate) fn by_purpose(manuals: &[Manual]) -> Vec<(&str, Vec<&Manual>)> {
    let mut purposes = PURPOSES.to_vec();
    for purpose in manuals
        .iter()
        .filter_map(|manual| manual.purpose.as_deref())
    {
        if !purposes.contains(&purpose) {
            purposes.push(purpose);
        }
    }
    purposes.push(OTHERS);
    let of = |purpose: &str| {
        let own = |manual: &&Manual| manual.purpose.as_deref().unwrap_or(OTHERS) == purpose;
        manuals.iter().filter(own).collect::<Vec<_>>()
    };
    let groups = purposes.into_iter().map(|purpose| (purpose, of(purpose)));
    groups.filter(|(_, manuals)| !manuals.is_empty()).collect()
}

const OTHERS: &str = "others";
