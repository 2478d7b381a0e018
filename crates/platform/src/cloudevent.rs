//! Names of the headers of a CloudEvent in binary mode, and the reading of structured mode.
//!
//! CloudEvents Kafka binding 1.0.2: attributes travel as `ce_` headers, the data is the value; in structured mode the value is a JSON
//! document (`application/cloudevents+json`) with the attributes beside `data` or `data_base64`.
mod headers;

pub use self::headers::Headers;

pub const SPECVERSION: &str = "ce_specversion";
pub const SOURCE: &str = "ce_source";
pub const ID: &str = "ce_id";
pub const TYPE: &str = "ce_type";
pub const SUBJECT: &str = "ce_subject";
pub const TIME: &str = "ce_time";
pub const SEQUENCE: &str = "ce_sequence";
pub const OFFICE: &str = "ce_office";
pub const ACTOR: &str = "ce_actor";
pub const CAUSE: &str = "ce_cause";
pub const CHAIN: &str = "ce_chain";
pub const RECIPIENT: &str = "ce_recipient";
pub const ANSWER: &str = "ce_answer";
pub const TRACEPARENT: &str = "traceparent";
pub const CONTENT_TYPE: &str = "content-type";

pub const PROTOBUF: &str = "application/protobuf";
pub const JSON: &str = "application/json";
const STRUCTURED: &str = "application/cloudevents+json";

/// Turns a structured-mode message into what binary mode would have carried; `None` for a message in binary mode.
pub fn unfold(headers: &Headers, payload: &[u8]) -> Option<Result<(Headers, Vec<u8>), &'static str>> {
    headers.get(CONTENT_TYPE).starts_with(STRUCTURED).then(|| unfold_structured(payload))
}

fn unfold_structured(payload: &[u8]) -> Result<(Headers, Vec<u8>), &'static str> {
    let document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(payload).map_err(|_| "the value is not a CloudEvent in JSON")?;
    let mut unfolded = Headers::default();
    let mut data = Vec::new();
    for (name, value) in document {
        match (name.as_str(), value) {
            ("data", value) => data = serde_json::to_vec(&value).map_err(|_| "data cannot be read")?,
            ("data_base64", serde_json::Value::String(text)) => data = base64(&text).ok_or("data_base64 is not base64")?,
            ("datacontenttype", serde_json::Value::String(text)) => unfolded.push(CONTENT_TYPE, &text),
            ("traceparent", serde_json::Value::String(text)) => unfolded.push(TRACEPARENT, &text),
            (_, serde_json::Value::String(text)) => unfolded.push(&format!("ce_{name}"), &text),
            (_, serde_json::Value::Number(number)) => unfolded.push(&format!("ce_{name}"), &number.to_string()),
            _ => return Err("an attribute is neither text nor number"),
        }
    }
    if unfolded.get(CONTENT_TYPE).is_empty() {
        unfolded.push(CONTENT_TYPE, JSON);
    }
    Ok((unfolded, data))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Headers as a database can keep them: PostgreSQL's text has no NUL.
pub fn storable(headers: Headers) -> Headers {
    if headers.has_nul() { headers.iter().map(|(name, value)| (printable(name.to_owned()), printable(value.to_owned()))).collect() } else { headers }
}

/// A text with the replacement character in place of NUL.
pub fn printable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

/// Headers as text, one `name=value` a line, for tables.
pub fn to_text(headers: &Headers) -> String {
    let mut text = String::new();
    for (name, value) in headers.iter() {
        text.push_str(name);
        text.push('=');
        if value.contains(['\n', '\r']) {
            text.push_str(&value.replace(['\n', '\r'], " "));
        } else {
            text.push_str(value);
        }
        text.push('\n');
    }
    text
}

/// Headers from [`to_text`].
pub fn from_text(text: &str) -> Headers {
    pairs(text).collect()
}

/// The same, one after the other.
pub fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    text.lines().filter_map(|line| line.split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structured_mode_becomes_binary_mode() {
        let value = br#"{"specversion":"1.0","id":"7","source":"/s","type":"nsw.v1.Lodged","data":{"sender":"x"}}"#.to_vec();
        let headers = Headers::from_iter([(CONTENT_TYPE, format!("{STRUCTURED}; charset=utf-8"))]);
        let (headers, data) = unfold(&headers, &value).unwrap().unwrap();
        assert_eq!(headers.get(TYPE), "nsw.v1.Lodged");
        assert_eq!(headers.get(CONTENT_TYPE), JSON);
        assert_eq!(data, br#"{"sender":"x"}"#);
        assert!(unfold(&Headers::from_iter([(CONTENT_TYPE, STRUCTURED)]), b"{").unwrap().is_err());
        assert!(unfold(&Headers::default(), b"{}").is_none());
    }

    #[test]
    fn headers_survive_the_table() {
        let headers = Headers::from_iter([("a", "1=2"), ("b", "")]);
        assert_eq!(from_text(&to_text(&headers)), headers);
    }
}
