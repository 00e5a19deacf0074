//! Moments of the sandbox's clock as the wire writes them: `2026-07-18T10:51:18.139Z`.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat};

/// A moment since the Unix epoch in UTC with milliseconds.
pub fn written(moment: Duration) -> String {
    let millis = i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
    DateTime::from_timestamp_millis(millis)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an ISO 8601 moment with its zone; none before the epoch.
pub fn read(text: &str) -> Option<Duration> {
    let moment = DateTime::parse_from_rfc3339(text).ok()?;
    let micros = u64::try_from(moment.timestamp_micros()).ok()?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_and_read() {
        let moment = read("2026-07-18T13:51:18.139+03:00").unwrap();
        assert_eq!(written(moment), "2026-07-18T10:51:18.139Z");
        assert_eq!(read("yesterday"), None);
        assert_eq!(read("1969-12-31T00:00:00Z"), None);
    }
}
