//! Reads a file once: workers parse, hash and take decisions again, the course of each office is followed in order.
use std::{
    collections::HashMap,
    io::BufRead,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Instant,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use risk_domain::{DayKey, mixed};
use sha2::{Digest as _, Sha256};
use values::Day;

use crate::{
    auditing::{Documents, Evidence},
    chain::Streams,
    course::Course,
    fault::Fault,
    findings::Findings,
    format::{Document, FORMAT, Header, Kind, Line, Witness, digest},
    item::{Heads, Item, read},
    report::Report,
};

/// Bytes that a worker takes at a time.
const BATCH: usize = 1 << 18;
/// Batches under way for each worker.
const AHEAD: usize = 3;

/// Verifies a proof file with so many threads (at least one, beside the one that reads). `documents` reads an auditor's rules and models.
pub fn verify(file: impl BufRead, threads: usize, documents: &dyn Documents) -> Result<Report, Fault> {
    let started = clock();
    let mut lines = Lines { file, line: 0, rows: 0, pending: Vec::new(), ended: false };
    let preamble = Preamble::read(&mut lines)?;
    let header = &preamble.header;
    let mut findings = Findings { topics: header.topics.clone(), ..Findings::default() };
    let evidence = evidence(&preamble, documents, &mut findings)?;
    let day: Day = header.day.parse().map_err(|_| Fault::at(1, "day is not YYYY-MM-DD"))?;
    let mut streams = Streams::new(&header.topics, &preamble.witnesses);
    let mut course = Course::new(header.kind, day, header);
    findings.count("witnesses", preamble.witnesses.len() as u64);
    let outcome = rows(&mut lines, threads.max(1), &header.topics, &evidence, |item| {
        streams.pass(&item, header.topics.get(usize::from(item.t)).map_or("", String::as_str), &mut findings);
        course.take(item, &mut findings);
    });
    outcome?;
    course.end(&streams, &mut findings);
    streams.end(&header.topics, &mut findings);
    findings.count("rows", lines.rows);
    Ok(Report {
        kind: header.kind,
        day: header.day.clone(),
        counts: findings.counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        findings: findings.listed,
        further: findings.further,
        warnings: findings.notes,
        seconds: started.elapsed().as_secs_f64(),
    })
}

#[expect(clippy::disallowed_methods, reason = "how long a verification took decides nothing")]
fn clock() -> Instant {
    Instant::now()
}

/// What stands before the rows.
struct Preamble {
    header: Header,
    witnesses: Vec<Witness>,
    documents: Vec<(u64, Document)>,
}

impl Preamble {
    fn read(lines: &mut Lines<impl BufRead>) -> Result<Self, Fault> {
        let mut text = Vec::new();
        if !lines.next(&mut text)? {
            return Err(Fault::at(1, "the file is empty"));
        }
        let Ok(Line::Proof(header)) = serde_json::from_slice::<Line>(&text) else {
            return Err(Fault::at(1, "not the header of a proof"));
        };
        if header.format != FORMAT {
            return Err(Fault::at(1, format!("format {} is not {FORMAT}", header.format)));
        }
        let (mut witnesses, mut documents) = (Vec::new(), Vec::new());
        loop {
            text.clear();
            if !lines.next(&mut text)? {
                return Err(Fault::Cut { line: lines.line });
            }
            if text.starts_with(b"{\"t\"") || text.starts_with(b"{\"end\"") {
                lines.pending = text;
                return Ok(Self { header, witnesses, documents });
            }
            match serde_json::from_slice::<Line>(&text) {
                Ok(Line::Witness(witness)) if digest(&witness.hash).is_some() => witnesses.push(witness),
                Ok(Line::Document(document)) => documents.push((lines.line, document)),
                Ok(_) => return Err(Fault::at(lines.line, "neither witness, document nor row")),
                Err(error) => return Err(Fault::at(lines.line, error.to_string())),
            }
        }
    }
}

fn evidence<'a>(preamble: &'a Preamble, documents: &dyn Documents, findings: &mut Findings) -> Result<Evidence<'a>, Fault> {
    let mut evidence = Evidence { keys: HashMap::new(), rules: HashMap::new(), models: HashMap::new() };
    for k in &preamble.header.keys {
        let key = digest(&k.key).ok_or_else(|| Fault::at(1, "a key that is not 64 hex digits"))?;
        evidence.keys.insert(&k.office, mixed(&DayKey::new(key), &k.beacon_source, &k.beacon_value));
    }
    for (line, document) in &preamble.documents {
        let bytes = STANDARD.decode(&document.base64).map_err(|e| Fault::at(*line, e.to_string()))?;
        let name = hex::encode(Sha256::digest(&bytes));
        if name != document.digest {
            return Err(Fault::at(*line, "the document does not have the digest that is named"));
        }
        let unreadable = |what: String| format!("{} {name} cannot be read: {what}", document.kind);
        if document.kind == "model" {
            match documents.model(&bytes) {
                Ok(model) => drop(evidence.models.insert(name, model)),
                Err(what) => findings.note(unreadable(what)),
            }
        } else {
            match documents.rules(&bytes) {
                Ok(rules) => drop(evidence.rules.insert(name, rules)),
                Err(what) => findings.note(unreadable(what)),
            }
        }
    }
    if preamble.header.kind == Kind::Public && !preamble.documents.is_empty() {
        findings.note("a public file should carry no documents".to_owned());
    }
    Ok(evidence)
}

/// Lines with their number.
struct Lines<R> {
    file: R,
    line: u64,
    rows: u64,
    /// The first row, when the preamble has read it.
    pending: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    /// Appends the next line without its end; false when there is none.
    fn next(&mut self, text: &mut Vec<u8>) -> Result<bool, Fault> {
        if !self.pending.is_empty() {
            text.append(&mut self.pending);
            return Ok(true);
        }
        let before = text.len();
        if self.file.read_until(b'\n', text)? == 0 {
            return Ok(false);
        }
        self.line += 1;
        if text.last() == Some(&b'\n') {
            text.pop();
        } else {
            return Err(Fault::Cut { line: self.line });
        }
        if text.len() == before { Err(Fault::at(self.line, "an empty line")) } else { Ok(true) }
    }

    /// The next rows.
    fn batch(&mut self) -> Result<Option<Batch>, Fault> {
        let mut batch = Batch { first: 0, text: Vec::with_capacity(BATCH + BATCH / 8), ends: Vec::new() };
        while !self.ended && batch.text.len() < BATCH {
            let start = batch.text.len();
            if !self.next(&mut batch.text)? {
                return Err(Fault::Cut { line: self.line });
            }
            if batch.text[start..].starts_with(b"{\"end\"") {
                self.end(&batch.text[start..])?;
                batch.text.truncate(start);
                break;
            }
            if batch.ends.is_empty() {
                batch.first = self.line;
            }
            self.rows += 1;
            batch.ends.push(batch.text.len());
        }
        Ok((!batch.ends.is_empty()).then_some(batch))
    }

    fn end(&mut self, text: &[u8]) -> Result<(), Fault> {
        match serde_json::from_slice::<Line>(text) {
            Ok(Line::End(end)) if end.rows == self.rows => self.ended = true,
            Ok(Line::End(end)) => return Err(Fault::at(self.line, format!("{} rows were announced, {} are there", end.rows, self.rows))),
            _ => return Err(Fault::at(self.line, "not the end of a proof")),
        }
        let mut rest = Vec::new();
        if self.next(&mut rest)? { Err(Fault::at(self.line, "something follows the end")) } else { Ok(()) }
    }
}

struct Batch {
    /// Number of the first line.
    first: u64,
    text: Vec<u8>,
    ends: Vec<usize>,
}

type Parsed = Result<Vec<Box<Item>>, Fault>;

/// Feeds the rows of the file to `take`, in order.
fn rows(
    lines: &mut Lines<impl BufRead>,
    threads: usize,
    topics: &[String],
    evidence: &Evidence<'_>,
    mut take: impl FnMut(Box<Item>),
) -> Result<(), Fault> {
    thread::scope(|scope| {
        let workers: Vec<(SyncSender<Batch>, Receiver<Parsed>)> = (0..threads)
            .map(|_| {
                let (give, work) = sync_channel::<Batch>(AHEAD);
                let (done, result) = sync_channel::<Parsed>(AHEAD);
                scope.spawn(move || work.iter().map(|batch| parse(&batch, topics, evidence)).try_for_each(|parsed| done.send(parsed).map_err(drop)));
                (give, result)
            })
            .collect();
        let (mut sent, mut received, mut more) = (0_usize, 0_usize, true);
        while more || received < sent {
            if more && sent - received < threads * AHEAD {
                match lines.batch()? {
                    Some(batch) => {
                        workers[sent % threads].0.send(batch).map_err(|_| Fault::at(lines.line, "a worker stopped"))?;
                        sent += 1;
                    }
                    None => more = false,
                }
            } else {
                let items = workers[received % threads].1.recv().map_err(|_| Fault::at(lines.line, "a worker stopped"))??;
                received += 1;
                items.into_iter().for_each(&mut take);
            }
        }
        Ok(())
    })
}

fn parse(batch: &Batch, topics: &[String], evidence: &Evidence<'_>) -> Parsed {
    let mut heads = Heads::new();
    let mut start = 0;
    let numbered = batch.ends.iter().zip(batch.first..);
    numbered
        .map(|(end, line)| {
            let text = &batch.text[start..*end];
            start = *end;
            read(text, line, topics, &mut heads, evidence).map(Box::new)
        })
        .collect()
}
