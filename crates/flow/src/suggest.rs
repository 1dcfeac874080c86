//! "Did you mean …?"

/// Returns the name that was meant, if one is near enough.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = name.to_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::damerau_levenshtein(&given, &known.to_lowercase());
    // As many letters as one is longer are different in any case.
    let most = 1 + name.chars().count() / 4;
    let is_near = |known: &&str| known.chars().count().abs_diff(name.chars().count()) <= most;
    let near = known
        .into_iter()
        .filter(is_near)
        .map(|known| (distance(known), known));
    let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
    let length = name.chars().count();
    (distance < length && distance <= 1 + length / 4).then_some(known)
}

/// Tells whether a name is another with one letter missing, wrong or in the wrong place. Longer names are
/// names of their own: `errors` may well be meant.
pub(crate) fn is_misspelt(name: &str, meant: &str) -> bool {
    name.len() <= meant.len() && strsim::damerau_levenshtein(name, meant) == 1
}

/// Returns the suggestion in words, or else all names there are.
pub(crate) fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match closest(name, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None if known.is_empty() => "there are none".into(),
        None => format!("there are {}", known.join(", ")),
    }
}
