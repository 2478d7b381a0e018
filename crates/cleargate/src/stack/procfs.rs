//! What the kernel tells of a process: whether it lives, since when, and how much memory its tree holds.

use std::fs;
use std::path::Path;

/// The start time in clock ticks since boot, which tells a process from a later one with the same pid; `None` when it is gone or a zombie.
pub fn start_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = fields_after_name(&stat)?;
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

/// The fields of `stat` from the third (state) on; the second is a name in parentheses that may hold anything.
fn fields_after_name(stat: &str) -> Option<Vec<&str>> {
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().collect())
}

/// Memory of a process and its children in kB: shared pages are split among their users where the kernel lets us see that.
pub fn tree_memory_kb(pid: i32) -> Option<u64> {
    let own = memory_kb(pid)?;
    Some(own.saturating_add(children(pid).into_iter().filter_map(memory_kb).sum()))
}

/// CPU milliseconds that a process has spent without its children.
pub fn cpu_ms(pid: i32) -> Option<u64> {
    spent_ms(pid, 11..=12)
}

/// Fields utime, stime, cutime, cstime of proc(5), in ticks of 10 ms.
fn spent_ms(pid: i32, fields: std::ops::RangeInclusive<usize>) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let all = fields_after_name(&stat)?;
    Some(fields.filter_map(|n| all.get(n)?.parse::<u64>().ok()).sum::<u64>() * 10)
}

/// What all cores did since the machine started, in ticks of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jiffies {
    pub busy: u64,
    /// Elapsed time times cores.
    pub all: u64,
}

/// The first line of `/proc/stat`. Time that the host gave to others was nobody's here.
pub fn jiffies() -> Option<Jiffies> {
    machine(fs::read_to_string("/proc/stat").ok()?.lines().next()?)
}

fn machine(line: &str) -> Option<Jiffies> {
    // user nice system idle iowait irq softirq steal; guests are within user.
    let fields: Vec<u64> = line.strip_prefix("cpu ")?.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let sum = |places: &[usize]| places.iter().filter_map(|place| fields.get(*place)).sum::<u64>();
    let (busy, idle) = (sum(&[0, 1, 2, 5, 6]), sum(&[3, 4]));
    Some(Jiffies { busy, all: busy + idle + sum(&[7]) })
}

/// CPU milliseconds that a process, its children and its children that have ended have spent.
pub fn tree_cpu_ms(pid: i32) -> Option<u64> {
    let own = spent_ms(pid, 11..=14)?;
    Some(own.saturating_add(children(pid).into_iter().filter_map(cpu_ms).sum()))
}

/// Whether a process works in `dir`, as every process of a PostgreSQL cluster does in its data directory.
pub fn somebody_works_in(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return false };
    entries.filter_map(|entry| fs::read_link(entry.ok()?.path().join("cwd")).ok()).any(|cwd| cwd == dir)
}

fn memory_kb(pid: i32) -> Option<u64> {
    let field = |text: String, name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.trim().parse().ok());
    let share = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok().and_then(|text| field(text, "Pss:"));
    share.or_else(|| field(fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmRSS:"))
}

fn children(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok().and_then(|stat| parent_of(&stat)) == Some(parent)).collect()
}

fn parent_of(stat: &str) -> Option<i32> {
    fields_after_name(stat)?.get(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        assert_eq!(parent_of("12 (a) b (c)) S 7 12 12 0"), Some(7));
    }

    #[test]
    fn the_machine_is_busy_with_all_but_idling_and_waiting_for_disks() {
        assert_eq!(machine("cpu  10 1 5 100 7 2 3 4 0 0"), Some(Jiffies { busy: 21, all: 132 }));
    }

    #[test]
    fn this_process_lives_and_a_free_pid_does_not() {
        assert!(start_ticks(i32::try_from(std::process::id()).unwrap()).is_some());
        assert_eq!(start_ticks(i32::MAX), None);
    }
}
