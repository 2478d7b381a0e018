//! An answer as far as a load needs it, read without copying where it is JSON.
use std::borrow::Cow;

use prost::Message;
use serde::Deserialize;

/// Fields of `nsw.v1.Response`, under the names of our JSON and of the bare floor's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer<'a> {
    #[serde(borrow)]
    pub function: Cow<'a, str>,
    #[serde(borrow)]
    pub reference: Cow<'a, str>,
    #[serde(borrow, alias = "inReplyTo")]
    pub in_reply_to: Cow<'a, str>,
    #[serde(borrow)]
    pub number: Cow<'a, str>,
    #[serde(borrow)]
    pub lane: Cow<'a, str>,
    #[serde(borrow, alias = "amountDue")]
    pub amount_due: Cow<'a, str>,
}

/// The same fields by their tags; the decoder skips all others.
#[derive(Clone, PartialEq, Message)]
struct Tagged {
    #[prost(string, tag = "1")]
    function: String,
    #[prost(string, tag = "3")]
    reference: String,
    #[prost(string, tag = "4")]
    in_reply_to: String,
    #[prost(string, tag = "5")]
    number: String,
    #[prost(string, tag = "8")]
    lane: String,
    #[prost(string, tag = "10")]
    amount_due: String,
}

impl<'a> Answer<'a> {
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        if payload.first() == Some(&b'{') {
            return serde_json::from_slice(payload).ok();
        }
        let Tagged { function, reference, in_reply_to, number, lane, amount_due } = Tagged::decode(payload).ok()?;
        Some(Self {
            function: function.into(),
            reference: reference.into(),
            in_reply_to: in_reply_to.into(),
            number: number.into(),
            lane: lane.into(),
            amount_due: amount_due.into(),
        })
    }

    /// Which declaration of the run it is about, from 0: by the message that it replies to, else by the reference.
    pub fn about(&self, run: &str) -> Option<usize> {
        let numbered = |text: &str| text.strip_prefix(run)?.strip_prefix('-')?.get(..7)?.parse::<usize>().ok()?.checked_sub(1);
        numbered(&self.in_reply_to).or_else(|| numbered(&self.reference))
    }

    /// The last of 12 digits counts amendments; the load amends once at most. The floor's numbers amend nothing.
    pub fn is_amended(&self) -> bool {
        self.number.len() == 12 && self.number.ends_with('1')
    }
}

#[cfg(test)]
mod tests {
    use contracts::nsw::v1::Response;

    use super::*;

    #[test]
    fn both_forms_of_our_answers_are_read_alike() {
        let response = Response {
            function: "13".to_owned(),
            reference: "R1-0000007".to_owned(),
            number: "109000000011".to_owned(),
            lane: "green".to_owned(),
            amount_due: "260".to_owned(),
            note_vi: "Đồng ý".to_owned(),
            ..Response::default()
        };
        for payload in [response.encode_to_vec(), serde_json::to_vec(&response).unwrap()] {
            let answer = Answer::read(&payload).unwrap();
            assert_eq!((answer.about("R1"), answer.about("R2"), answer.is_amended()), (Some(6), None, true));
            assert_eq!((&*answer.function, &*answer.lane, &*answer.amount_due), ("13", "green", "260"));
        }
        assert_eq!(Answer::read(br#"{"function":"01","in_reply_to":"R1-0000001/lodge"}"#).unwrap().about("R1"), Some(0));
    }
}
