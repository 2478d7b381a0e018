//! Huge pages for the server's shared memory: with ordinary ones each connection maps it page by page, a fifth of the server's CPU.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const RESERVED: &str = "/proc/sys/vm/nr_hugepages";
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// No more than this part of what is available: the machine is somebody's.
const SHARE: u64 = 8;

/// Reserves what is missing of `wanted` pages, where the kernel and this user's rights allow; what was added is noted in `record`, to be given back.
/// Whether all are there.
pub fn reserve(wanted: u64, record: &Path) -> bool {
    let Some(memory) = Memory::read() else { return false };
    let missing = wanted.saturating_sub(memory.free);
    missing == 0 || memory.can_spare(missing) && add(missing, record).unwrap_or(false)
}

/// Gives back what was added, once the server has stopped.
pub fn give_back(record: &Path) -> Result<()> {
    let added = noted(record, &boot());
    if added > 0 {
        write(reserved()?.saturating_sub(added))?;
    }
    if record.exists() { fs::remove_file(record).with_context(|| format!("cannot remove {}", record.display())) } else { Ok(()) }
}

/// All of them or none: the server makes no use of a part. Noted before, so that a crash leaves nothing that the next `down` does not give back.
fn add(missing: u64, record: &Path) -> Result<bool> {
    let (before, boot) = (reserved()?, boot());
    let noted = noted(record, &boot);
    note(record, &boot, noted + missing)?;
    let added = write(before + missing).is_ok() && reserved()? >= before + missing;
    if !added {
        // Where memory lies in pieces, the kernel gives what it finds.
        let _ = write(before);
        note(record, &boot, noted)?;
    }
    Ok(added)
}

fn noted(record: &Path, boot: &str) -> u64 {
    added_since(boot, &fs::read_to_string(record).unwrap_or_default()).unwrap_or(0)
}

/// What was added before the machine started anew is gone with it.
fn added_since(boot: &str, note: &str) -> Option<u64> {
    note.split_once(' ').filter(|(of, _)| *of == boot)?.1.parse().ok()
}

fn note(record: &Path, boot: &str, pages: u64) -> Result<()> {
    fs::write(record, format!("{boot} {pages}")).with_context(|| format!("cannot write {}", record.display()))
}

fn boot() -> String {
    fs::read_to_string(BOOT).map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn reserved() -> Result<u64> {
    Ok(fs::read_to_string(RESERVED)?.trim().parse()?)
}

fn write(pages: u64) -> Result<()> {
    fs::write(RESERVED, pages.to_string()).with_context(|| format!("cannot write {RESERVED}"))
}

/// Of the kernel's huge pages.
#[derive(Debug, PartialEq, Eq)]
struct Memory {
    /// Reserved, and promised to nobody.
    free: u64,
    page_kb: u64,
    available_kb: u64,
}

impl Memory {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/meminfo").ok()?)
    }

    fn parse(meminfo: &str) -> Option<Self> {
        let value = |text: &str| text.split_whitespace().next()?.parse::<u64>().ok();
        let lines: BTreeMap<&str, u64> = meminfo.lines().filter_map(|line| line.split_once(':')).filter_map(|(k, v)| Some((k, value(v)?))).collect();
        let get = |name| lines.get(name).copied();
        let free = get("HugePages_Free")?.saturating_sub(get("HugePages_Rsvd")?);
        Some(Self { free, page_kb: get("Hugepagesize")?, available_kb: get("MemAvailable")? })
    }

    fn can_spare(&self, pages: u64) -> bool {
        pages * self.page_kb <= self.available_kb / SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:       24641836 kB\nMemAvailable:   23001000 kB\nHugePages_Total:     400\nHugePages_Free:      247\n\
        HugePages_Rsvd:      135\nHugepagesize:       2048 kB\n";

    #[test]
    fn pages_that_are_promised_to_somebody_are_not_free() {
        assert_eq!(Memory::parse(MEMINFO), Some(Memory { free: 112, page_kb: 2_048, available_kb: 23_001_000 }));
    }

    #[test]
    fn what_was_added_before_the_machine_started_anew_is_not_given_back() {
        assert_eq!(added_since("tuesday", "tuesday 288"), Some(288));
        assert_eq!((added_since("tuesday", "monday 288"), added_since("tuesday", "")), (None, None));
    }

    #[test]
    fn a_kernel_without_huge_pages_has_none_to_give() {
        assert_eq!(Memory::parse("MemTotal: 24641836 kB\nMemAvailable: 23001000 kB\n"), None);
    }

    #[test]
    fn a_small_machine_keeps_its_memory() {
        let memory = |available_kb| Memory { free: 0, page_kb: 2_048, available_kb };
        assert!(memory(23_001_000).can_spare(290));
        assert!(!memory(4_000_000).can_spare(290));
    }
}
