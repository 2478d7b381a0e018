//! Many rows at once, as PostgreSQL reads them fastest (PostgreSQL manual, COPY, "Binary Format").
use sqlx::PgConnection;

use super::Row;
use crate::failure::Failure;

const STATEMENT: &str = "COPY journal (topic, stream, position, kind, subject, office, actor, cause, recorded_at, trace, headers, payload, hash) \
                         FROM STDIN (FORMAT binary)";
/// Signature, no flags, no extension.
const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const FIELDS: [u8; 2] = 13_i16.to_be_bytes();
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// Bytes that are sent together, about.
const PIECE: usize = 128 << 10;
/// 2000-01-01 in microseconds since 1970: PostgreSQL counts from there.
const EPOCH: i64 = 946_684_800_000_000;

/// Writes rows that take positions behind all others of their streams.
pub(super) async fn copy(conn: &mut PgConnection, rows: &[Row]) -> Result<(), Failure> {
    let mut copy = conn.copy_in_raw(STATEMENT).await?;
    let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
    piece.extend(HEADER);
    for row in rows {
        put(&mut piece, row);
        if piece.len() >= PIECE {
            copy.send(piece.as_slice()).await?;
            piece.clear();
        }
    }
    piece.extend(END);
    copy.send(piece.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

fn put(piece: &mut Vec<u8>, row: &Row) {
    piece.extend(FIELDS);
    field(piece, row.topic.as_bytes());
    field(piece, &row.stream.to_be_bytes());
    field(piece, &row.position.to_be_bytes());
    for text in [&*row.kind, &row.subject, &row.office, &row.actor, &row.cause] {
        field(piece, text.as_bytes());
    }
    field(piece, &(row.recorded_at.timestamp_micros() - EPOCH).to_be_bytes());
    for bytes in [row.trace.as_bytes(), row.headers.as_bytes(), &row.payload, &row.hash] {
        field(piece, bytes);
    }
}

/// Its length and itself. A field beyond two gibibytes is none that a topic takes; PostgreSQL would refuse it.
fn field(piece: &mut Vec<u8>, bytes: &[u8]) {
    piece.extend(i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
    piece.extend_from_slice(bytes);
}
