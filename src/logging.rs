//! Logging: one line an event, to standard error.
//!
//! Promises that a line is one line: line breaks inside an event are escaped, so a text from
//! outside cannot forge one. Panics become events as well, by their
//! place alone. What an event may hold is up to
//! those who write it: ids, kinds and durations, never prompts, names, bodies or tokens.

use std::io::{self, IsTerminal, Write};

use rei_actors::supervision::install_panic_hook;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{ConfigError, Log, LogFormat};

/// Starts logging for the whole process, once. `rust_log` is the value of `RUST_LOG`; without
/// it the configured level holds.
pub fn init(log: &Log, rust_log: Option<&str>) -> Result<(), ConfigError> {
    let filter = match rust_log {
        Some(text) if !text.is_empty() => {
            EnvFilter::try_new(text).map_err(|_| ConfigError::Wrong {
                key: "RUST_LOG".to_owned(),
                origin: None,
                problem: "must be a filter like info,rei_bot=debug".to_owned(),
            })?
        }
        Some(_) | None => EnvFilter::new(&log.level),
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(OneLine(io::stderr));
    let installed = match log.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    // There is a subscriber already only where a test brought its own; that one stays.
    if installed.is_ok() {
        install_panic_hook();
    }
    Ok(())
}

/// Whether a text is a filter that [`init`] understands.
pub fn is_filter(text: &str) -> bool {
    !text.is_empty() && EnvFilter::try_new(text).is_ok()
}

/// A writer of lines that escapes line breaks inside a line.
#[derive(Clone, Copy)]
pub struct OneLine<M>(pub M);

/// One event's line on its way out.
pub struct Line<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for OneLine<M> {
    type Writer = Line<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }
}

impl<W: Write> Write for Line<W> {
    /// Takes a whole event, as the formatter hands it over: its last byte is the line's end.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (line, end) = match event.split_last() {
            Some((b'\n', line)) => (line, &b"\n"[..]),
            Some(_) | None => (event, &b""[..]),
        };
        if !line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            self.0.write_all(event)?;
            return Ok(event.len());
        }
        let mut escaped = Vec::with_capacity(event.len() + 16);
        for byte in line {
            match byte {
                b'\n' => escaped.extend_from_slice(b"\\n"),
                b'\r' => escaped.extend_from_slice(b"\\r"),
                other => escaped.push(*other),
            }
        }
        escaped.extend_from_slice(end);
        self.0.write_all(&escaped)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_cannot_forge_a_line() {
        let mut out = Vec::new();
        Line(&mut out)
            .write_all(b"INFO reason=x\r\nERROR all is lost\n")
            .unwrap();
        assert_eq!(out, b"INFO reason=x\\r\\nERROR all is lost\n");
    }

    #[test]
    fn filters_are_told_from_other_texts() {
        for filter in ["info", "warn,rei_bot=debug"] {
            assert!(is_filter(filter), "{filter}");
        }
        for other in ["", "info,rei_bot=loudly", "=="] {
            assert!(!is_filter(other), "{other}");
        }
    }
}
