//! Rows that Kafka did not bring, straight from the producer's journal.
use super::{
    Fact, Origin,
    claim::Partition,
    step::{Halted, Reader, Report, halted, stopped},
};
use crate::{
    failure::Failure,
    protocol::{
        Sound,
        heads::{Compared, compare},
        plan::Plan,
    },
};

/// Most rows that are fetched before they are applied.
pub(super) const PAGE: usize = 2000;

impl Reader {
    /// Rows from `from` up to (excluding) `to`, at most a page of them and at least one.
    pub(super) async fn fetch(&self, partition: &Partition, from: i64, to: i64) -> Result<Vec<Fact>, Halted> {
        let Origin::Ours { producer } = self.origin(&partition.0) else { return Ok(Vec::new()) };
        tracing::warn!(topic = %partition.0, partition = partition.1, from, to, "rows are missing on the topic, fetching them from their producer");
        let limit = (to - from).min(i64::try_from(PAGE).unwrap_or(i64::MAX));
        let rows = self.journals.read(producer, &partition.0, partition.1, from, limit).await?;
        if rows.is_empty() {
            return Err(stopped(partition, "rows are missing and the producer does not have them".to_owned()));
        }
        Ok(rows.into_iter().take_while(|row| row.position < to).map(Fact::repaired).collect())
    }

    /// Applies rows straight from the producer's journal up to a position, page by page, without Kafka.
    pub async fn catch_up(&mut self, partition: &Partition, to: i64) -> Result<Report, Halted> {
        let mut report = Report::default();
        while let Some(read) = self.owning.get(partition).map(|p| p.position).filter(|read| *read < to) {
            let rows = self.fetch(partition, read + 1, to + 1).await?;
            let mut plan = Plan::new(&self.owning, Sound);
            plan.fill(partition, rows).map_err(halted)?;
            report.repaired += plan.repaired;
            self.work_through(plan.units, &mut report).await?;
        }
        self.metrics.read(&report);
        Ok(report)
    }

    /// Compares what was read of a partition with its producer's journal; `None` for a topic from outside, or one that is not owned.
    ///
    /// # Errors
    /// The producer cannot be asked.
    pub async fn compare(&self, partition: &Partition) -> Result<Option<Compared>, Failure> {
        let Origin::Ours { producer } = self.origin(&partition.0) else { return Ok(None) };
        let Some(read) = self.owning.get(partition).copied() else { return Ok(None) };
        let source = self.journals.head(producer, &partition.0, partition.1, read.position).await?;
        Ok(Some(compare(&read, &source)))
    }
}
