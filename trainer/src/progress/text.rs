//! Numbers as people read them.

use std::time::Duration;

/// A share in percent with one decimal, or a dash.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}", 100.0 * share))
}

/// A loss in few characters whatever its size, or a dash.
pub(super) fn loss(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value.is_finite() && value.abs() >= 1e4 => format!("{value:.1e}"),
        Some(value) => format!("{value:.3}"),
    }
}

/// A learning rate, three digits.
pub(super) fn rate(value: f64) -> String {
    format!("{value:.2e}")
}

/// A count in thousands or millions: `950`, `112 k`, `9.1 M`.
pub(super) fn count(value: usize) -> String {
    let value = value as f64;
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // What would be rounded to 1000 of a unit belongs to the next.
        if value >= 0.9995 * unit {
            let scaled = value / unit;
            let decimals = usize::from(scaled < 9.95);
            return format!("{scaled:.decimals$} {name}");
        }
    }
    format!("{value:.0}")
}

/// Hours, minutes and seconds: `1:05:09`.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let counts = [
            0,
            950,
            999,
            1000,
            112_345,
            999_600,
            9_140_000,
            2_000_000_000,
        ];
        let expected = [
            "0", "950", "999", "1.0 k", "112 k", "1.0 M", "9.1 M", "2.0 G",
        ];
        assert_eq!(counts.map(count), expected);
        assert_eq!(percent(Some(0.6125)), "61.3");
        assert_eq!(percent(None), "-");
        let losses = [0.1235, f64::NAN, f64::INFINITY, 123_456.0].map(|value| loss(Some(value)));
        assert_eq!(losses, ["0.123", "NaN", "inf", "1.2e5"]);
        assert_eq!(rate(0.000_512_3), "5.12e-4");
    }

    #[test]
    fn time_is_a_clock() {
        assert_eq!(clock(Duration::from_secs(3909)), "1:05:09");
        assert_eq!(clock(Duration::from_millis(59_999)), "0:00:59");
    }
}
