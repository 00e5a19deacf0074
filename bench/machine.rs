//! What the figures were taken on, and how busy it was.

use std::fs;

use anyhow::Context;

/// The processor and the number of cores, for the head of a report.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'))
        .map_or("an unknown processor", |(_, name)| name.trim());
    format!("{cores} cores of {model}; load {}", load())
}

/// The load average of the last minute. What is measured is part of it.
pub fn load() -> String {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = average.split_whitespace().next();
    minute.unwrap_or("unknown").to_owned()
}

/// Memory of a process that is in use now, in bytes (`VmRSS`).
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("the process tells no resident memory")?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}
