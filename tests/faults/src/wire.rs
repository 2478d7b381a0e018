//! The wire as `proto/` describes it: messages by reflection, calls without generated code.
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context as _, Result};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;
use tonic::{
    Request, Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::MetadataValue,
    transport::Channel,
};

/// Every message of `proto/`.
pub fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let root = crate::ground::home().join("proto");
        let files = protos(&root);
        protox::compile(&files, [&root])
            .map_err(anyhow::Error::from)
            .and_then(|set| Ok(DescriptorPool::from_file_descriptor_set(set)?))
            .unwrap_or_default()
    })
}

fn protos(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path());
    entries.flat_map(|path| if path.is_dir() { protos(&path) } else { vec![path] }).filter(|p| p.extension().is_some_and(|e| e == "proto")).collect()
}

fn message(kind: &str) -> Result<prost_reflect::MessageDescriptor> {
    pool().get_message_by_name(kind).with_context(|| format!("proto/ has no message {kind}"))
}

/// A payload as JSON, with every field present.
pub fn decode(kind: &str, payload: &[u8]) -> Result<Value> {
    let decoded = DynamicMessage::decode(message(kind)?, payload)?;
    let options = SerializeOptions::new().skip_default_fields(false).stringify_64_bit_integers(false);
    Ok(decoded.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// JSON as the payload of a message.
pub fn encode(kind: &str, value: &Value) -> Result<Vec<u8>> {
    Ok(DynamicMessage::deserialize(message(kind)?, value)?.encode_to_vec())
}

/// A unary call `package.Service/Method` with JSON in and out; an answer after the deadline is none.
pub async fn call(channel: Channel, token: &str, method: &str, input: (&str, &Value), output: &str, deadline: Duration) -> Result<Value, Status> {
    let answered = tokio::time::timeout(deadline, ask(channel, token, method, input, output, deadline, deadline)).await;
    answered.map_err(|_| Status::deadline_exceeded("no answer in time"))?
}

/// The same call of one who tells the service its deadline and listens on, up to `patience`, for what may come later.
pub async fn ask(
    channel: Channel,
    token: &str,
    method: &str,
    input: (&str, &Value),
    output: &str,
    deadline: Duration,
    patience: Duration,
) -> Result<Value, Status> {
    let wrong = |e: anyhow::Error| Status::invalid_argument(e.to_string());
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let mut request = Request::new(encode(input.0, input.1).map_err(wrong)?);
    // The library ends a call by the first value that it finds, a service by the shortest.
    request.set_timeout(patience);
    if deadline < patience {
        let told = MetadataValue::try_from(format!("{}m", deadline.as_millis())).map_err(|e| Status::invalid_argument(e.to_string()))?;
        request.metadata_mut().append("grpc-timeout", told);
    }
    let bearer = MetadataValue::try_from(format!("Bearer {token}")).map_err(|e| Status::invalid_argument(e.to_string()))?;
    request.metadata_mut().insert("authorization", bearer);
    let path = http::uri::PathAndQuery::try_from(format!("/{method}")).map_err(|e| Status::invalid_argument(e.to_string()))?;
    let response = client.unary(request, path, Bytes).await?;
    decode(output, response.get_ref()).map_err(wrong)
}

/// Returns when the service says anything at all, or can say nothing any more.
pub async fn heartbeat(channel: Channel) {
    let mut client = tonic::client::Grpc::new(channel);
    if client.ready().await.is_ok() {
        let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Check");
        let _ = client.unary(Request::new(Vec::new()), path, Bytes).await;
    }
}

/// Messages as bytes; who calls encodes and decodes.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(out, &item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, input: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; prost::bytes::Buf::remaining(input)];
        prost::bytes::Buf::copy_to_slice(input, &mut item);
        Ok(Some(item))
    }
}
