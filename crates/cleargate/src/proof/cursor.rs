//! Rows of one stream of risk's journal, page by page.
use std::collections::VecDeque;

use anyhow::{Context, Result};
use contracts::common::{JournalRow, ReadJournalRequest};

use crate::client::{Clients, explain};

/// Rows in one call.
const PAGE: u32 = 2000;

/// Reads on from a position.
pub struct Cursor<'c> {
    clients: &'c Clients,
    pub topic: &'static str,
    pub stream: u32,
    next: u64,
    /// Inclusive.
    last: u64,
    page: VecDeque<JournalRow>,
}

impl<'c> Cursor<'c> {
    pub const fn new(clients: &'c Clients, topic: &'static str, stream: u32, from: u64, last: u64) -> Self {
        Self { clients, topic, stream, next: from, last, page: VecDeque::new() }
    }

    /// The next row, read ahead; `None` at the end.
    pub async fn peek(&mut self) -> Result<Option<&JournalRow>> {
        if self.page.is_empty() && self.next <= self.last {
            let left = u32::try_from(self.last - self.next + 1).unwrap_or(PAGE).min(PAGE);
            let request = ReadJournalRequest { topic: self.topic.to_owned(), stream: self.stream, from: self.next, limit: left };
            let request = self.clients.request("auditor", "auditor", request)?;
            let page = self.clients.operations("risk")?.read_journal(request).await.map_err(|s| explain(&s))?.into_inner();
            self.next = page.rows.last().with_context(|| format!("{}/{} ends before {}", self.topic, self.stream, self.last))?.position + 1;
            self.page.extend(page.rows);
        }
        Ok(self.page.front())
    }

    /// The next row.
    pub async fn take(&mut self) -> Result<Option<JournalRow>> {
        self.peek().await?;
        Ok(self.page.pop_front())
    }
}

/// Position of a stream's head; `None` when there is no such stream.
pub async fn head(clients: &Clients, topic: &str, stream: u32) -> Result<Option<u64>> {
    let request = ReadJournalRequest { topic: topic.to_owned(), stream, from: 1, limit: 0 };
    match clients.operations("risk")?.read_journal(clients.request("auditor", "auditor", request)?).await {
        Ok(answer) => Ok(Some(answer.into_inner().position)),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(status) => Err(explain(&status)),
    }
}
