//! What the operating system tells of this process. Linux only; elsewhere nothing is known.

use std::time::Duration;

/// What is known of the process.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ProcessUse {
    /// Processor time used, user and system mode.
    pub processor: Duration,
    /// Resident memory, bytes.
    pub resident_bytes: u64,
    /// Open files, sockets included.
    pub open_files: u64,
    /// Files that may be open; absent where there is no limit.
    pub max_files: Option<u64>,
    /// Threads.
    pub threads: u64,
}

/// Ticks in a second, as `/proc` counts processor time: fixed in the kernel's interface on every architecture the program is built for.
const TICKS_PER_SECOND: u64 = 100;

/// Reads what is known of the process from `/proc/self`; `None` where there is none. These files lie in no disk, so reading them blocks for
/// microseconds only.
#[must_use]
pub fn process_use() -> Option<ProcessUse> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let stat = fs_err::read_to_string("/proc/self/stat").ok()?;
    let limits = fs_err::read_to_string("/proc/self/limits").ok()?;
    let open_files = fs_err::read_dir("/proc/self/fd").ok()?.count() as u64;
    parse(&status, &stat, &limits, open_files)
}

fn parse(status: &str, stat: &str, limits: &str, open_files: u64) -> Option<ProcessUse> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok());
    // The name of the program, in brackets, may hold blanks. Behind it come the state and ten more fields, then user and system time.
    let mut times = stat.rsplit_once(')')?.1.split_whitespace().skip(11).map_while(|ticks| ticks.parse::<u64>().ok());
    let ticks = times.next()? + times.next()?;
    let max_files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    Some(ProcessUse {
        processor: Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND),
        resident_bytes: field("VmRSS:")? * 1024,
        open_files,
        max_files,
        threads: field("Threads:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_kernel_are_understood() {
        let status = "Name:\tri) poste\nVmPeak:\t  900 kB\nVmRSS:\t  2048 kB\nThreads:\t17\n";
        let stat = "42 (ri) poste) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 17 0 100 1000 512";
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 4096                 files\n";
        let expected =
            ProcessUse { processor: Duration::from_secs(3), resident_bytes: 2 << 20, open_files: 9, max_files: Some(1024), threads: 17 };
        assert_eq!(parse(status, stat, limits, 9), Some(expected));
        let unlimited = limits.replace("1024", "unlimited");
        assert_eq!(parse(status, stat, &unlimited, 9), Some(ProcessUse { max_files: None, ..expected }));
        assert_eq!(parse("", stat, limits, 9), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_known() {
        let known = process_use().unwrap();
        assert!(known.resident_bytes > 1 << 20 && known.open_files > 2 && known.threads >= 1, "{known:?}");
    }
}
