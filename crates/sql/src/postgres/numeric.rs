//! Decimal numbers of any length.

use serde_json::Value;

use super::cell::Unreadable;

/// How many digits a float keeps whatever they are.
const SAFE_DIGITS: usize = 15;

/// Reads a decimal number: a number if that loses nothing, else its text.
///
/// # Errors
/// If it is none.
pub(super) fn value(raw: &[u8]) -> Result<Value, Unreadable> {
    let text = text(raw)?;
    if let Ok(whole) = text.parse::<i64>() {
        return Ok(whole.into());
    }
    let digits = text.trim_matches(['-', '0', '.']).replace('.', "");
    let float = text.parse::<f64>().ok().filter(|float| float.is_finite());
    Ok(match float {
        Some(float) if digits.len() <= SAFE_DIGITS => float.into(),
        _ => text.into(),
    })
}

/// Writes a decimal number out.
fn text(raw: &[u8]) -> Result<String, Unreadable> {
    let words = raw
        .chunks_exact(2)
        .map(|word| u16::from_be_bytes([word[0], word[1]]));
    let words: Vec<u16> = words.collect();
    let [count, weight, sign, scale, groups @ ..] = &words[..] else {
        return Err("too short for a decimal number".into());
    };
    let sign = match sign {
        0x0000 => "",
        0x4000 => "-",
        0xc000 => return Ok("NaN".into()),
        0xd000 => return Ok("Infinity".into()),
        0xf000 => return Ok("-Infinity".into()),
        _ => return Err("no decimal number".into()),
    };
    if groups.len() != usize::from(*count) || groups.iter().any(|&group| group > 9999) {
        return Err("no decimal number".into());
    }
    // Groups of four digits; the weight is how many of them stand before the point, less one.
    let weight = i32::from(*weight as i16);
    let group = |at: i32| {
        usize::try_from(at)
            .ok()
            .and_then(|at| groups.get(at))
            .copied()
            .unwrap_or(0)
    };
    let mut text = String::from(sign);
    match weight {
        ..0 => text.push('0'),
        _ => text.push_str(&group(0).to_string()),
    }
    for at in 1..=weight {
        text.push_str(&format!("{:04}", group(at)));
    }
    let scale = usize::from(*scale);
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut at = weight + 1;
        while text.len() < end {
            text.push_str(&format!("{:04}", group(at)));
            at += 1;
        }
        text.truncate(end);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> Vec<u8> {
        let head = [groups.len() as u16, weight as u16, sign, scale];
        let words = head.iter().chain(groups);
        words.flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn decimal_numbers_are_written_out() {
        assert_eq!(text(&raw(0, 0, 2, &[12, 3400])).unwrap(), "12.34");
        assert_eq!(text(&raw(1, 0x4000, 0, &[1])).unwrap(), "-10000");
        assert_eq!(text(&raw(-2, 0, 8, &[12])).unwrap(), "0.00000012");
        assert_eq!(text(&raw(0, 0, 0, &[])).unwrap(), "0");
        assert_eq!(text(&raw(0, 0xc000, 0, &[])).unwrap(), "NaN");
    }

    #[test]
    fn a_number_that_would_lose_digits_is_a_text() {
        assert_eq!(value(&raw(0, 0, 2, &[12, 3400])).unwrap(), json!(12.34));
        assert_eq!(value(&raw(0, 0, 1, &[12])).unwrap(), json!(12.0));
        assert_eq!(value(&raw(0, 0, 0, &[12])).unwrap(), json!(12));
        let long = raw(4, 0, 1, &[1, 2345, 6789, 123, 4567, 5000]);
        assert_eq!(value(&long).unwrap(), json!("12345678901234567.5"));
    }
}
